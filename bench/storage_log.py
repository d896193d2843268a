"""What the app asked of Storage, read from Azurite's own log of requests.

Counted as Azure would bill it, a transaction of many rows as one request, but for what an idle host asks as well:
polls that find nothing, and the blobs of the host by which it holds its timers.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from local.up.azurite import ACCOUNT
from shared.storage.connection import TABLES

OUR_SELECT = "select=status"
"""The mark of the benchmark's own look at a job; the app never reads that property alone."""
HOST_BLOBS = "azure-webjobs-hosts"
_LINE = re.compile(rf'"(?P<verb>[A-Z]+) /{ACCOUNT}/(?P<path>[^ ]*) HTTP/1\.1" (?P<status>\d+)')


class StorageLog:
    """Requests since `mark`. Kinds are such as `table jobs PUT`, `queue license-chunks POST`, `table batch POST`."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._start = 0

    def mark(self) -> None:
        """Count from here on."""
        self._start = self._log.stat().st_size

    def counts(self) -> Counter[str]:
        """Requests by kind. A message takes one poll at most to be found: other polls were empty."""
        counts = Counter(filter(None, (_kind(verb, path) for verb, path in self._requests())))
        for kind in [kind for kind in counts if kind.startswith("queue ") and kind.endswith(" GET")]:
            counts[kind] = min(counts[kind], counts[kind.replace(" GET", " DELETE")])
        return +counts

    def at_rest(self) -> bool:
        """Whether every message that was sent has been handled."""
        counts = self.counts()
        sent = sum(number for kind, number in counts.items() if _is_message(kind, "POST"))
        return sent == sum(number for kind, number in counts.items() if _is_message(kind, "DELETE"))

    def _requests(self) -> Iterator[tuple[str, str]]:
        with self._log.open("rb") as file:
            file.seek(self._start)
            for line in file:
                found = _LINE.search(line.decode("utf-8", "replace"))
                if found:
                    yield found["verb"], unquote(found["path"])


def messages(counts: Counter[str]) -> int:
    """How many queue messages were sent."""
    return sum(number for kind, number in counts.items() if _is_message(kind, "POST"))


def _is_message(kind: str, verb: str) -> bool:
    return kind.startswith("queue ") and kind.endswith(f" {verb}")


def _kind(verb: str, path: str) -> str | None:
    """None for what is not to be counted."""
    if OUR_SELECT in path or path.startswith(HOST_BLOBS):
        return None
    name, _, rest = path.partition("/")
    if rest.startswith("messages"):
        return f"queue {name} {verb}"
    if name.startswith("$batch"):
        return "table batch POST"
    if "(" in name:
        table, _, key = name.partition("(")
        return f"table {table} {verb}{' query' if key.startswith(')') else ''}"
    resource = name.partition("?")[0]
    return f"table {resource} {verb}" if resource in TABLES else f"blob {verb}"
