"""A request kept, shown and compared."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from shared.api.request_json import (
    request_as_shown,
    request_fingerprint,
    request_from_json,
    request_to_json,
)
from shared.api.rules import Limits
from shared.api.shapes import RequestShape
from shared.api.submission import parse_submission, read_undo
from shared.models import (
    Action,
    ExpiresIn,
    ExportLocation,
    ExportRequest,
    JobRequest,
    LicenseRequest,
)

G1 = "2f1d0c64-6a3b-4a53-9d57-51a1c9d0b2aa"
G2 = "3f1d0c64-6a3b-4a53-9d57-51a1c9d0b2aa"
E3 = "6fd2c87f-b296-42f0-b197-1e91e994b900"
E5 = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
P1 = "9aaf7827-d63c-4b61-89c3-182f06f82e5c"
P2 = "efb87545-963c-4e0d-99df-69c6916d9eb0"
LIMITS = Limits(frozenset({"hooks.contoso.com"}), datetime(2026, 11, 24, tzinfo=UTC))

FULL = JobRequest(
    Action.ASSIGN,
    (G1, G2),
    (LicenseRequest(E3, (P1,)), LicenseRequest(E5), LicenseRequest(P1, ())),
    (E5, P2),
    "DE",
    "ifMissing",
    ExpiresIn(3, "months"),
    include_guests=False,
    include_disabled=False,
    confirm=True,
    dry_run=True,
    allow_shortage=True,
    keep_disabled_plans=True,
    stop_after_failures=7,
    start_at=datetime(2026, 12, 1, 8, 0, 0, 5, tzinfo=UTC),
    callback_url="https://hooks.contoso.com:8443/done?sig=secret",
    note="Ünïcode",
    export=ExportRequest("csv", ExportLocation("blob", container="hr1", path="a.csv")),
    plan_id=P1,
    undo_of=P2,
)
REQUESTS = [
    FULL,
    replace(FULL, replaces="all", export=ExportRequest()),
    replace(
        FULL, export=ExportRequest("json", ExportLocation("sharepoint", drive_id="b!1", folder_path="/x"))
    ),
    JobRequest(Action.EXPIRE),
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_what_is_kept_comes_back(request_: JobRequest) -> None:
    assert request_from_json(json.loads(json.dumps(request_to_json(request_)))) == request_


@pytest.mark.parametrize("request_", REQUESTS)
def test_what_is_shown_has_the_documented_shape_and_no_secret(request_: JobRequest) -> None:
    shown = request_as_shown(request_)
    adapter = TypeAdapter(RequestShape)
    assert adapter.validate_python(shown, strict=True) == shown
    assert set(shown) == set(RequestShape.__annotations__)
    assert "secret" not in json.dumps(shown)


def test_of_the_callback_url_scheme_and_host_are_shown() -> None:
    assert request_as_shown(FULL)["callbackUrl"] == "https://hooks.contoso.com:8443"


def fingerprint(body: dict[str, Any]) -> str:
    return request_fingerprint(parse_submission(json.dumps(body).encode(), LIMITS))


REPLACE: dict[str, Any] = {
    "action": "replace",
    "groupIds": [G1, G2],
    "licenses": [{"skuId": E3, "disabledPlans": [P1, P2]}, {"skuId": E5}],
    "replaces": [P1, P2],
}


@pytest.mark.parametrize(
    "change",
    [
        {"groupIds": [G2, G1]},
        {"groupIds": [G2.upper(), G1, G2]},
        {"licenses": [{"skuId": E5}, {"skuId": E3.upper(), "disabledPlans": [P2.upper(), P1]}]},
        {"licenses": [{"skuId": E5, "disabledPlans": None}, {"skuId": E3, "disabledPlans": [P2, P1, P1]}]},
        {"replaces": [P2, P1, P1.upper()]},
        {"confirm": False, "dryRun": False, "include": {"guests": True}, "usageLocationMode": "always"},
        {"usageLocation": None, "note": None, "expiresIn": None, "export": None, "plan": None},
        {"note": ""},
        {"clientRequestId": "another"},
    ],
)
def test_the_same_request_in_other_words(change: dict[str, Any]) -> None:
    assert fingerprint(REPLACE | change) == fingerprint(REPLACE)


@pytest.mark.parametrize(
    "change",
    [
        {"groupIds": [G1]},
        {"licenses": [{"skuId": E3, "disabledPlans": [P1]}, {"skuId": E5}]},
        {"licenses": [{"skuId": E3, "disabledPlans": [P1, P2]}, {"skuId": E5, "disabledPlans": []}]},
        {"replaces": "all"},
        {"replaces": [P1]},
        {"confirm": True},
        {"dryRun": True},
        {"include": {"guests": False}},
        {"usageLocation": "DE"},
        {"note": "x"},
        {"startAt": "2026-12-01T00:00:00Z"},
        {"stopAfterFailures": 1},
        {"keepDisabledPlans": True},
        {"callbackUrl": "https://hooks.contoso.com/"},
    ],
)
def test_another_request(change: dict[str, Any]) -> None:
    assert fingerprint(REPLACE | change) != fingerprint(REPLACE)


def test_times_are_compared_as_moments() -> None:
    one = {"startAt": "2026-12-01T09:00:00+01:00"}
    other = {"startAt": "2026-12-01T08:00:00.000Z"}
    assert fingerprint(REPLACE | one) == fingerprint(REPLACE | other)


def test_a_default_export_is_the_same_written_out_or_left_out() -> None:
    export = {"action": "export", "groupIds": [G1]}
    written = {"export": {"format": "xlsx", "location": {"kind": "download"}}}
    assert fingerprint(export) == fingerprint(export | written)


def test_plans_and_undos_differ_by_what_they_name() -> None:
    assert fingerprint({"plan": G1}) == fingerprint({"plan": G1.upper()}) != fingerprint({"plan": G2})
    first, second = (request_fingerprint(read_undo(b"", of).accepted()) for of in (G1, G2))
    assert first != second
