// Assign: which licenses, for how long, with which location.
import { html } from "../lib.js";
import { ExpiryFields, amountBody, isAmount } from "../forms/expiry.js";
import { FormPage } from "../forms/frame.js";
import { LicensePicker, licensesBody } from "../forms/license-picker.js";
import { LocationFields, locationBody } from "../forms/location.js";
import { NO_OPTIONS, OptionFields, optionsBody } from "../forms/options.js";
import { useReview } from "../forms/review.js";
import { useDraft } from "../state/drafts.js";

const EMPTY = { licenses: {}, expires: false, amount: "3", unit: "months", usageLocation: "", onlyMissing: true, ...NO_OPTIONS };

export function AssignForm() {
  const [draft, change] = useDraft("assign", EMPTY);
  const { busy, problem, review } = useReview();
  const send = (groupIds) =>
    review(
      {
        action: "assign",
        groupIds,
        licenses: licensesBody(draft.licenses),
        ...locationBody(draft),
        ...(draft.expires && { expiresIn: amountBody(draft) }),
        ...optionsBody(draft),
      },
      faultOf(draft),
    );
  const expiryFault = problem?.details?.find(({ target }) => target?.startsWith("expiresIn"))?.message;
  return html`<${FormPage}
    title="Assign Licenses"
    intro="Give licenses to all users of the selected groups. Who holds one already keeps it as it is."
    verb="Review impact"
    after="Nothing is changed before you have seen what it means."
    busy=${busy}
    problem=${problem}
    onSend=${send}
  >
    <${LicensePicker} legend="Licenses to assign" chosen=${draft.licenses} onChange=${(licenses) => change({ licenses })} />
    <${ExpiryFields} value=${draft} onChange=${change} fault=${expiryFault} />
    <${LocationFields} value=${draft} onChange=${change} />
    <${OptionFields} value=${draft} onChange=${change} />
  <//>`;
}

function faultOf(draft) {
  if (!Object.keys(draft.licenses).length) return "Select at least one license to assign.";
  if (draft.expires && !isAmount(draft)) return "Say in how many days, weeks or months the license expires.";
  return null;
}
