// Tables, their row selection and their pages. On a narrow screen each row becomes a card, with the column's
// title before each value; the roles are spelled out since some browsers drop them then.
import { html, useLayoutEffect, useRef } from "../lib.js";
import { Icon } from "./icons.js";

/**
 * columns: {title, cell(row), class}, the first of them names the row. `select` is optional:
 * {has(row), toggle(rows, on), name(row)}.
 */
export function Table({ caption, columns, rows, rowKey, select }) {
  return html`<table class="table" role="table" aria-label=${caption}>
    <thead role="rowgroup">
      <tr role="row">
        ${select && html`<th class="pick" role="columnheader" scope="col"><${PickAll} rows=${rows} select=${select} /></th>`}
        ${columns.map(({ title, class: kind = "" }) => html`<th class=${kind} role="columnheader" scope="col">${title}</th>`)}
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${rows.map(
        (row) => html`<tr key=${rowKey(row)} role="row" class=${select?.has(row) ? "selected" : ""}>
          ${select && html`<td class="pick" role="cell"><${Pick} row=${row} select=${select} /></td>`}
          ${columns.map(({ title, cell, class: kind = "" }, index) =>
            index === 0
              ? html`<th class=${kind} role="rowheader" scope="row">${cell(row)}</th>`
              : html`<td class=${kind} role="cell" data-title=${title}>${cell(row)}</td>`,
          )}
        </tr>`,
      )}
    </tbody>
  </table>`;
}

function Pick({ row, select }) {
  const toggle = (event) => select.toggle([row], event.currentTarget.checked);
  return html`<input type="checkbox" aria-label=${`Select ${select.name(row)}`} checked=${select.has(row)} onChange=${toggle} />`;
}

function PickAll({ rows, select }) {
  const box = useRef(null);
  const chosen = rows.filter(select.has).length;
  useLayoutEffect(() => {
    box.current.indeterminate = chosen > 0 && chosen < rows.length;
  });
  const toggle = (event) => select.toggle(rows, event.currentTarget.checked);
  return html`<label class="pick-all"
    ><input
      type="checkbox"
      ref=${box}
      aria-label="Select all on this page"
      checked=${rows.length > 0 && chosen === rows.length}
      disabled=${rows.length === 0}
      onChange=${toggle}
    /><span aria-hidden="true">Select all on this page</span></label
  >`;
}

/** Turns the pages of a list made by `usePages`. */
export function Pager({ list, what }) {
  if (!list.next && !list.previous) return null;
  return html`<nav class="pager" aria-label=${`Pages of ${what}`}>
    <button type="button" disabled=${!list.previous} onClick=${list.previous}><${Icon} name="previous" />Previous</button>
    <span role="status">Page ${list.page}</span>
    <button type="button" disabled=${!list.next} onClick=${list.next}>Next<${Icon} name="next" /></button>
  </nav>`;
}
