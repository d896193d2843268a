"""What has to hold between the deployment and the code. Each rule answers its findings, none if all is well."""

import fnmatch
import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any

from handlers.own_threads import MAX_REQUESTS
from shared.api.routes import ROUTES, Access
from shared.config import SETTINGS, load_settings
from shared.errors import SettingError
from shared.storage.connection import EXPORT_CONTAINER, QUEUES, TABLES
from tests.infra.template import Template, body, texts

LEFT_TO_DEFAULT = {
    "AzureWebJobsStorage": "a connection string holds a key; the identity has settings of its own",
    "AzureWebJobsStorage__accountName": "the three addresses say it, for every cloud",
    "AUTHORITY_HOST": "the default goes with GRAPH_ENDPOINT",
    "CLIENT_CERTIFICATE": "for GRAPH_AUTH=certificate alone; the identity needs none",
    "CLIENT_SECRET": "for GRAPH_AUTH=clientSecret alone; the identity needs none",
    "TENANT_ID": "for certificate and clientSecret alone; an identity knows its tenant",
}
STORAGE_ROLES = {
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
}
GRAPH_ROLE = re.compile(r"\b[A-Z][A-Za-z]+\.[A-Z][A-Za-z]+\.(?:All|Hidden)\b")
ALERTS = (
    "poison-messages",
    "failed-jobs",
    "queue-age",
    "graph-refusals",
    "held-sweeps",
    "failed-timers",
    "undelivered-events",
    "timers-that-ran",
)
FILES_OF_THE_PORTAL = {"/portal", "/portal/*"}
KEYS = re.compile(
    r"listKeys|listAccountSas|AccountKey=|SharedAccessKey|clientSecret:|passwordCredentials", re.I
)

Rule = Callable[[Template], Iterator[str]]


def settings_are_set(template: Template) -> Iterator[str]:
    """Every setting of shared/config.py is set, or left to its default on purpose; and the app starts with them."""
    environment = template.environment
    for name in SETTINGS:
        if name not in environment and name not in LEFT_TO_DEFAULT:
            yield f"setting {name} is not set"
    for name in template.main["variables"]["settings"]["value"]:
        if name not in SETTINGS:
            yield f"setting {name} is not known to the app"
    try:
        load_settings(environment)
    except SettingError as error:
        yield str(error)


def storage_is_created(template: Template) -> Iterator[str]:
    """Every table, queue, poison queue and container that the code uses, and no other queue or table."""
    tree = template.file("app/storage.bicep")
    queues, tables = (tree["variables"][name]["value"] for name in ("queues", "tables"))
    for what, ours, theirs in (("queue", QUEUES, queues), ("table", TABLES, tables)):
        for name in sorted(set(ours) ^ set(theirs)):
            yield f"{what} {name} is {'not created' if name in ours else 'not used'}"
    services = "Microsoft.Storage/storageAccounts"
    names = {
        kind: [properties["name"] for _, properties in template.resources(f"{services}/{kind}")]
        for kind in ("queueServices/queues", "tableServices/tables", "blobServices/containers")
    }
    for kind, name in (
        ("queueServices/queues", "queue"),
        ("queueServices/queues", "${queue}-poison"),
        ("tableServices/tables", "table"),
        ("blobServices/containers", "exportContainer"),
        ("blobServices/containers", "packageContainer"),
    ):
        if name not in names[kind]:
            yield f"no {kind} is created by the name of {name}"
    if tree["variables"]["exportContainer"]["value"] != EXPORT_CONTAINER:
        yield f"container {EXPORT_CONTAINER} is not created"


def roles_are_assigned(template: Template) -> Iterator[str]:
    """The identity's Azure roles: those four, no more."""
    found = set(texts(template.file("app/roles.bicep")))
    ids = {text for text in found if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text)}
    for name, role in STORAGE_ROLES.items():
        if role not in ids:
            yield f"the role {name} is not assigned"
    for extra in ids - set(STORAGE_ROLES.values()):
        yield f"the role {extra} is assigned without need"
    assigned = list(template.resources("Microsoft.Authorization/roleAssignments"))
    if len(assigned) != 2 or any(name != "infra/app/roles.bicep" for name, _ in assigned):
        yield "roles are assigned elsewhere than in app/roles.bicep, on storage and on Application Insights"


