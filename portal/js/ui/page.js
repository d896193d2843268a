// The frame of a view: its title, which is the page's too and takes the focus when people come here.
import { html, useLayoutEffect, useRef } from "../lib.js";
import { clock } from "../format.js";
import { paused } from "../loading.js";
import { Icon } from "./icons.js";
import { Notices } from "./messages.js";

let firstPage = true;

export function Page({ title, crumbs = [], aside, children }) {
  const heading = useRef(null);
  // Before the focus moves: screen readers and the browser's history take the title at that moment.
  useLayoutEffect(() => {
    document.title = `${title} – License Management`;
  }, [title]);
  useLayoutEffect(() => {
    if (!firstPage) heading.current.focus();
    firstPage = false;
  }, []);
  return html`
    ${crumbs.length > 0 &&
    html`<nav aria-label="Breadcrumb" class="crumbs">
      <ol>${crumbs.map(({ href, text }) => html`<li><a href=${href}>${text}</a></li>`)}</ol>
    </nav>`}
    <div class="page-head">
      <h1 tabindex="-1" ref=${heading}>${title}</h1>
      ${aside}
    </div>
    <${Notices} />
    ${children}
  `;
}

/** When a view was last read, and a switch that stops it from refreshing by itself. */
export function Refresh({ load, live = true }) {
  const isPaused = paused.use();
  return html`<div class="refresh">
    <span class="quiet">${load.at ? `Updated ${clock(load.at)}` : "Updating…"}</span>
    <button type="button" class="subtle" onClick=${load.reload}><${Icon} name="refresh" />Refresh</button>
    ${live &&
    html`<button type="button" class="subtle" aria-pressed=${isPaused} onClick=${() => paused.set(!isPaused)}>
      <${Icon} name=${isPaused ? "start" : "pause"} />Pause auto-refresh
    </button>`}
  </div>`;
}
