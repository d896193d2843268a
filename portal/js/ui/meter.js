// A bar of parts, drawn as SVG so that it needs no style of its own; the text beside it says the same.
import { html } from "../lib.js";

/** parts: {kind, value}; `whole` is what the full width stands for. */
export function Bar({ parts, whole, label }) {
  let at = 0;
  const scale = 100 / Math.max(1, whole);
  return html`<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label=${label}>
    <rect class="bar-ground" width="100" height="4" />
    ${parts.map(({ kind, value }) => {
      const x = at;
      const width = Math.min(100 - x, value * scale);
      at += width;
      return html`<rect key=${kind} class=${`bar-${kind}`} x=${x} width=${width} height="4" />`;
    })}
  </svg>`;
}
