"""What a job costs, to the last call: these counts do not depend on the machine.

The app runs in this process, one message at a time (`bench.pump`); with many at once a job costs the same but for what
they ask twice. The targets per user are those of the benchmarks, which measure the whole system.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from bench.pump import Pump, identity
from shared.jobs.fan_out import chunk_size
from shared.jobs.messages import LANES
from tests.conftest import SystemStarter
from tests.support.azurite import Azurite
from tests.support.graph import GraphSimulator
from tests.system.tenants import VISIO

pytestmark = pytest.mark.azurite

MEMBERS_A_PAGE = 999
BATCH = 20
CHUNKS_A_TRANSACTION = 25
Json = dict[str, Any]


class Cost:
    """What a job over so many users of one group may ask for, if it has at least a chunk for every lane."""

    def __init__(self, users: int, *, writes: bool = True, locations: bool = False) -> None:
        self.chunks = math.ceil(users / chunk_size(users))
        self.pages = math.ceil(users / MEMBERS_A_PAGE)
        self._batches = math.ceil(users / BATCH) * (1 + writes + locations)
        self._writes = writes
        assert self.chunks >= LANES

    def calls(self) -> int:
        """HTTP calls to Graph: the group, the licences before and after expansion, members, batches."""
        return 1 + 2 + self.pages + self._batches

    def messages(self) -> Counter[str]:
        return Counter({"license-jobs": 1, "license-groups": 1, "license-chunks": self.chunks})

    def storage(self) -> Counter[str]:
        """By service and verb. A transaction is one request."""
        chunks = self.chunks
        transactions = self.pages + math.ceil(chunks / CHUNKS_A_TRANSACTION)
        return Counter(
            {
                # a chunk: job, chunk, claims, grants; a lane's end: job, open chunks; the last one's: groups, tallies
                "table GET": 4 * chunks + 2 * LANES + 2 + 21 + self._writes,
                # a chunk: leave to read and what was read, the same for writes, intent, result, release
                # (and who asked: told by the call and by the first step)
                "table PUT": 7 * chunks + 4 if self._writes else 3 * chunks + 5,
                # a chunk: its claim
                "table POST": (chunks + 5 if self._writes else 4) + transactions,
                "table PATCH": 4,
                "queue POST": self.messages().total(),
            }
        )


@pytest.fixture
def pump(azurite: Azurite, graph: GraphSimulator, monkeypatch: pytest.MonkeyPatch) -> Pump:
    graph.control.reset("empty")
    graph.control.set_limits(enabled=False)
    graph.control.seed(skus=[{"skuPartNumber": "VISIOCLIENT", "enabled": 10_000}])
    for name, value in identity(graph.base_url).items():
        monkeypatch.setenv(name, value)
    pump = Pump(azurite.connection_string, graph.base_url, {"GRAPH_WRITE_LIMIT": "10000000/1"})
    pump.app.storage.ensure()
    return pump


Runner = Callable[..., tuple[Json, Counter[str]]]


@pytest.fixture
def run(pump: Pump, graph: GraphSimulator) -> Runner:
    """Runs a job for a group of new users; the simulator's counts and the storage requests."""

    def run(users: int, holding: float = 0.0, **more: object) -> tuple[Json, Counter[str]]:
        licenses = [{"skuId": VISIO, "share": holding}] if holding else []
        bulk = {"displayName": "Everybody", "users": users, "usageLocation": "DE", "licenses": licenses}
        (group,) = graph.control.seed(bulk=[bulk])["groupIds"]
        before = pump.requests
        graph.control.reset_stats()
        body = {"action": "assign", "groupIds": [group], "licenses": [{"skuId": VISIO}], **more}
        pump.submit(body)
        pump.run()
        return graph.control.stats(), pump.requests - before

    return run


@pytest.mark.parametrize(("users", "holding"), [(400, 0.1), (2_000, 0.0)])
def test_an_assignment(pump: Pump, run: Runner, users: int, holding: float) -> None:
    """Who holds the licence already is read and not written."""
    cost, needed = Cost(users), round(users * (1 - holding))
    stats, storage = run(users, holding)

    assert stats["writes"] == writes(needed)
    assert stats["httpCalls"] == cost.calls()
    assert storage == cost.storage()
    assert pump.sent == cost.messages()


def test_an_assignment_with_a_location(pump: Pump, run: Runner) -> None:
    """The locations of a chunk are a batch more; they cost Storage nothing."""
    users = 400
    cost = Cost(users, locations=True)
    stats, storage = run(users, 0.1, usageLocation="FR")

    assert stats["writes"] == writes(users + users * 9 // 10)
    assert stats["subRequests"]["PATCH users/{id}"] == users
    assert stats["httpCalls"] == cost.calls()
    assert storage == cost.storage()
    assert pump.sent == cost.messages()


def test_a_dry_run(pump: Pump, run: Runner) -> None:
    users = 400
    cost = Cost(users, writes=False)
    stats, storage = run(users, 0.1, dryRun=True)

    assert stats["writes"] == writes(0)
    assert stats["httpCalls"] == cost.calls()
    assert storage == cost.storage()
    assert pump.sent == cost.messages()


def test_a_repeated_assignment_writes_nothing(pump: Pump, run: Runner) -> None:
    users = 400
    stats, storage = run(users, 1.0)

    assert stats["writes"] == writes(0)
    assert stats["httpCalls"] == Cost(users, writes=False).calls()
    assert pump.sent == Cost(users).messages()
    assert storage["table POST"] == Cost(users).storage()["table POST"]


def test_what_a_user_costs_in_a_large_job() -> None:
    """The same arithmetic for 10,000 users; the host receives and deletes each message."""
    users = 10_000
    cost = Cost(users)
    assert cost.calls() == 1_014
    assert cost.calls() / users <= 0.12
    assert (cost.storage().total() + 2 * cost.messages().total()) / users <= 0.15


def test_reading_keeps_within_the_limit(start_system: SystemStarter) -> None:
    """A dry run of more users than Graph lets be read at once: nobody is refused, so nobody's tries are used up."""
    users = 700
    system = start_system({"GRAPH_WRITE_LIMIT": "150/150"})  # reads are 40 times as many: 400 in 10 seconds
    system.control.reset("empty")
    system.control.seed(skus=[{"skuPartNumber": "VISIOCLIENT", "enabled": users}])
    bulk = {"displayName": "Everybody", "users": users, "usageLocation": "DE"}
    (group,) = system.control.seed(bulk=[bulk])["groupIds"]
    system.control.set_limits(150, 150, resource_units=400)
    job = {"action": "assign", "groupIds": [group], "licenses": [{"skuId": VISIO}], "dryRun": True}

    ended = system.api.run(job, within=90, status="Finished")

    assert ended["counts"]["changed"] == users
    assert system.control.stats()["throttled429"] == 0
    assert {item["attempts"] for item in system.api.items(ended["id"])} == {1}


def writes(number: int) -> Json:
    """The simulator's counts if all of them were needed and went through at the first try."""
    failed = dict.fromkeys(("refused", "throttled", "faulted", "unchanged"), 0)
    return {"attempted": number, "succeeded": number, **failed}
