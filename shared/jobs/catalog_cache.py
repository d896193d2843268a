"""The tenant's SKUs, read at most once a minute a process: names and plans hardly change, units do."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.models import Catalog

MAX_AGE = timedelta(minutes=1)
NOW = timedelta(0)
"""For who asks about units: what was bought a moment ago counts."""


class CatalogCache:
    """Thread safe; `read` is `Directory.subscribed_skus`.

    `counting` is held by whoever counts the units of a scarce SKU, until they are taken: what one has counted is
    then not counted by another as free.
    """

    def __init__(self, read: Callable[[], Catalog], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self.counting = threading.Lock()
        self._lock = threading.Lock()
        self._catalog: Catalog = {}
        self._read_at: datetime | None = None

    def get(self, *, max_age: timedelta = MAX_AGE) -> Catalog:
        """The SKUs, at most `max_age` old.

        Raises:
            GraphError: they cannot be read.
        """
        with self._lock:
            now = self._clock()
            if self._read_at is None or now - self._read_at > max_age:
                self._catalog = self._read()
                self._read_at = now
            return self._catalog
