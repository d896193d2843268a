// Remove: which of the licenses that the users hold.
import { html } from "../lib.js";
import { FormPage } from "../forms/frame.js";
import { HeldPicker } from "../forms/held-picker.js";
import { NO_OPTIONS, OptionFields, optionsBody } from "../forms/options.js";
import { useReview } from "../forms/review.js";
import { useDraft } from "../state/drafts.js";

export function RemoveForm() {
  const [draft, change] = useDraft("remove", { skuIds: [], ...NO_OPTIONS });
  const { busy, problem, review } = useReview();
  const send = (groupIds) =>
    review(
      { action: "remove", groupIds, licenses: draft.skuIds.map((skuId) => ({ skuId })), ...optionsBody(draft) },
      draft.skuIds.length ? null : "Select at least one license to remove.",
    );
  return html`<${FormPage}
    title="Remove Licenses"
    intro="Take licenses from all users of the selected groups. Only what a user holds directly can be taken; what comes from a group stays."
    verb="Review impact"
    after="Nothing is removed before you have confirmed it."
    busy=${busy}
    problem=${problem}
    onSend=${send}
  >
    <${HeldPicker} legend="Licenses to remove" chosen=${draft.skuIds} onChange=${(skuIds) => change({ skuIds })} />
    <${OptionFields} value=${draft} onChange=${change} />
  <//>`;
}