def graph_roles_agree(template: Template) -> Iterator[str]:
    """Bicep, both scripts and docs/permissions.md name the same Microsoft Graph roles."""
    granted = set(
        GRAPH_ROLE.findall("\n".join(texts(template.file("directory/graph-roles.bicep")["variables"])))
    )
    if not granted:
        yield "no Microsoft Graph role is granted"
    documented = set(
        re.findall(r"^\| `([^`]+)` \| [0-9a-f-]{36} \|", template.text("docs/permissions.md"), re.M)
    )
    others = {
        "docs/permissions.md": documented,
        **{
            name: set(GRAPH_ROLE.findall(_without_sign_in(template.text(name))))
            for name in ("infra/scripts/grant-graph-roles.sh", "infra/scripts/grant-graph-roles.ps1")
        },
    }
    for name, roles in others.items():
        for role in sorted(roles ^ granted):
            yield f"{role} is {'granted, but not in' if role in granted else 'not granted, but in'} {name}"


def _without_sign_in(script: str) -> str:
    """The scopes that the administrator signs in with are none of the app's roles."""
    return "\n".join(line for line in script.splitlines() if not line.startswith("Connect-MgGraph"))


def sign_in_guards(template: Template) -> Iterator[str]:
    """401 without sign-in, but for what has no data or a token of its own."""
    tree = template.file("app/sign-in.bicep")
    open_paths = set(tree["variables"]["openPaths"]["value"])
    expected = FILES_OF_THE_PORTAL | {
        "/" + route.path.replace("{id}", "*")
        for route in ROUTES
        if route.access in (Access.ANONYMOUS, Access.TOKEN)
    }
    for path in sorted(open_paths ^ expected):
        yield f"{path} {'needs no sign-in' if path in open_paths else 'cannot be reached without sign-in'}"
    for route in ROUTES:
        if route.access in (Access.READ, Access.MANAGE):
            path = "/" + route.path.replace("{id}", "11111111-2222-3333-4444-555555555555")
            if any(fnmatch.fnmatch(path, pattern) for pattern in open_paths):
                yield f"{path} is open although it needs a role"
    validation = json.dumps(tree["resources"]["signIn"]["config"]["properties"]["globalValidation"])
    if "Return401" not in validation or "RedirectToLoginPage" in validation:
        yield "who is not signed in does not get 401"
    if template.main["parameters"]["signInRefusal"]["default"] != "platform":
        yield "the platform lets everybody through by default"


def registration_is_right(template: Template) -> Iterator[str]:
    """Both app roles for users and applications, assignment required, the identity in place of a secret."""
    resources = template.file("directory/registration.bicep")["resources"]
    roles = {
        role["value"]: role["allowedMemberTypes"] for role in body(resources["registration"])["appRoles"]
    }
    for name in ("Licenses.Read", "Licenses.Manage"):
        if sorted(roles.get(name, [])) != ["Application", "User"]:
            yield f"the app role {name} is not there for users and applications"
    if body(resources["servicePrincipal"]).get("appRoleAssignmentRequired") is not True:
        yield "everybody in the tenant gets a token"
    credentials = "Microsoft.Graph/applications/federatedIdentityCredentials"
    if not [1 for _, found in template.resources(credentials) if found["subject"] == "identityPrincipalId"]:
        yield "the identity is not the registration's credential"
    extensions = json.loads(template.text("infra/bicepconfig.json"))["extensions"]
    if not re.fullmatch(r"br:mcr\.microsoft\.com/bicep/extensions/microsoftgraph/v1\.0:\d+\.\d+\.\d+",
                        extensions["microsoftGraphV1"]):  # fmt: skip
        yield "the Microsoft Graph extension is not pinned"


def no_keys(template: Template) -> Iterator[str]:
    """Keys are off where they could be used, and no file asks for one or holds one."""
    account = body(template.file("app/storage.bicep")["resources"]["account"])["properties"]
    if account.get("allowSharedKeyAccess") is not False:
        yield "the storage account takes keys"
    if account.get("allowBlobPublicAccess") is not False:
        yield "blobs can be public"
    monitoring = template.file("app/monitoring.bicep")["resources"]
    if body(monitoring["workspace"])["properties"]["features"].get("disableLocalAuth") is not True:
        yield "the workspace takes keys"
    if body(monitoring["insights"])["properties"].get("DisableLocalAuth") is not True:
        yield "Application Insights takes keys"
    for path in chain((template.root / "infra").rglob("*.bicep"), (template.root / "infra").rglob("*.json")):
        for match in KEYS.finditer(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(template.root).as_posix()} has {match[0]}"


