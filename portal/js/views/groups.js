// Groups: find them, select them, and say what shall be done with the licenses of their users.
import { html } from "../lib.js";
import { count, isolate } from "../format.js";
import { GROUP_KIND } from "../labels.js";
import { usePages } from "../loading.js";
import { go, refine, to } from "../router.js";
import { useCatalog } from "../state/catalog.js";
import { MAX_GROUPS, selection } from "../state/selection.js";
import { Search } from "../ui/fields.js";
import { Empty, Loaded } from "../ui/messages.js";
import { Page } from "../ui/page.js";
import { Pager, Table } from "../ui/table.js";
import { Badge, Name } from "../ui/text.js";
import { Toolbar } from "../ui/toolbar.js";

export function GroupsView({ query }) {
  const list = usePages("groups", { search: query.search ?? "", pageSize: 50 });
  return html`<${Page} title="Groups">
    <${LicenseCommands} />
    <${Search}
      id="group-search"
      label="Search groups"
      hint="By the beginning of a name or mail address"
      value=${query.search ?? ""}
      onSearch=${(search) => refine({ search })}
    />
    <${Loaded} load=${list} what="groups">
      ${() =>
        list.rows.length
          ? html`<${GroupTable} rows=${list.rows} /><${Pager} list=${list} what="groups" />`
          : html`<${Empty} title=${query.search ? `No group matches “${query.search}”` : "There are no groups"}>
              <p>Try the beginning of another word of its name.</p>
            <//>`}
    <//>
  <//>`;
}

function LicenseCommands() {
  const chosen = selection.use();
  const whyNot =
    chosen.size === 0
      ? "Select one or more groups first."
      : chosen.size > MAX_GROUPS
        ? `A job can hold ${MAX_GROUPS} groups at most.`
        : null;
  const commands = [
    ["assign", "Assign Licenses", "add"],
    ["remove", "Remove Licenses", "remove"],
    ["replace", "Replace Licenses", "replace"],
    ["export", "Export Results", "download"],
  ].map(([view, label, icon]) => ({ icon, label, whyNot, run: () => go(to(view)) }));
  return html`<div class="command-bar">
    <${Toolbar} label="License Management" commands=${commands}>
      <div class="selection">
        <span role="status">${count(chosen.size, "group")} selected</span>
        ${chosen.size > 0 && html`<button type="button" class="subtle" onClick=${() => selection.clear()}>Clear</button>`}
      </div>
    <//>
  </div>`;
}

function GroupTable({ rows }) {
  const chosen = selection.use();
  const catalog = useCatalog();
  const columns = [
    {
      title: "Group",
      class: "wide",
      cell: (group) => html`<a href=${to("groups", group.id, { name: group.displayName })}><${Name} text=${group.displayName} /></a>
        ${group.mail && html`<${Name} class="quiet second" text=${group.mail} />`}`,
    },
    {
      title: "Type",
      cell: (group) => html`${GROUP_KIND[group.kind] ?? group.kind} ${group.dynamic && html`<${Badge}>Dynamic<//>`}`,
    },
    {
      title: "Group-based licenses",
      cell: (group) =>
        group.assignedLicenses.length
          ? html`<ul class="plain">${group.assignedLicenses.map(({ skuId }) => html`<li>${catalog.name(skuId)}</li>`)}</ul>`
          : html`<span class="quiet">None</span>`,
    },
    {
      title: "Members",
      class: "nowrap",
      cell: (group) =>
        html`<a href=${to("groups", group.id, { name: group.displayName })} aria-label=${`Show the members of ${isolate(group.displayName)}`}>Show members</a>`,
    },
  ];
  return html`<${Table}
    caption="Groups"
    columns=${columns}
    rows=${rows}
    rowKey=${(group) => group.id}
    select=${{
      has: (group) => chosen.has(group.id),
      toggle: (groups, on) => selection.toggle(groups, on),
      name: (group) => isolate(group.displayName),
    }}
  />`;
}
