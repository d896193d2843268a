// Whom a job leaves out, and a note for whoever reads about it later.
import { html } from "../lib.js";
import { Check, TextField } from "../ui/fields.js";

export const NO_OPTIONS = { guests: true, disabled: true, note: "" };

/** `value` is {guests, disabled, note}. */
export function OptionFields({ value, onChange }) {
  return html`<fieldset>
    <legend>Users and note</legend>
    <${Check} label="Include guests" checked=${value.guests} onChange=${(guests) => onChange({ guests })} />
    <${Check} label="Include disabled accounts" checked=${value.disabled} onChange=${(disabled) => onChange({ disabled })} />
    <${TextField} id="note" label="Note (optional)" maxlength="1000" hint="Shown in the Job Monitor, and found by its search." value=${value.note} onInput=${(note) => onChange({ note })} />
  </fieldset>`;
}

export const optionsBody = ({ guests, disabled, note }) => ({
  include: { guests, disabled },
  ...(note.trim() && { note: note.trim() }),
});
