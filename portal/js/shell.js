// What stands around every view: header, navigation, the way past them.
import { html, useEffect, useErrorBoundary, useState } from "./lib.js";
import { zone } from "./format.js";
import { to } from "./router.js";
import { session } from "./state/session.js";
import { Icon } from "./ui/icons.js";
import { Message } from "./ui/messages.js";

const NAVIGATION = [
  ["home", "Home", "home", []],
  ["groups", "Groups", "groups", ["assign", "remove", "replace", "export"]],
  ["jobs", "Job Monitor", "jobs", ["impact"]],
  ["temporary", "Temporary licenses", "clock", []],
  ["licenses", "Licenses", "license", []],
];

export function Shell({ view, children }) {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => setOpen(false), [view]);
  const skip = (event) => {
    event.preventDefault();
    document.getElementById("main").focus();
  };
  return html`
    <a class="skip" href="#main" onClick=${skip}>Skip to the content</a>
    <header class="header">
      <button type="button" class="menu" aria-expanded=${isOpen} aria-controls="navigation" onClick=${() => setOpen(!isOpen)}>
        <${Icon} name="menu" />Menu
      </button>
      <a class="brand" href=${to("home")}>License Management</a>
      <${Person} />
    </header>
    <div class="frame">
      <nav id="navigation" class=${`navigation ${isOpen ? "open" : ""}`} aria-label="Main">
        <ul>
          ${NAVIGATION.map(
            ([name, text, icon, parts]) => html`<li>
              <a href=${to(name)} aria-current=${view === name || parts.includes(view) ? "page" : undefined}>
                <${Icon} name=${icon} />${text}
              </a>
            </li>`,
          )}
        </ul>
      </nav>
      <main id="main" tabindex="-1"><${Guarded} key=${view}>${children}<//></main>
    </div>
    <footer class="footer quiet">Times are in your time zone, ${zone}. Point at one to see it in UTC.</footer>
  `;
}

/** A fault in one view leaves the others usable. */
function Guarded({ children }) {
  const [error, reset] = useErrorBoundary((fault) => console.error(fault));
  if (!error) return children;
  return html`<h1>Something went wrong here</h1>
    <${Message} kind="error" actions=${html`<button type="button" onClick=${reset}>Try again</button>`}>
      This view has a fault: ${error.message}
    <//>`;
}

function Person() {
  const { name, platform } = session.use();
  if (!platform) return null;
  return html`<div class="person">
    <bdi class="person-name" title=${name}>${name}</bdi>
    <a href="/.auth/logout?post_logout_redirect_uri=/portal/">Sign out</a>
  </div>`;
}
