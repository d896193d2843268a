"""Pairs of jobs over the same users at the same time: each user ends as one order of the two explains."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.conftest import needs_azurite
from tests.crash.crash_system import CrashSystem
from tests.crash.one_kill import Json
from tests.crash.orders import Outcome, possible
from tests.crash.tripwire import KILLED
from tests.support.eventually import eventually

pytestmark = pytest.mark.system
VISIO = "c5928f49-12ba-48f7-ada3-0d743a3601d5"  # VISIOCLIENT
POWER_BI = "f8a1db68-be16-40ed-86d5-cb42ce701560"  # POWER_BI_PRO
EXCHANGE = "4b9405b0-7788-4568-add1-99614e613b69"  # EXCHANGESTANDARD
USERS = 24
ASSIGN: Json = {"action": "assign", "licenses": [{"skuId": VISIO}]}
REMOVE: Json = {"action": "remove", "licenses": [{"skuId": VISIO}], "confirm": True}
TO_POWER_BI: Json = {
    "action": "replace",
    "replaces": [VISIO],
    "licenses": [{"skuId": POWER_BI}],
    "confirm": True,
}
TO_EXCHANGE: Json = {**TO_POWER_BI, "licenses": [{"skuId": EXCHANGE}]}
PAIRS = {
    "assign, assign": (ASSIGN, ASSIGN),
    "assign, remove": (ASSIGN, REMOVE),
    "remove, remove": (REMOVE, REMOVE),
    "replace, replace": (TO_POWER_BI, TO_EXCHANGE),
    "assign, replace": (ASSIGN, TO_POWER_BI),
    "remove, replace": (REMOVE, TO_POWER_BI),
}


@dataclass(frozen=True)
class Pair:
    """Two jobs under way over one group, half of whose users held the licence."""

    name: str
    group: str
    held: dict[str, frozenset[str]]
    bodies: tuple[Json, Json]
    jobs: tuple[str, str]


@pytest.fixture(scope="module")
def two_hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CrashSystem]:
    """Two hosts on one storage, with plans of many licences to spare."""
    with needs_azurite():
        system = CrashSystem(tmp_path_factory.mktemp("pairs"), hosts=2)
    with system:
        system.control.reset("empty")
        names = ("VISIOCLIENT", "POWER_BI_PRO", "EXCHANGESTANDARD")
        system.control.seed(skus=[{"skuPartNumber": name, "enabled": 1_000_000} for name in names])
        yield system


@pytest.mark.parametrize("lag", [0.0, 0.6], ids=["at once", "reads lag behind writes"])
def test_two_jobs_over_the_same_users(two_hosts: CrashSystem, lag: float) -> None:
    """GRAPH_READ_DELAY_SECONDS is 1 here, longer than the lag."""
    rng = random.Random(7)
    two_hosts.control.set_lag(read_after_write=lag)
    two_hosts.control.set_latency(15, jitter=40)
    before = len(two_hosts.control.changes())
    pairs = [start_pair(two_hosts, name, bodies, rng) for name, bodies in PAIRS.items() for _ in range(2)]
    for pair in pairs:
        for job_id in pair.jobs:
            two_hosts.api.wait(job_id, 120, "Finished")
    two_hosts.control.set_latency(0)
    two_hosts.control.set_lag()
    changes = two_hosts.control.changes(before)
    assert all(change["changed"] for change in changes), "a write that changed nothing"
    wrong = [line for pair in pairs for line in unexplained(two_hosts, pair)]
    assert not wrong, "\n".join(wrong[:10])


def start_pair(system: CrashSystem, name: str, bodies: tuple[Json, Json], rng: random.Random) -> Pair:
    """Submit both, the second at a random moment of the first's life, each to a host of its own."""
    share = {"skuId": VISIO, "share": 0.5}
    seeded = system.control.seed(bulk=[{"displayName": name, "users": USERS, "licenses": [share]}])
    group = str(seeded["groupIds"][0])
    held = {user["id"]: direct(user) for user in system.control.group_users(group)}
    one = system.hosts[0].api.submit({**bodies[0], "groupIds": [group]})["id"]
    time.sleep(rng.uniform(0, 0.4))  # the moment is what is random here; nothing is waited for
    two = system.hosts[1].api.submit({**bodies[1], "groupIds": [group]})["id"]
    return Pair(name, group, held, bodies, (one, two))


