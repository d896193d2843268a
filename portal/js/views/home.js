// Home: what runs, what failed lately, what is nearly sold out, what expires this week.
import { html } from "../lib.js";
import { get } from "../api.js";
import { DAY, dayStart, number, relative } from "../format.js";
import { isTerminal, jobTitle } from "../labels.js";
import { useLoad } from "../loading.js";
import { to } from "../router.js";
import { useCatalog } from "../state/catalog.js";
import { Loaded } from "../ui/messages.js";
import { Page, Refresh } from "../ui/page.js";
import { JobProgress, Results } from "../ui/progress.js";
import { Badge, JobStatus, Name, Time } from "../ui/text.js";
import { JobName } from "./jobs.js";

const REFRESH = 5000;
const SHOWN = 5;
const LATELY = 14;
/** Nearly sold out: no more than one unit in twenty is left. */
const LOW = 0.05;

export function HomeView() {
  const jobs = useLoad(readJobs, [], () => REFRESH);
  return html`<${Page} title="Home" aside=${html`<${Refresh} load=${jobs} />`}>
    <p class="intro">Assign, remove and replace the licenses of whole groups. <a href=${to("groups")}>Choose groups</a></p>
    <div class="dashboard">
      <${Card} title="Running now" link=${{ href: to("jobs"), text: "Job Monitor" }}>
        <${Loaded} load=${jobs} what="jobs">${({ running }) => html`<${JobList} ...${running} none="No job is running." withProgress />`}<//>
      <//>
      <${Card} title="Failed lately" link=${{ href: to("jobs", null, { status: "FinishedWithException" }), text: "All with failures" }}>
        <${Loaded} load=${jobs} what="jobs">${({ failed }) => html`<${JobList} ...${failed} none=${`No failures in the last ${LATELY} days.`} />`}<//>
      <//>
      <${LowLicenses} />
      <${Expiring} />
    </div>
  <//>`;
}

async function readJobs(signal) {
  const since = dayStart(Date.now(), -LATELY);
  const runs = (status) => readNewest(status, 0, (job) => !isTerminal(job), signal);
  const hasFailed = (status) => readNewest(status, since, (job) => !job.dryRun, signal);
  const [inProgress, waiting, excepted, failed] = await Promise.all([runs("InProgress"), runs("Waiting"), hasFailed("FinishedWithException"), hasFailed("Failed")]);
  const newest = (one, other) => other.createdAt.localeCompare(one.createdAt);
  return {
    running: { jobs: [...inProgress.jobs, ...waiting.jobs], complete: inProgress.complete && waiting.complete },
    failed: { jobs: [...excepted.jobs, ...failed.jobs].sort(newest), complete: excepted.complete && failed.complete },
  };
}

/** The newest wanted jobs of a status, {jobs, complete}: as many as are shown and one more, or all of them since then. */
async function readNewest(status, since, isWanted, signal) {
  const jobs = [];
  let page = { nextLink: `jobs?status=${status}&pageSize=20` };
  while (page.nextLink && jobs.length <= SHOWN) {
    page = await get(page.nextLink, {}, signal);
    const young = page.value.filter(({ createdAt }) => new Date(createdAt) >= since);
    jobs.push(...young.filter(isWanted));
    if (young.length < page.value.length) return { jobs, complete: true };
  }
  return { jobs, complete: !page.nextLink };
}

function Card({ title, link, children }) {
  return html`<section class="panel card-section" aria-label=${title}>
    <div class="section-head"><h2>${title}</h2><a href=${link.href}>${link.text}</a></div>
    ${children}
  </section>`;
}

/** `complete`: there are no more than these `jobs`, so that those that are not shown can be counted. */
function JobList({ jobs, complete, none, withProgress }) {
  const catalog = useCatalog();
  if (!jobs.length) return html`<p class="quiet">${none}</p>`;
  return html`<ul class="rows">
      ${jobs.slice(0, SHOWN).map(
        (job) => html`<li key=${job.id}>
          <div><${JobName} job=${job} catalog=${catalog} /></div>
          <div class="row-end">
            <${JobStatus} status=${job.status} />
            ${withProgress ? html`<${JobProgress} job=${job} label=${`Progress of ${jobTitle(job, catalog)}`} />` : html`<${Results} job=${job} />`}
          </div>
        </li>`,
      )}
    </ul>
    ${jobs.length > SHOWN && html`<p class="quiet">and ${complete && number(jobs.length - SHOWN)} more</p>`}`;
}

function LowLicenses() {
  const load = useLoad((signal) => get("licenses", { pageSize: 999 }, signal), [], () => 60_000);
  return html`<${Card} title="Nearly sold out" link=${{ href: to("licenses"), text: "All licenses" }}>
    <${Loaded} load=${load} what="licenses">
      ${({ value }) => {
        const low = value.filter(({ available, enabled, warning }) => enabled + warning > 0 && available <= (enabled + warning) * LOW);
        if (!low.length) return html`<p class="quiet">Every license has units left.</p>`;
        low.sort((one, other) => one.available - other.available);
        return html`<ul class="rows">
            ${low.slice(0, SHOWN).map(
              ({ skuId, displayName, available, enabled, warning }) => html`<li key=${skuId}>
                <div>${displayName}</div>
                <div class="row-end">${available === 0 && html`<${Badge} tone="danger">Sold out<//>`}<span>${number(available)} of ${number(enabled + warning)} left</span></div>
              </li>`,
            )}
          </ul>
          ${low.length > SHOWN && html`<p class="quiet">and ${number(low.length - SHOWN)} more</p>`}`;
      }}
    <//>
  <//>`;
}

function Expiring() {
  const load = useLoad((signal) => get("temporary-licenses", { expiresBefore: new Date(Date.now() + 7 * DAY).toISOString(), pageSize: 100 }, signal), [], () => 60_000);
  return html`<${Card} title="Expires within 7 days" link=${{ href: to("temporary"), text: "All temporary licenses" }}>
    <${Loaded} load=${load} what="temporary licenses">
      ${({ value, nextLink }) =>
        value.length
          ? html`<ul class="rows">
                ${value.slice(0, SHOWN).map(
                  ({ id, user, license, expiresAt }) => html`<li key=${id}>
                    <div><${Name} text=${user.displayName} /><span class="quiet second">${license.displayName}</span></div>
                    <div class="row-end"><${Time} value=${expiresAt} as=${relative} /></div>
                  </li>`,
                )}
              </ul>
              ${value.length > SHOWN && html`<p class="quiet">and ${nextLink ? "many" : number(value.length - SHOWN)} more</p>`}`
          : html`<p class="quiet">Nothing expires within 7 days.</p>`}
    <//>
  <//>`;
}
