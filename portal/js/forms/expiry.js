// "License will expire in …", with the date that comes of it.
import { html } from "../lib.js";
import { expiry, utc } from "../format.js";
import { Check } from "../ui/fields.js";
import { Time } from "../ui/text.js";

export const UNITS = [
  ["days", "days"],
  ["weeks", "weeks"],
  ["months", "months"],
];

/** `value` is {amount: text, unit}. */
export function Amount({ id, value, onChange, label, fault }) {
  const end = expiry(Date.now(), Number(value.amount), value.unit);
  const problem = fault ?? (end ? null : "Enter a whole number from 1, with a date before 2100.");
  return html`<div class="amount">
    <label for=${id}>${label}</label>
    <div class="amount-row">
      <input
        id=${id}
        type="number"
        min="1"
        step="1"
        inputmode="numeric"
        value=${value.amount}
        aria-invalid=${problem ? "true" : undefined}
        aria-describedby=${`${id}-end`}
        onInput=${(event) => onChange({ amount: event.currentTarget.value })}
      />
      <select aria-label=${`${label}: unit`} value=${value.unit} onChange=${(event) => onChange({ unit: event.currentTarget.value })}>
        ${UNITS.map(([key, text]) => html`<option key=${key} value=${key} selected=${key === value.unit}>${text}</option>`)}
      </select>
    </div>
    <p id=${`${id}-end`} class=${problem ? "fault" : "hint"} role="status">
      ${problem ?? html`That is on <${Time} value=${end} /> <span class="quiet">(${utc(end)})</span>`}
    </p>
  </div>`;
}

/** `value` is {expires, amount, unit}. */
export function ExpiryFields({ value, onChange, fault }) {
  return html`<fieldset>
    <legend>Duration</legend>
    <${Check}
      label="Temporary: take the license back after a time"
      hint="Who holds it already for good keeps it for good."
      checked=${value.expires}
      onChange=${(expires) => onChange({ expires })}
    />
    ${value.expires && html`<${Amount} id="expires-in" label="License will expire in" value=${value} onChange=${onChange} fault=${fault} />`}
  </fieldset>`;
}

export const isAmount = ({ amount, unit }) => expiry(Date.now(), Number(amount), unit) !== null;
export const amountBody = ({ amount, unit }) => ({ value: Number(amount), unit });
