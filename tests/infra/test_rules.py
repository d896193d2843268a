"""The deployment fits the code; and each rule notices when something is taken out of it."""

# ruff: noqa: E501 - a table is read by its rows

from typing import NamedTuple

import pytest

from shared.config import SETTINGS
from tests.infra import checkov, rules
from tests.infra.conftest import copy
from tests.infra.rules import LEFT_TO_DEFAULT, RULES, Rule
from tests.infra.template import Template

STORAGE = "infra/app/storage.bicep"
APP = "infra/app/functionapp.bicep"
MAIN = "infra/main.bicep"
ROLES = "infra/app/roles.bicep"
GRAPH = "infra/directory/graph-roles.bicep"
SIGN_IN = "infra/app/sign-in.bicep"
REGISTRATION = "infra/directory/registration.bicep"
MONITORING = "infra/app/monitoring.bicep"
ALERTS = "infra/app/alerts.bicep"


class Mutation(NamedTuple):
    """`old` in the file `path` becomes `new`; `rule` answers with `finding` in a line."""

    rule: Rule
    path: str
    old: str
    new: str
    finding: str


# fmt: off
MUTATIONS = [Mutation(*row) for row in (
    (rules.settings_are_set, MAIN, "  RETRY_SCHEDULE: retrySchedule\n", "", "setting RETRY_SCHEDULE is not set"),
    (rules.settings_are_set, MAIN, "  AUTH_MODE: authMode\n", "", "setting AUTH_MODE is not set"),
    (rules.settings_are_set, MAIN, "  AUTH_MODE: authMode\n", "  AUTH_MODE: authMode\n  AUTHMODE: authMode\n", "AUTHMODE is not known"),
    (rules.settings_are_set, MAIN, "string = '3000/150'", "string = '3000 in 150'", "GRAPH_WRITE_LIMIT"),
    (rules.settings_are_set, APP, "  AzureWebJobsStorage__queueServiceUri: queueEndpoint\n", "", "AzureWebJobsStorage__queueServiceUri is not"),
    (rules.settings_are_set, APP, "  CLIENT_ID: identityClientId\n", "", "setting CLIENT_ID is not set"),
    (rules.storage_is_created, STORAGE, "'license-groups', ", "", "queue license-groups is not created"),
    (rules.storage_is_created, STORAGE, "'license-events'", "'license-events', 'license-more'", "queue license-more is not used"),
    (rules.storage_is_created, STORAGE, "'grants', ", "", "table grants is not created"),
    (rules.storage_is_created, STORAGE, "'${queue}-poison'", "'${queue}-dead'", "${queue}-poison"),
    (rules.storage_is_created, STORAGE, "exportContainer = 'license-exports'", "exportContainer = 'exports'", "license-exports is not created"),
    (rules.storage_is_created, STORAGE, "name: packageContainer", "name: 'other'", "name of packageContainer"),
    (rules.roles_are_assigned, ROLES, "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3", "76199698-9eea-4c19-bc75-cec21354c6b6", "Table Data Contributor"),
    (rules.roles_are_assigned, ROLES, "  storageQueueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'\n", "", "Queue Data Contributor"),
    (rules.roles_are_assigned, ROLES, "3913510d-42f4-4e42-8a64-420c390055eb", "749f88d5-cbae-40b8-bcfc-e573ddc772fa", "Metrics Publisher"),
    (rules.graph_roles_agree, GRAPH, "  'User.Read.All'\n", "", "User.Read.All is not granted, but in docs/permissions.md"),
    (rules.graph_roles_agree, GRAPH, "  'User.Read.All'\n", "  'User.Read.All'\n  'Directory.Read.All'\n", "Directory.Read.All is granted"),
    (rules.graph_roles_agree, GRAPH, "['Sites.ReadWrite.All']", "[]", "Sites.ReadWrite.All is not granted"),
    (rules.graph_roles_agree, "infra/scripts/grant-graph-roles.sh", "    GroupMember.Read.All\n", "", "not in infra/scripts/grant-graph-roles.sh"),
    (rules.graph_roles_agree, "infra/scripts/grant-graph-roles.ps1", "    'User.Read.All'\n", "", "not in infra/scripts/grant-graph-roles.ps1"),
    (rules.sign_in_guards, SIGN_IN, "  '/api/jobs/*/wait'\n", "", "/api/jobs/*/wait cannot be reached"),
    (rules.sign_in_guards, SIGN_IN, "'/api/jobs/*/wait'", "'/api/jobs/*'", "is open although it needs a role"),
    (rules.sign_in_guards, SIGN_IN, "'/api/health'", "'/api/*'", "is open although it needs a role"),
    (rules.sign_in_guards, SIGN_IN, "'Return401'", "'RedirectToLoginPage'", "does not get 401"),
    (rules.sign_in_guards, MAIN, "signInRefusal string = 'platform'", "signInRefusal string = 'app'", "lets everybody through"),
    (rules.registration_is_right, REGISTRATION, "value: 'Licenses.Manage'", "value: 'Licenses.Write'", "Licenses.Manage is not there"),
    (rules.registration_is_right, REGISTRATION, "allowedMemberTypes: ['User', 'Application']", "allowedMemberTypes: ['User']", "for users and applications"),
    (rules.registration_is_right, REGISTRATION, "appRoleAssignmentRequired: true", "appRoleAssignmentRequired: false", "everybody in the tenant"),
    (rules.registration_is_right, REGISTRATION, "subject: identityPrincipalId", "subject: hostName", "not the registration's credential"),
    (rules.registration_is_right, "infra/bicepconfig.json", "v1.0:1.0.0", "v1.0:latest", "not pinned"),
    (rules.no_keys, STORAGE, "allowSharedKeyAccess: false", "allowSharedKeyAccess: true", "the storage account takes keys"),
    (rules.no_keys, STORAGE, "allowBlobPublicAccess: false", "allowBlobPublicAccess: true", "blobs can be public"),
    (rules.no_keys, MONITORING, "    DisableLocalAuth: true\n", "", "Application Insights takes keys"),
    (rules.no_keys, MONITORING, "disableLocalAuth: true", "disableLocalAuth: false", "the workspace takes keys"),
    (rules.no_keys, STORAGE, "output name string = account.name", "output name string = account.listKeys().keys[0].value", "listKeys"),
    (rules.the_record_is_kept, STORAGE, "level: 'CanNotDelete'", "level: 'ReadOnly'", "nothing locks the storage account"),
    (rules.the_record_is_kept, STORAGE, "resource keep 'Microsoft.Authorization/locks@2020-05-01' = {\n  scope: account\n", "resource keep 'Microsoft.Authorization/locks@2020-05-01' = {\n", "nothing locks the storage account"),
    (rules.the_record_is_kept, STORAGE, "deleteRetentionPolicy: { enabled: true", "deleteRetentionPolicy: { enabled: false", "a deleted blob is gone"),
    (rules.the_record_is_kept, STORAGE, "scope: tableService", "scope: queueService", "deletions of tableService are not on record"),
    (rules.alerts_are_there, ALERTS, "'../queries/queue-age.kql'", "'../queries/failed-jobs.kql'", "no alert on queue-age"),
    (rules.alerts_are_there, ALERTS, "actions: { actionGroups: [people.id] }", "actions: { actionGroups: [] }", "tells nobody"),
    (rules.concurrency_fits, APP, "PYTHON_THREADPOOL_THREAD_COUNT: '16'", "PYTHON_THREADPOOL_THREAD_COUNT: '4'", "share 4 threads"),
    (rules.concurrency_fits, "host.json", '"batchSize": 8', '"batchSize": 32', "messages of a function share"),
    (rules.concurrency_fits, "host.json", '"functionTimeout": "00:10:00"', '"functionTimeout": "00:05:00"', "functionTimeout"),
    (rules.concurrency_fits, APP, "perInstanceConcurrency: 16", "perInstanceConcurrency: 100", "requests at once"),
    (rules.modules_fit, MAIN, "    planName: 'plan-licenses-${environmentName}'\n", "", "gets no planName"),
    (rules.modules_fit, MAIN, "    settings: settings\n", "    settings: settings\n    more: settings\n", "has no parameter more"),
    (rules.modules_fit, MAIN, "storage.outputs.queueEndpoint", "storage.outputs.queueUri", "has no output queueUri"),
    (rules.modules_fit, MAIN, "@description('Name of the storage account.')\n", "", "STORAGE_ACCOUNT is not described"),
    (rules.azd_deploys, "azure.yaml", "host: function", "host: appservice", "does not deploy this folder"),
    (rules.azd_deploys, "infra/main.parameters.json", '"grantGraphRoles"', '"grantRoles"', "does not know"),
    (rules.azd_deploys, APP, "'azd-service-name': 'api'", "'azd-service-name': 'web'", "cannot find the app"),
)]
# fmt: on


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_it_holds(template: Template, rule: Rule) -> None:
    assert list(rule(template)) == []


