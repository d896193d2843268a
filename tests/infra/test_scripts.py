"""The scripts do what they say: roles against a stand-in for the Azure CLI, tables against Azurite."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from azure.data.tables import EdmType, EntityProperty, TableServiceClient

from tests.support.azurite import Azurite
from tests.support.process import ROOT

SCRIPTS = ROOT / "infra" / "scripts"
PRINCIPAL = "11111111-2222-3333-4444-555555555555"
GRAPH = "99999999-2222-3333-4444-555555555555"
HELD = "LicenseAssignment.Read.All"

AZ = '''#!{python}
"""`az`, as far as the script uses it: a role's id is its name; one role is granted already."""
import json, re, sys
given = sys.argv[1:]
with open({log!r}, "a") as log:
    log.write(json.dumps(given) + "\\n")
url = next((text for text in given if text.startswith("https://")), "")
query = given[given.index("--query") + 1] if "--query" in given else ""
if given[:2] == ["cloud", "show"]:
    print("https://graph.microsoft.com/")
elif "--method" in given:
    pass
elif "/appRoleAssignedTo" in url:
    print("an-assignment" if "{held}" in query else "")
elif url.endswith("/appRoleAssignments"):
    print("{held}")
elif found := re.search("value=='([^']+)'", query):
    print(found[1])
else:
    print("{graph}")
