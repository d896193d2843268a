// The address after `#`: `#/jobs/<id>?status=failed` is the view `jobs`, the id, and a query.
import { Store } from "./store.js";

export const route = new Store(read());
addEventListener("hashchange", () => route.set(read()));

function read() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [view = "", id = null] = path.split("/").map(decode);
  return { view: view || "home", id, query: Object.fromEntries(new URLSearchParams(query)) };
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a stray % in an address typed by hand
  }
}

/** The address of a view, for `href`. Empty values are left out. */
export function to(view, id = null, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const search = new URLSearchParams(given).toString();
  return `#/${view === "home" ? "" : view}${id ? `/${encodeURIComponent(id)}` : ""}${search ? `?${search}` : ""}`;
}

export function go(address) {
  location.hash = address;
}

/** Change the query of this view without a step in the history, as filters do. */
export function refine(changes) {
  const { view, id, query } = route.get();
  history.replaceState(null, "", to(view, id, { ...query, ...changes }));
  route.set(read());
}
