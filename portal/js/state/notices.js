// Messages that stand at the top of the content until they are dismissed or outdated: one is still there after the
// step to another view that it goes with, and gone after the next.
import { route } from "../router.js";
import { Store } from "../store.js";

const STEPS = 1;

let last = 0;
let place = placeOf(route.get());
export const notices = new Store([]);

route.watch(() => {
  const now = placeOf(route.get());
  if (now === place) return;
  place = now;
  notices.set(notices.get().map((notice) => ({ ...notice, steps: notice.steps + 1 })).filter(({ steps }) => steps <= STEPS));
});

function placeOf({ view, id }) {
  return `${view}/${id}`;
}

/** kind: info | success | warning | error. `link` is {href, text}. */
export function notify(kind, text, link = null) {
  last += 1;
  notices.set([...notices.get().slice(-2), { id: last, kind, text, link, steps: 0 }]);
}

export function notifyError(error, prefix = "") {
  notify("error", [prefix, error.message, ...error.details.map((fault) => fault.message)].filter(Boolean).join(" "));
}

export const dismiss = (id) => notices.set(notices.get().filter((notice) => notice.id !== id));