def the_record_is_kept(template: Template) -> Iterator[str]:
    """Nobody deletes the account by mistake, a deleted file can be had back, and deletions are on record."""
    resources = template.file("app/storage.bicep")["resources"]
    lock = body(resources["keep"]) if "keep" in resources else {}
    if lock.get("properties", {}).get("level") != "CanNotDelete" or "account" not in set(texts(lock)):
        yield "nothing locks the storage account"
    if body(resources["blobs"])["properties"].get("deleteRetentionPolicy", {}).get("enabled") is not True:
        yield "a deleted blob is gone"
    for service in ("blobs", "queueService", "tableService"):
        logs = [
            found
            for _, found in template.resources("Microsoft.Insights/diagnosticSettings")
            if service in set(texts(found)) and "StorageDelete" in set(texts(found))
        ]
        if not logs:
            yield f"deletions of {service} are not on record"


def alerts_are_there(template: Template) -> Iterator[str]:
    """Each alert reads its query, each rule tells the same people."""
    tree = template.file("app/alerts.bicep")
    read = {text for text in texts(tree) if text.endswith(".kql")}
    for name in ALERTS:
        if f"../queries/{name}.kql" not in read:
            yield f"there is no alert on {name}"
    for kind in ("scheduledQueryRules", "metricAlerts"):
        for _, rule in template.resources(f"Microsoft.Insights/{kind}"):
            if "people" not in set(texts(rule["properties"]["actions"])):
                yield f"the alert {rule['name']} tells nobody"


def concurrency_fits(template: Template) -> Iterator[str]:
    """Every message that the host takes has a thread; the host's limits are those the code is made for."""
    queues = template.host["extensions"]["queues"]
    threads = int(template.environment["PYTHON_THREADPOOL_THREAD_COUNT"])
    messages = queues["batchSize"] + queues["newBatchThreshold"]
    if messages > threads:
        yield f"{messages} messages of a function share {threads} threads"
    if queues["messageEncoding"] != "base64":
        yield "the app sends base64"
    if template.host["functionTimeout"] != "00:10:00":
        yield "functionTimeout is not 10 minutes"
    http = body(template.file("app/functionapp.bicep")["resources"]["app"])["properties"]["functionAppConfig"]
    if http["scaleAndConcurrency"]["triggers"]["http"]["perInstanceConcurrency"] != MAX_REQUESTS:
        yield f"an instance does not take {MAX_REQUESTS} requests at once, as it has threads for"


def modules_fit(template: Template) -> Iterator[str]:
    """What the compiler would say of main.bicep and its modules: parameters given, outputs there, all described."""
    for name, tree in template.trees.items():
        for kind in ("parameters", "outputs"):
            for item, given in tree.get(kind, {}).items() if name.endswith(".bicep") else ():
                if not any(decorator["type"] == "description" for decorator in given["decorators"]):
                    yield f"{name}: {item} is not described"
    outputs = {}
    for name, module in template.main["modules"].items():
        tree = template.file(module["detail"]["path"])
        outputs[name] = set(tree.get("outputs", {}))
        yield from _parameters_fit(name, body(module).get("params", {}), tree["parameters"])
    for name, output in re.findall(r"(\w+)!?\.outputs\.(\w+)", template.text("infra/main.bicep")):
        if output not in outputs.get(name, set()):
            yield f"the module {name} has no output {output}"


def _parameters_fit(name: str, given: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[str]:
    for parameter in given:
        if parameter not in known:
            yield f"the module {name} has no parameter {parameter}"
    for parameter, declared in known.items():
        if declared["default"] is None and parameter not in given:
            yield f"the module {name} gets no {parameter}"


def azd_deploys(template: Template) -> Iterator[str]:
    """azure.yaml names the template and the one service, and main.parameters.json gives parameters that exist."""
    project = template.trees["azure.yaml"]
    for unknown in set(project) - {"name", "infra", "services"}:
        yield f"azure.yaml has {unknown}"
    service = project["services"].get("api", {})
    if (service.get("project"), service.get("language"), service.get("host")) != (".", "python", "function"):
        yield "azure.yaml does not deploy this folder as a function app"
    if not (template.root / project["infra"]["path"] / f"{project['infra']['module']}.bicep").is_file():
        yield "azure.yaml names no template"
    if "'azd-service-name': 'api'" not in template.text("infra/app/functionapp.bicep"):
        yield "azd cannot find the app of its service by its tag"
    given = json.loads(template.text("infra/main.parameters.json"))["parameters"]
    known = template.main["parameters"]
    for name in set(given) - set(known):
        yield f"main.parameters.json gives {name}, which main.bicep does not know"
    for name, declared in known.items():
        if declared["default"] is None and name not in given:
            yield f"main.parameters.json does not give {name}"


RULES: tuple[Rule, ...] = (
    settings_are_set,
    storage_is_created,
    roles_are_assigned,
    graph_roles_agree,
    sign_in_guards,
    registration_is_right,
    no_keys,
    the_record_is_kept,
    alerts_are_there,
    concurrency_fits,
    modules_fit,
    azd_deploys,
)
