"""Messages that could not be handled: what they stood for comes to its end, failed and with a reason."""

import json
import logging
from typing import Any

from shared.events.deliver import give_up
from shared.events.messages import read_event
from shared.jobs import expand, items, messages, settle
from shared.jobs.messages import ChunkMessage, Step, UnreadableMessage, send_chunk
from shared.jobs.records import JobRecord, Phase
from shared.jobs.services import Services
from shared.models import CodedError, GroupStatus, ItemError, JobStatus
from shared.storage.queues import CHUNKS, EVENTS, GROUPS, JOBS
from shared.storage.support_store import SupportStore

log = logging.getLogger(__name__)

_LONGEST_OUTCOME = 1000
_CARRIED_BY = {
    Step.BEGIN: (Phase.ACCEPTED,),
    Step.FAN_OUT: (Phase.FANNING_OUT,),
    Step.FILE: (Phase.WRITING_FILE,),
}
"""The phase that each step's message carries on; in any other its work is done already."""
_GAVE_UP = (
    "The work could not be done although it was tried several times; the log says why. "
    "Start the job again once the cause is mended."
)


def settle_message(services: Services, support: SupportStore, queue: str, message_id: str, text: str) -> None:
    """Keep the message's text, and end what it stood for. Idempotent; of unreadable ones only the text is kept."""
    support.record(queue, message_id, text, "What it stood for was not ended yet.")
    try:
        outcome = _settle(services, queue, json.loads(text))
    except (ValueError, RecursionError) as error:
        outcome = f"Not one of this app's messages: {error}"[:_LONGEST_OUTCOME]
    log.error("message %s of %s could not be handled: %s", message_id, queue, outcome)
    support.record(queue, message_id, text, outcome)


def _settle(services: Services, queue: str, body: Any) -> str:
    if queue == JOBS:
        job_message = messages.read_job(body)
        return _of(job_message.job_id, _settle_step(services, job_message.job_id, job_message.step))
    if queue == GROUPS:
        group_message = messages.read_group(body)
        return _of(group_message.job_id, _settle_group(services, group_message.job_id, group_message.group))
    if queue == CHUNKS:
        chunk_message = messages.read_chunk(body)
        return _of(chunk_message.job_id, _settle_chunk(services, chunk_message))
    if queue == EVENTS:
        return give_up(services, read_event(body))
    raise UnreadableMessage(f"nothing is known of the queue {queue}")


def _of(job_id: str, outcome: str) -> str:
    """Names the job: a person has to find the one to start again."""
    return f"job {job_id}: {outcome}"


def _settle_step(services: Services, job_id: str, step: Step) -> str:
    job = services.jobs.get(job_id)
    if job is None:
        return "The job is not on record."
    if job.phase is Phase.ENDED:
        return "The job had ended already."
    if step in (Step.SETTLE, Step.CANCEL):
        settle.settle(services, job_id)
        return "The job was settled as far as it could be."
    if job.phase not in _CARRIED_BY[step]:
        return "The job had gone on already."
    for chunk in services.jobs.chunks(job_id):
        _fail_items(services, job, chunk.index)
    settle.end(services, job, (JobStatus.FAILED, CodedError("Unexpected", _GAVE_UP)))
    return "The job was ended as Failed."


def _settle_group(services: Services, job_id: str, index: int) -> str:
    job = services.jobs.get(job_id)
    if job is None or index >= len(job.facts.groups):
        return "The group is not on record."
    if job.phase is not Phase.EXPANDING:
        return "The job had gone on already."
    group = services.jobs.group(job_id, index)
    if not group.status.terminal:
        group.status = GroupStatus.FAILED
        group.error = CodedError("Unexpected", _GAVE_UP)
        services.jobs.save_group(job_id, group)
    expand.fan_out_after_last(services, job)
    return "The group was ended as failed."


def _settle_chunk(services: Services, message: ChunkMessage) -> str:
    job = services.jobs.get(message.job_id)
    if job is None or job.phase is not Phase.RUNNING:
        return "The job does not run."
    _fail_items(services, job, message.chunk)
    services.work.release_left_behind(message.job_id, message.chunk, in_doubt=False)
    send_chunk(services.queues, message)  # finds nothing to do there, and carries the lane on
    return "The users of the chunk that were not done were ended as failed."


def _fail_items(services: Services, job: JobRecord, index: int) -> None:
    """An intent stays on record: a start finds out first what became of it."""
    chunk = services.jobs.chunk(job.job_id, index)
    if chunk is None:
        return
    chunk.run = job.run
    for item in chunk.items:
        if not item.status.terminal:
            items.fail(item, ItemError("Unexpected", _GAVE_UP), services.clock())
    services.jobs.save_chunk(job.job_id, chunk)
