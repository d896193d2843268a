// Calls of the API, the same that everybody else has. Paths are relative to the page, so that the portal works
// wherever the app is mounted.
import { askToSignIn, functionKey } from "./state/session.js";

const ROOT = new URL("../api/", document.baseURI);

/** A refusal. `details` are the faults of a request: {code, message, target}; `retryAfter` is in seconds. */
export class ApiError extends Error {
  constructor(status, { code, message, details, requestId }, retryAfter = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details ?? [];
    this.requestId = requestId ?? null;
    this.retryAfter = retryAfter;
  }
}

/** GET a path under /api/, or a `nextLink`. Absent values of `query` are left out. */
export function get(path, query = {}, signal = undefined) {
  return readJson(send("GET", address(path, query), { signal }));
}

/** As `get`, with the seconds after which the server wants to be asked again, or null: {data, retryAfter}. */
export async function getWithPace(path, signal) {
  const answer = await send("GET", address(path), { signal });
  return { data: await whole(answer, "json"), retryAfter: seconds(answer) };
}

/** POST JSON. `key` is the idempotency key of one click: a repeat with it does nothing twice. */
export function post(path, body, { key, signal } = {}) {
  return readJson(send("POST", address(path), { body, key, signal }));
}

export function patch(path, body) {
  return readJson(send("PATCH", address(path), { body }));
}

/** Fetch a file and have the browser save it; a plain link could not carry a function key. */
export async function download(path, query, fallbackName) {
  const answer = await send("GET", address(path, query));
  const name = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "")?.[1];
  const url = URL.createObjectURL(await whole(answer, "blob"));
  const link = document.createElement("a");
  link.href = url;
  link.download = name ?? fallbackName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** The address of a path; of a `nextLink` only path and query count, since a proxy may know us by another name. */
function address(path, query = {}) {
  const given = new URL(path, ROOT);
  const url = new URL(given.pathname + given.search, ROOT);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, value);
  }
  return url;
}

async function send(method, url, { body, key, signal } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  if (functionKey()) headers["x-functions-key"] = functionKey();
  let answer;
  try {
    answer = await fetch(url, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
      credentials: "same-origin",
      cache: "no-store",
    });
  } catch (error) {
    throw lost(error, "The server cannot be reached. Check your connection, then try again.");
  }
  if (!answer.ok) throw await refusal(answer);
  return answer;
}

/** The body of an answer. The connection may break off meanwhile, and a proxy may answer with a page of its own. */
async function whole(answer, type) {
  try {
    return await answer[type]();
  } catch (error) {
    throw lost(error, "The server's answer could not be read. Check your connection, then try again.");
  }
}

const lost = (error, message) => (error.name === "AbortError" ? error : new ApiError(0, { code: "NotReachable", message }));

async function refusal(answer) {
  const saysWhy = answer.headers.get("content-type")?.includes("json");
  const error = (saysWhy && (await answer.json().catch(() => null))?.error) || {
    code: `Http${answer.status}`,
    message: `The server answered ${answer.status} and gave no reason. Try again in a moment.`,
  };
  // The host refuses a function key without a word; the app and the platform's sign-in say what they want.
  if (answer.status === 401) askToSignIn(saysWhy || answer.headers.has("www-authenticate"));
  return new ApiError(answer.status, error, seconds(answer));
}

const readJson = async (answer) => whole(await answer, "json");

function seconds(answer) {
  const value = Number.parseInt(answer.headers.get("retry-after") ?? "", 10);
  return Number.isNaN(value) ? null : value;
}
