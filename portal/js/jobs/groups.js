// The groups of a job, and how far the reading of each is.
import { html } from "../lib.js";
import { number } from "../format.js";
import { GROUP_STATUS } from "../labels.js";
import { to } from "../router.js";
import { Table } from "../ui/table.js";
import { Name } from "../ui/text.js";

const COLUMNS = [
  {
    title: "Group",
    class: "wide",
    cell: (group) => html`<a href=${to("groups", group.id, { name: group.displayName })}><${Name} text=${group.displayName} /></a>`,
  },
  {
    title: "Status",
    cell: ({ status, error }) => html`<span class=${error ? "tone-danger" : ""}>${GROUP_STATUS[status] ?? status}</span>${error && html`<p class="second">${error.message}</p>`}`,
  },
  { title: "Users", class: "number", cell: ({ users }) => (users === null ? html`<span class="quiet">–</span>` : number(users)) },
];

export function JobGroups({ groups }) {
  if (!groups.length) return null;
  return html`<section aria-labelledby="groups-title">
    <h2 id="groups-title">Groups</h2>
    <${Table} caption="Groups of this job" columns=${COLUMNS} rows=${groups} rowKey=${({ id }) => id} />
  </section>`;
}
