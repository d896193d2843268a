// Pieces of text: names from the directory, times, statuses.
import { html } from "../lib.js";
import * as format from "../format.js";
import { ITEM_STATUS, JOB_STATUS } from "../labels.js";
import { Icon } from "./icons.js";

/** A name from outside: whatever it holds is text, and its writing direction does not leak. */
export function Name({ text, class: kind = "" }) {
  return html`<bdi class=${`name ${kind}`} title=${text}>${text}</bdi>`;
}

/** A time in the reader's zone; UTC on hover. */
export function Time({ value, as = format.dateTime }) {
  if (!value) return html`<span class="quiet">–</span>`;
  return html`<time datetime=${new Date(value).toISOString()} title=${format.utc(value)}>${as(value)}</time>`;
}

const JOB_LOOK = {
  Waiting: ["clock", "quiet"],
  InProgress: ["progress", "brand"],
  Finished: ["check", "success"],
  FinishedWithException: ["warning", "warning"],
  Failed: ["error", "danger"],
  Canceled: ["stopped", "quiet"],
};

const ITEM_LOOK = {
  changed: ["check", "success"],
  unchanged: ["info", "quiet"],
  failed: ["error", "danger"],
  retrying: ["refresh", "warning"],
  pending: ["clock", "quiet"],
  canceled: ["stopped", "quiet"],
};

function Status({ look: [icon, tone] = ["info", "quiet"], text }) {
  return html`<span class=${`status tone-${tone}`}><${Icon} name=${icon} />${text}</span>`;
}

export const JobStatus = ({ status }) =>
  html`<${Status} look=${JOB_LOOK[status]} text=${JOB_STATUS[status] ?? status} />`;

export const ItemStatus = ({ status, text }) =>
  html`<${Status} look=${ITEM_LOOK[status]} text=${text ?? ITEM_STATUS[status] ?? status} />`;

/** A word set apart, such as "Sold out" or "Temporary". */
export const Badge = ({ tone = "quiet", children }) => html`<span class=${`badge tone-${tone}`}>${children}</span>`;
