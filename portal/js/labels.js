// The API's words as people read them. A code that is not here is shown as it is.
import { count, list } from "./format.js";

export const JOB_STATUS = {
  Waiting: "Waiting",
  InProgress: "In Progress",
  Finished: "Finished",
  FinishedWithException: "Finished with Exception",
  Failed: "Failed",
  Canceled: "Canceled",
};

export const ACTION = {
  assign: "Assign",
  remove: "Remove",
  replace: "Replace",
  export: "Export",
  undo: "Undo",
  expire: "Expire",
};

export const ITEM_STATUS = {
  changed: "Changed",
  unchanged: "Unchanged",
  failed: "Failed",
  retrying: "Trying again",
  pending: "Pending",
  canceled: "Canceled",
};

/** Of a dry run. */
const PLANNED = { changed: "Will change", failed: "Would fail" };

export const GROUP_STATUS = {
  pending: "Pending",
  expanding: "Reading members",
  done: "Members read",
  failed: "Failed",
  canceled: "Canceled",
};

export const GROUP_KIND = {
  security: "Security",
  microsoft365: "Microsoft 365",
  mailEnabledSecurity: "Mail-enabled security",
  distribution: "Distribution",
};

export const CALLER_KIND = { user: "Person", app: "Application", key: "Function key", timer: "Schedule" };

/** Why a user was left as is, or failed; and what to do about it. */
export const REASON = {
  AlreadyHeld: "Holds it already",
  HeldByInheritance: "Holds it through a group",
  NotHeld: "Does not hold it",
  NothingToReplace: "Holds nothing that is to be replaced",
  NothingToUndo: "Nothing is left to undo",
  ChangedSince: "Was changed since by somebody else, and is left alone",
  LocationKept: "The location stays, since it cannot be emptied",
  ExpiryPassed: "The time of the temporary license has passed",
  LicenseInherited: "Comes from a group; change the group or its members",
  UsageLocationMissing: "Has no usage location; choose one",
  UsageLocationInvalid: "The usage location does not allow this license",
  NoAvailableLicenses: "No unit was left",
  ServicePlanConflict: "Two services exclude each other; switch one off",
  ServicePlanDependency: "Another license or service depends on it",
  UserNotFound: "The user does not exist anymore",
  PlanOutdated: "Was changed after the review; review again",
  Throttled: "Microsoft Graph was too busy; start the job again",
  GraphUnavailable: "Microsoft Graph was not reachable; start the job again",
  Forbidden: "The app lacks a permission in Microsoft Graph",
  Unexpected: "Something unforeseen happened",
  AlreadyGone: "Was taken before by somebody else",
  UserDeleted: "The user was deleted",
  MadePermanent: "Was made permanent",
  GrantEnded: "Had ended already",
  ExpiryMoved: "The expiry was moved",
  Removed: "Removed",
  Replaced: "Replaced",
  Expired: "Expired",
  Undone: "Undone",
  NotAssigned: "Was not assigned",
};

export const WARNING = {
  LosesMailbox: "Lose their mailbox",
  LosesPhone: "Lose their phone number",
  InheritedOnly: "Hold it through a group only",
  StillInherited: "Keep it through a group",
  UsageLocationMissing: "Have no usage location",
  PlanConflict: "Services conflict",
  Guests: "Are guests",
  DisabledAccounts: "Have a disabled account",
  ChangedSince: "Changed since",
  LocationKept: "Keep their location",
  ExpiryPassed: "Time has passed",
  Shortage: "Units are missing",
};

export const TERMINAL = ["Finished", "FinishedWithException", "Failed", "Canceled"];

/** What became of a user of this job: an export changes nobody, it writes them down. */
export function itemStatus(job, status) {
  if (job.action === "export" && status === "unchanged") return "Exported";
  return (job.dryRun && PLANNED[status]) || (ITEM_STATUS[status] ?? status);
}

export const isTerminal = (job) => TERMINAL.includes(job.status);
export const reason = (code) => REASON[code] ?? code;
export const warning = (code) => WARNING[code] ?? code;

/** The product names of a job's licenses: the job knows those that it counted, the catalog the rest. */
export function jobProducts(job, catalog) {
  const counted = new Map(job.demand.map(({ skuId, displayName }) => [skuId, displayName]));
  return job.request.licenses.map(({ skuId }) => counted.get(skuId) ?? catalog.name(skuId));
}

/** What a job does, in a few words: "Assign Office 365 E3 and Visio Plan 2". */
export function jobTitle(job, catalog) {
  const products = list(jobProducts(job, catalog));
  switch (job.action) {
    case "export":
      return "Export licenses";
    case "undo":
      return "Undo a job";
    case "expire":
      return "End expired licenses";
    case "replace":
      return `Replace ${job.request.replaces === "all" ? "all licenses" : count(job.request.replaces.length, "license")} by ${products}`;
    default:
      return `${ACTION[job.action] ?? job.action} ${products}`;
  }
}

export const jobScope = (job) => (job.groups.length ? count(job.groups.length, "group") : "");

/** The groups that failed; once the job has ended, also those of which nobody knows how they ended. */
export function unreadGroups(job) {
  const wellEnded = isTerminal(job) ? ["done", "canceled"] : ["pending", "expanding", "done", "canceled"];
  return job.groups.filter(({ status }) => !wellEnded.includes(status));
}

/** Whether a job may be started again, canceled or undone: null, or why not, in a sentence. */
export function whyNotStart(job) {
  if (["Failed", "FinishedWithException", "Canceled"].includes(job.status)) return null;
  if (job.status === "Waiting" && job.error?.code === "ExpiryLimitReached") return null;
  return isTerminal(job)
    ? "Only a job that failed in part or whole, or was canceled, can be started again."
    : "This job runs already.";
}

export function whyNotCancel(job) {
  return isTerminal(job) ? "This job has ended already." : null;
}

/** One that failed or was canceled midway may have changed a user all the same; the server knows. */
export function whyNotUndo(job) {
  const { changed, failed, canceled } = job.counts;
  const changedNothing = "This job changed nothing that could be undone.";
  if (job.action === "export" || job.dryRun) return changedNothing;
  if (!isTerminal(job)) return "This job still runs. Cancel it first, or wait for its end.";
  return changed + failed + canceled === 0 ? changedNothing : null;
}
