// One job: how far it is, what it was asked, what happened to each group and user.
import { html } from "../lib.js";
import { download } from "../api.js";
import { jobTitle } from "../labels.js";
import { to } from "../router.js";
import { useJobCommands } from "../jobs/commands.js";
import { Demand, Facts, Warnings, requestFacts } from "../jobs/facts.js";
import { ExportFile } from "../jobs/export-file.js";
import { JobGroups } from "../jobs/groups.js";
import { Timeline } from "../jobs/timeline.js";
import { UndoDialog } from "../jobs/undo-dialog.js";
import { JobUsers } from "../jobs/users.js";
import { useJob } from "../jobs/watch.js";
import { useCatalog } from "../state/catalog.js";
import { notifyError } from "../state/notices.js";
import { Loaded, Message } from "../ui/messages.js";
import { Page, Refresh } from "../ui/page.js";
import { JobProgress, Milestones, Results } from "../ui/progress.js";
import { JobStatus } from "../ui/text.js";
import { Toolbar } from "../ui/toolbar.js";

export function JobView({ id, query }) {
  const load = useJob(id);
  const catalog = useCatalog();
  const title = load.data ? jobTitle(load.data, catalog) : "Job";
  return html`<${Page} title=${title} crumbs=${[{ href: to("jobs"), text: "Job Monitor" }]} aside=${html`<${Refresh} load=${load} />`}>
    <${Loaded} load=${load} what="the job">${(job) => html`<${JobDetails} job=${job} reload=${load.reload} query=${query} />`}<//>
  <//>`;
}

function JobDetails({ job, reload, query }) {
  const catalog = useCatalog();
  const { commands, undoing, stopUndoing } = useJobCommands([job], reload);
  const report = (format) => ({ icon: "download", label: `Report (${format.toUpperCase()})`, run: () => save(job, format) });
  const all = job.action === "export" ? commands.slice(0, 2) : [...commands, report("xlsx"), report("csv")];
  return html`
    <div class="command-bar"><${Toolbar} label="Job" commands=${all} /></div>
    <section class="job-head" aria-label="Progress">
      <${JobStatus} status=${job.status} />
      <${JobProgress} job=${job} label="Progress" />
      <${Results} job=${job} />
      <${Milestones} job=${job} />
    </section>
    ${job.error && html`<${Message} kind=${job.status === "Waiting" ? "warning" : "error"}>${job.error.message}<//>`}
    ${job.dryRun && html`<${Message}>This is a review: nothing was changed. <a href=${to("impact", job.id)}>Show its impact</a><//>`}
    ${job.action === "export" && html`<${ExportFile} job=${job} />`}
    <div class="columns">
      <section aria-labelledby="request-title">
        <h2 id="request-title">Request</h2>
        <${Facts} facts=${[...requestFacts(job, catalog), ...relations(job), ["Job ID", html`<code>${job.id}</code>`]]} />
      </section>
      <${Timeline} job=${job} />
    </div>
    <${Demand} job=${job} />
    <${Warnings} job=${job} />
    <${JobGroups} groups=${job.groups} />
    <${JobUsers} job=${job} query=${query} />
    ${undoing && html`<${UndoDialog} jobs=${undoing} onClose=${() => (stopUndoing(), reload())} />`}
  `;
}

function relations({ undoOf, undoneBy, plan }) {
  return [
    undoOf && ["Undoes", html`<a href=${to("jobs", undoOf)}>Job ${undoOf.slice(0, 8)}</a>`],
    undoneBy && ["Undone by", html`<a href=${to("jobs", undoneBy)}>Job ${undoneBy.slice(0, 8)}</a>`],
    plan && ["Carries out", html`<a href=${to("impact", plan)}>Review ${plan.slice(0, 8)}</a>`],
  ].filter(Boolean);
}

function save(job, format) {
  download(`jobs/${job.id}/report`, { format }, `report-${job.id}.${format}`).catch((error) => notifyError(error, "The report could not be downloaded."));
}
