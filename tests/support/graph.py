"""The Graph simulator, as a process of the test run, and a client of its `/_control`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import requests

from local.up import answers
from local.up.ports import LOOPBACK, free_ports
from tests.support.process import ServiceProcess

Json = dict[str, Any]


class GraphControl:
    """What a test can do to the simulated tenant beside Graph itself. Every call fails on an error answer."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy between us and this machine

    def reset(self, tenant: str = "default", seed: int = 1) -> None:
        """Start afresh with the tenant `default` or `empty`: no faults, no latency, counts at zero."""
        self._call("POST", "reset", {"tenant": tenant, "seed": seed})

    def seed(
        self,
        *,
        skus: Sequence[Json] = (),
        users: Sequence[Json] = (),
        groups: Sequence[Json] = (),
        bulk: Sequence[Json] = (),
    ) -> Json:
        """Add to the tenant: `{"skuIds", "userIds", "groupIds"}` in the order given.

        skus `{"skuPartNumber", "enabled"}`; users `{"usageLocation", "licenses": [{"skuId",
        "disabledPlans"}]}`; groups `{"displayName", "members": [ids]}`; bulk `{"displayName", "users": 1000,
        "usageLocation", "licenses": [{"skuId", "share": 0.1}]}`: a group with that many new users.
        """
        body = {"skus": list(skus), "users": list(users), "groups": list(groups), "bulk": list(bulk)}
        return self._object("POST", "seed", body)

    def user(self, user_id: str) -> Json:
        """The user as the simulator knows it, licences and all."""
        return self._object("GET", f"users/{user_id}")

    def patch_user(self, user_id: str, **changes: object) -> None:
        """Change the user as another administrator would."""
        self._call("PATCH", f"users/{user_id}", changes)

    def delete_user(self, user_id: str) -> None:
        """Remove the user from the tenant."""
        self._call("DELETE", f"users/{user_id}")

    def groups(self) -> list[Json]:
        """All groups of the tenant."""
        return self._list("groups")

    def patch_group(self, group_id: str, **changes: object) -> None:
        """Change the group, for example its `members`."""
        self._call("PATCH", f"groups/{group_id}", changes)

    def group_users(self, group_id: str) -> list[Json]:
        """The users among the transitive members, as the simulator knows them."""
        return self._list(f"groups/{group_id}/users")

    def patch_sku(self, sku_id: str, **changes: object) -> None:
        """Change a subscription, for example its `enabled` units."""
        self._call("PATCH", f"skus/{sku_id}", changes)

    def changes(self, since: int = 0) -> list[Json]:
        """The writes that took effect, oldest first, after the number `since`."""
        return self._list(f"changes?since={since}")

    def stats(self) -> Json:
        """Counts of calls, since the last reset of the counts or of the tenant."""
        return self._object("GET", "stats")

    def reset_stats(self) -> None:
        """Set the counts to zero."""
        self._call("POST", "stats/reset")

    def set_latency(self, milliseconds: float) -> None:
        """Answer every Graph call that much later."""
        self._call("PUT", "latency", {"milliseconds": milliseconds})

    def set_limits(self, writes: int = 3000, seconds: float = 150, *, enabled: bool = True) -> None:
        """Scale or switch off the write limit of the tenant: so many writes in so many seconds."""
        self._call("PUT", "limits", {"writes": writes, "seconds": seconds, "enabled": enabled})

    def set_lag(self, *, read_after_write: float, usage_location: float) -> None:
        """For so many seconds reads show the state before a write, and assigning sees the location before."""
        body = {"readAfterWriteSeconds": read_after_write, "usageLocationSeconds": usage_location}
        self._call("PUT", "lag", body)

    def add_fault(self, **fault: object) -> Json:
        """Script a fault; what it may hold is the simulator's to say."""
        return self._object("POST", "faults", fault)

    def faults(self) -> list[Json]:
        """The faults in force."""
        return self._list("faults")

    def clear_faults(self) -> None:
        """No faults from now on."""
        self._call("DELETE", "faults")

    def _call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        answer = self._session.request(method, f"{self.base_url}/_control/{path}", json=body, timeout=60)
        if not answer.ok:
            raise AssertionError(f"{method} /_control/{path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def _object(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Json:
        answer = self._call(method, path, body)
        assert isinstance(answer, dict), f"{method} /_control/{path} answered {answer!r}"
        return answer

    def _list(self, path: str) -> list[Json]:
        answer = self._call("GET", path)
        values = answer["value"] if isinstance(answer, dict) else answer
        assert isinstance(values, list), f"GET /_control/{path} answered {answer!r}"
        return values


class GraphSimulator(ServiceProcess):
    """`python -m local.graph` on a free port."""

    def __init__(self, log: Path) -> None:
        (port,) = free_ports(1)
        self.base_url = f"http://{LOOPBACK}:{port}"
        self.control = GraphControl(self.base_url)
        line = [sys.executable, "-m", "local.graph", "--port", str(port)]
        super().__init__("graph", line, lambda: answers.is_ok(f"{self.base_url}/_control/stats"), log)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    @property
    def endpoint(self) -> str:
        """For `GRAPH_ENDPOINT`."""
        return f"{self.base_url}/v1.0"
