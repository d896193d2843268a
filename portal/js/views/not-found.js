import { html } from "../lib.js";
import { to } from "../router.js";
import { Empty } from "../ui/messages.js";
import { Page } from "../ui/page.js";

export function NotFoundView() {
  return html`<${Page} title="Page not found">
    <${Empty} title="There is no such page"><p><a href=${to("home")}>Go to Home</a></p><//>
  <//>`;
}
