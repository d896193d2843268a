"""Answers against their documented shapes."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from shared.api import shapes
from shared.api.answers import item_json, job_json
from shared.api.directory_answers import (
    LicenseUse,
    assigned_licenses_json,
    group_json,
    license_json,
    license_names,
    locations_json,
    member_json,
)
from shared.api.record_answers import (
    AuditEntry,
    GrantEvent,
    GrantView,
    QueueCount,
    audit_json,
    grant_json,
    health_json,
)
from shared.api.urls import Urls
from shared.api.warning_texts import WARNING_TEXTS
from shared.graph.directory import Group, Member
from shared.models import (
    Action,
    AddedLicense,
    Before,
    Caller,
    CodedError,
    Counts,
    Demand,
    ExportLocation,
    ExportRequest,
    GroupStatus,
    HeldLicense,
    Item,
    ItemError,
    ItemStatus,
    JobGroup,
    JobRequest,
    JobStatus,
    JobView,
    JobWarning,
    LicenseRequest,
    LocationChange,
    ServicePlan,
    Sku,
    UserState,
)
from shared.planning import codes

URLS = Urls("https://licenses.contoso.com/")
E3 = "6fd2c87f-b296-42f0-b197-1e91e994b900"
NEW = "11111111-2222-4333-8444-555555555555"
G1 = "2f1d0c64-6a3b-4a53-9d57-51a1c9d0b2aa"
G2 = "3f1d0c64-6a3b-4a53-9d57-51a1c9d0b2aa"
USER = "b1a7f3a0-0f2d-4f6e-8f0a-3d1b5a3c9e11"
JOB = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
T = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
MEGAN = Caller("megan@contoso.com", "user", "user:secret-key")
GROUPS = (
    JobGroup(G1, "Sales", GroupStatus.DONE, 3),
    JobGroup(G2, "HR", GroupStatus.FAILED, None, CodedError("GroupNotFound", "It is gone.")),
)
VIEW = JobView(
    job_id=JOB,
    status=JobStatus.IN_PROGRESS,
    request=JobRequest(Action.ASSIGN, (G1, G2), (LicenseRequest(E3),), note="n", start_at=T),
    created_at=T,
    created_by=MEGAN,
    wait_token="t0k/en",
    groups=GROUPS,
)
ITEM = Item(USER, "adele@contoso.com", "Adele", (1, 0))


def conforms(shape: Any, value: Any) -> dict[str, Any]:
    """`value` as a caller reads it, once it has exactly the fields and types of `shape`."""
    read: dict[str, Any] = json.loads(json.dumps(value))
    assert TypeAdapter(shape).validate_python(read, strict=True, extra="forbid") == read
    return read


def test_a_job() -> None:
    view = replace(
        VIEW,
        started_at=T,
        total=8,
        counts=Counts(changed=1, unchanged=2, failed=0, retrying=1, pending=4),
        demand=(Demand(E3, 5, 3), Demand(NEW, 1, 3)),
        warnings=(JobWarning("Guests", 2),),
    )
    job = conforms(shapes.JobShape, job_json(view, URLS, {E3: "Office 365 E3"}))
    assert job["progress"] == {"total": 8, "done": 3, "percent": 37}
    assert job["createdBy"] == {"name": "megan@contoso.com", "kind": "user"}
    assert job["startAt"] == job["createdAt"] == "2026-11-24T08:00:00Z"
    assert [group["error"] for group in job["groups"]] == [
        None,
        {"code": "GroupNotFound", "message": "It is gone."},
    ]
    assert job["demand"] == [
        {"skuId": E3, "displayName": "Office 365 E3", "needed": 5, "available": 3, "shortage": 2},
        {"skuId": NEW, "displayName": NEW, "needed": 1, "available": 3, "shortage": 0},
    ]
    assert job["warnings"] == [{"code": "Guests", "message": WARNING_TEXTS["Guests"], "users": 2}]
    base = f"https://licenses.contoso.com/api/jobs/{JOB}"
    assert job["links"] == {
        "self": base,
        "wait": f"{base}/wait?t=t0k%2Fen",
        "items": f"{base}/items",
        "report": f"{base}/report",
        "file": None,
        "portal": f"https://licenses.contoso.com/portal/#/jobs/{JOB}",
    }
    assert "secret-key" not in json.dumps(job)


@pytest.mark.parametrize(
    ("status", "total", "counts", "percent"),
    [
        (JobStatus.WAITING, None, Counts(), 0),
        (JobStatus.IN_PROGRESS, None, Counts(changed=5), 0),
        (JobStatus.IN_PROGRESS, 0, Counts(), 0),
        (JobStatus.IN_PROGRESS, 3, Counts(changed=2, pending=1), 66),
        (JobStatus.FINISHED, 0, Counts(), 100),
        (JobStatus.FAILED, None, Counts(), 100),
        (JobStatus.CANCELED, 2, Counts(canceled=2), 100),
    ],
)
def test_percent(status: JobStatus, total: int | None, counts: Counts, percent: int) -> None:
    job = job_json(replace(VIEW, status=status, total=total, counts=counts), URLS, {})
    assert job["progress"]["percent"] == percent


@pytest.mark.parametrize(
    ("location", "file", "link"),
    [
        (ExportLocation(), None, None),
        (ExportLocation(), "exports/x.xlsx", f"https://licenses.contoso.com/api/jobs/{JOB}/file"),
        (
            ExportLocation("blob", container="hr1", path="a"),
            "https://x.blob.core.windows.net/hr1/a",
            "https://x.blob.core.windows.net/hr1/a",
        ),
    ],
)
def test_where_a_file_is(location: ExportLocation, file: str | None, link: str | None) -> None:
    request = JobRequest(Action.EXPORT, (G1,), export=ExportRequest(location=location))
    job = conforms(shapes.JobShape, job_json(replace(VIEW, request=request, file=file), URLS, {}))
    assert job["links"]["file"] == link


def test_an_item_not_yet_taken_up() -> None:
    item = conforms(shapes.ItemShape, item_json(ITEM, GROUPS))
    assert item["groupIds"] == [G2, G1]
    assert item["status"] == "pending"
    assert all(item[name] is None for name in ("reason", "before", "usageLocation", "error", "updatedAt"))


def test_an_item_with_everything() -> None:
    item = replace(
        ITEM,
        status=ItemStatus.FAILED,
        reason="AlreadyHeld",
        before=Before((HeldLicense(E3, False, ("a",), (G1,), T),), None),
        added=(AddedLicense(NEW, ("b",), T), AddedLicense(E3)),
        removed=(E3,),
        location=LocationChange(None, "DE"),
        warnings=("StillInherited",),
        attempts=2,
        next_attempt_at=T,
        error=ItemError("LicenseInherited", "Change the group.", "req-1"),
        updated_at=T,
    )
    shown = conforms(shapes.ItemShape, item_json(item, GROUPS))
    assert shown["reason"] == "LicenseInherited"
    assert shown["before"] == {
        "licenses": [
            {
                "skuId": E3,
                "disabledPlans": ["a"],
                "direct": False,
                "inheritedFrom": [G1],
                "expiresAt": "2026-11-24T08:00:00Z",
            }
        ],
        "usageLocation": None,
    }
    assert shown["added"][1] == {"skuId": E3, "disabledPlans": [], "expiresAt": None}
    assert shown["removed"] == [{"skuId": E3}]
    assert shown["usageLocation"] == {"from": None, "to": "DE"}
    assert shown["error"] == {
        "code": "LicenseInherited",
        "message": "Change the group.",
        "graphRequestId": "req-1",
    }


def test_the_reason_of_a_changed_item_is_its_own() -> None:
    item = replace(ITEM, status=ItemStatus.CHANGED, reason="NothingToReplace")
    assert item_json(item, GROUPS)["reason"] == "NothingToReplace"


def test_every_warning_of_a_plan_has_a_sentence() -> None:
    warned = {
        codes.LOSES_MAILBOX,
        codes.LOSES_PHONE,
        codes.STILL_INHERITED,
        codes.INHERITED_ONLY,
        codes.PLAN_CONFLICT,
        codes.GUESTS,
        codes.DISABLED_ACCOUNTS,
        codes.USAGE_LOCATION_MISSING,
        codes.CHANGED_SINCE,
        codes.LOCATION_KEPT,
        codes.EXPIRY_PASSED,
        "Shortage",
    }
    assert warned == set(WARNING_TEXTS)


SKU = Sku(
    E3,
    "ENTERPRISEPACK",
    "Enabled",
    "User",
    enabled=10,
    warning=1,
    suspended=2,
    locked_out=3,
    consumed=4,
    service_plans=(
        ServicePlan(
            "efb87545-963c-4e0d-99df-69c6916d9eb0",
            "EXCHANGE_S_ENTERPRISE",
            display_name="Exchange Online (Plan 2)",
        ),
        ServicePlan(NEW, "NEW_PLAN", assignable=False),
    ),
    display_name="Office 365 E3",
)
CATALOG = {E3: SKU, NEW: replace(SKU, sku_id=NEW, sku_part_number="NEW_SKU", display_name="")}


def test_a_license() -> None:
    shown = conforms(shapes.LicenseShape, license_json(SKU))
    assert (shown["displayName"], shown["available"]) == ("Office 365 E3", 7)
    assert [plan["displayName"] for plan in shown["servicePlans"]] == ["Exchange Online (Plan 2)", "NEW_PLAN"]
    assert license_names(CATALOG) == {E3: "Office 365 E3", NEW: "NEW_SKU"}


def test_a_member() -> None:
    state = UserState(
        USER,
        "DE",
        (HeldLicense(E3, True, ("p",), (G1, G2), T), HeldLicense("unknown-sku")),
    )
    member = Member(USER, "adele@contoso.com", "Adele", True, "Member")
    shown = conforms(shapes.MemberShape, member_json(member, state, CATALOG, {G1: "Sales"}))
    assert shown["licenses"][0] == {
        "skuId": E3,
        "skuPartNumber": "ENTERPRISEPACK",
        "displayName": "Office 365 E3",
        "direct": True,
        "inheritedFrom": [{"id": G1, "displayName": "Sales"}, {"id": G2, "displayName": G2}],
        "disabledPlans": ["p"],
        "expiresAt": "2026-11-24T08:00:00Z",
    }
    assert shown["licenses"][1]["displayName"] == "unknown-sku"


def test_a_group() -> None:
    group = Group(G1, "Sales", None, "s@contoso.com", "microsoft365", True, (LicenseRequest(E3, ("p",)),))
    shown = conforms(shapes.GroupShape, group_json(group))
    assert shown["assignedLicenses"] == [{"skuId": E3, "disabledPlans": ["p"]}]


def test_assigned_licenses_and_locations() -> None:
    uses = [LicenseUse(E3, 3, 2, 2), LicenseUse("gone", 1, 1, 0)]
    shown = assigned_licenses_json(uses, {E3: "Office 365 E3"})
    conforms(shapes.AssignedLicensesShape, {"value": shown, "usersRead": 5, "complete": False})
    assert [(entry["displayName"], entry["users"]) for entry in shown] == [("Office 365 E3", 3), ("gone", 1)]
    assert {"code": "DE", "name": "Germany"} in conforms(shapes.CountryListShape, locations_json())["value"]


def test_a_grant() -> None:
    grant = GrantView(
        grant_id=G1,
        user_id=USER,
        user_principal_name="adele@contoso.com",
        user_display_name="Adele",
        sku_id=E3,
        expires_at=T,
        created_at=T,
        job_id=JOB,
        status="running",
        history=(GrantEvent(T, "Granted", MEGAN, T, JOB),),
    )
    shown = conforms(shapes.GrantShape, grant_json(grant, {}))
    assert shown["license"] == {"skuId": E3, "displayName": E3}
    assert shown["history"][0]["by"] == {"name": "megan@contoso.com", "kind": "user"}


def test_an_audit_entry() -> None:
    shown = conforms(
        shapes.AuditShape, audit_json(AuditEntry(T, MEGAN, "JobStarted", JOB, details={"run": 2}))
    )
    assert (shown["time"], shown["details"]) == ("2026-11-24T08:00:00Z", {"run": 2})


@pytest.mark.parametrize(
    ("storage", "graph", "status"),
    [(None, None, "Healthy"), ("down", None, "Unhealthy"), (None, "no token", "Unhealthy")],
)
def test_health(storage: str | None, graph: str | None, status: str) -> None:
    queues = [QueueCount("chunks", 3, 1)]
    shown = conforms(shapes.HealthShape, health_json(storage_fault=storage, graph_fault=graph, queues=queues))
    assert shown["status"] == status
    assert shown["queues"] == [{"name": "chunks", "messages": 3, "poison": 1}]


def test_the_next_page_keeps_the_filters() -> None:
    url = URLS.next_page("/api/groups", {"search": "R&D +1", "pageSize": "5", "cursor": "old"}, "new")
    assert url == "https://licenses.contoso.com/api/groups?search=R%26D+%2B1&pageSize=5&cursor=new"
