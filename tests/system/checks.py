"""An independent check of a job's record against what the simulator's change log says happened."""

from collections import Counter
from typing import Any

from tests.support.api import Api
from tests.support.graph import GraphControl

Json = dict[str, Any]


def check_job(api: Api, control: GraphControl, job: Json, since: int = 0) -> dict[str, Json]:
    """Every count, every item and every write tell the same story; answers the items by user.

    Holds for a job that was the only one to change its users since change number `since`.
    """
    items = api.items_by_user(job["id"])
    counts = Counter(item["status"] for item in items.values())
    assert {name: number for name, number in job["counts"].items() if number} == dict(counts)
    assert job["progress"]["total"] == len(items)
    changes = [change for change in control.changes(since) if change["userId"] in items]
    assert not [change for change in changes if not change["changed"]], "a write that changed nothing"
    for user_id, item in items.items():
        _check_item(item, [change for change in changes if change["userId"] == user_id])
        _check_end(item, control.user(user_id))
    return items


def _check_item(item: Json, changes: list[Json]) -> None:
    """At most one licence write and one location write; the item says exactly what they did."""
    licenses = [change for change in changes if change["kind"] == "license"]
    locations = [change for change in changes if change["kind"] == "location"]
    assert len(licenses) <= 1, f"{len(licenses)} licence writes: {item}"
    assert len(locations) <= 1, f"{len(locations)} location writes: {item}"
    assert bool(item["added"] or item["removed"]) == bool(licenses), item
    for change in licenses:
        request = change["request"]
        assert {added["skuId"] for added in item["added"]} == {
            added["skuId"] for added in request["addLicenses"]
        }
        assert {removed["skuId"] for removed in item["removed"]} == set(request["removeLicenses"])
        assert _direct(item["before"]) == {k: sorted(v) for k, v in change["before"]["licenses"].items()}
    for change in locations:
        assert item["usageLocation"]["to"] == change["request"]["usageLocation"]
    assert (
        (item["status"] == "changed")
        or not (item["usageLocation"] and not licenses)
        or item["status"] == "failed"
    )


def _check_end(item: Json, user: Json) -> None:
    held = {entry["skuId"] for entry in user["licenses"] if entry["direct"]}
    assert {added["skuId"] for added in item["added"]} <= held, item
    assert not {removed["skuId"] for removed in item["removed"]} & held, item


def _direct(before: Json) -> dict[str, list[str]]:
    return {entry["skuId"]: sorted(entry["disabledPlans"]) for entry in before["licenses"] if entry["direct"]}
