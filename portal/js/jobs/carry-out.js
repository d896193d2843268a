// The last step of a review: when, how carefully, and the button. What takes something is confirmed once more.
import { html, useState } from "../lib.js";
import { count, list } from "../format.js";
import { jobProducts } from "../labels.js";
import { Problem } from "../forms/frame.js";
import { go, to } from "../router.js";
import { refreshCatalog, useCatalog } from "../state/catalog.js";
import { forgetDraft } from "../state/drafts.js";
import { notify } from "../state/notices.js";
import { selection } from "../state/selection.js";
import { MANAGE, mayManage, session } from "../state/session.js";
import { useSubmit } from "../state/submit.js";
import { Confirm } from "../ui/dialog.js";
import { Check, TextField } from "../ui/fields.js";
import { Message } from "../ui/messages.js";
import { Time } from "../ui/text.js";

const VERB = { assign: "Add", remove: "Remove", replace: "Replace", undo: "Undo" };
const PLAN_GOOD_FOR = 24 * 60 * 60 * 1000;

export function CarryOut({ job }) {
  const catalog = useCatalog();
  const { send, busy, error } = useSubmit();
  const [options, setOptions] = useState({ note: job.note ?? "", startAt: "", stopAfter: "", allowShortage: false });
  const [isConfirming, setConfirming] = useState(false);
  const [fault, setFault] = useState(null);
  const change = (changes) => setOptions({ ...options, ...changes });
  const goodUntil = new Date(new Date(job.finishedAt).getTime() + PLAN_GOOD_FOR);
  const isShort = job.demand.some(({ shortage }) => shortage > 0);
  const blocked = whyBlocked(job, goodUntil, mayManage(session.use()));
  if (blocked) return html`<${Message} kind="warning">${blocked}<//>`;

  const run = async () => {
    const made = await send("jobs", planBody(job, options));
    setConfirming(false);
    if (!made) return;
    if (!job.undoOf) selection.clear();
    forgetDraft(job.action);
    refreshCatalog();
    notify("success", "The job has started. It goes on if you leave this page.", { href: to("groups"), text: "Back to Groups" });
    go(to("jobs", made.id));
  };
  const click = () => {
    if (busy) return;
    const wrong = isShort && !options.allowShortage ? { message: "Units are missing. Free or buy some, or tick that the job goes on until none is left." } : null;
    setFault(wrong);
    if (wrong) return;
    if (job.action === "assign") run();
    else setConfirming(true);
  };
  return html`<section class="carry-out panel" aria-labelledby="carry-out-title">
    <h2 id="carry-out-title">Carry out this plan</h2>
    <${Problem} problem=${fault ?? error} />
    <p>
      Exactly what is shown here happens. Whoever is changed in the meantime is left alone and listed as failed. Good until <${Time} value=${goodUntil} />.
    </p>
    ${isShort &&
    html`<${Check} label="Go on until no unit is left" hint="The users who come too late fail, and can be started again later." checked=${options.allowShortage} onChange=${(allowShortage) => change({ allowShortage })} />`}
    <${TextField} id="plan-note" label="Note (optional)" maxlength="1000" value=${options.note} onInput=${(note) => change({ note })} />
    <details>
      <summary>More options</summary>
      <${TextField} id="plan-start" type="datetime-local" label="Begin not before (optional)" hint="In your time zone." value=${options.startAt} onInput=${(startAt) => change({ startAt })} />
      <${TextField} id="plan-stop" type="number" min="1" label="Stop after so many failures (optional)" value=${options.stopAfter} onInput=${(stopAfter) => change({ stopAfter })} />
    </details>
    <div class="form-actions">
      <button type="button" class="primary" aria-disabled=${busy} onClick=${click}>${busy ? "Sending…" : VERB[job.action]}</button>
      <a class="button" href=${job.undoOf ? to("jobs", job.undoOf) : to(job.action)}>Back</a>
    </div>
    ${isConfirming &&
    html`<${Confirm} title=${confirmTitle(job)} verb=${VERB[job.action]} busy=${busy} onConfirm=${run} onClose=${() => setConfirming(false)}>
      <${WhatGoes} job=${job} catalog=${catalog} />
    <//>`}
  </section>`;
}

function whyBlocked(job, goodUntil, canManage) {
  if (job.status === "Failed" && job.counts.failed > 0 && job.counts.changed === 0) return "There is nothing to carry out: every user would fail.";
  if (job.status === "Canceled") return "This review was canceled, so that it cannot be carried out.";
  if (job.counts.changed === 0) return "There is nothing to carry out: no user would be changed.";
  if (goodUntil < new Date()) return "This review is older than 24 hours. Review the request again before you carry it out.";
  if (!canManage) return `To carry it out you need the app role ${MANAGE}.`;
  return null;
}

function planBody(job, { note, startAt, stopAfter, allowShortage }) {
  return {
    plan: job.id,
    confirm: job.action !== "assign",
    ...(note.trim() && { note: note.trim() }),
    ...(startAt && { startAt: new Date(startAt).toISOString() }),
    ...(stopAfter && { stopAfterFailures: Number(stopAfter) }),
    ...(allowShortage && { allowShortage }),
  };
}

function confirmTitle(job) {
  const users = count(job.counts.changed, "user");
  if (job.action === "remove") return `Remove licenses from ${users}?`;
  if (job.action === "replace") return `Replace licenses of ${users}?`;
  return `Undo the changes to ${users}?`;
}

/** What is gone afterwards, in plain words, with the consequences that the review found. */
function WhatGoes({ job, catalog }) {
  const users = count(job.counts.changed, "user");
  const products = list(jobProducts(job, catalog), 10);
  const severe = job.warnings.filter(({ code }) => ["LosesMailbox", "LosesPhone"].includes(code));
  const lead = {
    remove: `${products} will be removed from ${users}.`,
    replace: `${users} will get ${products} in place of ${job.request.replaces === "all" ? "all licenses that they hold directly" : list(job.request.replaces.map(catalog.name), 10)}.`,
    undo: `What the job did to ${users} is undone.`,
  }[job.action];
  return html`
    <p>${lead}</p>
    <p>With a license that is taken, the records and data that belong to it are removed from Microsoft 365: mailboxes, files and settings of services that the users keep under no other license.</p>
    ${severe.length > 0 && html`<ul>${severe.map(({ code, message, users: hit }) => html`<li key=${code}><strong>${count(hit, "user")}:</strong> ${message}</li>`)}</ul>`}
  `;
}