@pytest.fixture(scope="module")
def mutants(template: Template, tmp_path_factory: pytest.TempPathFactory) -> list[Template]:
    """A broken copy for each mutation. One run of the parser reads them all: it takes long to start."""
    folder = tmp_path_factory.mktemp("mutants")
    for number, mutation in enumerate(MUTATIONS):
        file = copy(folder / str(number)) / mutation.path
        text = file.read_text(encoding="utf-8")
        assert mutation.old in text, f"{mutation.path} has no {mutation.old!r} any more"
        file.write_text(text.replace(mutation.old, mutation.new, 1), encoding="utf-8")
    parsed = [f"{number}/{m.path}" for number, m in enumerate(MUTATIONS) if m.path in template.trees]
    trees = checkov.parse(folder, parsed)
    return [
        template.changed(folder / str(number), m.path, trees.get(f"{number}/{m.path}"))
        for number, m in enumerate(MUTATIONS)
    ]


@pytest.mark.parametrize("number", range(len(MUTATIONS)), ids=lambda number: MUTATIONS[number].finding)
def test_it_is_noticed(mutants: list[Template], number: int) -> None:
    mutation = MUTATIONS[number]
    found = list(mutation.rule(mutants[number]))
    assert [line for line in found if mutation.finding in line], found


def test_every_rule_was_seen_failing() -> None:
    assert {mutation.rule for mutation in MUTATIONS} == set(RULES)


def test_what_is_left_to_its_default_is_a_setting(template: Template) -> None:
    assert set(LEFT_TO_DEFAULT) <= set(SETTINGS)
    assert not set(LEFT_TO_DEFAULT) & set(template.environment)
