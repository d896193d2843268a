"""Work items from the queues.

What cannot be done now goes back with a delay; what nobody can read is recorded. What fails is raised, so that the
host tries it again and in the end moves it to the poison queue, whose function ends what the message stood for.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import azure.functions as func

from handlers.submissions import note_orders, note_submission
from shared.app import App
from shared.errors import StorageUnavailable
from shared.events import deliver
from shared.events.messages import EventMessage, read_event
from shared.jobs import begin, chunk, control, expand, fan_out, messages, poison, settle
from shared.jobs.messages import ChunkMessage, GroupMessage, JobMessage, Step
from shared.storage.queues import CHUNKS, EVENTS, GROUPS, JOBS
from shared.storage.tables import Superseded

log = logging.getLogger(__name__)

AWAY_SECONDS = 10
"""Delay of a message while Storage's tables or blobs are away; Azure's own queue then often still answers."""


@dataclass(frozen=True)
class QueueHandlers:
    """`msg.id` names the delivery's message: a chunk's claim belongs to it."""

    app: App

    def job(self, msg: func.QueueMessage) -> None:
        self._handle(JOBS, msg, lambda body: self._job(messages.read_job(body), msg))

    def group(self, msg: func.QueueMessage) -> None:
        self._handle(GROUPS, msg, lambda body: self._group(messages.read_group(body), msg))

    def chunk(self, msg: func.QueueMessage) -> None:
        self._handle(CHUNKS, msg, lambda body: self._chunk(messages.read_chunk(body), body, msg))

    def event(self, msg: func.QueueMessage) -> None:
        self._handle(EVENTS, msg, lambda body: self._event(read_event(body), body, msg))

    def poison(self, queue: str, msg: func.QueueMessage) -> None:
        """A message of `queue` that could not be handled."""
        self._do(f"{queue}-poison", _text(msg), lambda: self._settle(queue, msg))

    def _handle(self, queue: str, msg: func.QueueMessage, work: Callable[[Any], None]) -> None:
        """What nobody can read now, nobody can read at a later try: it is recorded at once."""
        try:
            work(_body(msg))
        except messages.UnreadableMessage:
            self._do(queue, _text(msg), lambda: self._settle(queue, msg))

    def _settle(self, queue: str, msg: func.QueueMessage) -> None:
        poison.settle_message(self.app.services, self.app.support, queue, str(msg.id), _text(msg))

    def _job(self, message: JobMessage, msg: func.QueueMessage) -> None:
        self._do(JOBS, _text(msg), lambda: self._step(message))

    def _group(self, message: GroupMessage, msg: func.QueueMessage) -> None:
        self._do(GROUPS, _text(msg), lambda: expand.expand(self.app.services, message.job_id, message.group))

    def _chunk(self, message: ChunkMessage, body: Any, msg: func.QueueMessage) -> None:
        """What a delivery claimed belongs to the message, and to the copy that comes back in its place."""
        owner = message.owner or str(msg.id)
        again = message.owner is not None or (msg.dequeue_count or 1) > 1
        copy = json.dumps({**body, "owner": owner})
        self._do(CHUNKS, copy, lambda: chunk.work(self.app.services, message, owner, again=again))

    def _event(self, message: EventMessage, body: Any, msg: func.QueueMessage) -> None:
        """As with chunks, a try belongs to the message and to the copy that comes back in its place."""
        owner = message.owner or str(msg.id)
        app, copy = self.app, json.dumps({**body, "owner": owner})
        self._do(EVENTS, copy, lambda: deliver.deliver(app.services, app.sender, app.support, message, owner))

    def _step(self, message: JobMessage) -> None:
        services = self.app.services
        match message.step:
            case Step.BEGIN:
                self._note(message.job_id)
                begin.begin(services, message.job_id)
            case Step.FAN_OUT:
                fan_out.fan_out(services, message)
            case Step.SETTLE:
                settle.settle(services, message.job_id)
            case Step.CANCEL:
                self._note(message.job_id)
                control.spread_cancel(services, message.job_id)
            case Step.FILE:
                self.app.exporter.write(message.job_id, message.attempts)

    def _note(self, job_id: str) -> None:
        """A sweep is nobody's request; to start it or to cancel it is."""
        job = self.app.services.jobs.get(job_id)
        if job is None:
            return
        note_orders(self.app.audit, job)
        facts = job.facts
        if facts.created_by.kind != "timer":
            note_submission(
                self.app.audit, job_id, facts.request, facts.created_by, facts.created_at, len(facts.groups)
            )

    def _do(self, queue: str, copy: str, work: Callable[[], None]) -> None:
        """A message that comes back, as `copy`, because Storage is away does not use up its tries."""
        try:
            work()
        except (StorageUnavailable, Superseded) as error:
            log.warning("%s: %s; the message comes back in %d s", queue, error, AWAY_SECONDS)
            self.app.services.queues.send_text(queue, copy, AWAY_SECONDS)


def _body(msg: func.QueueMessage) -> Any:
    """Raises UnreadableMessage."""
    try:
        return json.loads(msg.get_body().decode())
    except (ValueError, RecursionError) as error:
        raise messages.UnreadableMessage(f"no JSON: {error}") from None


def _text(msg: func.QueueMessage) -> str:
    return msg.get_body().decode(errors="replace")
