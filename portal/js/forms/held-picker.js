// The licenses that users of the selected groups hold, to be removed or replaced.
import { html, useLayoutEffect } from "../lib.js";
import { post } from "../api.js";
import { count, number } from "../format.js";
import { useLoad } from "../loading.js";
import { useCatalog } from "../state/catalog.js";
import { selection } from "../state/selection.js";
import { Empty, Loaded, Message } from "../ui/messages.js";

/** `chosen` is a list of skuIds. What was chosen for other groups and cannot be taken from these is dropped from it. */
export function HeldPicker({ legend, chosen, onChange }) {
  const groupIds = [...selection.use().keys()];
  const load = useLoad((signal) => post("licenses/assigned", { groupIds }, { signal }), [groupIds.join()]);
  useLayoutEffect(() => {
    if (!load.data?.complete) return;
    const direct = new Set(load.data.value.filter((held) => held.direct > 0).map(({ skuId }) => skuId));
    if (!chosen.every((skuId) => direct.has(skuId))) onChange(chosen.filter((skuId) => direct.has(skuId)));
  }, [load.data]);
  return html`<fieldset class="picker">
    <legend>${legend}</legend>
    ${load.loading && html`<p class="quiet" role="status">Reading what the users of ${count(groupIds.length, "group")} hold. This may take a minute.</p>`}
    <${Loaded} load=${load} what="held licenses">
      ${({ value, usersRead, complete }) => html`
        ${!complete &&
        html`<${Message} kind="warning">
          The groups are large: ${count(usersRead, "user")} could be read within a minute. There may be more licenses and users than shown; the review counts all.
        <//>`}
        <${HeldCards} value=${value} usersRead=${usersRead} chosen=${chosen} onChange=${onChange} />
      `}
    <//>
  </fieldset>`;
}

/** What is chosen has a card even if nobody was seen to hold it, so that nothing is sent that is not in sight. */
function HeldCards({ value, usersRead, chosen, onChange }) {
  const catalog = useCatalog();
  const seen = new Set(value.map(({ skuId }) => skuId));
  const unseen = chosen.filter((skuId) => !seen.has(skuId)).map((skuId) => ({ skuId, displayName: catalog.name(skuId), users: 0, direct: 0, inherited: 0 }));
  const cards = [...value, ...unseen];
  if (!cards.length) return html`<${Empty} title=${usersRead ? "The users of these groups hold no licenses" : "These groups have no users"} icon="license" />`;
  return html`<ul class="cards">
    ${cards.map((held) => html`<li key=${held.skuId}><${HeldCard} held=${held} chosen=${chosen} onChange=${onChange} /></li>`)}
  </ul>`;
}

function HeldCard({ held, chosen, onChange }) {
  const { skuId, displayName, users, direct, inherited } = held;
  const isChosen = chosen.includes(skuId);
  const toggle = (event) => onChange(event.currentTarget.checked ? [...chosen, skuId] : chosen.filter((id) => id !== skuId));
  return html`<div class=${`card ${isChosen ? "chosen" : ""}`}>
    <label class="check">
      <input type="checkbox" checked=${isChosen} disabled=${direct === 0 && !isChosen} onChange=${toggle} />
      <span>
        <span class="check-label">${displayName}</span>
        <span class="hint">
          ${count(users, "user")}: ${number(direct)} direct, ${number(inherited)} inherited
          ${direct === 0 && inherited > 0 && " – comes from groups only, so that it cannot be taken here; change those groups"}
        </span>
      </span>
    </label>
  </div>`;
}
