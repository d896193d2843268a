// Start, Cancel and Undo, of one job or of several at once.
import { ApiError, post } from "../api.js";
import { useState } from "../lib.js";
import { count } from "../format.js";
import { whyNotCancel, whyNotStart, whyNotUndo } from "../labels.js";
import { notify, notifyError } from "../state/notices.js";
import { MANAGE, mayManage, session } from "../state/session.js";

/**
 * {commands for a toolbar, undoing: the jobs whose undo is to be confirmed, stopUndoing}. `onDone` is called
 * after jobs were started or canceled.
 */
export function useJobCommands(jobs, onDone) {
  const [undoing, setUndoing] = useState(null);
  const canManage = mayManage(session.use());
  const role = canManage ? null : `You need the app role ${MANAGE} for this.`;

  const each = async (verb, done) => {
    const results = await Promise.all(jobs.map((job) => change(job, verb)));
    const good = results.filter(Boolean).length;
    if (good) notify("success", `${count(good, "job")} ${done}.`);
    onDone();
  };
  const command = (label, icon, whyNot, run) => ({
    label,
    icon,
    run,
    whyNot: jobs.length ? firstOf(jobs, whyNot) : "Select one or more jobs first.",
  });
  return {
    commands: [
      command("Start", "start", (job) => role ?? whyNotStart(job), () => each("start", "started again")),
      command("Cancel", "cancel", (job) => whyNotCancel(job) ?? (mayCancel(job, canManage) ? null : role), () => each("cancel", "will be canceled")),
      command("Undo", "undo", (job) => whyNotUndo(job), () => setUndoing(jobs)),
    ],
    undoing,
    stopUndoing: () => setUndoing(null),
  };
}

/** Readers may cancel their own reviews and downloads; whose they are, the server knows. */
const mayCancel = (job, canManage) => canManage || job.dryRun || job.action === "export";

const firstOf = (jobs, whyNot) => jobs.map(whyNot).find((sentence) => sentence !== null) ?? null;

async function change(job, verb) {
  try {
    return await post(`jobs/${job.id}/${verb}`, undefined, { key: crypto.randomUUID() });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    notifyError(error);
    return null;
  }
}
