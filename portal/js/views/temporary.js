// Temporary licenses: what expires when, and a way to extend it, end it or make it permanent.
import { html, useState } from "../lib.js";
import { count, date, dayKey, dayStart, isolate, number, relative } from "../format.js";
import { reason } from "../labels.js";
import { usePages } from "../loading.js";
import { refine, to } from "../router.js";
import { Calendar } from "../grants/calendar.js";
import { EndDialog, ExtendDialog, PermanentDialog } from "../grants/dialogs.js";
import { useCatalog } from "../state/catalog.js";
import { MANAGE, mayManage, session } from "../state/session.js";
import { Dialog } from "../ui/dialog.js";
import { Select } from "../ui/fields.js";
import { Empty, Loaded } from "../ui/messages.js";
import { Page, Refresh } from "../ui/page.js";
import { Pager, Table } from "../ui/table.js";
import { Badge, Name, Time } from "../ui/text.js";
import { Toolbar } from "../ui/toolbar.js";

const STATUS = { running: "Running", ending: "Ending", ended: "Ended" };
const REFRESH = 15_000;
const READ_FOR_DAY = 10_000;
const DIALOGS = { extend: ExtendDialog, end: EndDialog, permanent: PermanentDialog };

export function TemporaryView({ query }) {
  const { status = "running", skuId = "", day = "" } = query;
  const before = day ? dayStart(new Date(`${day}T12:00`), 1).toISOString() : "";
  const filter = { status, skuId, expiresBefore: before, ...(!day && { pageSize: 50 }) };
  // What expires before the day comes first, so that the day may begin on any page.
  const list = usePages("temporary-licenses", filter, { every: () => REFRESH, limit: day ? READ_FOR_DAY : 0 });
  const rows = day ? list.rows.filter(({ expiresAt }) => expiresAt && dayKey(expiresAt) === day) : list.rows;
  const [picked, setPicked] = useState(new Set());
  const [open, setOpen] = useState(null);
  const grants = rows.filter(({ id, status: now }) => picked.has(id) && now !== "ended");
  const Opened = DIALOGS[open];
  const close = (changed) => {
    setOpen(null);
    if (changed) {
      setPicked(new Set());
      list.reload();
    }
  };
  return html`<${Page} title="Temporary licenses" aside=${html`<${Refresh} load=${list} />`}>
    <${Commands} grants=${grants} onOpen=${setOpen} />
    <${Filters} status=${status} skuId=${skuId} day=${day} />
    <${Calendar} skuId=${skuId} day=${day} stamp=${list.at} onPick=${(key) => refine({ day: key === day ? "" : key, status: "" })} />
    <h2>${day ? `Expires on ${date(`${day}T12:00`)}` : "By expiry"}</h2>
    <${Loaded} load=${list} what="temporary licenses">
      ${({ complete = true }) => html`
        ${!complete && html`<p class="quiet">Only the first ${number(list.rows.length)} that expire by then were looked through.</p>`}
        ${rows.length
          ? html`<${GrantTable} rows=${rows} picked=${picked} onPick=${setPicked} />`
          : html`<${Empty} title=${skuId || day || status !== "running" ? "Nothing matches these filters" : "There are no temporary licenses"} icon="clock">
              <p>Assign licenses with “License will expire in …” to make some.</p>
            <//>`}
        <${Pager} list=${list} what="temporary licenses" />
      `}
    <//>
    ${open && html`<${Opened} grants=${grants} onClose=${close} />`}
  <//>`;
}

function Commands({ grants, onOpen }) {
  const canManage = mayManage(session.use());
  const whyNot = grants.length ? (canManage ? null : `You need the app role ${MANAGE} for this.`) : "Select one or more licenses first.";
  const commands = [
    { label: "Extend", icon: "clock", whyNot, run: () => onOpen("extend") },
    { label: "Make permanent", icon: "check", whyNot, run: () => onOpen("permanent") },
    { label: "End now", icon: "remove", whyNot, run: () => onOpen("end") },
  ];
  return html`<div class="command-bar">
    <${Toolbar} label="Temporary licenses" commands=${commands}>
      <div class="selection"><span role="status">${grants.length} selected</span></div>
    <//>
  </div>`;
}

function Filters({ status, skuId, day }) {
  const { licenses } = useCatalog();
  const products = [...licenses.values()].map((license) => [license.skuId, license.displayName]);
  return html`<div class="filters">
    <${Select} id="grant-status" label="Status" value=${status} options=${Object.entries(STATUS)} onChange=${(value) => refine({ status: value, day: "" })} />
    <${Select} id="grant-license" label="License" value=${skuId} options=${[["", "All"], ...products]} onChange=${(value) => refine({ skuId: value })} />
    ${day && html`<button type="button" class="subtle" onClick=${() => refine({ day: "" })}>Show all days</button>`}
  </div>`;
}

function GrantTable({ rows, picked, onPick }) {
  const select = {
    has: ({ id }) => picked.has(id),
    name: ({ license, user }) => `${license.displayName} of ${isolate(user.displayName)}`,
    toggle: (changed, on) => {
      const after = new Set(picked);
      for (const { id } of changed) on ? after.add(id) : after.delete(id);
      onPick(after);
    },
  };
  return html`<${Table} caption="Temporary licenses" columns=${COLUMNS} rows=${rows} rowKey=${({ id }) => id} select=${select} />`;
}

const COLUMNS = [
  {
    title: "User",
    class: "wide",
    cell: ({ user }) => html`<${Name} text=${user.displayName} /><${Name} class="quiet second" text=${user.userPrincipalName} />`,
  },
  { title: "License", class: "wide", cell: ({ license }) => license.displayName },
  {
    title: "Expires",
    cell: ({ expiresAt }) => (expiresAt ? html`<${Time} value=${expiresAt} /><span class="quiet second">${relative(expiresAt)}</span>` : "Never"),
  },
  {
    title: "Status",
    cell: ({ status, reason: why }) => html`<${Badge} tone=${status === "running" ? "brand" : "quiet"}>${STATUS[status] ?? status}<//>${why && html`<p class="second quiet">${reason(why)}</p>`}`,
  },
  { title: "Assigned by", cell: ({ jobId }) => html`<a href=${to("jobs", jobId)}>Job ${jobId.slice(0, 8)}</a>` },
  {
    title: "History",
    cell: (grant) => html`<${History} grant=${grant} />`,
  },
];

function History({ grant }) {
  const [isOpen, setOpen] = useState(false);
  const { user, license, history } = grant;
  const title = `${license.displayName} of ${isolate(user.displayName)}`;
  const close = () => setOpen(false);
  return html`<button type="button" class="link" aria-label=${`History of ${title}`} onClick=${() => setOpen(true)}>${count(history.length, "entry", "entries")}</button>
    ${isOpen &&
    html`<${Dialog} title=${title} onClose=${close} actions=${html`<button type="button" autofocus onClick=${close}>Close</button>`}>
      <ol class="timeline">
        ${history.map(
          ({ at, what, expiresAt, by }) => html`<li key=${at + what}>
            <${Time} value=${at} />
            <span>${EVENT[what] ?? what}${expiresAt && html`, until <${Time} value=${expiresAt} />`}, by <bdi>${by.name}</bdi></span>
          </li>`,
        )}
      </ol>
    <//>`}`;
}

const EVENT = { Granted: "Granted", Moved: "Expiry moved", MadePermanent: "Made permanent", Ended: "Ended" };
