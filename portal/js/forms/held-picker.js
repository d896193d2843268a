// The licenses that users of the selected groups hold, to be removed or replaced.
import { html } from "../lib.js";
import { post } from "../api.js";
import { count, number } from "../format.js";
import { useLoad } from "../loading.js";
import { selection } from "../state/selection.js";
import { Empty, Loaded, Message } from "../ui/messages.js";

/** `chosen` is a list of skuIds. */
export function HeldPicker({ legend, chosen, onChange }) {
  const groupIds = [...selection.use().keys()];
  const load = useLoad((signal) => post("licenses/assigned", { groupIds }, { signal }), [groupIds.join()]);
  return html`<fieldset class="picker">
    <legend>${legend}</legend>
    ${load.loading && html`<p class="quiet" role="status">Reading what the users of ${count(groupIds.length, "group")} hold. This may take a minute.</p>`}
    <${Loaded} load=${load} what="held licenses">
      ${({ value, usersRead, complete }) => html`
        ${!complete &&
        html`<${Message} kind="warning">
          The groups are large: ${count(usersRead, "user")} could be read within a minute. There may be more licenses and users than shown; the review counts all.
        <//>`}
        ${value.length === 0
          ? html`<${Empty} title=${usersRead ? "The users of these groups hold no licenses" : "These groups have no users"} icon="license" />`
          : html`<ul class="cards">
              ${value.map((held) => html`<li key=${held.skuId}><${HeldCard} held=${held} chosen=${chosen} onChange=${onChange} /></li>`)}
            </ul>`}
      `}
    <//>
  </fieldset>`;
}

function HeldCard({ held, chosen, onChange }) {
  const { skuId, displayName, users, direct, inherited } = held;
  const isChosen = chosen.includes(skuId);
  const toggle = (event) => onChange(event.currentTarget.checked ? [...chosen, skuId] : chosen.filter((id) => id !== skuId));
  return html`<div class=${`card ${isChosen ? "chosen" : ""}`}>
    <label class="check">
      <input type="checkbox" checked=${isChosen} disabled=${direct === 0} onChange=${toggle} />
      <span>
        <span class="check-label">${displayName}</span>
        <span class="hint">
          ${count(users, "user")}: ${number(direct)} direct, ${number(inherited)} inherited
          ${direct === 0 && " – comes from groups only, so that it cannot be taken here; change those groups"}
        </span>
      </span>
    </label>
  </div>`;
}
