// Replace: what goes, what comes in its place. Each user is changed in one step, without a moment in between.
import { html } from "../lib.js";
import { FormPage } from "../forms/frame.js";
import { HeldPicker } from "../forms/held-picker.js";
import { LicensePicker, licensesBody } from "../forms/license-picker.js";
import { LocationFields, locationBody } from "../forms/location.js";
import { NO_OPTIONS, OptionFields, optionsBody } from "../forms/options.js";
import { useReview } from "../forms/review.js";
import { useDraft } from "../state/drafts.js";
import { Check, Choice } from "../ui/fields.js";

const EMPTY = { scope: "chosen", skuIds: [], licenses: {}, keepDisabledPlans: true, usageLocation: "", onlyMissing: true, ...NO_OPTIONS };

export function ReplaceForm() {
  const [draft, change] = useDraft("replace", EMPTY);
  const { busy, problem, review } = useReview();
  const isAll = draft.scope === "all";
  const send = (groupIds) =>
    review(
      {
        action: "replace",
        groupIds,
        replaces: isAll ? "all" : draft.skuIds,
        licenses: licensesBody(draft.licenses),
        keepDisabledPlans: draft.keepDisabledPlans,
        ...locationBody(draft),
        ...optionsBody(draft),
      },
      faultOf(draft),
    );
  return html`<${FormPage}
    title="Replace Licenses"
    intro="Swap licenses of the users of the selected groups. Only users who hold one that is replaced get the new ones, each in one step and never without a license in between."
    verb="Review impact"
    after="Nothing is replaced before you have confirmed it."
    busy=${busy}
    problem=${problem}
    onSend=${send}
  >
    <${Choice}
      name="scope"
      legend="What to replace"
      value=${draft.scope}
      options=${[
        ["chosen", "Chosen licenses", "Users who hold none of them are left alone."],
        ["all", "All licenses", "Everything that a user holds directly; what comes from a group stays."],
      ]}
      onChange=${(scope) => change({ scope })}
    />
    ${!isAll && html`<${HeldPicker} legend="Licenses to replace" chosen=${draft.skuIds} onChange=${(skuIds) => change({ skuIds, licenses: without(draft.licenses, skuIds) })} />`}
    <${LicensePicker} legend="Replacements" chosen=${draft.licenses} hidden=${isAll ? [] : draft.skuIds} onChange=${(licenses) => change({ licenses })}>
      <${Check}
        label="Keep disabled services"
        hint="A service that a user had switched off stays off in the replacement."
        checked=${draft.keepDisabledPlans}
        onChange=${(keepDisabledPlans) => change({ keepDisabledPlans })}
      />
    <//>
    <${LocationFields} value=${draft} onChange=${change} />
    <${OptionFields} value=${draft} onChange=${change} />
  <//>`;
}

function faultOf({ scope, skuIds, licenses }) {
  if (scope === "chosen" && !skuIds.length) return "Select at least one license to replace, or replace all.";
  if (!Object.keys(licenses).length) return "Select at least one replacement.";
  return null;
}

/** A license cannot replace itself: once it is to be replaced, it is no replacement anymore. */
const without = (licenses, skuIds) => Object.fromEntries(Object.entries(licenses).filter(([skuId]) => !skuIds.includes(skuId)));
