// Small line icons, 16 units square. They only accompany text, so that assistive technology skips them.
import { html } from "../lib.js";

const PATHS = {
  home: "M2.5 7.5 8 3l5.5 4.5V13h-4V9.5h-3V13h-4z",
  groups: "M5.5 7.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4Zm5 0a2 2 0 1 0 0-4M1.5 13c0-2.2 1.6-3.5 4-3.5s4 1.3 4 3.5M11 9.5c2.2 0 3.5 1.3 3.5 3.5",
  jobs: "M2.5 3.500h11v9h-11zM5 6.500h6M5 9.500h4",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.500V8l2.5 1.5",
  license: "M2.5 4h11v8h-11zM5 7h4M5 9.500h2.500M11 8.500v2",
  add: "M8 3v10M3 8h10",
  remove: "M3.5 5h9M6.5 5V3.500h3V5M4.5 5l.5 8h6l.5-8",
  replace: "M3 6.500h9L9.5 4M13 9.500H4L6.5 12",
  download: "M8 2.500v8M4.5 7.5 8 11l3.5-3.500M3 13.500h10",
  start: "M5 3.500v9l7-4.500z",
  cancel: "M4 4l8 8M12 4l-8 8",
  undo: "M6 3.5 3 6.500l3 3M3 6.500h6a4 4 0 0 1 0 7H6",
  refresh: "M13 8a5 5 0 1 1-1.5-3.500L13 6M13 3v3h-3",
  pause: "M5.5 3.500v9M10.5 3.500v9",
  check: "m3.5 8.5 3 3 6-7",
  warning: "M8 2.5 14 13H2zM8 6.500V9M8 11v.5",
  error: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 5v3.500M8 10.500v.5",
  info: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 7.500V11M8 5v.5",
  progress: "M8 2a6 6 0 1 1-6 6",
  stopped: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM4 12 12 4",
  search: "M7 11.500a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.5 10.500l3 3",
  menu: "M2.5 4.500h11M2.5 8h11M2.5 11.500h11",
  previous: "M10 3.5 5.5 8l4.5 4.5",
  next: "M6 3.5 10.5 8 6 12.5",
};

export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path d=${PATHS[name]} /></svg>`;
}
