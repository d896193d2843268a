// How far a job is. Assistive technology hears of each quarter, not of each user.
import { html } from "../lib.js";
import { count, number } from "../format.js";
import { isTerminal, itemStatus } from "../labels.js";

export function JobProgress({ job, label }) {
  const { total, done, percent } = job.progress;
  const isKnown = total !== null || isTerminal(job);
  const text = isKnown ? `${number(done)} of ${number(total ?? done)} (${percent}%)` : progressText(job);
  return html`<div class="progress">
    <progress class=${`progress-${job.status}`} max="100" value=${isKnown ? percent : job.status === "Waiting" ? 0 : undefined} aria-label=${label}></progress>
    <span class="progress-text">${text}</span>
  </div>`;
}

function progressText(job) {
  if (job.status === "Waiting") return "Not begun";
  const read = job.groups.filter(({ status }) => status === "done").length;
  return `Reading members: ${read} of ${count(job.groups.length, "group")}`;
}

export function Milestones({ job }) {
  const quarter = Math.floor(job.progress.percent / 25) * 25;
  return html`<p class="visually-hidden" role="status">${isTerminal(job) ? "The job has ended." : `${quarter}% done`}</p>`;
}

/** Results in words: "12 changed, 3 unchanged, 1 failed". */
export function Results({ job }) {
  const parts = Object.entries(job.counts).filter(([, value]) => value > 0);
  if (!parts.length) return html`<span class="quiet">–</span>`;
  return html`<span class="results">
    ${parts.map(
      ([kind, value]) => html`<span key=${kind} class=${kind === "failed" ? "tone-danger" : ""}>${number(value)} ${itemStatus(job, kind).toLowerCase()}</span>`,
    )}
  </span>`;
}
