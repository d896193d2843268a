// Before jobs are undone: what that means, and for a single one the way to a review first.
import { html, useState } from "../lib.js";
import { ApiError, post } from "../api.js";
import { count } from "../format.js";
import { jobTitle } from "../labels.js";
import { go, to } from "../router.js";
import { useCatalog } from "../state/catalog.js";
import { notify, notifyError } from "../state/notices.js";
import { mayManage, session } from "../state/session.js";
import { Dialog } from "../ui/dialog.js";

export function UndoDialog({ jobs, onClose }) {
  const catalog = useCatalog();
  const [busy, setBusy] = useState(false);
  const canManage = mayManage(session.use());
  const one = jobs.length === 1 ? jobs[0] : null;

  const review = async () => {
    setBusy(true);
    const job = await undo(one, { dryRun: true });
    onClose();
    if (job) go(to("impact", job.id));
  };
  const run = async () => {
    setBusy(true);
    const made = (await Promise.all(jobs.map((job) => undo(job, { confirm: true })))).filter(Boolean);
    onClose();
    if (made.length) notify("success", `${count(made.length, "undo job")} started.`, { href: to("jobs", made.length === 1 ? made[0].id : null), text: "View" });
  };
  return html`<${Dialog}
    title=${`Undo ${count(jobs.length, "job")}?`}
    onClose=${onClose}
    actions=${html`
      <button type="button" autofocus onClick=${onClose}>Cancel</button>
      ${one && html`<button type="button" class="primary" aria-disabled=${busy} onClick=${() => busy || review()}>Review impact</button>`}
      ${canManage && html`<button type="button" class="danger" aria-disabled=${busy} onClick=${() => busy || run()}>Undo now</button>`}
    `}
  >
    <ul>${jobs.map((job) => html`<li key=${job.id}>${jobTitle(job, catalog)}${job.undoneBy && html`<span class="quiet second">An undo of this job was started before.</span>`}</li>`)}</ul>
    <p>
      Each user gets back what they held before, and loses what the job gave them. With a license that is taken, what belongs to it is removed from
      Microsoft 365. What somebody else has changed since is left alone.
    </p>
  <//>`;
}

async function undo(job, body) {
  try {
    return await post(`jobs/${job.id}/undo`, body, { key: crypto.randomUUID() });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    notifyError(error, "The job was not undone.");
    return null;
  }
}
