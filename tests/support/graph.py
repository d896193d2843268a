"""The Graph simulator, as a process of the test run, and a client of its `/_control`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

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
        The other fields stand in `local/graph/control_models.py`.
        """
        body = {"skus": list(skus), "users": list(users), "groups": list(groups), "bulk": list(bulk)}
        return self._object("POST", "seed", body)

    def user(self, user_id: str) -> Json:
        """The user's true state: `licenses` with `direct`, `disabledPlans` and the `groups` that give them."""
        return self._object("GET", f"users/{user_id}")

    def patch_user(self, user_id: str, **changes: object) -> Json:
        """Change the user as another administrator would; `licenses` are the direct ones from now on."""
        return self._object("PATCH", f"users/{user_id}", changes)

    def delete_user(self, user_id: str) -> None:
        """Remove the user from the tenant."""
        self._call("DELETE", f"users/{user_id}")

    def groups(self) -> list[Json]:
        """All groups of the tenant, with how many `members` and `transitiveUsers` they have."""
        return self._list("groups")

    def group_named(self, display_name: str) -> str:
        """The id of the one group of that name."""
        (group_id,) = [group["id"] for group in self.groups() if group["displayName"] == display_name]
        return str(group_id)

    def patch_group(self, group_id: str, **changes: object) -> Json:
        """Change the group: `add` and `remove` members, `assignedLicenses`, `displayName`."""
        return self._object("PATCH", f"groups/{group_id}", changes)

    def delete_group(self, group_id: str) -> None:
        """Remove the group, and what its members inherit from it."""
        self._call("DELETE", f"groups/{group_id}")

    def group_users(self, group_id: str) -> list[Json]:
        """The true state of the users among the transitive members."""
        return self._list(f"groups/{group_id}/users")

    def skus(self) -> list[Json]:
        """All subscriptions, with `enabled` and `consumed` units."""
        return self._list("skus")

    def patch_sku(self, sku_id: str, **changes: object) -> None:
        """Change a subscription, for example its `enabled` units."""
        self._call("PATCH", f"skus/{sku_id}", changes)

    def changes(self, since: int = 0) -> list[Json]:
        """The writes that the API carried out, oldest first, after the one whose `seq` is `since`."""
        return self._list(f"changes?since={since}", "changes")

    def stats(self) -> Json:
        """Counts of calls, since the last reset of the counts or of the tenant."""
        return self._object("GET", "stats")

    def reset_stats(self) -> None:
        """Set the counts to zero."""
        self._call("POST", "stats/reset")

    def set_latency(self, milliseconds: float, jitter: float = 0) -> None:
        """Answer every Graph call that many milliseconds later, and up to `jitter` more."""
        self._call("PUT", "latency", {"milliseconds": milliseconds, "jitter": jitter})

    def set_limits(
        self,
        writes: int = 3000,
        seconds: float = 150,
        *,
        resource_units: int = 8000,
        enabled: bool = True,
    ) -> None:
        """Scale the limits of the tenant, so many writes in so many seconds and so many resource units in ten, or
        switch all limits off."""
        body = {"writes": writes, "seconds": seconds, "resourceUnits": resource_units, "enabled": enabled}
        self._call("PUT", "limits", body)

    def set_lag(self, *, read_after_write: float = 0, usage_location: float = 0, members: float = 0) -> None:
        """For so many seconds reads show the state before a write, assignLicense the location before, and
        listings of members the members before."""
        body = {
            "readAfterWriteSeconds": read_after_write,
            "usageLocationSeconds": usage_location,
            "membersSeconds": members,
        }
        self._call("PUT", "lag", body)

    def add_faults(self, *faults: Json) -> list[str]:
        """Order faults (see `Fault` in `local/graph/faults.py`) and return their ids."""
        ids: list[str] = self._object("POST", "faults", {"faults": list(faults)})["ids"]
        return ids

    def faults(self) -> list[Json]:
        """The faults in force, with how many requests each has `seen` and `hits`."""
        return self._list("faults", "faults")

    def clear_faults(self) -> None:
        """No faults from now on."""
        self._call("DELETE", "faults")

    def set_token_lifetime(self, seconds: int) -> None:
        """How long a token given out from now on is good for."""
        self._call("POST", "tokens", {"lifetimeSeconds": seconds})

    def revoke_tokens(self) -> None:
        """Refuse every token given out so far."""
        self._call("POST", "tokens/revoke")

    def expire_pages(self) -> None:
        """Refuse every `nextLink` given out so far."""
        self._call("POST", "tokens/expire-pages")

    def withhold_permissions(self, *names: str) -> None:
        """Act as if the app had not been granted these application roles; without names: it has all."""
        self._call("PUT", "permissions", {"withhold": list(names)})

    def files(self) -> list[Json]:
        """The files in all drives."""
        return self._list("drives")

    def file(self, drive_id: str, path: str) -> bytes:
        """The content of a file."""
        answer = self._send("GET", f"drives/{drive_id}/content?{urlencode({'path': path})}")
        return answer.content

    def mails(self) -> list[Json]:
        """The mails that were sent."""
        return self._list("mails")

    def _send(self, method: str, path: str, body: Mapping[str, object] | None = None) -> requests.Response:
        answer = self._session.request(method, f"{self.base_url}/_control/{path}", json=body, timeout=120)
        if not answer.ok:
            raise AssertionError(f"{method} /_control/{path}: {answer.status_code} {answer.text}")
        return answer

    def _call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        return self._send(method, path, body).json()

    def _object(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Json:
        answer = self._call(method, path, body)
        assert isinstance(answer, dict), f"{method} /_control/{path} answered {answer!r}"
        return answer

    def _list(self, path: str, member: str | None = None) -> list[Json]:
        answer = self._call("GET", path)
        values = answer[member] if member else answer
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
