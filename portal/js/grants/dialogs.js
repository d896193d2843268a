// Changing temporary licenses: later, never, or now.
import { html, useState } from "../lib.js";
import { ApiError, patch } from "../api.js";
import { Amount, amountBody, isAmount } from "../forms/expiry.js";
import { count } from "../format.js";
import { notify, notifyError } from "../state/notices.js";
import { Confirm, Dialog } from "../ui/dialog.js";
import { Choice, TextField } from "../ui/fields.js";
import { Name } from "../ui/text.js";

const AT_ONCE = 4;
const NAMED = 5;

export function ExtendDialog({ grants, onClose }) {
  const { busy, run } = useChange(grants, onClose);
  const [choice, setChoice] = useState({ kind: "in", amount: "1", unit: "months", at: "" });
  const change = (changes) => setChoice({ ...choice, ...changes });
  const isIn = choice.kind === "in";
  const isReady = isIn ? isAmount(choice) : new Date(choice.at) > new Date();
  const save = () => run(isIn ? { expiresIn: amountBody(choice) } : { expiresAt: new Date(choice.at).toISOString() }, "has a new expiry", "have a new expiry");
  return html`<${Dialog}
    title=${`Extend ${licenses(grants)}`}
    onClose=${() => onClose(false)}
    actions=${html`
      <button type="button" onClick=${() => onClose(false)}>Cancel</button>
      <button type="button" class="primary" aria-disabled=${busy || !isReady} onClick=${() => isReady && !busy && save()}>Extend</button>
    `}
  >
    <${Named} grants=${grants} />
    <${Choice} name="extend-kind" legend="New expiry" value=${choice.kind} options=${[["in", "A time from now"], ["at", "A date"]]} onChange=${(kind) => change({ kind })} />
    ${isIn
      ? html`<${Amount} id="extend-in" label="License will expire in" value=${choice} onChange=${change} />`
      : html`<${TextField} id="extend-at" type="datetime-local" label="License will expire on" hint="In your time zone." value=${choice.at} onInput=${(at) => change({ at })} />`}
  <//>`;
}

export function PermanentDialog({ grants, onClose }) {
  const { busy, run } = useChange(grants, onClose);
  return html`<${Confirm} title=${`Make ${licenses(grants)} permanent?`} verb="Make permanent" busy=${busy} danger=${false} onClose=${() => onClose(false)} onConfirm=${() => run({ permanent: true }, "is permanent", "are permanent")}>
    <${Named} grants=${grants} />
    <p>The users keep ${grants.length === 1 ? "it" : "them"} until somebody removes ${grants.length === 1 ? "it" : "them"}.</p>
  <//>`;
}

export function EndDialog({ grants, onClose }) {
  const { busy, run } = useChange(grants, onClose);
  const end = () => run({ expiresAt: new Date().toISOString() }, "ends at the next sweep", "end at the next sweep");
  return html`<${Confirm} title=${`End ${licenses(grants)} now?`} verb="End now" busy=${busy} onClose=${() => onClose(false)} onConfirm=${end}>
    <${Named} grants=${grants} />
    <p>The next sweep takes them from the users. The records and data that belong to a license are removed from Microsoft 365 with it.</p>
  <//>`;
}

function Named({ grants }) {
  return html`<ul>
    ${grants.slice(0, NAMED).map(({ id, user, license }) => html`<li key=${id}>${license.displayName} of <${Name} text=${user.displayName} /></li>`)}
    ${grants.length > NAMED && html`<li>and ${grants.length - NAMED} more</li>`}
  </ul>`;
}

const licenses = (grants) => count(grants.length, "temporary license");

/** Sends one change to each grant, a few at once, and tells how it went. */
function useChange(grants, onClose) {
  const [busy, setBusy] = useState(false);
  const run = async (body, one, many) => {
    setBusy(true);
    const waiting = [...grants];
    const failures = [];
    const worker = async () => {
      for (let grant = waiting.shift(); grant; grant = waiting.shift()) {
        try {
          await patch(`temporary-licenses/${grant.id}`, body);
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          failures.push(error);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    const good = grants.length - failures.length;
    if (good) notify("success", `${licenses(grants.slice(0, good))} ${good === 1 ? one : many}.`);
    if (failures.length) notifyError(failures[0], `${count(failures.length, "license")} could not be changed.`);
    onClose(true);
  };
  return { busy, run };
}
