// Modal dialogs. The browser moves the focus in and back, keeps it inside, and closes on Escape.
import { html, useLayoutEffect, useRef } from "../lib.js";
import { Icon } from "./icons.js";

let last = 0;

export function Dialog({ title, onClose, children, actions }) {
  const dialog = useRef(null);
  const id = useRef(null);
  id.current ??= `dialog-${(last += 1)}`;
  useLayoutEffect(() => {
    const element = dialog.current;
    element.showModal();
    return () => element.close();
  }, []);
  const cancel = (event) => {
    event.preventDefault();
    onClose();
  };
  return html`<dialog class="dialog" ref=${dialog} aria-labelledby=${id.current} onCancel=${cancel}>
    <h2 id=${id.current}>${title}</h2>
    <div class="dialog-body">${children}</div>
    <div class="dialog-actions">${actions}</div>
  </dialog>`;
}

/** Asks before something that takes something from users. The focus is on Cancel at first. */
export function Confirm({ title, verb, busy, onConfirm, onClose, danger = true, children }) {
  return html`<${Dialog}
    title=${title}
    onClose=${onClose}
    actions=${html`
      <button type="button" autofocus onClick=${onClose}>Cancel</button>
      <button type="button" class=${danger ? "danger" : "primary"} aria-disabled=${busy} onClick=${() => busy || onConfirm()}>${verb}</button>
    `}
  >
    ${danger && html`<p class="dialog-lead tone-danger"><${Icon} name="warning" />This takes licenses from users.</p>`}
    ${children}
  <//>`;
}
