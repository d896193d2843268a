"""One group: its members, page by page, onto record."""

import logging
import time
from collections.abc import Iterable
from dataclasses import replace

from shared.errors import START_AGAIN, TRIED_AGAIN, LastingGraphError, PassingGraphError
from shared.graph.directory import Member
from shared.graph.errors import ExpiredPageToken
from shared.jobs import fan_out
from shared.jobs.changing import advance
from shared.jobs.messages import GroupMessage, JobMessage, Step, send_group
from shared.jobs.records import GroupRecord, JobRecord, PageMember, Phase
from shared.jobs.services import Services
from shared.models import Action, CodedError, GroupStatus, JobRequest

log = logging.getLogger(__name__)
SECONDS_PER_CALL = 100.0
"""Then the rest goes on in a new message: no function call may run longer than five minutes."""


def expand(services: Services, job_id: str, index: int) -> None:
    """Read the group's members and, if it was the last one, fan out. Idempotent."""
    job = services.jobs.get(job_id)
    if job is not None and job.phase is Phase.FANNING_OUT and job.facts.groups_are_read:
        fan_out.fan_out(services, JobMessage(job_id, Step.FAN_OUT))
        return
    if job is None or job.phase is not Phase.EXPANDING or index >= len(job.facts.groups):
        log.debug("group %d of job %s has nothing to expand", index, job_id)
        return
    group = services.jobs.group(job_id, index)
    if not group.belongs_to(job.run):
        log.info("group %d of job %s: a message of a former run came before the start", index, job_id)
        return
    if not group.status.terminal:
        if job.cancel_requested:
            group.status = GroupStatus.CANCELED
            services.jobs.save_group(job_id, group)
        elif not _read(services, job, group):
            return
    if _last_has_ended(services, job, group):
        fan_out_after_last(services, job)


def _last_has_ended(services: Services, job: JobRecord, group: GroupRecord) -> bool:
    """Whether the last of the selected groups, and so perhaps every one, has come to its end.

    Whoever is the last to end sees that by one row; to look at all rows after each group is 250,000 rows for 500.
    """
    last = len(job.facts.groups) - 1
    return group.index == last or services.jobs.group(job.job_id, last).has_ended(job.run)


def _read(services: Services, job: JobRecord, group: GroupRecord) -> bool:
    """Whether the group has come to its end; otherwise a message that carries it on has been sent."""
    if group.status is GroupStatus.PENDING:
        group.status = GroupStatus.EXPANDING
        services.jobs.save_group(job.job_id, group)
    try:
        done = _read_pages(services, job, group)
    except ExpiredPageToken:
        return _from_the_start(services, job, group)
    except PassingGraphError as error:
        log.info("group %d of job %s: %s", group.index, job.job_id, error.message)
        group.attempts += 1
        told = CodedError(error.code, error.message)
        return _again(services, job, group, told, group.attempts, error.retry_after)
    except LastingGraphError as error:
        group.status = GroupStatus.FAILED
        group.error = CodedError(error.code, error.message)
        services.jobs.save_group(job.job_id, group)
        log.warning("group %d of job %s failed: %s", group.index, job.job_id, error.message)
        done = True
    if not done:
        send_group(services.queues, GroupMessage(job.job_id, group.index))
    return done


_EXPIRED = "Graph's page token expired while the group's members were read."


def _from_the_start(services: Services, job: JobRecord, group: GroupRecord) -> bool:
    """As `_again`, for an expired page token: pages of two readings do not mix."""
    group.restarts += 1
    group.epoch, group.pages, group.users, group.next_link = group.epoch + 1, 0, 0, None
    return _again(services, job, group, CodedError("GraphUnavailable", _EXPIRED), group.restarts, None)


def _again(
    services: Services,
    job: JobRecord,
    group: GroupRecord,
    error: CodedError,
    tries: int,
    retry_after: float | None,
) -> bool:
    """Come back later, or give up after so many tries; True: given up."""
    now = services.clock()
    at = services.settings.retry.next_attempt(tries, now, retry_after=retry_after, random=services.random)
    what_next = TRIED_AGAIN if at else START_AGAIN
    group.error = replace(error, message=f"{error.message} {what_next}")
    if at is None:
        group.status = GroupStatus.FAILED
        services.jobs.save_group(job.job_id, group)
        log.warning("group %d of job %s failed: %s", group.index, job.job_id, error.message)
        return True
    services.jobs.save_group(job.job_id, group)
    send_group(services.queues, GroupMessage(job.job_id, group.index), (at - now).total_seconds())
    return False


def _read_pages(services: Services, job: JobRecord, group: GroupRecord) -> bool:
    """Each page comes on record together with the group, so that two deliveries of one message cannot mix theirs."""
    deadline = time.monotonic() + SECONDS_PER_CALL
    group_id = job.facts.groups[group.index].group_id
    while True:
        page = services.directory.member_page(group_id, group.next_link)
        members = [_page_member(job.request, member) for member in _included(job.request, page.members)]
        group.pages += 1
        group.users += len(members)
        group.next_link, group.error, group.attempts = page.next_link, None, 0
        if page.next_link is None:
            group.status = GroupStatus.DONE
        services.jobs.save_page(job.job_id, group, members)
        if page.next_link is None:
            return True
        if time.monotonic() > deadline:
            return False


def _included(request: JobRequest, members: Iterable[Member]) -> Iterable[Member]:
    for member in members:
        guest = member.user_type.lower() == "guest"
        if (request.include_guests or not guest) and (request.include_disabled or member.account_enabled):
            yield member


def _page_member(request: JobRequest, member: Member) -> PageMember:
    lacks = tuple(
        position
        for position, license_ in enumerate(request.licenses)
        if license_.sku_id not in member.sku_ids
    )
    if request.action is Action.REPLACE and not _may_replace(request, member):
        lacks = ()
    return PageMember(
        user_id=member.user_id,
        user_principal_name=member.user_principal_name,
        display_name=member.display_name,
        account_enabled=member.account_enabled,
        user_type=member.user_type,
        lacks=lacks,
    )


def _may_replace(request: JobRequest, member: Member) -> bool:
    """Whether the user holds, in whatever way, something that the job replaces."""
    given = {license_.sku_id for license_ in request.licenses}
    named = member.sku_ids if request.replaces == "all" else request.replaces
    return any(sku_id in member.sku_ids and sku_id not in given for sku_id in named)


def fan_out_after_last(services: Services, job: JobRecord) -> None:
    """Fan out once every group has come to its end; here and now, since a message more would cost a poll."""
    groups = services.jobs.groups(job.job_id)
    if len(groups) < len(job.facts.groups) or not all(group.has_ended(job.run) for group in groups.values()):
        return
    # Else somebody has begun it; should that one die, its message comes back and goes on.
    if advance(services, job, Phase.FANNING_OUT):
        fan_out.fan_out(services, JobMessage(job.job_id, Step.FAN_OUT))
