"""A portion of a chunk: what its way through reading, deciding and writing needs and notes."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from shared.errors import GraphError, PassingGraphError
from shared.graph.users import WriteResult
from shared.jobs import items as rules
from shared.jobs.planned import Sources
from shared.jobs.records import ChunkRecord, JobRecord
from shared.jobs.services import Services
from shared.models import Action, Item, UserState
from shared.pacing import WritePacer
from shared.storage.work_store import Claim


@dataclass(slots=True)
class Portion:
    """What the portions of one chunk share. `others` are claims of other jobs over some of these users."""

    services: Services
    job: JobRecord
    chunk: ChunkRecord
    others: Sequence[Claim]
    stopping: bool
    throttled: bool = False
    _stamps: list[tuple[float, int]] = field(default_factory=list)
    _written: dict[str, list[Item]] | None = None
    _sources: Sources | None = None

    @property
    def dry(self) -> bool:
        return self.job.request.dry_run or self.job.request.action is Action.EXPORT

    def save(self) -> None:
        self.services.jobs.save_chunk(self.job.job_id, self.chunk)

    def take_stamps(self) -> list[tuple[float, int]]:
        stamps, self._stamps = self._stamps, []
        return stamps

    def stamp(self, results: Mapping[str, WriteResult]) -> None:
        """Remember when Graph answered, in seconds since the epoch, for the write limit."""
        offset = time.time() - time.monotonic()
        self._stamps += [(result.answered_at + offset, 1) for result in results.values()]
        self._hold(self.services.pacer, [result.error for result in results.values()])

    def note_readings(self, states: Mapping[str, UserState | GraphError]) -> None:
        """Let nobody read for as long as Graph asks, if it refused any of these."""
        self._hold(self.services.reads, list(states.values()))

    def _hold(self, pacer: WritePacer, results: Sequence[object]) -> None:
        waits = [
            result.retry_after or self.services.settings.retry.delay_seconds
            for result in results
            if isinstance(result, PassingGraphError) and result.status == 429
        ]
        if waits:
            self.throttled = True
            pacer.hold(max(waits))

    def cancel(self, todo: list[Item]) -> list[Item]:
        """End what has not begun; what is left has a write whose outcome must be found out first."""
        now = self.services.clock()
        for item in todo:
            if item.intent is None:
                rules.cancel(item, now)
        self.save()
        return [item for item in todo if item.intent is not None]

    def sources(self) -> Sources:
        """The items that this chunk's items come from, if it carries out a plan or undoes a job."""
        if self._sources is None:
            self._sources = Sources.of(self.services, self.job, self.chunk)
        return self._sources

    def written_lately(self, item: Item) -> list[Item]:
        """Items over the same user, of other jobs and this one itself, whose writes Graph may not show yet."""
        if self._written is None:
            self._written = self._read_written()
        return [*self._written.get(item.user_id, ()), item]

    def _read_written(self) -> dict[str, list[Item]]:
        since = self.services.clock() - timedelta(seconds=self.services.settings.read_delay_seconds)
        written: dict[str, list[Item]] = {}
        for claim in self.others:
            if claim.released_at is not None and claim.released_at < since and not claim.in_doubt:
                continue
            chunk = self.services.jobs.chunk(claim.job_id, claim.chunk)
            for other in chunk.items if chunk else ():
                written.setdefault(other.user_id, []).append(other)
        return written
