"""POST /jobs as received: what is taken, and every fault with its place."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.api.rules import FIELDS, MEANING, Limits
from shared.api.submission import parse_submission, planned_request, read_submission, read_undo
from shared.errors import InvalidRequest, RequestError, TooLarge
from shared.models import (
    Action,
    ExpiresIn,
    ExportLocation,
    ExportRequest,
    JobRequest,
    LicenseRequest,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LIMITS = Limits(
    callback_hosts=frozenset({"hooks.contoso.com", "hooks.contoso.com:8443"}),
    now=NOW,
    own_containers=frozenset({"license-exports"}),
)
GROUP = "2f1d0c64-6a3b-4a53-9d57-51a1c9d0b2aa"
E3 = "6fd2c87f-b296-42f0-b197-1e91e994b900"
E5 = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
PLAN_A = "9aaf7827-d63c-4b61-89c3-182f06f82e5c"
PLAN_B = "efb87545-963c-4e0d-99df-69c6916d9eb0"

ASSIGN: dict[str, Any] = {"action": "assign", "groupIds": [GROUP], "licenses": [{"skuId": E3}]}
REMOVE: dict[str, Any] = {"action": "remove", "groupIds": [GROUP], "licenses": [{"skuId": E3}]}
REPLACE: dict[str, Any] = {
    "action": "replace",
    "groupIds": [GROUP],
    "licenses": [{"skuId": E5}],
    "replaces": [E3],
}
EXPORT: dict[str, Any] = {"action": "export", "groupIds": [GROUP]}
PLAN: dict[str, Any] = {"plan": E3}
BASE = {"assign": ASSIGN, "remove": REMOVE, "replace": REPLACE, "export": EXPORT, "plan": PLAN}


def ids(count: int) -> list[str]:
    return [f"00000000-0000-4000-8000-{number:012d}" for number in range(count)]


def understood(body: object) -> JobRequest:
    return parse_submission(json.dumps(body).encode(), LIMITS)


def targets(body: object) -> list[str]:
    """Where the faults of a body are, all of them with a sentence and the one code."""
    with pytest.raises(InvalidRequest) as caught:
        understood(body)
    error = caught.value
    assert all(found.code == "InvalidRequest" and found.message.endswith(".") for found in error.details)
    assert error.target == error.details[0].target
    return sorted(str(found.target) for found in error.details)


@pytest.mark.parametrize(
    "name", ["営業\u3000部.csv", "Ventes\u00a0Paris.csv", "a\u200cb.csv", "👩\u200d💻.csv"]
)
def test_a_blob_may_be_called_as_people_write(name: str) -> None:
    location = {"kind": "blob", "container": "reports", "path": name}
    export = understood(EXPORT | {"export": {"location": location}}).export
    assert export is not None
    assert export.location.path == name


def test_takes_every_field_of_assign() -> None:
    body = {
        **ASSIGN,
        "groupIds": [GROUP.upper(), GROUP, E5],
        "licenses": [{"skuId": E3.upper(), "disabledPlans": [PLAN_B.upper(), PLAN_A, PLAN_A]}, {"skuId": E5}],
        "usageLocation": "DE",
        "usageLocationMode": "ifMissing",
        "expiresIn": {"value": 3, "unit": "months"},
        "include": {"guests": False},
        "allowShortage": True,
        "stopAfterFailures": 5,
        "startAt": "2026-12-01T09:00:00+01:00",
        "callbackUrl": "https://hooks.contoso.com/done?sig=1",
        "note": "Temporary staff",
    }
    assert understood(body) == JobRequest(
        action=Action.ASSIGN,
        group_ids=(GROUP, E5),
        licenses=(LicenseRequest(E3, (PLAN_A, PLAN_B)), LicenseRequest(E5)),
        usage_location="DE",
        usage_location_mode="ifMissing",
        expires_in=ExpiresIn(3, "months"),
        include_guests=False,
        allow_shortage=True,
        stop_after_failures=5,
        start_at=datetime(2026, 12, 1, 8, 0, tzinfo=UTC),
        callback_url="https://hooks.contoso.com/done?sig=1",
        note="Temporary staff",
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            REMOVE | {"confirm": True},
            JobRequest(Action.REMOVE, (GROUP,), (LicenseRequest(E3),), confirm=True),
        ),
        (REPLACE, JobRequest(Action.REPLACE, (GROUP,), (LicenseRequest(E5),), (E3,))),
        (
            REPLACE | {"replaces": "all", "keepDisabledPlans": True},
            JobRequest(Action.REPLACE, (GROUP,), (LicenseRequest(E5),), "all", keep_disabled_plans=True),
        ),
        (
            ASSIGN | {"licenses": [{"skuId": E3, "disabledPlans": []}]},
            JobRequest(Action.ASSIGN, (GROUP,), (LicenseRequest(E3, ()),)),
        ),
        (
            ASSIGN | {"licenses": [{"skuId": E3, "disabledPlans": None}]},
            JobRequest(Action.ASSIGN, (GROUP,), (LicenseRequest(E3, None),)),
        ),
        (EXPORT, JobRequest(Action.EXPORT, (GROUP,), export=ExportRequest())),
        (EXPORT | {"export": {}}, JobRequest(Action.EXPORT, (GROUP,), export=ExportRequest())),
        (
            EXPORT
            | {
                "export": {
                    "format": "csv",
                    "location": {"kind": "blob", "container": "hr1", "path": "a/b.csv"},
                }
            },
            JobRequest(
                Action.EXPORT,
                (GROUP,),
                export=ExportRequest("csv", ExportLocation("blob", container="hr1", path="a/b.csv")),
            ),
        ),
        (
            EXPORT
            | {"export": {"location": {"kind": "sharepoint", "driveId": "b!x-_1", "folderPath": "/A b/C"}}},
            JobRequest(
                Action.EXPORT,
                (GROUP,),
                export=ExportRequest(
                    "xlsx", ExportLocation("sharepoint", drive_id="b!x-_1", folder_path="/A b/C")
                ),
            ),
        ),
    ],
)
def test_understands(body: object, expected: JobRequest) -> None:
    assert understood(body) == expected


def test_a_plan_gets_its_action_from_the_dry_run() -> None:
    received = understood({"plan": E3.upper(), "confirm": True, "note": "go", "allowShortage": True})
    dry_run = JobRequest(
        Action.REPLACE,
        (GROUP,),
        (LicenseRequest(E5),),
        "all",
        dry_run=True,
        note="look",
        include_guests=False,
    )
    assert planned_request(received, dry_run) == JobRequest(
        Action.REPLACE,
        (GROUP,),
        (LicenseRequest(E5),),
        "all",
        plan_id=E3,
        confirm=True,
        note="go",
        allow_shortage=True,
        include_guests=False,
    )


@pytest.mark.parametrize("kind", list(BASE))
def test_a_field_without_meaning_may_be_null_or_its_default(kind: str) -> None:
    defaults: dict[str, Any] = {
        "usageLocationMode": "always",
        "include": {"guests": True, "disabled": True},
        "licenses": [],
        "replaces": [],
        "groupIds": [],
    } | dict.fromkeys(("confirm", "dryRun", "allowShortage", "keepDisabledPlans"), False)
    without = FIELDS.keys() - MEANING[kind]
    nulls = dict.fromkeys(without)
    assert understood(BASE[kind] | nulls) == understood(BASE[kind])
    given = {name: value for name, value in defaults.items() if name in without}
    assert understood(BASE[kind] | given) == understood(BASE[kind])


VALUES: dict[str, Any] = {
    "action": "assign",
    "groupIds": [GROUP],
    "licenses": [{"skuId": E5}],
    "replaces": "all",
    "usageLocation": "DE",
    "usageLocationMode": "ifMissing",
    "expiresIn": {"value": 1, "unit": "days"},
    "include": {"guests": False},
    "dryRun": True,
    "allowShortage": True,
    "keepDisabledPlans": True,
    "export": {"format": "csv"},
    "stopAfterFailures": 1,
}


@pytest.mark.parametrize(
    ("kind", "field"),
    [(kind, field) for kind, known in MEANING.items() for field in sorted(VALUES.keys() - known - {"plan"})],
)
def test_a_field_without_meaning_that_says_something_is_a_fault(kind: str, field: str) -> None:
    assert targets(BASE[kind] | {field: VALUES[field]}) == [field]


@pytest.mark.parametrize(
    ("body", "flag"),
    [(ASSIGN, "dryRun"), (ASSIGN, "allowShortage"), (REMOVE, "confirm"), (REPLACE, "confirm")],
)
def test_a_flag_with_a_meaning_is_never_null(body: dict[str, Any], flag: str) -> None:
    assert targets(body | {flag: None}) == [flag]


@pytest.mark.parametrize("body", [ASSIGN, EXPORT], ids=["assign", "export"])
def test_confirm_may_be_null_where_nothing_is_asked(body: dict[str, Any]) -> None:
    assert understood(body | {"confirm": None}) == understood(body)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"action": None}, ["action"]),
        ({"action": "undo"}, ["action"]),
        ({"action": 1}, ["action"]),
        ({"groupIds": None}, ["groupIds"]),
        ({"groupIds": []}, ["groupIds"]),
        ({"groupIds": GROUP}, ["groupIds"]),
        ({"groupIds": [GROUP, "x", 5, None]}, ["groupIds[1]", "groupIds[2]", "groupIds[3]"]),
        ({"groupIds": [GROUP.replace("-", "")]}, ["groupIds[0]"]),
        ({"groupIds": ["{" + GROUP + "}"]}, ["groupIds[0]"]),
        ({"groupIds": [GROUP + "\n"]}, ["groupIds[0]"]),
        ({"licenses": None}, ["licenses"]),
        ({"licenses": []}, ["licenses"]),
        ({"licenses": [{"skuId": sku} for sku in ids(51)]}, ["licenses"]),
        ({"licenses": [E3]}, ["licenses[0]"]),
        ({"licenses": [{}]}, ["licenses[0].skuId"]),
        (
            {"licenses": [{"skuId": "x", "disabledPlans": "y"}]},
            ["licenses[0].disabledPlans", "licenses[0].skuId"],
        ),
        ({"licenses": [{"skuId": E3, "disabledPlans": [PLAN_A, "z"]}]}, ["licenses[0].disabledPlans[1]"]),
        ({"licenses": [{"skuId": E3}, {"skuId": E5}, {"skuId": E3.upper()}]}, ["licenses[2].skuId"]),
        ({"licenses": [{"skuId": E3, "sku": 1}]}, ["licenses[0].sku"]),
        ({"usageLocation": "XX"}, ["usageLocation"]),
        ({"usageLocation": "de"}, ["usageLocation"]),
        ({"usageLocation": "Germany"}, ["usageLocation"]),
        ({"usageLocation": ""}, ["usageLocation"]),
        ({"usageLocationMode": "ifMissing"}, ["usageLocationMode"]),
        ({"usageLocation": "DE", "usageLocationMode": "never"}, ["usageLocationMode"]),
        ({"expiresIn": {"value": 0, "unit": "days"}}, ["expiresIn.value"]),
        ({"expiresIn": {"value": -1, "unit": "days"}}, ["expiresIn.value"]),
        ({"expiresIn": {"value": "5", "unit": "days"}}, ["expiresIn.value"]),
        ({"expiresIn": {"value": 5.0, "unit": "days"}}, ["expiresIn.value"]),
        ({"expiresIn": {"value": True, "unit": "days"}}, ["expiresIn.value"]),
        ({"expiresIn": {"value": 1, "unit": "years"}}, ["expiresIn.unit"]),
        ({"expiresIn": {"unit": "days"}}, ["expiresIn.value"]),
        ({"expiresIn": {"value": 12 * 74, "unit": "months"}}, ["expiresIn.value"]),
        ({"expiresIn": {"value": 10**30, "unit": "weeks"}}, ["expiresIn.value"]),
        ({"expiresIn": 5}, ["expiresIn"]),
        ({"include": {"guests": 1, "others": True}}, ["include.guests", "include.others"]),
        ({"include": []}, ["include"]),
        ({"confirm": "true"}, ["confirm"]),
        ({"dryRun": 1}, ["dryRun"]),
        ({"stopAfterFailures": 0}, ["stopAfterFailures"]),
        ({"stopAfterFailures": "3"}, ["stopAfterFailures"]),
        ({"startAt": "2026-12-01T09:00:00"}, ["startAt"]),
        ({"startAt": "2026-12-01"}, ["startAt"]),
        ({"startAt": "tomorrow"}, ["startAt"]),
        ({"startAt": 1}, ["startAt"]),
        ({"startAt": "0001-01-01T00:00:00+14:00"}, ["startAt"]),
        ({"startAt": "2027-11-24T12:00:01Z"}, ["startAt"]),
        ({"note": "x" * 1001}, ["note"]),
        ({"note": "a\u0000b"}, ["note"]),
        ({"clientRequestId": ""}, ["clientRequestId"]),
        ({"clientRequestId": "x" * 256}, ["clientRequestId"]),
        ({"clientRequestId": "é"}, ["clientRequestId"]),
        ({"unknown": None}, ["unknown"]),
        ({"group_ids": [GROUP]}, ["group_ids"]),
        ({"plan": "x"}, ["action", "groupIds", "licenses", "plan"]),
    ],
)
def test_faults_of_assign(change: dict[str, Any], expected: list[str]) -> None:
    assert targets(ASSIGN | change) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"replaces": None}, ["replaces"]),
        ({"replaces": []}, ["replaces"]),
        ({"replaces": "some"}, ["replaces"]),
        ({"replaces": {"skuId": E3}}, ["replaces"]),
        ({"replaces": [E3, "x"]}, ["replaces[1]"]),
        ({"replaces": [E3, E5.upper()]}, ["replaces[1]"]),
        ({"replaces": ids(101)}, ["replaces"]),
        ({"licenses": None}, ["licenses"]),
    ],
)
def test_faults_of_replace(change: dict[str, Any], expected: list[str]) -> None:
    assert targets(REPLACE | change) == expected


def test_disabled_plans_mean_nothing_where_a_license_goes() -> None:
    assert targets(REMOVE | {"licenses": [{"skuId": E3, "disabledPlans": [PLAN_A]}]}) == [
        "licenses[0].disabledPlans"
    ]
    assert understood(REMOVE | {"licenses": [{"skuId": E3, "disabledPlans": []}]}) == understood(REMOVE)


@pytest.mark.parametrize(
    ("export", "expected"),
    [
        ({"format": "pdf"}, ["export.format"]),
        ({"location": "download"}, ["export.location.kind"]),
        ({"location": {}}, ["export.location.kind"]),
        ({"location": {"kind": "ftp"}}, ["export.location.kind"]),
        ({"location": {"kind": "download", "path": "x"}}, ["export.location.path"]),
        ({"location": {"kind": "blob"}}, ["export.location.container", "export.location.path"]),
        ({"location": {"kind": "blob", "container": "Ab", "path": "a"}}, ["export.location.container"]),
        ({"location": {"kind": "blob", "container": "a--b", "path": "a"}}, ["export.location.container"]),
        ({"location": {"kind": "blob", "container": "abc\n", "path": "a"}}, ["export.location.container"]),
        (
            {"location": {"kind": "blob", "container": "license-exports", "path": "a"}},
            ["export.location.container"],
        ),
        (
            {"location": {"kind": "blob", "container": "azure-webjobs-hosts", "path": "a"}},
            ["export.location.container"],
        ),
        ({"location": {"kind": "blob", "container": "abc", "path": ""}}, ["export.location.path"]),
        ({"location": {"kind": "blob", "container": "abc", "path": "/a"}}, ["export.location.path"]),
        ({"location": {"kind": "blob", "container": "abc", "path": "a/../b"}}, ["export.location.path"]),
        ({"location": {"kind": "blob", "container": "abc", "path": "a\\b"}}, ["export.location.path"]),
        ({"location": {"kind": "blob", "container": "abc", "path": "a\r\nb"}}, ["export.location.path"]),
        ({"location": {"kind": "blob", "container": "abc", "path": "a\u0081b"}}, ["export.location.path"]),
        ({"location": {"kind": "blob", "container": "abc", "path": "a\ue000b"}}, ["export.location.path"]),
        ({"location": {"kind": "blob", "container": "abc", "path": "a" * 1025}}, ["export.location.path"]),
        (
            {"location": {"kind": "sharepoint", "driveId": "a/b", "folderPath": "x"}},
            ["export.location.driveId"],
        ),
        (
            {"location": {"kind": "sharepoint", "driveId": "b!1", "folderPath": "a/../b"}},
            ["export.location.folderPath"],
        ),
        (
            {"location": {"kind": "sharepoint", "driveId": "b!1", "folderPath": "a:b"}},
            ["export.location.folderPath"],
        ),
    ],
)
def test_faults_of_export(export: dict[str, Any], expected: list[str]) -> None:
    assert targets(EXPORT | {"export": export}) == expected


@pytest.mark.parametrize(
    "field", ["action", "groupIds", "licenses", "replaces", "dryRun", "include", "expiresIn"]
)
def test_a_plan_takes_its_own_fields_only(field: str) -> None:
    assert targets(PLAN | {field: VALUES[field]}) == [field]


def test_an_empty_object_names_no_action() -> None:
    assert targets({}) == ["action"]


def test_all_faults_come_at_once() -> None:
    body = {
        "action": "replace",
        "groupIds": ["x", GROUP],
        "licenses": [{"skuId": "y"}, {"skuId": E3}, {"skuId": E3}],
        "replaces": [E3],
        "expiresIn": {"value": 1, "unit": "days"},
        "usageLocation": "Germany",
        "startAt": "2030-01-01T00:00:00Z",
        "callbackUrl": "http://hooks.contoso.com/",
        "foo": 1,
    }
    assert targets(body) == [
        "callbackUrl",
        "expiresIn",
        "foo",
        "groupIds[0]",
        "licenses[0].skuId",
        "licenses[2].skuId",
        "replaces[0]",
        "startAt",
        "usageLocation",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"groupIds": ids(500)},
        {"groupIds": ids(500) + [one.upper() for one in ids(500)]},
        {"licenses": [{"skuId": sku} for sku in ids(50)]},
        {"note": "ä" * 1000},
        {"note": "two\nlines\tand a tab"},
        {"clientRequestId": "x" * 255},
        {"clientRequestId": " ~"},
        {"stopAfterFailures": 1},
        {"expiresIn": {"value": 1, "unit": "days"}},
        {"expiresIn": {"value": 12 * 73 + 1, "unit": "months"}},
        {"startAt": "2027-11-24T12:00:00Z"},
        {"startAt": "2020-01-01T00:00:00Z"},
        {"startAt": "2026-11-25T00:00:00.1234567Z"},
        {"usageLocation": "US", "usageLocationMode": "ifMissing"},
        {"confirm": True},
    ],
)
def test_the_bounds_themselves_are_within(change: dict[str, Any]) -> None:
    assert isinstance(understood(ASSIGN | change), JobRequest)


@pytest.mark.parametrize(
    ("start", "months", "refused"),
    [
        ("2027-11-01T00:00:00Z", 12 * 73 + 1, True),
        ("2026-11-24T12:00:00Z", 12 * 73 + 1, False),
        ("2020-01-01T00:00:00Z", 12 * 73 + 1, False),
        ("2020-01-01T00:00:00Z", 12 * 74, True),
    ],
)
def test_an_expiry_counts_from_the_start_but_not_from_one_in_the_past(
    start: str, months: int, refused: bool
) -> None:
    body = ASSIGN | {"startAt": start, "expiresIn": {"value": months, "unit": "months"}}
    if refused:
        assert targets(body) == ["expiresIn.value"]
    else:
        assert understood(body).expires_in == ExpiresIn(months, "months")


def test_replaces_may_name_a_hundred() -> None:
    assert len(understood(REPLACE | {"replaces": ids(100) + ids(100)}).replaces) == 100


def test_more_than_500_groups_are_too_many_but_faults_come_first() -> None:
    with pytest.raises(TooLarge) as caught:
        understood(ASSIGN | {"groupIds": ids(501)})
    assert (caught.value.status, caught.value.code, caught.value.target) == (413, "TooManyGroups", "groupIds")
    assert targets(ASSIGN | {"groupIds": ids(501), "note": 5}) == ["note"]


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.contoso.com/x",
        "https://other.contoso.com/x",
        "https://hooks.contoso.com.evil.example/x",
        "https://hooks.contoso.com:9000/x",
        "https://user@hooks.contoso.com/x",
        "https://hooks.contoso.com@evil.example/x",
        "https://evil.example\\@hooks.contoso.com/x",
        "https://hooks.contoso.com\t.evil.example/",
        "https://hooks.contoso.com:99999/",
        "https://hooks.contoso.com:x/",
        "https://hooks.contoso.com./",
        "https://höoks.contoso.com/",
        "https:///x",
        "https://[::1/x",
        "hooks.contoso.com",
        "",
        "https://hooks.contoso.com/" + "x" * 2048,
    ],
)
def test_callback_urls_that_are_refused(url: str) -> None:
    assert targets(ASSIGN | {"callbackUrl": url}) == ["callbackUrl"]


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.contoso.com/a?sig=b%20c#d",
        "https://HOOKS.contoso.com",
        "https://hooks.contoso.com:443/x",
        "https://hooks.contoso.com:8443/x",
    ],
)
def test_callback_urls_that_are_allowed(url: str) -> None:
    assert understood(ASSIGN | {"callbackUrl": url}).callback_url == url


@pytest.mark.parametrize(
    ("body", "chunked", "words"),
    [
        (b"", False, "no body"),
        (b" \r\n", False, "no body"),
        (b"", True, "chunks"),
        (b"{", False, "line 1, column 2"),
        (b"[]", False, "object"),
        (b'"x"', False, "object"),
        (b"null", False, "object"),
        (b'{"action": NaN}', False, "NaN"),
        (b'{"confirm": false, "confirm": true}', False, "twice"),
        (b'{"note": "\\ud800"}', False, "broken character"),
        (b'{"note": "\xff"}', False, "UTF-8"),
        (b"[" * 200_000, False, "deeply"),
        (b'{"stopAfterFailures": ' + b"9" * 5000 + b"}", False, "not valid JSON"),
    ],
)
def test_malformed_bodies(body: bytes, chunked: bool, words: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read_submission(body, LIMITS, chunked=chunked)
    assert (caught.value.status, caught.value.code, caught.value.target) == (400, "InvalidRequest", "body")
    assert words in caught.value.message


def test_a_byte_order_mark_does_no_harm() -> None:
    assert parse_submission(b"\xef\xbb\xbf" + json.dumps(ASSIGN).encode(), LIMITS).group_ids == (GROUP,)


def test_one_mebibyte_is_the_most() -> None:
    body = json.dumps(ASSIGN).encode()
    assert parse_submission(body.ljust(1_048_576), LIMITS).group_ids == (GROUP,)
    with pytest.raises(TooLarge) as caught:
        parse_submission(body.ljust(1_048_577), LIMITS)
    assert (caught.value.status, caught.value.code) == (413, "RequestTooLarge")


@pytest.mark.parametrize(
    ("header", "field", "key", "fault_at"),
    [
        (None, None, None, None),
        ("a", None, "a", None),
        (None, "a", "a", None),
        ("a", "a", "a", None),
        ("a", "b", None, "clientRequestId"),
        ("é", None, None, "Idempotency-Key"),
        ("", None, None, "Idempotency-Key"),
        ("x" * 256, None, None, "Idempotency-Key"),
        ("a", 5, None, "clientRequestId"),
    ],
)
def test_the_idempotency_key(
    header: str | None, field: object, key: str | None, fault_at: str | None
) -> None:
    body = ASSIGN if field is None else ASSIGN | {"clientRequestId": field}
    read = read_submission(json.dumps(body).encode(), LIMITS, key_header=header)
    assert read.idempotency_key == key
    if fault_at is None:
        assert read.accepted() == understood(ASSIGN)
    else:
        assert isinstance(read.refusal, RequestError)
        assert [found.target for found in read.refusal.details] == [fault_at]


def test_the_key_is_known_although_the_rest_is_wrong() -> None:
    read = read_submission(b'{"action": "x"}', LIMITS, key_header="k")
    assert (read.idempotency_key, read.request) == ("k", None)
    with pytest.raises(InvalidRequest):
        read.accepted()


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        (ASSIGN, True),
        (ASSIGN | {"dryRun": True}, False),
        (ASSIGN | {"dryRun": "true"}, True),
        (REMOVE | {"dryRun": True}, False),
        (REPLACE | {"dryRun": False}, True),
        (EXPORT, False),
        (EXPORT | {"export": {"format": "csv"}}, False),
        (EXPORT | {"export": {"location": {"kind": "download"}}}, False),
        (EXPORT | {"export": {"location": {"kind": "blob", "container": "abc", "path": "x"}}}, True),
        (PLAN, True),
        (PLAN | {"dryRun": True}, True),
        ({}, True),
    ],
)
def test_readers_may_plan_and_download(body: object, changes: bool) -> None:
    assert read_submission(json.dumps(body).encode(), LIMITS).changes is changes


@pytest.mark.parametrize(
    ("body", "expected", "changes"),
    [
        (b"", JobRequest(Action.UNDO, undo_of=E3), True),
        (b"{}", JobRequest(Action.UNDO, undo_of=E3), True),
        (
            b'{"confirm": true, "dryRun": true, "note": "oops"}',
            JobRequest(Action.UNDO, undo_of=E3, confirm=True, dry_run=True, note="oops"),
            False,
        ),
    ],
)
def test_undo(body: bytes, expected: JobRequest, changes: bool) -> None:
    read = read_undo(body, E3, key_header="k")
    assert (read.accepted(), read.changes, read.idempotency_key) == (expected, changes, "k")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"action": "undo"}, ["action"]),
        ({"confirm": None, "dryRun": 0}, ["confirm", "dryRun"]),
        ({"note": "x" * 1001, "groupIds": []}, ["groupIds", "note"]),
    ],
)
def test_faults_of_undo(body: object, expected: list[str]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read_undo(json.dumps(body).encode(), E3).accepted()
    assert sorted(str(found.target) for found in caught.value.details) == expected


def test_an_undo_whose_body_was_dropped_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="chunks"):
        read_undo(b"", E3, chunked=True)
