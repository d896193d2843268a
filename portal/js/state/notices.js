// Messages that stand at the top of the content until they are dismissed.
import { Store } from "../store.js";

let last = 0;
export const notices = new Store([]);

/** kind: info | success | warning | error. `link` is {href, text}. */
export function notify(kind, text, link = null) {
  last += 1;
  notices.set([...notices.get().slice(-2), { id: last, kind, text, link }]);
}

export function notifyError(error, prefix = "") {
  notify("error", [prefix, error.message, ...error.details.map((fault) => fault.message)].filter(Boolean).join(" "));
}

export const dismiss = (id) => notices.set(notices.get().filter((notice) => notice.id !== id));
