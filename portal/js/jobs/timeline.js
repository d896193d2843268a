// What happened to a job and when: its own times, and what people asked for meanwhile, from the audit.
import { html } from "../lib.js";
import { get } from "../api.js";
import { JOB_STATUS } from "../labels.js";
import { useLoad } from "../loading.js";
import { Time } from "../ui/text.js";
import { By } from "./facts.js";

/** Entries of the audit in words; that the job was made stands among its own times. */
const ASKED = {
  JobStarted: "Started again",
  JobCanceled: "Canceled",
  GrantMoved: "Expiry of a license moved",
  GrantMadePermanent: "License made permanent",
};

export function Timeline({ job }) {
  const { data, error } = useLoad((signal) => get("audit", { jobId: job.id }, signal), [job.id, job.status]);
  const asked = (data?.value ?? []).filter(({ what }) => what !== "JobSubmitted").map(({ time, what, by }) => ({ time, text: ASKED[what] ?? what, by }));
  const events = [...jobEvents(job), ...asked];
  events.sort((one, other) => one.time.localeCompare(other.time));
  return html`<section aria-labelledby="timeline-title">
    <h2 id="timeline-title">Timeline</h2>
    <ol class="timeline">
      ${events.map(({ time, text, by }) => html`<li key=${`${time}${text}`}><${Time} value=${time} /><span>${text}${by && html` by <${By} by=${by} />`}</span></li>`)}
    </ol>
    ${error && html`<p class="quiet">Who asked for what could not be read: ${error.message}</p>`}
  </section>`;
}

function jobEvents(job) {
  return [
    { time: job.createdAt, text: "Created", by: job.createdBy },
    job.startAt && { time: job.startAt, text: "Not to begin before" },
    job.startedAt && { time: job.startedAt, text: "Began" },
    job.finishedAt && { time: job.finishedAt, text: `Ended: ${JOB_STATUS[job.status] ?? job.status}` },
  ].filter(Boolean);
}
