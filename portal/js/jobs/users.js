// The users of a job, what happened to each and why; filtered on the server, a page at a time.
import { html, useState } from "../lib.js";
import { count, isolate, number } from "../format.js";
import { isTerminal, itemStatus, reason, warning } from "../labels.js";
import { usePages } from "../loading.js";
import { refine } from "../router.js";
import { useCatalog } from "../state/catalog.js";
import { Dialog } from "../ui/dialog.js";
import { Select } from "../ui/fields.js";
import { Empty, Loaded } from "../ui/messages.js";
import { Pager, Table } from "../ui/table.js";
import { Badge, ItemStatus, Name, Time } from "../ui/text.js";


/** `query` holds the filter: `status` or `warning`, as in the address. */
export function JobUsers({ job, query }) {
  const { status = "", warning: code = "" } = query;
  const list = usePages(`jobs/${job.id}/items`, { status, warning: code, pageSize: 50 }, { stamp: JSON.stringify([job.status, job.counts]) });
  return html`<section aria-labelledby="users-title" id="users">
    <div class="section-head">
      <h2 id="users-title">Users</h2>
      <${Filter} job=${job} status=${status} code=${code} />
    </div>
    <${Loaded} load=${list} what="users">
      ${() =>
        list.rows.length
          ? html`<${UserTable} job=${job} rows=${list.rows} /><${Pager} list=${list} what="users" />`
          : html`<${Empty} title=${status || code ? "No users match this filter" : noUsers(job)} icon="groups" />`}
    <//>
  </section>`;
}

const noUsers = (job) => (isTerminal(job) ? "The groups have no users" : "No users have been read yet");

function Filter({ job, status, code }) {
  const statuses = Object.entries(job.counts).filter(([key, value]) => value > 0 || key === status);
  // Shortage is of units, not of users.
  const codes = job.warnings.filter((found) => found.code !== "Shortage");
  const options = [
    ["", `All (${number(job.progress.total ?? Object.values(job.counts).reduce((sum, value) => sum + value, 0))})`],
    ...statuses.map(([key, value]) => [`status:${key}`, `${itemStatus(job, key)} (${number(value)})`]),
    ...codes.map((found) => [`warning:${found.code}`, `${warning(found.code)} (${number(found.users)})`]),
  ];
  const pick = (value) => {
    const [kind, key] = value.split(":");
    refine({ status: kind === "status" ? key : "", warning: kind === "warning" ? key : "" });
  };
  return html`<${Select} id="user-filter" label="Show" value=${status ? `status:${status}` : code ? `warning:${code}` : ""} options=${options} onChange=${pick} />`;
}

function UserTable({ job, rows }) {
  const catalog = useCatalog();
  const [open, setOpen] = useState(null);
  const groups = new Map(job.groups.map(({ id, displayName }) => [id, displayName]));
  const columns = [
    {
      title: "User",
      class: "wide",
      cell: (item) => html`<${Name} text=${item.displayName} /><${Name} class="quiet second" text=${item.userPrincipalName} />`,
    },
    {
      title: "Outcome",
      cell: (item) => html`<${ItemStatus} status=${item.status} text=${itemStatus(job, item.status)} /><${Why} item=${item} />`,
    },
    ...(job.action === "export" ? [] : [{ title: "Change", class: "wide", cell: (item) => html`<${Change} item=${item} isPlan=${job.dryRun} catalog=${catalog} />` }]),
    {
      title: "Details",
      cell: (item) => html`<button type="button" class="link" aria-label=${`Details of ${isolate(item.displayName)}`} onClick=${() => setOpen(item.userId)}>Details</button>`,
    },
  ];
  const item = rows.find(({ userId }) => userId === open);
  return html`<${Table} caption="Users of this job" columns=${columns} rows=${rows} rowKey=${({ userId }) => userId} />
    ${item && html`<${Details} item=${item} catalog=${catalog} groups=${groups} onClose=${() => setOpen(null)} />`}`;
}

