// A month with the number of licenses that expire on each day; a day leads to its list.
import { html, useState } from "../lib.js";
import { count, dayKey, dayStart, number } from "../format.js";
import { readAll, useLoad } from "../loading.js";
import { Icon } from "../ui/icons.js";
import { Loaded } from "../ui/messages.js";

const READ = 10_000;
const MONTH = new Intl.DateTimeFormat(undefined, { month: "long", year: "numeric" });
const WEEKDAY = new Intl.DateTimeFormat(undefined, { weekday: "short" });
const LONG_WEEKDAY = new Intl.DateTimeFormat(undefined, { weekday: "long" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });
const FIRST_DAY = new Intl.Locale(navigator.language).getWeekInfo?.().firstDay ?? 1;

/** `stamp` changes when the grants may have; `day` is the key of the one that is shown. */
export function Calendar({ skuId, day, stamp, onPick }) {
  const [month, setMonth] = useState(() => firstOfMonth(day ? new Date(`${day}T12:00`) : new Date()));
  const end = firstOfMonth(month, 1);
  const load = useLoad((signal) => readAll("temporary-licenses", { skuId, expiresBefore: end.toISOString() }, READ, signal), [skuId, month.getTime(), stamp?.getTime()]);
  return html`<section class="panel calendar" aria-labelledby="calendar-title">
    <div class="section-head">
      <h2 id="calendar-title" aria-live="polite">${MONTH.format(month)}</h2>
      <div class="calendar-turn">
        <button type="button" class="subtle icon-only" aria-label="Month before" onClick=${() => setMonth(firstOfMonth(month, -1))}><${Icon} name="previous" /></button>
        <button type="button" class="subtle" onClick=${() => setMonth(firstOfMonth(new Date()))}>This month</button>
        <button type="button" class="subtle icon-only" aria-label="Next month" onClick=${() => setMonth(firstOfMonth(month, 1))}><${Icon} name="next" /></button>
      </div>
    </div>
    <${Loaded} load=${load} what="the calendar">
      ${({ values, complete }) => html`
        <${Month} month=${month} tally=${tallyOf(values)} day=${day} onPick=${onPick} />
        ${!complete && html`<p class="quiet">Only the first ${number(values.length)} are counted.</p>`}
      `}
    <//>
  </section>`;
}

function Month({ month, tally, day, onPick }) {
  const weeks = weeksOf(month);
  return html`<table class="month" aria-labelledby="calendar-title">
    <thead>
      <tr>${weeks[0].map((date) => html`<th scope="col" key=${date.getDay()}><abbr title=${LONG_WEEKDAY.format(date)}>${WEEKDAY.format(date)}</abbr></th>`)}</tr>
    </thead>
    <tbody>
      ${weeks.map(
        (week) => html`<tr key=${dayKey(week[0])}>
          ${week.map((date) => html`<${Day} key=${dayKey(date)} date=${date} month=${month} tally=${tally} day=${day} onPick=${onPick} />`)}
        </tr>`,
      )}
    </tbody>
  </table>`;
}

function Day({ date, month, tally, day, onPick }) {
  const key = dayKey(date);
  const expiring = tally.get(key) ?? 0;
  const kinds = [date.getMonth() !== month.getMonth() && "outside", key === dayKey(new Date()) && "today"].filter(Boolean).join(" ");
  if (!expiring) return html`<td class=${kinds}><span class="day">${date.getDate()}</span></td>`;
  const label = `${FULL.format(date)}: ${count(expiring, "license expires", "licenses expire")}`;
  return html`<td class=${kinds}>
    <button type="button" aria-pressed=${key === day} aria-label=${label} onClick=${() => onPick(key)}>
      <span class="day">${date.getDate()}</span><span class="expiring">${number(expiring)}</span>
    </button>
  </td>`;
}

const firstOfMonth = (time, offset = 0) => new Date(time.getFullYear(), time.getMonth() + offset, 1);

/** Whole weeks around the month, as lists of days. */
function weeksOf(month) {
  const before = (month.getDay() - FIRST_DAY + 7) % 7;
  const days = new Date(month.getFullYear(), month.getMonth() + 1, 0).getDate();
  const rows = Math.ceil((before + days) / 7);
  return Array.from({ length: rows }, (_, row) => Array.from({ length: 7 }, (_, column) => dayStart(month, row * 7 + column - before)));
}

function tallyOf(grants) {
  const tally = new Map();
  for (const { expiresAt } of grants) {
    if (expiresAt) tally.set(dayKey(expiresAt), (tally.get(dayKey(expiresAt)) ?? 0) + 1);
  }
  return tally;
}
