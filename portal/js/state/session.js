// Who is signed in, as far as the platform tells. What they may do is the API's to decide; the roles only
// spare people a click that would be refused.
import { Store } from "../store.js";

const KEY_ITEM = "functionKey";
const RETURN_ITEM = "returnTo";
export const READ = "Licenses.Read";
export const MANAGE = "Licenses.Manage";

/** state: loading | ready | signIn | key. roles: null where the platform does not tell. */
export const session = new Store({ state: "loading", name: null, roles: null, platform: false });

/** Ask the platform who is signed in. It answers 404 where its sign-in is off, 401 where nobody is. */
export async function loadSession() {
  const answer = await fetch("/.auth/me", { headers: { Accept: "application/json" } }).catch(() => null);
  const isJson = answer?.ok && answer.headers.get("content-type")?.includes("json");
  const people = isJson ? await answer.json().catch(() => null) : null;
  if (people) {
    const [person] = people;
    session.set(person ? { state: "ready", platform: true, ...identity(person) } : nobody("signIn", true));
  } else {
    session.set(answer?.status === 401 ? nobody("signIn", true) : nobody("ready", false));
  }
}

/** The API answered 401. `wantsPerson`: it is known to want a sign-in; else a function key, where none is on. */
export function askToSignIn(wantsPerson) {
  const { platform } = session.get();
  const wantsKey = !wantsPerson && !platform;
  if (wantsKey) sessionStorage.removeItem(KEY_ITEM);
  session.set(nobody(wantsKey ? "key" : "signIn", platform));
}

export const functionKey = () => sessionStorage.getItem(KEY_ITEM);

export function keepKey(key) {
  sessionStorage.setItem(KEY_ITEM, key);
  session.set(nobody("ready", false));
}

/** Sign-in leaves the page, and with it the part of the address after `#`. */
export const rememberPlace = () => sessionStorage.setItem(RETURN_ITEM, location.hash);

export function returnToPlace() {
  const place = sessionStorage.getItem(RETURN_ITEM);
  sessionStorage.removeItem(RETURN_ITEM);
  if (place && !location.hash) location.replace(place);
}

export const mayRead = ({ roles }) => roles === null || roles.includes(READ) || roles.includes(MANAGE);
export const mayManage = ({ roles }) => roles === null || roles.includes(MANAGE);

const nobody = (state, platform) => ({ state, name: null, roles: null, platform });

function identity({ user_id: name, user_claims: claims = [] }) {
  const isRole = ({ typ }) => typ === "roles" || typ.endsWith("/claims/role");
  return { name: name ?? null, roles: claims.filter(isRole).map(({ val }) => val) };
}
