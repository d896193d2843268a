"""Everything one simulated Graph consists of; a reset makes a new one."""

from dataclasses import dataclass, field
from typing import Any

from local.graph.changelog import ChangeLog
from local.graph.clock import Clock
from local.graph.drives import Drives
from local.graph.faults import Faults
from local.graph.limits import Limits, LimitSettings
from local.graph.paging import PageTokens
from local.graph.state import Tenant
from local.graph.stats import Stats
from local.graph.tokens import Tokens

APP_ID = "0a4d6c1e-5b7f-4c2a-9d83-6e1f2b3c4d5e"


@dataclass(slots=True)
class Simulator:
    """The tenant and what stands around it. `latency` and `jitter` are seconds per HTTP call.

    `processing` maps the groups whose licences are being worked out to when that is done.
    """

    tenant: Tenant
    clock: Clock
    secret: str
    changes: ChangeLog = field(default_factory=ChangeLog)
    stats: Stats = field(default_factory=Stats)
    withheld: frozenset[str] = frozenset()
    latency: float = 0.0
    jitter: float = 0.0
    limits: Limits = field(default_factory=lambda: Limits(LimitSettings()))
    drives: Drives = field(default_factory=Drives)
    processing: dict[str, float] = field(default_factory=dict)
    mails: list[dict[str, Any]] = field(default_factory=list)
    pages: PageTokens = field(init=False)
    faults: Faults = field(init=False)
    tokens: Tokens = field(init=False)

    def __post_init__(self) -> None:
        self.pages = PageTokens(self.tenant)
        self.faults = Faults(self.tenant.rng)
        self.tokens = Tokens(self.tenant.rng, self.secret)
