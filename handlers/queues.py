"""Work items from the queues.

What cannot be done now goes back with a delay; what nobody can read is raised, so that the host moves it to the
poison queue, whose function ends what the message stood for.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import azure.functions as func

from shared.app import App
from shared.errors import StorageUnavailable
from shared.jobs import begin, chunk, control, expand, fan_out, messages, poison, settle
from shared.jobs.messages import JobMessage, Step
from shared.storage.queues import CHUNKS, GROUPS, JOBS
from shared.storage.tables import Superseded

log = logging.getLogger(__name__)

AWAY_SECONDS = 10
"""Delay of a message while Storage's tables or blobs are away; Azure's own queue then often still answers."""


@dataclass(frozen=True)
class QueueHandlers:
    """`msg.id` names the delivery's message: a chunk's claim belongs to it."""

    app: App

    def job(self, msg: func.QueueMessage) -> None:
        message = messages.read_job(_body(msg))
        self._do(JOBS, msg, lambda: self._step(message))

    def group(self, msg: func.QueueMessage) -> None:
        message = messages.read_group(_body(msg))
        self._do(GROUPS, msg, lambda: expand.expand(self.app.services, message.job_id, message.group))

    def chunk(self, msg: func.QueueMessage) -> None:
        message = messages.read_chunk(_body(msg))
        self._do(CHUNKS, msg, lambda: chunk.work(self.app.services, message, str(msg.id)))

    def poison(self, queue: str, msg: func.QueueMessage) -> None:
        """A message of `queue` that could not be handled."""
        text = msg.get_body().decode(errors="replace")
        poison.settle_message(self.app.services, self.app.support, queue, str(msg.id), text)

    def _step(self, message: JobMessage) -> None:
        services = self.app.services
        match message.step:
            case Step.BEGIN:
                begin.begin(services, message.job_id)
            case Step.FAN_OUT:
                fan_out.fan_out(services, message)
            case Step.SETTLE:
                settle.settle(services, message.job_id)
            case Step.CANCEL:
                control.spread_cancel(services, message.job_id)
            case Step.FILE:
                self.app.exporter.write(message.job_id, message.attempts)

    def _do(self, queue: str, msg: func.QueueMessage, work: Callable[[], None]) -> None:
        """A message that comes back because Storage is away does not use up its tries."""
        try:
            work()
        except (StorageUnavailable, Superseded) as error:
            log.warning("%s: %s; the message comes back in %d s", queue, error, AWAY_SECONDS)
            self.app.services.queues.send(queue, _body(msg), AWAY_SECONDS)


def _body(msg: func.QueueMessage) -> Any:
    """Raises UnreadableMessage."""
    try:
        return json.loads(msg.get_body().decode())
    except ValueError as error:
        raise messages.UnreadableMessage(f"no JSON: {error}") from None
