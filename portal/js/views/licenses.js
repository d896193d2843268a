// Each subscription's use, and what comes back soon.
import { get } from "../api.js";
import { DAY, count, number } from "../format.js";
import { html, useState } from "../lib.js";
import { readAll, useLoad } from "../loading.js";
import { to } from "../router.js";
import { Bar } from "../ui/meter.js";
import { Empty, ErrorState, Loaded, Message } from "../ui/messages.js";
import { Page, Refresh } from "../ui/page.js";
import { Badge } from "../ui/text.js";

const GRANTS_READ = 10_000;
const WEEKS_AHEAD = 4;
const NOBODY = { users: 0, direct: 0 };
/** Above that, every user is read only when someone asks for it: Graph gives 999 at a time. */
const COUNTED_UNASKED = 20_000;

export function LicensesView() {
  const load = useLoad((signal) => get("licenses", { pageSize: 999 }, signal), []);
  return html`<${Page} title="Licenses" aside=${html`<${Refresh} load=${load} live=${false} />`}>
    <${Loaded} load=${load} what="licenses">
      ${({ value }) => (value.length ? html`<${Subscriptions} licenses=${value} at=${load.at} />` : html`<${Empty} title="This tenant has no licenses" icon="license" />`)}
    <//>
  <//>`;
}

/** Everything is read again when the licenses, read `at`, are. */
function Subscriptions({ licenses, at }) {
  const grants = useLoad(readGrants, [at]);
  const { use, complete } = grants.data ?? { use: new Map(), complete: true };
  const holders = useHolders(licenses.reduce((sum, { consumed }) => sum + consumed, 0), at);
  return html`
    ${grants.error && html`<${ErrorState} error=${grants.error} retry=${grants.reload} />`}
    ${!complete && html`<${Message} kind="warning">There are more than ${number(GRANTS_READ)} temporary licenses; the figures of temporary ones count the first only.<//>`}
    <${Counting} holders=${holders} />
    <ul class="legend" aria-label="Colors of the bars">
      <li><span class="swatch swatch-direct"></span>${holders.data ? "Direct" : "Assigned"}</li>
      ${holders.data && html`<li><span class="swatch swatch-inherited"></span>Inherited from groups</li>`}
      <li><span class="swatch swatch-temporary"></span>Temporary</li>
      <li><span class="swatch swatch-ground"></span>Available</li>
    </ul>
    <ul class="subscriptions">
      ${licenses.map((license) => html`<li key=${license.skuId}><${Subscription} license=${license} grants=${use.get(license.skuId)} holders=${holders.data && (holders.data.get(license.skuId) ?? NOBODY)} /></li>`)}
    </ul>
  `;
}

/** {use: skuId to {temporary, soon}, complete}, of the grants that run. */
async function readGrants(signal) {
  const { values, complete } = await readAll("temporary-licenses", { status: "running" }, GRANTS_READ, signal);
  const soon = Date.now() + WEEKS_AHEAD * 7 * DAY;
  const use = new Map();
  for (const { license, expiresAt } of values) {
    const known = use.get(license.skuId) ?? { temporary: 0, soon: 0 };
    use.set(license.skuId, { temporary: known.temporary + 1, soon: known.soon + (new Date(expiresAt) < soon ? 1 : 0) });
  }
  return { use, complete };
}

/** Who holds each license how, of all users: a load whose data is by skuId, {read, ask}; `ask` where it takes long. */
function useHolders(assigned, at) {
  const [asked, setAsked] = useState(false);
  const [read, setRead] = useState(0);
  const wanted = asked || assigned <= COUNTED_UNASKED;
  const load = useLoad((signal) => (wanted ? countHolders(setRead, signal) : null), [wanted, at]);
  return { ...load, read, ask: wanted ? null : () => setAsked(true) };
}

/** {skuId to {users, direct}}; `report` is told how many users were read so far. */
async function countHolders(report, signal) {
  const holders = new Map();
  let read = 0;
  let page = { nextLink: "licenses/assigned" };
  while (page.nextLink) {
    page = await get(page.nextLink, {}, signal);
    for (const { skuId, users, direct } of page.value) {
      const known = holders.get(skuId) ?? NOBODY;
      holders.set(skuId, { users: known.users + users, direct: known.direct + direct });
    }
    read += page.usersRead;
    report(read);
  }
  return holders;
}

function Counting({ holders: { data, error, reload, read, ask } }) {
  if (error) return html`<${ErrorState} error=${error} retry=${reload} />`;
  if (ask) {
    return html`<${Message} actions=${html`<button type="button" onClick=${ask}>Count direct and inherited</button>`}>
      How many hold a license directly and how many by a group takes a while to count in a tenant of this size.
    <//>`;
  }
  return data ? null : html`<p class="quiet" role="status">Counting who holds what directly and who by a group: ${count(read, "user")} so far.</p>`;
}

function Subscription({ license, grants = { temporary: 0, soon: 0 }, holders }) {
  const { displayName, skuPartNumber, skuId, enabled, consumed, available, warning, suspended, lockedOut, status } = license;
  const total = enabled + warning;
  const parts = partsOf(consumed, grants.temporary, holders);
  const assigned = total ? `${number(consumed)} of ${number(total)} assigned` : `${number(consumed)} assigned`;
  const named = parts.filter(({ value, text }) => text && value > 0).map(({ value, text }) => `${number(value)} ${text}`);
  const figures = `${assigned}${named.length ? ` (${named.join(", ")})` : ""}; ${number(available)} available`;
  return html`<article class="panel subscription">
    <h2>${displayName} ${available === 0 && total > 0 && html`<${Badge} tone="danger">Sold out<//>`} ${status !== "Enabled" && html`<${Badge} tone="warning">${status}<//>`}</h2>
    <p class="quiet second">${skuPartNumber}</p>
    <${Bar} parts=${parts} whole=${Math.max(total, consumed)} label=${`${displayName}: ${figures}`} />
    <p>${figures}</p>
    <p class="quiet">
      ${[warning && `${number(warning)} in the grace period`, suspended && `${number(suspended)} suspended`, lockedOut && `${number(lockedOut)} locked out`].filter(Boolean).join(", ")}
    </p>
    ${grants.soon > 0 && html`<p><a href=${to("temporary", null, { skuId })}>${count(grants.soon, "assignment expires", "assignments expire")} within ${WEEKS_AHEAD} weeks<span class="visually-hidden">: ${displayName}</span></a></p>`}
  </article>`;
}

/**
 * What the units in use are, each unit once: who holds a license both ways counts as direct, a temporary one is
 * direct. Graph's figure of units can lag behind its users, so that no part may exceed what is left.
 */
function partsOf(consumed, granted, holders) {
  const inherited = Math.min(holders ? holders.users - holders.direct : 0, consumed);
  const temporary = Math.min(granted, consumed - inherited);
  return [
    { kind: "direct", value: consumed - inherited - temporary, text: holders && "direct" },
    { kind: "inherited", value: inherited, text: "inherited" },
    { kind: "temporary", value: temporary, text: "temporary" },
  ];
}
