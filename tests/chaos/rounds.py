"""Jobs over the same 2,000 users, one after the other, each checked when it has ended."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import requests

from tests.chaos.disturbances import Disturbances
from tests.crash.crash_system import CrashSystem
from tests.crash.orders import Outcome, possible
from tests.support.api import TERMINAL, Api
from tests.system.checks import findings

Json = dict[str, Any]
VISIO = "c5928f49-12ba-48f7-ada3-0d743a3601d5"  # VISIOCLIENT
POWER_BI = "f8a1db68-be16-40ed-86d5-cb42ce701560"  # POWER_BI_PRO
USERS = 2000
JOB_SECONDS = 900.0
"""A job that has not ended by then is lost."""
BODIES: tuple[Json, ...] = (
    {"action": "assign", "licenses": [{"skuId": VISIO}], "usageLocation": "FR"},
    {"action": "replace", "replaces": [VISIO], "licenses": [{"skuId": POWER_BI}], "confirm": True},
    {"action": "remove", "licenses": [{"skuId": POWER_BI}], "confirm": True, "usageLocation": None},
    {"action": "assign", "licenses": [{"skuId": VISIO}], "expiresIn": {"value": 1, "unit": "days"}},
    {"action": "remove", "licenses": [{"skuId": VISIO}], "confirm": True},
)
PAIR: tuple[Json, Json] = (
    {"action": "assign", "licenses": [{"skuId": VISIO}]},
    {"action": "replace", "replaces": [VISIO], "licenses": [{"skuId": POWER_BI}], "confirm": True},
)


class Rounds:
    """`found` is what was wrong, a line each; `jobs` and `users` what was checked."""

    def __init__(self, system: CrashSystem, disturbances: Disturbances, kills: int) -> None:
        self.found: list[str] = []
        self.jobs = self.users = 0
        self._system = system
        self._disturbances = disturbances
        self._kills = kills

    def run(self) -> None:
        """Until the hosts were killed often enough."""
        groups = self._seed()
        self._disturbances.begin()
        for number in itertools.count():
            if self._disturbances.kills >= self._kills:
                break
            if number % (len(BODIES) + 1) < len(BODIES):
                self._one(groups, BODIES[number % (len(BODIES) + 1)])
            else:
                self._pair(groups)

    def _seed(self) -> list[str]:
        """Three groups that overlap, two thousand users in all, some of whom hold the licence."""
        control = self._system.control
        control.reset("empty")
        names = ("VISIOCLIENT", "POWER_BI_PRO")
        control.seed(skus=[{"skuPartNumber": name, "enabled": 1_000_000} for name in names])
        share = [{"skuId": VISIO, "share": 0.1}]
        parts = ((0, 1200), (800, 800), (1500, 500))
        bulk = [
            {"displayName": f"Part {first}", "users": number, "firstIndex": first, "usageLocation": "DE"}
            for first, number in parts
        ]
        control.set_latency(20, jitter=30)
        return list(control.seed(bulk=[{**bulk[0], "licenses": share}, *bulk[1:]])["groupIds"])

    def _one(self, groups: list[str], body: Json) -> None:
        control = self._system.control
        before = len(control.changes())
        job_id = self._submit({**body, "groupIds": groups})
        job = self._wait(job_id)
        if job is None:
            return
        items = self._read(lambda api: api.items_by_user(job_id))
        wrong = list(findings(control, job, items, control.changes(before)))
        if job["progress"]["total"] != USERS:
            wrong.append(f"{job['progress']['total']} users instead of {USERS}")
        if job["status"] != "Finished":
            codes = {item["error"]["code"] for item in items.values() if item["error"]}
            wrong.append(f"ended {job['status']}: {job['error']} {codes}")
        self._tell(body["action"], [job], wrong)

    def _pair(self, groups: list[str]) -> None:
        """Two jobs at once: each user ends as one order of them explains."""
        held = {user["id"]: _direct(user) for user in self._true_users(groups)}
        ids = [self._submit({**body, "groupIds": groups}) for body in PAIR]
        jobs = [job for job in map(self._wait, ids) if job is not None]
        if len(jobs) < len(ids):
            return
        one, two = (self._read(partial(Api.items_by_user, job_id=job_id)) for job_id in ids)
        wrong = [f"ended {job['status']}: {job['error']}" for job in jobs if job["status"] != "Finished"]
        for user in self._true_users(groups):
            told = (_direct(user), Outcome.of(one[user["id"]]), Outcome.of(two[user["id"]]))
            if told not in list(possible(*PAIR, held[user["id"]])):
                wrong.append(f"no order of the two explains {user['id']}: {held[user['id']]}, then {told}")
        self._tell("assign and replace at once", jobs, wrong)

    def _true_users(self, groups: list[str]) -> Iterator[Json]:
        users = {user["id"]: user for group in groups for user in self._system.control.group_users(group)}
        yield from users.values()

    def _tell(self, what: str, jobs: list[Json], wrong: list[str]) -> None:
        self.jobs += len(jobs)
        self.users += sum(job["progress"]["total"] for job in jobs)
        self.found += [f"{what}: {line}" for line in wrong]
        kills = f"{self._disturbances.kills} of {self._kills} kills"
        print(f"{kills}; {what}: {jobs[0]['counts']}; {len(wrong)} findings", flush=True)
        for line in wrong[:5]:
            print(f"  {line[:1500]}", flush=True)

    # --- a caller who is not discouraged -----------------------------------------------------------------

    def _submit(self, body: Json) -> str:
        key = str(uuid.uuid4())
        return str(self._read(lambda api: _accepted(api, body, key))["id"])

    def _wait(self, job_id: str) -> Json | None:
        """The job when it has ended, with a strike now and then meanwhile; None: it never did."""
        deadline = time.monotonic() + JOB_SECONDS
        strike_at = time.monotonic() + self._disturbances.pause()
        enough = min(self._kills, self._disturbances.kills + max(5, self._kills // 6))
        while time.monotonic() < deadline:
            job: Json | None = self._attempt(lambda api: api.job(job_id))
            if job is not None and job["status"] in TERMINAL:
                return job
            if time.monotonic() > strike_at and self._disturbances.kills < enough:
                self._disturbances.strike()
                strike_at = time.monotonic() + self._disturbances.pause()
            time.sleep(0.2)
        self.found.append(f"job {job_id} did not end")
        print(self.found[-1], flush=True)
        return None

    def _read(self, read: Callable[[Api], Any]) -> Any:
        """The answer of a host that answers."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            answer = self._attempt(read)
            if answer is not None:
                return answer
            time.sleep(0.2)
        raise TimeoutError("no host answered for two minutes")

    def _attempt(self, read: Callable[[Api], Any]) -> Any:
        """What one of the hosts answers; None while all are away or in trouble."""
        for host in self._system.hosts:
            try:
                return read(host.api)
            except (requests.RequestException, AssertionError):  # an answer other than the contract's: 503
                self._disturbances.start_hosts()
        return None


def _accepted(api: Api, body: Json, key: str) -> Json:
    answer = api.post("jobs", body, Idempotency_Key=key)
    assert answer.status_code in (200, 202, 503), answer.text
    if answer.status_code == 503:
        raise requests.ConnectionError(answer.text)
    return dict(answer.json())


def _direct(user: Json) -> frozenset[str]:
    return frozenset(entry["skuId"] for entry in user["licenses"] if entry["direct"])
