// A command bar: one tab stop, arrow keys within. A command that cannot run stays reachable and says why.
import { html, useRef, useState } from "../lib.js";
import { Icon } from "./icons.js";

/** commands: {icon, label, run, whyNot}; `whyNot` is a sentence where the command cannot run now. */
export function Toolbar({ label, commands, children }) {
  const [current, setCurrent] = useState(0);
  const [explanation, setExplanation] = useState("");
  const bar = useRef(null);

  const move = (event) => {
    const last = commands.length - 1;
    const target = { ArrowRight: current + 1, ArrowLeft: current - 1, Home: 0, End: last }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    const index = (target + commands.length) % commands.length;
    setCurrent(index);
    bar.current.querySelectorAll("button")[index].focus();
  };
  const click = ({ run, whyNot }, index) => {
    setCurrent(index);
    setExplanation(whyNot ?? "");
    if (!whyNot) run();
  };

  return html`<div class="commands">
    <div class="toolbar" role="toolbar" aria-label=${label} ref=${bar} onKeyDown=${move}>
      ${commands.map(
        (command, index) =>
          html`<button
            type="button"
            class="command"
            key=${command.label}
            tabindex=${index === current ? 0 : -1}
            aria-disabled=${Boolean(command.whyNot)}
            title=${command.whyNot ?? ""}
            onFocus=${() => setCurrent(index)}
            onClick=${() => click(command, index)}
          >
            <${Icon} name=${command.icon} />${command.label}
          </button>`,
      )}
    </div>
    ${children}
    <p class="explanation" role="status">${explanation}</p>
  </div>`;
}
