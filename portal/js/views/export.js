// Export Results: who holds what, as a file.
import { html } from "../lib.js";
import { FormPage } from "../forms/frame.js";
import { NO_OPTIONS, OptionFields, optionsBody } from "../forms/options.js";
import { go, to } from "../router.js";
import { useDraft } from "../state/drafts.js";
import { mayManage, session } from "../state/session.js";
import { useSubmit } from "../state/submit.js";
import { Choice, TextField } from "../ui/fields.js";

const EMPTY = { format: "xlsx", kind: "download", container: "", path: "", driveId: "", folderPath: "", ...NO_OPTIONS };

export function ExportForm() {
  const [draft, change] = useDraft("export", EMPTY);
  const { send, busy, error } = useSubmit();
  const canManage = mayManage(session.use());
  const begin = async (groupIds) => {
    const job = await send("jobs", {
      action: "export",
      groupIds,
      export: { format: draft.format, location: locationOf(draft) },
      ...optionsBody(draft),
    });
    if (job) go(to("jobs", job.id));
  };
  const fault = (target) => error?.details.find((found) => found.target === `export.location.${target}`)?.message;
  const text = (name, label, hint) => html`<${TextField}
    id=${`export-${name}`}
    label=${label}
    hint=${hint}
    fault=${fault(name)}
    value=${draft[name]}
    onInput=${(value) => change({ [name]: value })}
  />`;
  return html`<${FormPage}
    title="Export Results"
    intro="Write a file with one row per user and license of the selected groups: what they hold, directly or through which group, and until when."
    verb="Export"
    busy=${busy}
    problem=${error}
    onSend=${begin}
  >
    <${Choice}
      name="format"
      legend="Format"
      value=${draft.format}
      options=${[
        ["xlsx", "Excel workbook (XLSX)", "A summary, one sheet by user, one by license."],
        ["csv", "CSV", "Opens in Excel and everywhere else."],
        ["json", "JSON", "For programs."],
      ]}
      onChange=${(format) => change({ format })}
    />
    <${Choice}
      name="kind"
      legend="Location"
      value=${draft.kind}
      options=${[
        ["download", "Download", "From the job's page, once the file is ready."],
        ...(canManage
          ? [
              ["blob", "Azure Blob Storage", "In the storage account of the app."],
              ["sharepoint", "SharePoint or OneDrive", "In a folder of a document library."],
            ]
          : []),
      ]}
      onChange=${(kind) => change({ kind })}
    />
    ${!canManage && html`<p class="hint">Exports to other places need the role Licenses.Manage.</p>`}
    ${draft.kind === "blob" && html`${text("container", "Container", "It is made if it does not exist.")}${text("path", "Path of the file", "For example reports/licenses.xlsx. A file that is there is replaced.")}`}
    ${draft.kind === "sharepoint" && html`${text("driveId", "Drive ID", "Of the document library.")}${text("folderPath", "Folder", "For example Reports/Licenses.")}`}
    <${OptionFields} value=${draft} onChange=${change} />
  <//>`;
}

function locationOf({ kind, container, path, driveId, folderPath }) {
  if (kind === "blob") return { kind, container, path };
  if (kind === "sharepoint") return { kind, driveId, folderPath };
  return { kind };
}
