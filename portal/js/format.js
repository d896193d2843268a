// Times in the reader's zone, numbers, names: as text.

const DATE_TIME = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const NUMBER = new Intl.NumberFormat();
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
export const dateTime = (time) => DATE_TIME.format(new Date(time));
export const date = (time) => DATE.format(new Date(time));
export const clock = (time) => CLOCK.format(new Date(time));
export const number = (value) => NUMBER.format(value);

export function utc(time) {
  return `${new Date(time).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** "in 3 days", "2 hours ago". */
export function relative(time, now = Date.now()) {
  const distance = new Date(time) - now;
  const [unit, size] = [
    ["day", DAY],
    ["hour", 60 * MINUTE],
    ["minute", MINUTE],
  ].find(([, each]) => Math.abs(distance) >= each) ?? ["second", 1000];
  return RELATIVE.format(Math.trunc(distance / size), unit);
}

/** "1 h 5 min", of two times; to now where there is no end. */
export function duration(from, until) {
  const total = Math.max(0, Math.round((new Date(until ?? Date.now()) - new Date(from)) / 1000));
  const parts = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const first = parts.findIndex((part) => part > 0);
  if (first === -1) return "0 s";
  return parts
    .map((part, index) => `${part} ${["h", "min", "s"][index]}`)
    .slice(first, first + 2)
    .join(" ");
}

/** "1 user", "2,000 users". */
export const count = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

/** A name from outside within a sentence: its writing direction ends with it. */
export const isolate = (name) => `\u2068${name}\u2069`;

/** "A", "A and B", "A, B and 3 more", of names. */
export function list(names, most = 3) {
  const shown = names.slice(0, names.length > most ? most - 1 : most).map(isolate);
  if (shown.length < names.length) return `${shown.join(", ")} and ${number(names.length - shown.length)} more`;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

/**
 * When a license ends that begins at `start`: calendar months are clamped to the last day, all in UTC, as the
 * server does it. null where the server would refuse: not a whole number above 0, or past 2099.
 */
export function expiry(start, value, unit) {
  if (!Number.isInteger(value) || value < 1) return null;
  const end = new Date(start);
  if (unit === "months") {
    const day = end.getUTCDate();
    end.setUTCDate(1);
    end.setUTCMonth(end.getUTCMonth() + value);
    const lastDay = new Date(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() + 1, 0)).getUTCDate();
    end.setUTCDate(Math.min(day, lastDay));
  } else {
    end.setTime(end.getTime() + value * DAY * (unit === "weeks" ? 7 : 1));
  }
  return Number.isNaN(end.getTime()) || end.getUTCFullYear() > 2099 ? null : end;
}

/** The start of a day in the reader's zone, `offset` days from that of `time`. */
export function dayStart(time, offset = 0) {
  const day = new Date(time);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + offset);
}

/** A key for a day in the reader's zone, such as 2026-11-24. */
export function dayKey(time) {
  const day = new Date(time);
  const two = (part) => String(part).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}
