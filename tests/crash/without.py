"""Takes one protection out of a host, to show that the tests notice: `CRASH_WITHOUT` names it.

`python -m tests.chaos.proof` runs each kill point without the protection that saves the job there. Where two stand
behind each other, as the watchdog behind nearly all, both are taken out.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from local.host.queue_client import HostQueue
from shared.jobs import chunk, submit, watch
from shared.jobs.records import ChunkRecord
from shared.jobs.services import Services
from shared.storage.job_store import JobStore
from shared.storage.work_store import Claim


def _nothing(*_args: Any, **_options: Any) -> None:
    return None


def _no_watchdog() -> None:
    watch.look = _nothing


def _no_repeat() -> None:
    """A submission that is repeated finds its job, and leaves it at that."""
    _no_watchdog()
    setattr(submit, "send_job", _nothing)  # noqa: B010 - mypy sees that the module does not export it


def _no_redelivery() -> None:
    """A message is gone once it is taken, as from a queue without leases."""
    _no_watchdog()
    receive = HostQueue.receive

    async def receive_for_good(queue: HostQueue, count: int, lease_seconds: int) -> Any:
        messages = await receive(queue, count, lease_seconds)
        for message in messages:
            await queue.delete(message.id, str(message.pop_receipt))
        return messages

    setattr(HostQueue, "receive", receive_for_good)  # noqa: B010 - mypy rightly forbids to assign a method


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
    """What a killed host left is left, and a claim counts until its lease has ended, whatever became of its job."""
    _no_watchdog()
    chunk._tidy = _nothing

    def alive(services: Services, claim: Claim) -> bool:
        now: datetime = services.clock()
        return claim.released_at is None and claim.lease_until + chunk.DEAD_CLAIM > now

    chunk._alive = alive


PROTECTIONS: dict[str, Callable[[], None]] = {
    "": _nothing,
    "watchdog": _no_watchdog,
    "repeat": _no_repeat,
    "redelivery": _no_redelivery,
    "intent": _no_intent,
    "tidying": _no_tidying,
}


def take_out(name: str) -> None:
    """Do without the protection of that name; none for the empty one."""
    PROTECTIONS[name]()
