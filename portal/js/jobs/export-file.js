// The file of an export: on its way, ready, or not to be had.
import { html, useState } from "../lib.js";
import { download } from "../api.js";
import { isTerminal } from "../labels.js";
import { notifyError } from "../state/notices.js";
import { Icon } from "../ui/icons.js";
import { Message } from "../ui/messages.js";

export function ExportFile({ job }) {
  const { location, format } = job.request.export;
  if (!isTerminal(job)) return html`<${Message}>The file is being written. You can leave this page; it will be here when you come back.<//>`;
  if (!job.links.file) return html`<${Message} kind="warning">There is no file: the export ended before it was whole. Start it again.<//>`;
  if (location.kind === "download") return html`<${Download} job=${job} format=${format} />`;
  return html`<${Message} kind="success">The file is ready. <${Place} url=${job.links.file} /><//>`;
}

function Download({ job, format }) {
  const [busy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    await download(`jobs/${job.id}/file`, {}, `licenses-${job.id}.${format}`).catch((error) => notifyError(error, "The file could not be downloaded."));
    setBusy(false);
  };
  return html`<${Message}
    kind="success"
    actions=${html`<button type="button" class="primary" aria-disabled=${busy} onClick=${() => busy || save()}><${Icon} name="download" />${busy ? "Downloading…" : `Download ${format.toUpperCase()}`}</button>`}
  >
    The file is ready.
  <//>`;
}

/** Only an address of the web becomes a link. */
function Place({ url }) {
  return /^https?:\/\//.test(url) ? html`<a href=${url} rel="noreferrer">Open it</a>` : html`<code>${url}</code>`;
}
