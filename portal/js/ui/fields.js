// Form fields with a visible label, a hint and the fault that the server found, tied to the control.
import { html, useRef } from "../lib.js";

export function Field({ id, label, hint, fault, children }) {
  return html`<div class="field">
    <label for=${id}>${label}</label>
    ${children}
    ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
    ${fault && html`<p class="fault" id=${`${id}-fault`}>${fault}</p>`}
  </div>`;
}

/** The attributes that tie a control to its hint and fault. */
export const described = (id, { hint, fault } = {}) => ({
  id,
  "aria-describedby": [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(" ") || undefined,
  "aria-invalid": fault ? "true" : undefined,
});

export function TextField({ id, label, value, onInput, hint, fault, type = "text", ...rest }) {
  return html`<${Field} id=${id} label=${label} hint=${hint} fault=${fault}>
    <input type=${type} value=${value} onInput=${(event) => onInput(event.currentTarget.value)} ...${described(id, { hint, fault })} ...${rest} />
  <//>`;
}

export function Select({ id, label, value, options, onChange, hint, fault }) {
  return html`<${Field} id=${id} label=${label} hint=${hint} fault=${fault}>
    <select value=${value} onChange=${(event) => onChange(event.currentTarget.value)} ...${described(id, { hint, fault })}>
      ${options.map(([key, text]) => html`<option key=${key} value=${key} selected=${key === value}>${text}</option>`)}
    </select>
  <//>`;
}

export function Check({ label, checked, onChange, hint, ...rest }) {
  return html`<label class="check">
    <input type="checkbox" checked=${checked} onChange=${(event) => onChange(event.currentTarget.checked)} ...${rest} />
    <span><span class="check-label">${label}</span>${hint && html`<span class="hint">${hint}</span>`}</span>
  </label>`;
}

/** One of a few: options are [value, label, hint]. */
export function Choice({ name, legend, value, options, onChange }) {
  return html`<fieldset class="choice">
    <legend>${legend}</legend>
    ${options.map(
      ([key, label, hint]) => html`<label class="check" key=${key}>
        <input type="radio" name=${name} value=${key} checked=${key === value} onChange=${() => onChange(key)} />
        <span><span class="check-label">${label}</span>${hint && html`<span class="hint">${hint}</span>`}</span>
      </label>`,
    )}
  </fieldset>`;
}

/** A search box that waits until people stop typing. */
export function Search({ id, label, value, onSearch, hint }) {
  const timer = useRef(null);
  const input = (event) => {
    clearTimeout(timer.current);
    const text = event.currentTarget.value.trim();
    timer.current = setTimeout(() => onSearch(text), 300);
  };
  return html`<div class="field search" role="search">
    <label for=${id}>${label}</label>
    <input type="search" maxlength="200" autocomplete="off" spellcheck=${false} defaultValue=${value} onInput=${input} ...${described(id, { hint })} />
    ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
  </div>`;
}
