// The usage location that a license needs.
import { html } from "../lib.js";
import { get } from "../api.js";
import { useLoad } from "../loading.js";
import { Check, Select } from "../ui/fields.js";
import { ErrorState } from "../ui/messages.js";

/** `value` is {usageLocation: code or "", onlyMissing}. */
export function LocationFields({ value, onChange }) {
  const { data, error, reload } = useLoad((signal) => get("locations", {}, signal), []);
  const countries = (data?.value ?? []).map(({ code, name }) => [code, `${name} (${code})`]);
  return html`<fieldset>
    <legend>Location</legend>
    ${error && html`<${ErrorState} error=${error} retry=${reload} />`}
    <${Select}
      id="location"
      label="Usage location"
      hint="Microsoft gives licenses only to users whose location is known."
      value=${value.usageLocation}
      options=${[["", "No Change"], ...countries]}
      onChange=${(usageLocation) => onChange({ usageLocation })}
    />
    ${value.usageLocation &&
    html`<${Check}
      label="Only where missing"
      hint="Users who have a location keep it."
      checked=${value.onlyMissing}
      onChange=${(onlyMissing) => onChange({ onlyMissing })}
    />`}
  </fieldset>`;
}

export const locationBody = ({ usageLocation, onlyMissing }) =>
  usageLocation ? { usageLocation, usageLocationMode: onlyMissing ? "ifMissing" : "always" } : {};
