// The users of one group and what each of them holds, directly or through a group.
import { html } from "../lib.js";
import { count, list as listOf } from "../format.js";
import { usePages } from "../loading.js";
import { to } from "../router.js";
import { selection } from "../state/selection.js";
import { Empty, Loaded } from "../ui/messages.js";
import { Page, Refresh } from "../ui/page.js";
import { Pager, Table } from "../ui/table.js";
import { Badge, Name, Time } from "../ui/text.js";

export function GroupView({ id, query }) {
  const list = usePages(`groups/${encodeURIComponent(id)}/members`, { pageSize: 50 });
  const name = query.name ?? selection.get().get(id)?.displayName ?? "Group";
  return html`<${Page} title=${name} crumbs=${[{ href: to("groups"), text: "Groups" }]} aside=${html`<${Refresh} load=${list} live=${false} />`}>
    <p class="quiet">Group ID <code>${id}</code>. Members of nested groups are listed too.</p>
    <${Loaded} load=${list} what="members">
      ${() =>
        list.rows.length
          ? html`<${Table} caption="Members" columns=${COLUMNS} rows=${list.rows} rowKey=${(member) => member.id} />
              <${Pager} list=${list} what="members" />`
          : html`<${Empty} title="This group has no users" icon="groups" />`}
    <//>
  <//>`;
}

const COLUMNS = [
  {
    title: "User",
    class: "wide",
    cell: (member) => html`<${Name} text=${member.displayName} /><${Name} class="quiet second" text=${member.userPrincipalName} />`,
  },
  {
    title: "Account",
    cell: (member) => html`${member.userType || "Member"} ${!member.accountEnabled && html`<${Badge} tone="warning">Disabled<//>`}`,
  },
  { title: "Location", cell: (member) => member.usageLocation ?? html`<span class="quiet">None</span>` },
  {
    title: "Licenses",
    class: "wide",
    cell: (member) =>
      member.licenses.length
        ? html`<ul class="plain">${member.licenses.map((held) => html`<li key=${held.skuId}><${Held} held=${held} /></li>`)}</ul>`
        : html`<span class="quiet">None</span>`,
  },
];

function Held({ held }) {
  const groups = held.inheritedFrom.map(({ displayName }) => displayName);
  return html`${held.displayName}${" "}
    <span class="quiet">
      ${[held.direct && "direct", groups.length && `through ${listOf(groups)}`].filter(Boolean).join(", ")}${held.disabledPlans.length > 0 &&
      `, ${count(held.disabledPlans.length, "service")} off`}
    </span>
    ${held.expiresAt && html` <${Badge} tone="brand">Until <${Time} value=${held.expiresAt} /><//>`}`;
}
