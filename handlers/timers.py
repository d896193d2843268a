"""The clock: what has come due."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from shared.app import App
from shared.events import notices
from shared.events.publish import publish_held_sweep
from shared.jobs import retention, sweep, watch
from shared.storage.connection import QUEUES

log = logging.getLogger(__name__)

CLAIMS_KEPT = timedelta(minutes=10)
"""Longer than Graph's reads may lag behind writes; see GRAPH_READ_DELAY_SECONDS."""


@dataclass(frozen=True)
class TimerHandlers:
    app: App

    def retry(self) -> None:
        """Due retries, lost messages; and out with what is only of use for minutes."""
        services = self.app.services
        watch.look(services)
        services.work.prune_claims(CLAIMS_KEPT + timedelta(seconds=self.app.settings.read_delay_seconds))
        self.app.rate.prune()
        self._log_backlog()

    def _log_backlog(self) -> None:
        """What waits, for the alerts: a queue that nobody reads logs nothing itself."""
        poisoned = self.app.support.counts()
        for queue in QUEUES:
            waiting = self.app.services.queues.length(queue)
            if waiting or poisoned[queue]:
                log.info("backlog of %s: %d waiting, %d poisoned", queue, waiting, poisoned[queue])

    def retention(self) -> None:
        """Records that are old enough to go, and the daily look whether every grant can be found when due."""
        self.app.services.ledger.put_back_due_rows()
        retention.clean_up(self.app.services, self.app.storage, self.app.audit, self.app.support)

    def expiry(self) -> None:
        """Licences whose time is over, and word of those whose time is nearly so."""
        services = self.app.services
        sweep.sweep(services)
        publish_held_sweep(services)
        notices.announce(services)
