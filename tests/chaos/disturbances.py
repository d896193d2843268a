"""What happens to a system while it works, drawn from one seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

from tests.crash.crash_system import CrashSystem
from tests.support.host import Host
from tests.support.storage_proxy import AFTER_THE_FACT, Fault, Rule

AZURITE_EVERY = 12
"""Kills of hosts for each restart of Azurite."""
PART = {"path": "assignLicense|users/", "scope": "subrequest"}
BATCH = {"path": r"\$batch", "scope": "call"}
GRAPH_FAULTS: tuple[dict[str, object], ...] = (
    {**PART, "kind": "status", "status": 429, "retryAfter": 1, "probability": 0.01},
    {**PART, "kind": "status", "status": 503, "probability": 0.01},
    {**PART, "kind": "status", "status": 409, "probability": 0.01},
    {**PART, "method": "POST", "kind": "status", "status": 504, "commit": True, "probability": 0.01},
    {**BATCH, "kind": "drop", "commit": True, "probability": 0.01},
    {**BATCH, "kind": "drop", "probability": 0.01},
    {**BATCH, "kind": "malformed", "commit": True, "probability": 0.01},
    {**BATCH, "kind": "hang", "seconds": 1, "commit": True, "probability": 0.01},
    {"path": "transitiveMembers", "kind": "status", "status": 503, "probability": 0.1},
)
STORAGE_FAULTS = (
    Rule(Fault.REFUSED, probability=0.003),
    Rule(Fault.BUSY, probability=0.003),
    *(Rule(fault, r"^(POST|PUT|MERGE|PATCH|DELETE) ", probability=0.003) for fault in AFTER_THE_FACT),
)


class Disturbances:
    """`done` counts them by name."""

    def __init__(self, system: CrashSystem, seed: int) -> None:
        self.done: Counter[str] = Counter()
        self._system = system
        self._rng = random.Random(seed)
        self._graph_hits = 0

    @property
    def kills(self) -> int:
        """Of hosts, so far."""
        return self.done["hosts killed"]

    def begin(self) -> None:
        """Faults of storage and of Graph, from now on."""
        self._system.proxy.break_requests(*STORAGE_FAULTS)
        self._system.control.add_faults(*GRAPH_FAULTS)

    def end(self) -> None:
        """Nothing breaks any more, and every host runs."""
        self._system.proxy.come_back()
        self.done["faults of Graph"] += sum(fault["hits"] for fault in self._system.control.faults())
        self._system.control.clear_faults()
        self.start_hosts()

    def pause(self) -> float:
        """Seconds until the next one."""
        return self._rng.uniform(0.2, 4.0)

    def strike(self) -> None:
        """Kill a host that answers, or one that is just starting; now and then take storage or tokens away."""
        self._kill(self._rng.choice(self._system.hosts))
        if self.kills % AZURITE_EVERY == 0:
            self._rng.choice((self._restart_azurite, self._take_storage_away))()
        if self.kills % 5 == 0:
            self._rng.choice((self._expire_pages, self._revoke_tokens))()

    def start_hosts(self) -> None:
        """Every host that does not run."""
        for host in self._system.hosts:
            if not host.running:
                host.start(wait=False)

    def _kill(self, host: Host) -> None:
        if host.running:
            host.kill()
            self.done["hosts killed"] += 1
        host.start(wait=False)

    def _restart_azurite(self) -> None:
        self._system.azurite.restart()
        self.done["Azurite restarted"] += 1

    def _take_storage_away(self) -> None:
        self._system.proxy.go_away()
        self._kill(self._system.host)  # it starts with its storage away
        self._system.proxy.come_back()
        self._system.proxy.break_requests(*STORAGE_FAULTS)
        self.done["storage taken away"] += 1

    def _expire_pages(self) -> None:
        self._count("page tokens expired", self._system.control.expire_pages)

    def _revoke_tokens(self) -> None:
        self._count("access tokens revoked", self._system.control.revoke_tokens)

    def _count(self, name: str, what: Callable[[], None]) -> None:
        what()
        self.done[name] += 1
