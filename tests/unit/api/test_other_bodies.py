"""PATCH of a temporary license, group ids, and calls without a body."""

import json
from datetime import UTC, datetime

import pytest

from shared.api.other_bodies import GrantTerm, parse_grant_change, parse_group_ids, read_nothing
from shared.errors import InvalidRequest, TooLarge

NOW = datetime(2026, 1, 31, 8, 0, tzinfo=UTC)
GROUP = "2f1d0c64-6a3b-4a53-9d57-51a1c9d0b2aa"


def encoded(body: object) -> bytes:
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    ("body", "expires_at"),
    [
        ({"expiresAt": "2026-03-01T00:00:00Z"}, datetime(2026, 3, 1, tzinfo=UTC)),
        ({"expiresAt": "2020-03-01T00:00:00Z"}, datetime(2020, 3, 1, tzinfo=UTC)),
        ({"expiresIn": {"value": 1, "unit": "months"}}, datetime(2026, 2, 28, 8, 0, tzinfo=UTC)),
        (
            {"expiresIn": {"value": 2, "unit": "weeks"}, "expiresAt": None},
            datetime(2026, 2, 14, 8, 0, tzinfo=UTC),
        ),
        ({"permanent": True}, None),
        ({"permanent": True, "expiresAt": None, "expiresIn": None}, None),
    ],
)
def test_the_new_end_of_a_grant(body: object, expires_at: datetime | None) -> None:
    assert parse_grant_change(encoded(body), NOW) == GrantTerm(expires_at)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, ["expiresAt"]),
        ({"permanent": True, "expiresAt": "2026-03-01T00:00:00Z"}, ["permanent"]),
        ({"permanent": False}, ["permanent"]),
        ({"permanent": None}, ["expiresAt"]),
        ({"permanent": 1}, ["permanent"]),
        ({"expiresAt": "2100-01-01T00:00:00Z"}, ["expiresAt"]),
        ({"expiresAt": "2026-03-01"}, ["expiresAt"]),
        ({"expiresIn": {"value": 100, "unit": "years"}}, ["expiresIn.unit"]),
        ({"expiresIn": {"value": 1000, "unit": "months"}}, ["expiresIn.value"]),
        ({"expiresIn": {"value": 1, "unit": "days"}, "foo": 1}, ["foo"]),
    ],
)
def test_faults_of_a_grant_change(body: object, expected: list[str]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_grant_change(encoded(body), NOW)
    assert [found.target for found in caught.value.details] == expected


def test_group_ids_come_in_their_places() -> None:
    assert parse_group_ids(encoded({"groupIds": [GROUP.upper(), GROUP]})) == (GROUP, GROUP)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, ["groupIds"]),
        ({"groupIds": None}, ["groupIds"]),
        ({"groupIds": []}, ["groupIds"]),
        ({"groupIds": ["x"], "more": 1}, ["groupIds[0]", "more"]),
    ],
)
def test_faults_of_group_ids(body: object, expected: list[str]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_group_ids(encoded(body))
    assert [found.target for found in caught.value.details] == expected


def test_too_many_groups() -> None:
    many = [f"00000000-0000-4000-8000-{number:012d}" for number in range(501)]
    assert len(set(parse_group_ids(encoded({"groupIds": [*many[:500], *many[:500]]})))) == 500
    with pytest.raises(TooLarge) as caught:
        parse_group_ids(encoded({"groupIds": many}))
    assert caught.value.code == "TooManyGroups"


@pytest.mark.parametrize("body", [b"", b"{}", b" {} "])
def test_nothing(body: bytes) -> None:
    read_nothing(body)


def test_something_where_nothing_is_taken() -> None:
    with pytest.raises(InvalidRequest) as caught:
        read_nothing(b'{"confirm": true}')
    assert [found.target for found in caught.value.details] == ["confirm"]
