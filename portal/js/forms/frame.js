// What the forms have in common: the groups they are for, a way to send them, and what the server found wrong.
import { html, useEffect, useRef } from "../lib.js";
import { count } from "../format.js";
import { to } from "../router.js";
import { selection } from "../state/selection.js";
import { Icon } from "../ui/icons.js";
import { Empty, Faults } from "../ui/messages.js";
import { Page } from "../ui/page.js";
import { Name } from "../ui/text.js";

/**
 * problem: {message}, or an ApiError, or null. `onSend` runs on the form's button, named by `verb`, which says
 * what comes next. Without selected groups there is no form.
 */
export function FormPage({ title, intro, verb, busy, problem, onSend, children, after }) {
  const groups = [...selection.use().values()];
  const crumbs = [{ href: to("groups"), text: "Groups" }];
  if (!groups.length) {
    return html`<${Page} title=${title} crumbs=${crumbs}>
      <${Empty} title="No groups are selected" icon="groups">
        <p><a class="button primary" href=${to("groups")}>Choose groups</a></p>
      <//>
    <//>`;
  }
  const send = (event) => {
    event.preventDefault();
    if (!busy) onSend(groups.map(({ id }) => id));
  };
  return html`<${Page} title=${title} crumbs=${crumbs}>
    <p class="intro">${intro}</p>
    <${SelectedGroups} groups=${groups} />
    <form class="form" novalidate onSubmit=${send}>
      <${Problem} problem=${problem} />
      ${children}
      <div class="form-actions">
        <button type="submit" class="primary" aria-disabled=${busy}>${busy ? "Sending…" : verb}</button>
        <a class="button" href=${to("groups")}>Cancel</a>
        ${after && html`<span class="quiet">${after}</span>`}
      </div>
    </form>
  <//>`;
}

function SelectedGroups({ groups }) {
  return html`<details class="panel" open=${groups.length <= 5}>
    <summary>${count(groups.length, "group")} selected</summary>
    <ul class="chips">
      ${groups.map(
        (group) => html`<li key=${group.id}>
          <${Name} text=${group.displayName} />
          <button type="button" class="subtle icon-only" aria-label=${`Deselect \u2068${group.displayName}\u2069`} onClick=${() => selection.toggle([group], false)}>
            <${Icon} name="cancel" />
          </button>
        </li>`,
      )}
    </ul>
    <a href=${to("groups")}>Change the selection</a>
  </details>`;
}

/** What is wrong, on top of the form; it takes the focus when it comes. */
export function Problem({ problem }) {
  const box = useRef(null);
  useEffect(() => {
    if (problem) box.current.focus();
  }, [problem]);
  if (!problem) return null;
  return html`<div class="message message-error" role="alert" tabindex="-1" ref=${box}>
    <${Icon} name="error" />
    <div class="message-text"><p>${problem.message}</p>${problem.details && html`<${Faults} error=${problem} />`}</div>
  </div>`;
}
