"""Names of the groups that give licences: few, and asked for with every user that has one."""

import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.errors import GraphError

MAX_AGE = timedelta(minutes=10)


class GroupNames:
    """Thread safe; `read` is `Directory.group_names`."""

    def __init__(self, read: Callable[[Sequence[str]], dict[str, str]], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._names: dict[str, str] = {}
        self._since: datetime | None = None

    def get(self, group_ids: Collection[str]) -> dict[str, str]:
        """Names by id, at most `MAX_AGE` old; groups that are gone, or cannot be asked for now, are absent."""
        if not group_ids:
            return {}
        with self._lock:
            now = self._clock()
            if self._since is None or now - self._since > MAX_AGE:
                self._names, self._since = {}, now
            missing = [group_id for group_id in sorted(group_ids) if group_id not in self._names]
            with suppress(GraphError):  # an id tells the group as well, only less kindly
                self._names |= self._read(missing) if missing else {}
            return {group_id: self._names[group_id] for group_id in group_ids if group_id in self._names}
