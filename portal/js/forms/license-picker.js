// Licenses to give: product, units, and the services to switch off.
import { html, useState } from "../lib.js";
import { get } from "../api.js";
import { count, number } from "../format.js";
import { useLoad } from "../loading.js";
import { TextField } from "../ui/fields.js";
import { Loaded, Message } from "../ui/messages.js";
import { Badge } from "../ui/text.js";

const MANY = 8;

/**
 * `chosen` maps skuId to the services that are switched off, or to null where each user keeps their own:
 * {skuId: null | [servicePlanId]}. `hidden` are skuIds that make no sense here.
 */
export function LicensePicker({ legend, chosen, onChange, hidden = [], children }) {
  const load = useLoad((signal) => get("licenses", { pageSize: 999 }, signal), []);
  const [filter, setFilter] = useState("");
  return html`<fieldset class="picker">
    <legend>${legend}</legend>
    <${Loaded} load=${load} what="licenses">
      ${({ value }) => {
        const offered = value.filter(({ skuId }) => !hidden.includes(skuId));
        const shown = offered.filter((license) => license.skuId in chosen || matches(license, filter));
        return html`
          ${offered.length > MANY &&
          html`<${TextField} id="license-filter" type="search" label="Filter licenses" value=${filter} onInput=${setFilter} />`}
          ${shown.length === 0 && html`<${Message}>No license matches.<//>`}
          <ul class="cards">
            ${shown.map((license) => html`<li key=${license.skuId}><${LicenseCard} license=${license} chosen=${chosen} onChange=${onChange} /></li>`)}
          </ul>
        `;
      }}
    <//>
    ${children}
  </fieldset>`;
}

const matches = ({ displayName, skuPartNumber }, filter) =>
  `${displayName} ${skuPartNumber}`.toLowerCase().includes(filter.trim().toLowerCase());

function LicenseCard({ license, chosen, onChange }) {
  const { skuId, displayName, skuPartNumber, available, enabled, warning, status, servicePlans } = license;
  const isChosen = skuId in chosen;
  const toggle = (event) => {
    const { [skuId]: _, ...others } = chosen;
    onChange(event.currentTarget.checked ? { ...others, [skuId]: null } : others);
  };
  return html`<div class=${`card ${isChosen ? "chosen" : ""}`}>
    <label class="check">
      <input type="checkbox" checked=${isChosen} onChange=${toggle} />
      <span>
        <span class="check-label">${displayName}</span>
        <span class="hint">
          <span class=${available ? "" : "tone-danger"}>${number(available)} of ${number(enabled + warning)} available</span>
          ${available === 0 && html` <${Badge} tone="danger">${status === "Suspended" ? "Suspended" : "Sold out"}<//>`}
          <span class="part-number">${skuPartNumber}</span>
        </span>
      </span>
    </label>
    ${isChosen &&
    servicePlans.length > 0 &&
    html`<${Services} license=${license} disabled=${chosen[skuId]} onChange=${(plans) => onChange({ ...chosen, [skuId]: plans })} />`}
  </div>`;
}

function Services({ license, disabled, onChange }) {
  const isOwn = disabled === null;
  const switchable = license.servicePlans.filter(({ assignable }) => assignable);
  const toggle = (planId, isOn) => onChange(isOn ? disabled.filter((id) => id !== planId) : [...disabled, planId]);
  return html`<div class="services">
    <label class="check">
      <input type="checkbox" checked=${!isOwn} onChange=${(event) => onChange(event.currentTarget.checked ? [] : null)} />
      <span>
        <span class="check-label">Choose the services of this license</span>
        <span class="hint">${isOwn ? "Who holds it already keeps their own choice; others get all services." : "Everybody gets exactly these, also who holds it already."}</span>
      </span>
    </label>
    ${!isOwn &&
    html`<fieldset>
      <legend>${`Services of ${license.displayName}: ${count(switchable.length - disabled.length, "service")} on`}</legend>
      <ul class="services-list">
        ${switchable.map(
          ({ servicePlanId, displayName }) => html`<li key=${servicePlanId}>
            <label class="check">
              <input type="checkbox" checked=${!disabled.includes(servicePlanId)} onChange=${(event) => toggle(servicePlanId, event.currentTarget.checked)} />
              <span>${displayName}</span>
            </label>
          </li>`,
        )}
      </ul>
    </fieldset>`}
  </div>`;
}

/** As POST /jobs wants them; a license without named services leaves everybody's own as they are. */
export const licensesBody = (chosen) =>
  Object.entries(chosen).map(([skuId, disabledPlans]) => (disabledPlans === null ? { skuId } : { skuId, disabledPlans }));
