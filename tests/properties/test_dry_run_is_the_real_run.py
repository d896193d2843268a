"""Over generated tenants: the real run does what the dry run said, user by user; undo and undo of undo lead back."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings

from tests.properties.worlds import World, seed, worlds
from tests.support.system import System
from tests.system.checks import check_job
from tests.system.tenants import state

Json = dict[str, Any]
pytestmark = pytest.mark.system

EXAMPLES = 8
REACHED = frozenset(
    {
        "assign",
        "remove",
        "replace",
        "changed",
        "unchanged",
        "failed",
        "PlanConflict",
        "Shortage",
        "InheritedOnly",
    }
)
"""What the examples must come to, so that they prove something."""
TOLD = ("userPrincipalName", "groupIds", "before")
SAID = ("status", "reason", "added", "removed", "usageLocation", "warnings")
BY_GRAPH = ("ServicePlanConflict", "ServicePlanDependency")


def test_the_real_run_does_what_the_dry_run_said(system_processes: System) -> None:
    seen: Counter[str] = Counter()

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # to shrink would take hours; the world is printed
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
    )
    @given(world=worlds())
    def holds(world: World) -> None:
        _check(system_processes, world, seen)

    holds()
    missed = REACHED - seen.keys()
    assert not missed, f"the examples never came to {missed}: {seen}"


def _check(system: System, world: World, seen: Counter[str]) -> None:
    system.clean("empty")
    body = seed(system.control, world)
    note(f"{body}")
    before, units = _states(system, world), _consumed(system)

    dry = system.api.run({**body, "dryRun": True})
    told = system.api.items_by_user(dry["id"])
    assert system.control.changes() == []
    seen[body["action"]] += 1
    seen.update(item["status"] for item in told.values())
    seen.update(warning["code"] for warning in dry["warnings"])
    _check_demand(system, dry, units)

    real = system.api.run(body)
    done = check_job(system.api, system.control, real)
    after = _states(system, world)
    refused = _compare(told, done, {line["skuId"] for line in dry["demand"] if line["shortage"]})
    _check_units(system, dry, units, [told[user_id] for user_id in refused])
    assert real["groups"] == dry["groups"]

    if any(item["added"] or item["removed"] or item["usageLocation"] for item in done.values()):
        undone = _undo(system, real)
        assert _states(system, world) == _with_kept_locations(before, after)
        if undone["counts"]["changed"]:
            _undo(system, undone)
            assert _states(system, world) == after


def _compare(told: dict[str, Json], done: dict[str, Json], short: set[str]) -> list[str]:
    """Everybody ends as foretold, but whom Graph refuses as warned, or who goes short; answers these."""
    assert told.keys() == done.keys()
    refused = []
    for user_id, item in done.items():
        foretold = told[user_id]
        assert {name: item[name] for name in TOLD} == {name: foretold[name] for name in TOLD}
        if {name: item[name] for name in SAID} == {name: foretold[name] for name in SAID}:
            continue
        refused.append(user_id)
        assert (item["status"], item["added"], item["removed"]) == ("failed", [], []), (foretold, item)
        if item["reason"] in BY_GRAPH:
            assert "PlanConflict" in foretold["warnings"], (foretold, item)
        else:
            assert item["reason"] == "NoAvailableLicenses", (foretold, item)
            assert short & set(_taken(foretold)), (foretold, item)
    return refused


def _check_demand(system: System, dry: Json, units: Counter[str]) -> None:
    enabled = {sku["skuId"]: sku["enabled"] for sku in system.control.skus()}
    short = 0
    for line in dry["demand"]:
        assert line["available"] == enabled[line["skuId"]] - units[line["skuId"]]
        assert line["shortage"] == max(0, line["needed"] - line["available"])
        short += line["shortage"]
    told = {warning["code"]: warning["users"] for warning in dry["warnings"]}
    assert told.get("Shortage", 0) == short


def _check_units(system: System, dry: Json, units: Counter[str], refused: list[Json]) -> None:
    """The units needed are those taken and those that the refused would have taken."""
    taken = _consumed(system)
    for line in dry["demand"]:
        sku_id = line["skuId"]
        missed = sum(sku_id in _taken(item) for item in refused)
        assert line["needed"] == taken[sku_id] - units[sku_id] + missed, line


def _taken(item: Json) -> list[str]:
    """SKUs of which the user takes a unit: those added that were not held in any way."""
    held = {license_["skuId"] for license_ in item["before"]["licenses"]}
    return [added["skuId"] for added in item["added"] if added["skuId"] not in held]


def _undo(system: System, job: Json) -> Json:
    since = len(system.control.changes())
    undone = system.api.wait(system.api.undo(job["id"], confirm=True)["id"], status="Finished")
    check_job(system.api, system.control, undone, since)
    return undone


def _with_kept_locations(before: list[Json], after: list[Json]) -> list[Json]:
    """A location that was empty cannot be emptied again."""
    return [
        {**was, "usageLocation": was["usageLocation"] or now["usageLocation"]}
        for was, now in zip(before, after, strict=True)
    ]


def _states(system: System, world: World) -> list[Json]:
    return [state(system.control.user(user_id)) for user_id in world.ids]


def _consumed(system: System) -> Counter[str]:
    return Counter({sku["skuId"]: sku["consumed"] for sku in system.control.skus()})
