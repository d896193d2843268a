// Message bars, and what a view shows in place of its content: loading, nothing there, an error, no permission.
import { html } from "../lib.js";
import { READ } from "../state/session.js";
import { dismiss, notices } from "../state/notices.js";
import { Icon } from "./icons.js";

const ICONS = { info: "info", success: "check", warning: "warning", error: "error" };

/** Failures speak up, the rest is told when the reader is idle. */
export function Message({ kind = "info", children, onDismiss, actions }) {
  return html`<div class=${`message message-${kind}`} role=${kind === "error" ? "alert" : "status"}>
    <${Icon} name=${ICONS[kind]} />
    <div class="message-text">${children}</div>
    ${actions}
    ${onDismiss &&
    html`<button type="button" class="subtle icon-only" aria-label="Dismiss this message" onClick=${onDismiss}>
      <${Icon} name="cancel" />
    </button>`}
  </div>`;
}

/** The live region is there before a message comes, so that it is read out. */
export function Notices() {
  return html`<div class="notices">
    ${notices.use().map(
      ({ id, kind, text, link }) =>
        html`<${Message} key=${id} kind=${kind} onDismiss=${() => dismiss(id)}>
          ${text} ${link && html`<a href=${link.href}>${link.text}</a>`}
        <//>`,
    )}
  </div>`;
}

export function Loading({ what = "" }) {
  return html`<div class="loading" role="status">
    <span class="visually-hidden">Loading ${what}</span>
    <span class="skeleton" aria-hidden="true"></span>
    <span class="skeleton" aria-hidden="true"></span>
    <span class="skeleton" aria-hidden="true"></span>
  </div>`;
}

export function Empty({ title, children, icon = "search" }) {
  return html`<div class="empty"><${Icon} name=${icon} /><p class="empty-title">${title}</p>${children}</div>`;
}

/** The error of a view; 403 names the role that is missing. */
export function ErrorState({ error, retry }) {
  if (error.status === 403) return html`<${NoPermission} error=${error} />`;
  return html`<${Message}
    kind="error"
    actions=${retry && html`<button type="button" onClick=${retry}>Try again</button>`}
  >
    <p>${error.message}</p>
    <${Faults} error=${error} />
  <//>`;
}

/** Each fault of a request, and the number to give to whoever looks after the app. */
export function Faults({ error }) {
  const { details = [], requestId } = error;
  return html`${details.length > 0 && html`<ul>${details.map(({ message }) => html`<li>${message}</li>`)}</ul>`}
  ${requestId && html`<p class="quiet">Request ID: <code>${requestId}</code></p>`}`;
}

export function NoPermission({ error, role = READ }) {
  return html`<div class="empty" role="alert">
    <${Icon} name="stopped" />
    <p class="empty-title">You do not have permission to see this</p>
    <p>${error?.message ?? `You need the app role ${role}.`} Ask whoever manages this app for the role ${html`<code>${role}</code>`}.</p>
  </div>`;
}

/**
 * What to show of a load: its content, or the state that it is in. Older data stays in sight under an error, and
 * while newer is on its way.
 */
export function Loaded({ load, what, children }) {
  const { data, error, loading } = load;
  if (data === undefined) return error ? html`<${ErrorState} error=${error} retry=${load.reload} />` : html`<${Loading} what=${what} />`;
  return html`${error && html`<${ErrorState} error=${error} retry=${load.reload} />`}
    <div class="loaded" aria-busy=${loading}>${children(data)}</div>`;
}