'''


Outcome = tuple[subprocess.CompletedProcess[str], list[dict[str, str]]]


def grant_roles(
    folder: Path, *arguments: str, script: str = "grant-graph-roles.sh", held: str = HELD
) -> Outcome:
    """Run the script; its outcome and the bodies that it posted."""
    log = folder / "calls"
    log.touch()
    az = folder / "az"
    az.write_text(AZ.format(python=sys.executable, log=str(log), held=held, graph=GRAPH), encoding="utf-8")
    az.chmod(0o755)
    done = subprocess.run(
        ["bash", str(SCRIPTS / script), *arguments],
        env={**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    calls = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return done, [json.loads(call[call.index("--body") + 1]) for call in calls if "--body" in call]


needs_bash = pytest.mark.skipif(os.name == "nt", reason="there the PowerShell script is for")


@needs_bash
@pytest.mark.parametrize(
    ("options", "more", "less"),
    [
        ((), set(), set()),
        (("--sharepoint",), {"Sites.ReadWrite.All"}, set()),
        (("--hidden-members", "--no-usage-location"), {"Member.Read.Hidden"}, {"User.ReadWrite.All"}),
    ],
)
def test_roles_are_granted_once(
    tmp_path: Path, options: tuple[str, ...], more: set[str], less: set[str]
) -> None:
    done, posted = grant_roles(tmp_path, PRINCIPAL, *options)
    assert done.returncode == 0, done.stderr
    usual = {"LicenseAssignment.ReadWrite.All", "User.Read.All", "GroupMember.Read.All", "User.ReadWrite.All"}
    assert {body["appRoleId"] for body in posted} == (usual | more) - less
    assert {(body["principalId"], body["resourceId"]) for body in posted} == {(PRINCIPAL, GRAPH)}
    assert f"{HELD}: granted already" in done.stdout


@needs_bash
@pytest.mark.parametrize("arguments", [(), ("no id",), (PRINCIPAL, "--everything"), (PRINCIPAL, PRINCIPAL)])
def test_a_wrong_call_grants_nothing(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done, posted = grant_roles(tmp_path, *arguments)
    assert done.returncode == 2
    assert "object id of the identity" in done.stderr
    assert posted == []


@needs_bash
@pytest.mark.parametrize("role", ["Licenses.Read", "Licenses.Manage"])
def test_a_person_gets_a_role_of_the_app(tmp_path: Path, role: str) -> None:
    done, posted = grant_roles(tmp_path, GRAPH, role, PRINCIPAL, script="grant-app-role.sh")
    assert done.returncode == 0, done.stderr
    assert posted == [{"principalId": PRINCIPAL, "resourceId": GRAPH, "appRoleId": role}]


@needs_bash
def test_who_has_the_role_of_the_app_keeps_it(tmp_path: Path) -> None:
    held = "Licenses.Read"
    done, posted = grant_roles(tmp_path, GRAPH, held, PRINCIPAL, script="grant-app-role.sh", held=held)
    assert (done.returncode, done.stdout, posted) == (0, "Licenses.Read: granted already\n", [])


@needs_bash
@pytest.mark.parametrize(
    "arguments",
    [(), (GRAPH, "Licenses.Read"), (GRAPH, "Licenses.Write", PRINCIPAL), ("x", "Licenses.Read", PRINCIPAL)],
)
def test_a_wrong_call_gives_no_role(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done, posted = grant_roles(tmp_path, *arguments, script="grant-app-role.sh")
    assert done.returncode == 2
    assert "client id of the registration" in done.stderr
    assert posted == []


def test_the_powershell_script_parses() -> None:
    if not shutil.which("pwsh"):
        pytest.skip("`pwsh` is not on the PATH")
    parse = (
        "$errors = $null; [void][System.Management.Automation.Language.Parser]::ParseFile("
        f"'{SCRIPTS / 'grant-graph-roles.ps1'}', [ref]$null, [ref]$errors); $errors; exit $errors.Count"
    )
    done = subprocess.run(
        ["pwsh", "-NoProfile", "-Command", parse], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.fixture
def tables() -> ModuleType:
    """The script as a module; it lies in no package."""
    spec = importlib.util.spec_from_file_location("tables_script", SCRIPTS / "tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.azurite
def test_tables_come_back_as_they_were(azurite: Azurite, tables: ModuleType, tmp_path: Path) -> None:
    rows = [
        {
            "PartitionKey": partition,
            "RowKey": f"chunk|{number:06d}",
            "d0": bytes(range(256)) * 100,
            "status": "Größe",
            "run": number,
            "big": EntityProperty(2**40, EdmType.INT64),
            "running": number % 2 == 0,
        }
        for partition in ("a", "b")
        for number in range(130)
    ]
    with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        table = service.create_table_if_not_exists("copied")
        for row in rows:
            table.create_entity(row)
        before = [dict(row) for row in table.list_entities()]
        assert tables.backup(service, tmp_path, ["copied"]) == {"copied": 260}
        for row in rows[:200]:
            table.delete_entity(str(row["PartitionKey"]), str(row["RowKey"]))
        assert tables.restore(service, tmp_path) == {"copied": 200}
        assert [dict(row) for row in table.list_entities()] == before
        service.delete_table("copied")


def grant_row(key: str, expires: str, grant_id: str = "one") -> dict[str, str]:
    return {"PartitionKey": "grants", "RowKey": key, "grantId": grant_id, "expiresAt": expires}


@pytest.mark.azurite
def test_what_went_on_since_the_copy_is_left_as_it_is(
    azurite: Azurite, tables: ModuleType, tmp_path: Path
) -> None:
    """A temporary licence that was moved since would else be due at both times; a job would run again."""
    then = [
        *(grant_row(key, "March") for key in ("due|March|one", "id|one", "user|ada")),
        *(grant_row(key, "March", "two") for key in ("due|March|two", "id|two", "user|bob")),
    ]
    now = [
        *(grant_row(key, "June") for key in ("due|June|one", "id|one", "user|ada")),
        grant_row("id|two", "March", "two"),
    ]
    with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        table = service.create_table_if_not_exists("grantscopied")
        for row in then:
            table.create_entity(row)
        assert tables.backup(service, tmp_path, ["grantscopied"]) == {"grantscopied": 6}
        for row in then:
            table.delete_entity(row["PartitionKey"], row["RowKey"])
        for row in now:
            table.create_entity(row)
        assert tables.restore(service, tmp_path) == {"grantscopied": 2}
        assert {row["RowKey"]: row["expiresAt"] for row in table.list_entities()} == {
            **{row["RowKey"]: row["expiresAt"] for row in now},
            "due|March|two": "March",
            "user|bob": "March",
        }
        service.delete_table("grantscopied")
