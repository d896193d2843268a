"""An independent check of a job's record against what the simulator's change log says happened."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from tests.support.api import Api
from tests.support.graph import GraphControl

Json = dict[str, Any]
Items = dict[str, Json]
Changes = list[Json]


def check_job(api: Api, control: GraphControl, job: Json, since: int = 0) -> Items:
    """Every count, every item and every write tell the same story; answers the items by user.

    Holds for a job that was the only one to change its users since change number `since`.
    """
    items = api.items_by_user(job["id"])
    found = list(findings(control, job, items, control.changes(since)))
    assert not found, "\n".join(found[:20])
    return items


def findings(control: GraphControl, job: Json, items: Items, changes: Iterable[Json]) -> Iterator[str]:
    """What is wrong: users lost or told twice, writes too many, items that tell what did not happen."""
    yield from _wrong_counts(job, items)
    users = _members(control, job)
    if users is not None:
        yield from (f"{user_id} is a member without an item" for user_id in users.keys() - items.keys())
        yield from (f"{user_id} has an item, and is no member" for user_id in items.keys() - users.keys())
    by_user: dict[str, Changes] = defaultdict(list)
    for change in changes:
        if change["userId"] in items:
            by_user[change["userId"]].append(change)
    for user_id, item in items.items():
        own = by_user[user_id]
        user = users[user_id] if users and user_id in users else control.user(user_id)
        wrong = [*_wrong_writes(item, own), *_wrong_end(item, user, own), *_bare_moments(job, item, own)]
        yield from (f"{what}: {item} changes {own}" for what in wrong)


def _wrong_counts(job: Json, items: Items) -> Iterator[str]:
    counts = Counter(item["status"] for item in items.values())
    told = {name: number for name, number in job["counts"].items() if number}
    if told != dict(counts):
        yield f"the job counts {told}, its items are {dict(counts)}"
    if job["progress"]["total"] != len(items):
        yield f"the job has {job['progress']['total']} users, and {len(items)} items"


def _members(control: GraphControl, job: Json) -> dict[str, Json] | None:
    """The true state of those who belong to the job; None where its items do not come from groups alone."""
    if job["action"] not in ("assign", "remove", "replace") or job["plan"]:
        return None
    if False in job["request"]["include"].values() or any(
        group["status"] != "done" for group in job["groups"]
    ):
        return None
    return {user["id"]: user for group in job["groups"] for user in control.group_users(group["id"])}


def _wrong_writes(item: Json, changes: Changes) -> Iterator[str]:
    """At most one licence write and one location write; the item says exactly what they did."""
    licenses = [change for change in changes if change["kind"] == "license"]
    locations = [change for change in changes if change["kind"] == "location"]
    if any(not change["changed"] for change in changes):
        yield "a write that changed nothing"
    if len(licenses) > 1 or len(locations) > 1:
        yield f"{len(licenses)} licence writes and {len(locations)} location writes"
    if bool(item["added"] or item["removed"]) != bool(licenses):
        yield "the item tells of licences, the changes do not agree"
    for change in licenses:
        yield from _wrong_telling(item, change)
    told = item["usageLocation"] and item["usageLocation"]["to"]
    if told != (locations[-1]["request"]["usageLocation"] if locations else None):
        yield "the location is another one"
    if changes and item["status"] not in ("changed", "failed", "canceled"):
        yield "changed, but does not say so"


def _wrong_telling(item: Json, change: Json) -> Iterator[str]:
    request = change["request"]
    if {added["skuId"] for added in item["added"]} != {added["skuId"] for added in request["addLicenses"]}:
        yield "added is not what was added"
    if {removed["skuId"] for removed in item["removed"]} != set(request["removeLicenses"]):
        yield "removed is not what was removed"
    if _direct(item["before"]) != {k: sorted(v) for k, v in change["before"]["licenses"].items()}:
        yield "before is not what was before"


def _wrong_end(item: Json, user: Json, changes: Changes) -> Iterator[str]:
    held = {entry["skuId"] for entry in user["licenses"] if entry["direct"]}
    if not {added["skuId"] for added in item["added"]} <= held:
        yield "added, and not held at the end"
    if {removed["skuId"] for removed in item["removed"]} & held:
        yield "removed, and held at the end"
    if changes and {*changes[-1]["after"]["licenses"]} != held:
        yield "somebody else changed the user"


def _bare_moments(job: Json, item: Json, changes: Changes) -> Iterator[str]:
    """In a replace no user is without a licence at any moment."""
    if job["action"] == "replace" and item["status"] == "changed":
        for change in changes:
            if change["before"]["licenses"] and not change["after"]["licenses"]:
                yield "a moment without a licence"


def _direct(before: Json) -> dict[str, list[str]]:
    return {entry["skuId"]: sorted(entry["disabledPlans"]) for entry in before["licenses"] if entry["direct"]}
