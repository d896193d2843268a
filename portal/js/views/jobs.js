// Job Monitor: every job, newest first, with its progress as it goes.
import { html, useState } from "../lib.js";
import { dayStart, duration } from "../format.js";
import { ACTION, JOB_STATUS, isTerminal, jobScope, jobTitle } from "../labels.js";
import { usePages } from "../loading.js";
import { refine, to } from "../router.js";
import { useJobCommands } from "../jobs/commands.js";
import { By } from "../jobs/facts.js";
import { UndoDialog } from "../jobs/undo-dialog.js";
import { useCatalog } from "../state/catalog.js";
import { Search, Select } from "../ui/fields.js";
import { Empty, Loaded } from "../ui/messages.js";
import { Page, Refresh } from "../ui/page.js";
import { JobProgress, Results } from "../ui/progress.js";
import { Pager, Table } from "../ui/table.js";
import { Badge, JobStatus, Time } from "../ui/text.js";
import { Toolbar } from "../ui/toolbar.js";

const WHILE_RUNNING = 3000;
const OTHERWISE = 15_000;
const PERIODS = { 1: 1, 7: 7, 30: 30 };

export function JobsView({ query }) {
  const { status = "", action = "", search = "", days = "" } = query;
  const list = usePages("jobs", { status, action, search, pageSize: 50 }, { every: (jobs) => (jobs.every(isTerminal) ? OTHERWISE : WHILE_RUNNING) });
  const { rows, next } = withinDays(list, PERIODS[days] ?? null);
  const [picked, setPicked] = useState(new Set());
  const jobs = rows.filter(({ id }) => picked.has(id));
  const { commands, undoing, stopUndoing } = useJobCommands(jobs, list.reload);
  const select = {
    has: ({ id }) => picked.has(id),
    name: (job) => `job ${job.id.slice(0, 8)}`,
    toggle: (changed, on) => {
      const after = new Set(picked);
      for (const { id } of changed) on ? after.add(id) : after.delete(id);
      setPicked(after);
    },
  };
  const isFiltered = status || action || search || days;
  return html`<${Page} title="Job Monitor" aside=${html`<${Refresh} load=${list} />`}>
    <div class="command-bar">
      <${Toolbar} label="Jobs" commands=${commands}>
        <div class="selection"><span role="status">${jobs.length} selected</span></div>
      <//>
    </div>
    <div class="filters">
      <${Search} id="job-search" label="Search jobs" hint="In notes, group names, people and job IDs" value=${search} onSearch=${(text) => refine({ search: text })} />
      <${Select} id="job-status" label="Status" value=${status} options=${[["", "All"], ...Object.entries(JOB_STATUS)]} onChange=${(value) => refine({ status: value })} />
      <${Select} id="job-action" label="Action" value=${action} options=${[["", "All"], ...Object.entries(ACTION)]} onChange=${(value) => refine({ action: value })} />
      <${Select}
        id="job-days"
        label="Created"
        value=${days}
        options=${[["", "Any time"], ["1", "Today"], ["7", "Last 7 days"], ["30", "Last 30 days"]]}
        onChange=${(value) => refine({ days: value })}
      />
    </div>
    <${Loaded} load=${list} what="jobs">
      ${() => html`
        ${rows.length
          ? html`<${JobTable} jobs=${rows} select=${select} />`
          : html`<${Empty} title=${isFiltered ? noMatch(next) : "There are no jobs yet"} icon="jobs">
              ${!isFiltered && html`<p><a class="button primary" href=${to("groups")}>Choose groups to begin</a></p>`}
            <//>`}
        <${Pager} list=${{ ...list, next }} what="jobs" />
      `}
    <//>
    ${undoing && html`<${UndoDialog} jobs=${undoing} onClose=${() => (stopUndoing(), list.reload())} />`}
  <//>`;
}

const noMatch = (next) => (next ? "No job up to here matches these filters; older ones may" : "No job matches these filters");

/** The list comes newest first, so that a period ends it at the first job that is older. */
function withinDays({ rows, next }, days) {
  if (days === null) return { rows, next };
  const since = dayStart(Date.now(), 1 - days);
  const young = rows.filter((job) => new Date(job.createdAt) >= since);
  return { rows: young, next: young.length === rows.length ? next : null };
}

function JobTable({ jobs, select }) {
  const catalog = useCatalog();
  const columns = [
    { title: "Job", class: "wide", cell: (job) => html`<${JobName} job=${job} catalog=${catalog} />` },
    { title: "Status", cell: (job) => html`<${JobStatus} status=${job.status} />` },
    { title: "Progress", cell: (job) => html`<${JobProgress} job=${job} label=${`Progress of ${jobTitle(job, catalog)}`} />` },
    { title: "Results", cell: (job) => html`<${Results} job=${job} />` },
    { title: "Requested by", cell: (job) => html`<${By} by=${job.createdBy} />` },
    { title: "Created", cell: (job) => html`<${Time} value=${job.createdAt} /><span class="quiet second">${took(job)}</span>` },
  ];
  return html`<${Table} caption="Jobs" columns=${columns} rows=${jobs} rowKey=${({ id }) => id} select=${select} />`;
}

function took({ startedAt, finishedAt }) {
  if (!startedAt) return "Not begun";
  return finishedAt ? `Took ${duration(startedAt, finishedAt)}` : `Runs for ${duration(startedAt)}`;
}

export function JobName({ job, catalog }) {
  return html`<a href=${job.dryRun ? to("impact", job.id) : to("jobs", job.id)}>${jobTitle(job, catalog)}</a>
    ${job.dryRun && html` <${Badge}>Review only<//>`}
    <span class="quiet second">
      ${[jobScope(job), job.id.slice(0, 8)].filter(Boolean).join(" · ")}${job.note && html` · <bdi>${job.note}</bdi>`}
    </span>`;
}
