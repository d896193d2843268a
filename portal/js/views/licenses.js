// Each subscription's use, and what comes back soon.
import { html } from "../lib.js";
import { get } from "../api.js";
import { DAY, count, number } from "../format.js";
import { readAll, useLoad } from "../loading.js";
import { to } from "../router.js";
import { Bar } from "../ui/meter.js";
import { Empty, ErrorState, Loaded, Message } from "../ui/messages.js";
import { Page, Refresh } from "../ui/page.js";
import { Badge } from "../ui/text.js";

const GRANTS_READ = 10_000;
const WEEKS_AHEAD = 4;

export function LicensesView() {
  const load = useLoad((signal) => get("licenses", { pageSize: 999 }, signal), []);
  const grants = useLoad(readUse, []);
  const { use, complete } = grants.data ?? { use: new Map(), complete: true };
  return html`<${Page} title="Licenses" aside=${html`<${Refresh} load=${load} live=${false} />`}>
    <${Loaded} load=${load} what="licenses">
      ${({ value: licenses }) => html`
        ${grants.error && html`<${ErrorState} error=${grants.error} retry=${grants.reload} />`}
        ${!complete && html`<${Message} kind="warning">There are more than ${number(GRANTS_READ)} temporary licenses; the figures of temporary ones count the first only.<//>`}
        ${licenses.length
          ? html`<${Legend} /><ul class="subscriptions">${licenses.map((license) => html`<li key=${license.skuId}><${Subscription} license=${license} use=${use.get(license.skuId)} /></li>`)}</ul>`
          : html`<${Empty} title="This tenant has no licenses" icon="license" />`}
      `}
    <//>
  <//>`;
}

/** {use: skuId to {temporary, soon}, complete}, of the grants that run. */
async function readUse(signal) {
  const { values, complete } = await readAll("temporary-licenses", { status: "running" }, GRANTS_READ, signal);
  const soon = Date.now() + WEEKS_AHEAD * 7 * DAY;
  const use = new Map();
  for (const { license, expiresAt } of values) {
    const known = use.get(license.skuId) ?? { temporary: 0, soon: 0 };
    use.set(license.skuId, { temporary: known.temporary + 1, soon: known.soon + (new Date(expiresAt) < soon ? 1 : 0) });
  }
  return { use, complete };
}

const Legend = () => html`<ul class="legend" aria-label="Colors of the bars">
  <li><span class="swatch swatch-permanent"></span>Assigned</li>
  <li><span class="swatch swatch-temporary"></span>Assigned, temporary</li>
  <li><span class="swatch swatch-ground"></span>Available</li>
</ul>`;

function Subscription({ license, use = { temporary: 0, soon: 0 } }) {
  const { displayName, skuPartNumber, skuId, enabled, consumed, available, warning, suspended, lockedOut, status } = license;
  const total = enabled + warning;
  const temporary = Math.min(use.temporary, consumed);
  const assigned = total ? `${number(consumed)} of ${number(total)} assigned` : `${number(consumed)} assigned`;
  const figures = `${assigned}${temporary ? `, of them ${number(temporary)} temporary` : ""}; ${number(available)} available`;
  const parts = [
    { kind: "permanent", value: consumed - temporary },
    { kind: "temporary", value: temporary },
  ];
  return html`<article class="panel subscription">
    <h2>${displayName} ${available === 0 && total > 0 && html`<${Badge} tone="danger">Sold out<//>`} ${status !== "Enabled" && html`<${Badge} tone="warning">${status}<//>`}</h2>
    <p class="quiet second">${skuPartNumber}</p>
    <${Bar} parts=${parts} whole=${Math.max(total, consumed)} label=${`${displayName}: ${figures}`} />
    <p>${figures}</p>
    <p class="quiet">
      ${[warning && `${number(warning)} in the grace period`, suspended && `${number(suspended)} suspended`, lockedOut && `${number(lockedOut)} locked out`].filter(Boolean).join(", ")}
    </p>
    ${use.soon > 0 && html`<p><a href=${to("temporary", null, { skuId })}>${count(use.soon, "assignment expires", "assignments expire")} within ${WEEKS_AHEAD} weeks<span class="visually-hidden">: ${displayName}</span></a></p>`}
  </article>`;
}
