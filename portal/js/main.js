// The page: who is it, where are they, and the view that belongs there.
import { html, render, useEffect } from "./lib.js";
import { route } from "./router.js";
import { loadSession, mayRead, returnToPlace, session } from "./state/session.js";
import { Shell } from "./shell.js";
import { Loading, NoPermission } from "./ui/messages.js";
import { Page } from "./ui/page.js";
import { ExportForm } from "./views/export.js";
import { GroupView } from "./views/group.js";
import { GroupsView } from "./views/groups.js";
import { HomeView } from "./views/home.js";
import { ImpactView } from "./views/impact.js";
import { JobView } from "./views/job.js";
import { JobsView } from "./views/jobs.js";
import { LicensesView } from "./views/licenses.js";
import { NotFoundView } from "./views/not-found.js";
import { AssignForm } from "./views/assign.js";
import { RemoveForm } from "./views/remove.js";
import { ReplaceForm } from "./views/replace.js";
import { KeyView, SignInView } from "./views/sign-in.js";
import { TemporaryView } from "./views/temporary.js";

const VIEWS = {
  home: HomeView,
  groups: GroupsView,
  assign: AssignForm,
  remove: RemoveForm,
  replace: ReplaceForm,
  export: ExportForm,
  jobs: JobsView,
  temporary: TemporaryView,
  licenses: LicensesView,
};
const VIEWS_OF_ONE = { groups: GroupView, jobs: JobView, impact: ImpactView };

function App() {
  const person = session.use();
  const { view, id, query } = route.use();
  useEffect(() => {
    loadSession().then(returnToPlace);
  }, []);
  if (person.state === "loading") return html`<main class="alone"><h1>License Management</h1><${Loading} /></main>`;
  if (person.state === "signIn") return html`<${SignInView} />`;
  if (person.state === "key") return html`<${KeyView} />`;
  if (!mayRead(person)) {
    return html`<${Shell}><${Page} title="License Management"><${NoPermission} /><//><//>`;
  }
  const View = (id ? VIEWS_OF_ONE[view] : VIEWS[view]) ?? NotFoundView;
  return html`<${Shell} view=${view}><${View} key=${`${view}/${id}`} id=${id} query=${query} /><//>`;
}

render(html`<${App} />`, document.getElementById("app"));
