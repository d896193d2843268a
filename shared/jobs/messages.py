"""The work items on the queues, written and read in one place. Each holds keys and nothing else."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from typing import Any

from shared.api.fields import is_guid
from shared.clock import from_iso, to_iso
from shared.storage.queues import CHUNKS, GROUPS, JOBS, Body, WorkQueues

LANES = 12
"""Chunk messages of a job that are under way at once. A chunk's message is followed by that of the chunk LANES further
on, so that a job of a million users keeps a dozen messages alive, not thousands, and none is sent before its turn."""


class UnreadableMessage(ValueError):
    """The body is none of ours. It goes to the poison queue, where it is recorded."""


@unique
class Step(StrEnum):
    """What the message on the jobs' queue asks for."""

    BEGIN = "begin"
    FAN_OUT = "fanOut"
    SETTLE = "settle"
    CANCEL = "cancel"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class JobMessage:
    """`part` and `first` continue a fan-out: the part of the users to do next, and its first chunk's number. They
    hold for the job's run `run` only.

    `attempts` counts the tries to store an export's file that failed.
    """

    job_id: str
    step: Step
    part: int = 0
    first: int = 0
    run: int = 0
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class GroupMessage:
    job_id: str
    group: int


@dataclass(frozen=True, slots=True)
class ChunkMessage:
    """`lane`: go on with the chunk LANES further when this one is at rest; a retry stands alone.

    `owner` is the message that this one is a copy of: what that one had claimed belongs to the copy. `retry_at` is
    the chunk's next retry as it was when the message was sent; once that has changed, another message does it.
    """

    job_id: str
    chunk: int
    lane: bool
    owner: str | None = None
    retry_at: datetime | None = None


def send_job(queues: WorkQueues, message: JobMessage, delay_seconds: float = 0) -> None:
    body: Body = {"jobId": message.job_id, "step": message.step.value}
    if message.part:
        body = {**body, "part": message.part, "first": message.first, "run": message.run}
    if message.attempts:
        body = {**body, "attempts": message.attempts}
    queues.send(JOBS, body, delay_seconds)


def send_group(queues: WorkQueues, message: GroupMessage, delay_seconds: float = 0) -> None:
    queues.send(GROUPS, {"jobId": message.job_id, "group": message.group}, delay_seconds)


def send_chunk(queues: WorkQueues, message: ChunkMessage, delay_seconds: float = 0) -> None:
    body: Body = {"jobId": message.job_id, "chunk": message.chunk, "lane": message.lane}
    if message.owner:
        body = {**body, "owner": message.owner}
    if message.retry_at:
        body = {**body, "retryAt": to_iso(message.retry_at)}
    queues.send(CHUNKS, body, delay_seconds)


def read_job(body: Any) -> JobMessage:
    """Raises UnreadableMessage."""
    return JobMessage(
        _job_id(body),
        _step(body),
        _number(body, "part", 0),
        _number(body, "first", 0),
        _number(body, "run", 0),
        _number(body, "attempts", 0),
    )


def read_group(body: Any) -> GroupMessage:
    """Raises UnreadableMessage."""
    return GroupMessage(_job_id(body), _number(body, "group"))


def read_chunk(body: Any) -> ChunkMessage:
    """Raises UnreadableMessage."""
    job_id = _job_id(body)
    lane, owner = body.get("lane"), body.get("owner")
    if not isinstance(lane, bool):
        raise UnreadableMessage("lane is missing")
    return ChunkMessage(
        job_id,
        _number(body, "chunk"),
        lane,
        owner if isinstance(owner, str) else None,
        _time(body, "retryAt"),
    )


def _job_id(body: Any) -> str:
    """Jobs have GUIDs for ids; anything else might not even be a key."""
    value = _text(body, "jobId")
    if not is_guid(value):
        raise UnreadableMessage("jobId is no id of a job")
    return value


def _text(body: Any, name: str) -> str:
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, str) or not value:
        raise UnreadableMessage(f"{name} is missing")
    return value


def _number(body: dict[str, Any], name: str, default: int | None = None) -> int:
    value = body.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UnreadableMessage(f"{name} is missing")
    return value


def _time(body: dict[str, Any], name: str) -> datetime | None:
    value = body.get(name)
    try:
        return None if value is None else from_iso(value)
    except (TypeError, ValueError) as error:
        raise UnreadableMessage(f"{name}: {error}") from None


def _step(body: Any) -> Step:
    try:
        return Step(_text(body, "step"))
    except ValueError as error:
        raise UnreadableMessage(f"step: {error}") from None
