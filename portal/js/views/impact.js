// What a change would mean: the outcome of its dry run, and the button that carries out exactly this plan.
import { html } from "../lib.js";
import { count, isolate, number } from "../format.js";
import { isTerminal, jobScope, jobTitle, reason, unreadGroups } from "../labels.js";
import { readAll, useLoad } from "../loading.js";
import { refine, to } from "../router.js";
import { Demand, Facts, Warnings, requestFacts } from "../jobs/facts.js";
import { CarryOut } from "../jobs/carry-out.js";
import { JobUsers } from "../jobs/users.js";
import { useJob } from "../jobs/watch.js";
import { useCatalog } from "../state/catalog.js";
import { Loaded, Message } from "../ui/messages.js";
import { Page, Refresh } from "../ui/page.js";
import { JobProgress, Milestones } from "../ui/progress.js";

const REASONS_READ = 5000;

export function ImpactView({ id, query }) {
  const load = useJob(id);
  const catalog = useCatalog();
  const job = load.data;
  const isOver = job && isTerminal(job);
  return html`<${Page}
    title=${job ? `Review: ${jobTitle(job, catalog)}` : "Review"}
    crumbs=${crumbs(job)}
    aside=${!isOver && html`<${Refresh} load=${load} />`}
  >
    <${Loaded} load=${load} what="the review">
      ${(found) => (found.dryRun ? html`<${Impact} job=${found} query=${query} catalog=${catalog} />` : html`<${NoReview} job=${found} />`)}
    <//>
  <//>`;
}

function crumbs(job) {
  if (!job) return [];
  if (job.undoOf) return [{ href: to("jobs"), text: "Job Monitor" }, { href: to("jobs", job.undoOf), text: "Job" }];
  return [{ href: to("groups"), text: "Groups" }, { href: to(job.action), text: "Change the request" }];
}

const NoReview = ({ job }) => html`<${Message}>This is no review but a job. <a href=${to("jobs", job.id)}>Show the job</a><//>`;

function Impact({ job, query, catalog }) {
  const isOver = isTerminal(job);
  const unread = unreadGroups(job);
  return html`
    ${!isOver &&
    html`<${Message}>
      Working out what this means for the users of ${jobScope(job)}. Nothing is changed. You can leave this page; the review stays in the Job Monitor.
      <${JobProgress} job=${job} label="Progress of the review" />
    <//>`}
    <${Milestones} job=${job} />
    ${job.error && !job.counts.failed && !unread.length && html`<${Message} kind="error">${job.error.message}<//>`}
    ${unread.length > 0 && html`<${Unread} groups=${unread} />`}
    ${isOver && html`<${Tiles} job=${job} />`}
    <${Shortage} job=${job} />
    <${Warnings} job=${job} />
    <${Demand} job=${job} />
    ${isOver && html`<${CarryOut} job=${job} />`}
    ${isOver && html`<${JobUsers} job=${job} query=${query} />`}
    <section aria-labelledby="request-title">
      <h2 id="request-title">Request</h2>
      <${Facts} facts=${[["Groups", jobScope(job)], ...requestFacts(job, catalog)]} />
    </section>
  `;
}

/** Whose users are neither in the figures nor in what is carried out. */
function Unread({ groups }) {
  return html`<${Message} kind="warning">
    <p><strong>The users of ${count(groups.length, "group")} are not in this review.</strong></p>
    <ul>${groups.map(({ id, displayName, error }) => html`<li key=${id}>${isolate(displayName)}: ${error?.message ?? "It was not read to its end."}</li>`)}</ul>
  <//>`;
}

/** The figures; each leads to its users. */
function Tiles({ job }) {
  const { changed, unchanged, failed } = job.counts;
  return html`<section class="tiles" aria-label="Figures">
    <${Tile} value=${job.progress.total} text="Users" status="" />
    <${Tile} value=${changed} text="Will be changed" status="changed" tone="success" />
    <${Tile} value=${unchanged} text="Stay as they are" status="unchanged"><${Reasons} job=${job} status="unchanged" /><//>
    <${Tile} value=${failed} text="Would fail" status="failed" tone=${failed ? "danger" : ""}><${Reasons} job=${job} status="failed" /><//>
  </section>`;
}

function Tile({ value, text, status, tone = "", children }) {
  const show = () => {
    refine({ status, warning: "" });
    document.getElementById("users")?.scrollIntoView();
    document.getElementById("user-filter")?.focus({ preventScroll: true });
  };
  return html`<div class="tile">
    <p class=${`tile-value ${tone && `tone-${tone}`}`}>${number(value ?? 0)}</p>
    <p>${text}</p>
    ${value > 0 && children}
    ${value > 0 && html`<button type="button" class="link" aria-label=${`Show users: ${text}`} onClick=${show}>Show users</button>`}
  </div>`;
}

/** Why, counted from the users' own records; of a large job only the first are read. */
function Reasons({ job, status }) {
  const { data } = useLoad((signal) => readAll(`jobs/${job.id}/items`, { status }, REASONS_READ, signal), [job.id, status]);
  if (!data) return null;
  const tally = new Map();
  for (const item of data.values) tally.set(item.reason, (tally.get(item.reason) ?? 0) + 1);
  return html`<ul class="plain quiet">
    ${[...tally].map(([code, users]) => html`<li key=${code}>${number(users)}: ${code ? reason(code) : "No reason given"}</li>`)}
    ${!data.complete && html`<li>of the first ${number(data.values.length)}</li>`}
  </ul>`;
}

function Shortage({ job }) {
  const short = job.demand.filter(({ shortage }) => shortage > 0);
  if (!short.length) return null;
  return html`<${Message} kind="error">
    <p><strong>There are not enough units.</strong></p>
    <ul>
      ${short.map(
        ({ skuId, displayName, needed, available, shortage }) =>
          html`<li key=${skuId}>${available === 0 ? `${displayName} is sold out` : displayName}: ${number(needed)} needed, ${number(available)} available, ${count(shortage, "unit")} short.</li>`,
      )}
    </ul>
  <//>`;
}
