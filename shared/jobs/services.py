"""What the job steps need, handed in once by `shared.app`."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from shared.clock import Clock
from shared.config import Settings
from shared.graph.directory import Directory
from shared.graph.users import Users
from shared.jobs.catalog_cache import CatalogCache
from shared.jobs.group_names import GroupNames
from shared.ledger import Ledger
from shared.pacing import WritePacer
from shared.storage.event_store import EventStore
from shared.storage.job_index import JobIndex
from shared.storage.job_store import JobStore
from shared.storage.queues import WorkQueues
from shared.storage.work_store import WorkStore


@dataclass(frozen=True, slots=True)
class Services:
    """`users` and `directory` speak at the priority of background work."""

    clock: Clock
    settings: Settings
    jobs: JobStore
    index: JobIndex
    work: WorkStore
    ledger: Ledger
    queues: WorkQueues
    pacer: WritePacer
    reads: WritePacer
    users: Users
    directory: Directory
    catalog: CatalogCache
    group_names: GroupNames
    events: EventStore
    random: Callable[[], float] = random.random
