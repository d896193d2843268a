// What a job was asked to do, what it needs, what it warns of; shared by its page and its review.
import { html } from "../lib.js";
import { count, list, number } from "../format.js";
import { CALLER_KIND, warning } from "../labels.js";
import { refine } from "../router.js";
import { Icon } from "../ui/icons.js";
import { Table } from "../ui/table.js";
import { Badge } from "../ui/text.js";

/** The request in words, as [term, value]. */
export function requestFacts(job, catalog) {
  const { request } = job;
  const facts = [];
  if (request.replaces.length) facts.push(["Replaces", request.replaces === "all" ? "All direct licenses" : list(request.replaces.map(catalog.name), 99)]);
  if (request.licenses.length) facts.push(["Licenses", html`<${RequestLicenses} job=${job} catalog=${catalog} />`]);
  if (request.keepDisabledPlans) facts.push(["Disabled services", "Kept in the replacement"]);
  if (request.expiresIn) facts.push(["Expires", `${term(request.expiresIn)} after the start`]);
  if (["assign", "replace"].includes(job.action)) facts.push(["Location", locationText(request)]);
  if (request.export) facts.push(["Format", request.export.format.toUpperCase()], ["File goes to", placeText(request.export.location)]);
  if (!request.include.guests) facts.push(["Guests", "Left out"]);
  if (!request.include.disabled) facts.push(["Disabled accounts", "Left out"]);
  if (request.allowShortage) facts.push(["Missing units", "Go on until none is left"]);
  if (request.stopAfterFailures) facts.push(["Stops", `After ${count(request.stopAfterFailures, "failure")}`]);
  if (request.callbackUrl) facts.push(["Tells", request.callbackUrl]);
  if (job.note) facts.push(["Note", html`<bdi>${job.note}</bdi>`]);
  facts.push(["Requested by", html`<${By} by=${job.createdBy} />`]);
  return facts;
}

const term = ({ value, unit }) => count(value, unit.slice(0, -1), unit);

export const Facts = ({ facts }) => html`<dl class="facts">${facts.map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>`)}</dl>`;

export const By = ({ by }) => html`<bdi>${by.name}</bdi>${by.kind !== "user" && html` <span class="quiet">(${CALLER_KIND[by.kind] ?? by.kind})</span>`}`;

function RequestLicenses({ job, catalog }) {
  return html`<ul class="plain">
    ${job.request.licenses.map(
      ({ skuId, disabledPlans }) => html`<li key=${skuId}>
        ${catalog.name(skuId)}
        ${disabledPlans && html`<span class="quiet">${disabledPlans.length ? ` without ${list(disabledPlans.map((plan) => catalog.plan(skuId, plan)), 99)}` : " with all services"}</span>`}
      </li>`,
    )}
  </ul>`;
}

function locationText({ usageLocation, usageLocationMode }) {
  if (!usageLocation) return "No Change";
  return usageLocationMode === "ifMissing" ? `${usageLocation}, only where missing` : `${usageLocation} for everybody`;
}

function placeText(place) {
  if (place.kind === "blob") return `Blob ${place.path} in container ${place.container}`;
  if (place.kind === "sharepoint") return `SharePoint folder ${place.folderPath}`;
  return "Download";
}

const DEMAND = [
  { title: "License", class: "wide", cell: ({ displayName }) => displayName },
  { title: "Needed", class: "number", cell: ({ needed }) => number(needed) },
  { title: "Available", class: "number", cell: ({ available }) => number(available) },
  {
    title: "Short",
    class: "number",
    cell: ({ shortage }) => (shortage ? html`<${Badge} tone="danger">${number(shortage)} short<//>` : html`<span class="tone-success"><${Icon} name="check" /> None</span>`),
  },
];

export function Demand({ job }) {
  if (!job.demand.length) return null;
  return html`<section aria-labelledby="units-title">
    <h2 id="units-title">Units</h2>
    <${Table} caption="Units needed" columns=${DEMAND} rows=${job.demand} rowKey=${({ skuId }) => skuId} />
  </section>`;
}

/** Each with its users one click away. */
export function Warnings({ job }) {
  // What is short stands with the units.
  const warnings = job.warnings.filter(({ code }) => code !== "Shortage");
  if (!warnings.length) return null;
  const show = (code) => {
    refine({ warning: code, status: "" });
    document.getElementById("users")?.scrollIntoView();
    document.getElementById("user-filter")?.focus({ preventScroll: true });
  };
  return html`<section aria-labelledby="warnings-title">
    <h2 id="warnings-title">Warnings</h2>
    <ul class="warnings">
      ${warnings.map(
        ({ code, message, users }) => html`<li key=${code}>
          <${Icon} name="warning" />
          <div>
            <p><strong>${warning(code)}: ${count(users, "user")}</strong></p>
            <p class="quiet">${message}</p>
          </div>
          <button type="button" aria-label=${`Show users: ${warning(code)}`} onClick=${() => show(code)}>Show users</button>
        </li>`,
      )}
    </ul>
  </section>`;
}

