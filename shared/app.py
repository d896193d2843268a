"""The only wiring: builds the services once a process and hands them out."""

from dataclasses import dataclass, replace
from functools import cached_property

from shared.api.rules import Limits
from shared.clock import Clock, utc_now
from shared.config import Settings
from shared.events.sender import CallbackSender
from shared.export.exporter import Exporter
from shared.graph.batch import Batcher
from shared.graph.credentials import TokenSource
from shared.graph.directory import Directory
from shared.graph.drive import Drive
from shared.graph.transport import Priority, Transport
from shared.graph.users import Users
from shared.jobs.catalog_cache import CatalogCache
from shared.jobs.group_names import GroupNames
from shared.jobs.rate import SubmitRate
from shared.jobs.services import Services
from shared.jobs.submit import Submitter
from shared.ledger import Ledger
from shared.pacing import WritePacer, read_limit
from shared.storage.audit_store import AuditStore
from shared.storage.connection import EXPORT_CONTAINER, Storage
from shared.storage.event_store import EventStore
from shared.storage.grant_store import GrantStore
from shared.storage.job_index import JobIndex
from shared.storage.job_store import JobStore
from shared.storage.queues import WorkQueues
from shared.storage.support_store import SupportStore
from shared.storage.work_store import WorkStore

PARALLEL_BATCHES = 8
"""$batch calls of background work at once in a process."""
PARALLEL_READS = 4
"""Calls for a person who waits; they must not queue behind the background's."""


@dataclass(frozen=True)
class App:
    """Everything that a handler may need. Nothing connects before it is used."""

    settings: Settings
    clock: Clock = utc_now

    def __post_init__(self) -> None:
        """Raises SettingError where the credentials cannot be read, so that the start fails and not each job."""
        _ = self.tokens

    @cached_property
    def storage(self) -> Storage:
        return Storage(self.settings.storage)

    @cached_property
    def tokens(self) -> TokenSource:
        return TokenSource(self.settings.graph)

    @cached_property
    def transport(self) -> Transport:
        return Transport(
            self.settings.graph.endpoint,
            self.tokens,
            pool_size=PARALLEL_BATCHES + PARALLEL_READS + 8,
        )

    @cached_property
    def directory(self) -> Directory:
        """For a person who waits."""
        return Directory(
            self.transport, Batcher(self.transport, parallel=PARALLEL_READS), priority=Priority.NORMAL
        )

    @cached_property
    def services(self) -> Services:
        """For background work."""
        batcher = Batcher(self.transport, parallel=PARALLEL_BATCHES)
        directory = Directory(self.transport, batcher, priority=Priority.LOW)
        work = WorkStore(self.storage, self.clock)
        return Services(
            clock=self.clock,
            settings=self.settings,
            jobs=JobStore(self.storage, self.clock),
            index=JobIndex(self.storage),
            work=work,
            ledger=Ledger(GrantStore(self.storage), self.clock),
            queues=WorkQueues(self.storage),
            pacer=WritePacer(work, self.settings.write_limit),
            reads=WritePacer(work, read_limit(self.settings.write_limit), what="reads"),
            users=Users(batcher, priority=Priority.LOW),
            directory=directory,
            catalog=CatalogCache(directory.subscribed_skus, self.clock),
            group_names=GroupNames(directory.group_names, self.clock),
            events=EventStore(self.storage),
        )

    @cached_property
    def exporter(self) -> Exporter:
        return Exporter(self.services, self.storage, Drive(self.transport))

    @cached_property
    def rate(self) -> SubmitRate:
        return SubmitRate(self.storage, self.clock, self.settings.submits_per_minute)

    @cached_property
    def audit(self) -> AuditStore:
        return AuditStore(self.storage, self.clock)

    @cached_property
    def support(self) -> SupportStore:
        return SupportStore(self.storage, self.clock)

    @cached_property
    def sender(self) -> CallbackSender:
        return CallbackSender(self.settings.callback_hosts)

    @cached_property
    def submitter(self) -> Submitter:
        return Submitter(replace(self.services, directory=self.directory), self.rate)

    def limits(self) -> Limits:
        """What a request body is judged by, now."""
        return Limits(
            callback_hosts=self.settings.callback_hosts,
            now=self.clock(),
            own_containers=frozenset({EXPORT_CONTAINER}),
        )