def direct(user: Json) -> frozenset[str]:
    return frozenset(entry["skuId"] for entry in user["licenses"] if entry["direct"])


def unexplained(system: CrashSystem, pair: Pair) -> Iterator[str]:
    """Users whose end, or whose items, no order of the two jobs explains."""
    one, two = (system.api.items_by_user(job_id) for job_id in pair.jobs)
    for user in system.control.group_users(pair.group):
        told = (direct(user), Outcome.of(one[user["id"]]), Outcome.of(two[user["id"]]))
        if told not in list(possible(*pair.bodies, pair.held[user["id"]])):
            yield f"{pair.name}: held {pair.held[user['id']]}, then {told}"


def test_an_assign_while_a_sweep_takes_the_license(two_hosts: CrashSystem) -> None:
    """Either the assign made it permanent, or the sweep took it and the assign gave it anew: it is held at the end."""
    api, control = two_hosts.api, two_hosts.control
    group = str(control.seed(bulk=[{"displayName": "Sweep", "users": USERS}])["groupIds"][0])
    body: Json = {**ASSIGN, "groupIds": [group]}
    api.run({**body, "expiresIn": {"value": 1, "unit": "days"}}, 60, "Finished")
    grants = [grant for grant in api.grants() if grant["license"]["skuId"] == VISIO]
    assert len(grants) == USERS
    control.set_latency(20, jitter=60)
    before = len(control.changes())
    for grant in grants[: USERS // 2]:
        assert api.patch(f"temporary-licenses/{grant['id']}", {"expiresAt": "2020-01-01T00:00:00Z"}).ok
    job = api.submit(body)
    for grant in grants[USERS // 2 :]:
        api.patch(f"temporary-licenses/{grant['id']}", {"expiresAt": "2020-01-01T00:00:00Z"})
    api.wait(job["id"], 90, "Finished")
    eventually(api.grants, lambda left: not left, within=60, what="the end of every grant")
    eventually(
        lambda: [job for job in api.all("jobs", action="expire") if job["finishedAt"] is None],
        lambda running: not running,
        within=60,
        what="the end of the sweeps",
    )
    control.set_latency(0)
    items = api.items_by_user(job["id"])
    swept = {
        user_id
        for sweep in api.all("jobs", action="expire")
        for user_id, item in api.items_by_user(sweep["id"]).items()
        if item["removed"]
    }
    written = {change["userId"] for change in control.changes(before) if change["request"]["addLicenses"]}
    for user in control.group_users(group):
        assert items[user["id"]]["status"] == "changed", items[user["id"]]
        assert direct(user) == {VISIO}, (items[user["id"]], user["id"] in swept)
        assert (user["id"] in swept) == (user["id"] in written)


def test_no_other_job_touches_a_user_whose_write_is_in_doubt(two_hosts: CrashSystem) -> None:
    """The answers to an assign are lost, and its host dies before the chunk is released. A replace must wait until
    the assign has found out what it did: else neither could tell afterwards who did what.
    """
    control, host = two_hosts.control, two_hosts.hosts[0]
    two_hosts.hosts[1].stop()  # one host, so that it is the one that dies
    group = str(
        control.seed(bulk=[{"displayName": "Doubt", "users": 20, "usageLocation": "DE"}])["groupIds"][0]
    )
    fault = {"path": "assignLicense", "scope": "subrequest", "kind": "status", "status": 504, "commit": True}
    control.add_faults({**fault, "retryAfter": 8, "times": 20})
    two_hosts.kill_at("JobStore.save_chunk", 2)
    first = two_hosts.api.submit({**ASSIGN, "groupIds": [group]})["id"]
    assert host.wait_for_end(60) == KILLED
    control.clear_faults()
    host.start()
    second = two_hosts.api.submit({**TO_POWER_BI, "groupIds": [group]})["id"]
    for job_id in (first, second):
        two_hosts.api.wait(job_id, 120, "Finished")
    two_hosts.hosts[1].start()
    held = {user["id"]: frozenset[str]() for user in control.group_users(group)}
    pair = Pair("in doubt", group, held, (ASSIGN, TO_POWER_BI), (first, second))
    wrong = list(unexplained(two_hosts, pair))
    assert not wrong, "\n".join(wrong[:10])
