"""Takes one protection out of a host, to show that the tests notice: `CRASH_WITHOUT` names it.

`python -m tests.chaos.proof` runs each kill point without the protection that it tests, and expects it to fail.
"""

from collections.abc import Callable
from typing import Any

from shared.jobs import chunk, watch
from shared.jobs.records import ChunkRecord
from shared.storage.job_store import JobStore


def _nothing(*_args: Any, **_options: Any) -> None:
    return None


def _no_watchdog() -> None:
    watch.look = _nothing


def _no_intent() -> None:
    """The chunk is saved before the writes, but without what they will be."""
    save = JobStore.save_chunk

    def forgetful(store: JobStore, job_id: str, record: ChunkRecord) -> None:
        intents = [item.intent for item in record.items]
        for item in record.items:
            item.intent = None
        save(store, job_id, record)
        for item, intent in zip(record.items, intents, strict=True):
            item.intent = intent

    setattr(JobStore, "save_chunk", forgetful)  # noqa: B010 - mypy rightly forbids to assign a method


def _no_tidying() -> None:
    chunk._tidy = _nothing


PROTECTIONS: dict[str, Callable[[], None]] = {
    "": _nothing,
    "watchdog": _no_watchdog,
    "intent": _no_intent,
    "tidying": _no_tidying,
}


def take_out(name: str) -> None:
    """Do without the protection of that name; none for the empty one."""
    PROTECTIONS[name]()