function Why({ item }) {
  const { error, nextAttemptAt, warnings } = item;
  return html`
    ${error ? html`<p class="second">${error.message}</p>` : item.reason && html`<p class="second quiet">${reason(item.reason)}</p>`}
    ${nextAttemptAt && html`<p class="second quiet">Tried again <${Time} value=${nextAttemptAt} /></p>`}
    ${warnings.length > 0 && html`<p class="badges">${warnings.map((code) => html`<${Badge} key=${code} tone="warning">${warning(code)}<//> `)}</p>`}
  `;
}

const PLAN_VERBS = { add: "Add", change: "Change", remove: "Remove" };
const PAST_VERBS = { add: "Added", change: "Changed", remove: "Removed" };

/** What a user held directly before is not added: its services or its expiry change. */
function Change({ item, isPlan, catalog }) {
  const { added, removed, usageLocation, before } = item;
  const verbs = isPlan ? PLAN_VERBS : PAST_VERBS;
  const held = new Set((before?.licenses ?? []).filter(({ direct }) => direct).map(({ skuId }) => skuId));
  if (!added.length && !removed.length && !usageLocation) return html`<span class="quiet">None</span>`;
  return html`<ul class="plain changes">
    ${removed.map(({ skuId }) => html`<li key=${`-${skuId}`}><span class="change tone-danger">${verbs.remove}</span> ${catalog.name(skuId)}</li>`)}
    ${added.map(
      ({ skuId, disabledPlans, expiresAt }) => html`<li key=${`+${skuId}`}>
        <span class="change tone-success">${held.has(skuId) ? verbs.change : verbs.add}</span> ${catalog.name(skuId)}
        ${(disabledPlans.length > 0 || held.has(skuId)) && html`<span class="quiet">${disabledPlans.length ? ` without ${count(disabledPlans.length, "service")}` : " with all services"}</span>`}
        ${expiresAt && html` <${Badge} tone="brand">Until <${Time} value=${expiresAt} /><//>`}
      </li>`,
    )}
    ${usageLocation && html`<li><span class="change">Location</span> ${usageLocation.from ?? "none"} to ${usageLocation.to}</li>`}
  </ul>`;
}

function Details({ item, catalog, groups, onClose }) {
  const { before, error } = item;
  return html`<${Dialog} title=${isolate(item.displayName)} onClose=${onClose} actions=${html`<button type="button" autofocus onClick=${onClose}>Close</button>`}>
    <dl class="facts">
      <dt>Held before</dt>
      <dd>
        ${before
          ? before.licenses.length
            ? html`<ul class="plain">${before.licenses.map((held) => html`<li key=${held.skuId}>${catalog.name(held.skuId)} <span class="quiet">${source(held)}</span></li>`)}</ul>`
            : "No licenses"
          : "Not read yet"}
      </dd>
      ${before && html`<dt>Location before</dt><dd>${before.usageLocation ?? "None"}</dd>`}
      <dt>Groups</dt>
      <dd>${item.groupIds.map((id, index) => html`${index > 0 && ", "}<${Name} key=${id} text=${groups.get(id) ?? id} />`)}</dd>
      <dt>Attempts</dt>
      <dd>${number(item.attempts)}</dd>
      ${error && html`<dt>Error</dt><dd>${reason(error.code)} <code>${error.code}</code></dd>`}
      ${error?.graphRequestId && html`<dt>Graph request</dt><dd><code>${error.graphRequestId}</code></dd>`}
      ${item.updatedAt && html`<dt>Updated</dt><dd><${Time} value=${item.updatedAt} /></dd>`}
      <dt>User ID</dt>
      <dd><code>${item.userId}</code></dd>
    </dl>
  <//>`;
}

function source({ direct, inheritedFrom }) {
  if (direct) return inheritedFrom.length ? "direct and inherited" : "direct";
  return "inherited";
}
