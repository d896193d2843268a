"""From a request that is well formed to a job on record, or to one clear refusal and no trace.

The checks come in the order of the HTTP contract. What follows once they are passed is `shared.jobs.accept`.
"""

import math
import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.api.bodies import JobBody
from shared.api.faults import first_places
from shared.api.request_json import request_fingerprint
from shared.api.submission import Submission, planned_request
from shared.calendar import expiry
from shared.errors import (
    SEND_AGAIN,
    Conflict,
    Fault,
    GraphError,
    InvalidRequest,
    KeyReused,
    NotFound,
    PassingGraphError,
    Unavailable,
)
from shared.graph.directory import Group
from shared.jobs import source, view
from shared.jobs.accept import accept
from shared.jobs.catalog_cache import MAX_AGE, NOW
from shared.jobs.messages import JobMessage, Step, send_job
from shared.jobs.rate import SubmitRate
from shared.jobs.records import ChunkTally, JobFacts, JobRecord, Phase, SelectedGroup
from shared.jobs.services import Services
from shared.models import Action, Caller, Catalog, CodedError, GroupStatus, JobRequest, JobStatus, JobView

PLAN_LIFETIME = timedelta(hours=24)
_KEYED_JOBS = uuid.UUID("5d0f7c52-6c57-4a44-8f3c-0c1d3e6b8a11")
"""Namespace of the ids of jobs with an idempotency key: caller and key give the id, so one write is both."""
_REMOVES = (
    "This removes licenses: what Microsoft 365 keeps for them (mailbox, phone number, files) is removed from "
    'Microsoft 365 after its grace period. Repeat the request with "confirm": true if that is wanted.'
)

_NOT_PLANNED = (
    "The dry run could not read this group: the plan holds none of its users. Make a new one for it."
)


@dataclass(frozen=True, slots=True)
class Accepted:
    job: JobView
    replayed: bool


class Submitter:
    """Accepts requests that make jobs. `services.directory` should speak at the priority of a waiting person."""

    def __init__(self, services: Services, rate: SubmitRate) -> None:
        self._services = services
        self._rate = rate

    def submit(self, submission: Submission, caller: Caller) -> Accepted:
        """Check and accept a request.

        Raises:
            RequestError: as the contract says; nothing is recorded.
            Unavailable: Graph or Storage is away; nothing is recorded.
        """
        job_id = _job_id(caller, submission.idempotency_key)
        former = self._services.jobs.get(job_id) if submission.idempotency_key else None
        if former is not None:
            return self._replay(former, submission)
        self._rate.count(caller.key)
        request = submission.accepted()
        facts = self._facts(request, submission.sent, job_id)
        fingerprint = request_fingerprint(request) if submission.idempotency_key else None
        facts = replace(facts, created_by=caller, fingerprint=fingerprint)
        return self._accept(job_id, facts, submission)

    def _facts(self, request: JobRequest, sent: JobBody, job_id: str) -> JobFacts:
        if request.plan_id is not None:
            return self._of_plan(request, job_id)
        if request.undo_of is not None:
            return self._of_undo(request, job_id)
        if request.action in (Action.REMOVE, Action.REPLACE) and not (request.confirm or request.dry_run):
            raise Conflict(_REMOVES, code="ConfirmationRequired", target="confirm")
        groups, catalog = self._check(request, sent)
        if request.action in (Action.ASSIGN, Action.REPLACE) and not (
            request.dry_run or request.allow_shortage
        ):
            _check_units(
                catalog, {entry.sku_id: f"licenses[{n}].skuId" for n, entry in enumerate(request.licenses)}
            )
        return self._new(request, tuple(SelectedGroup(group.id, group.display_name) for group in groups))

    def _new(
        self, request: JobRequest, groups: tuple[SelectedGroup, ...], source: str | None = None
    ) -> JobFacts:
        now = self._services.clock()
        if request.start_at is not None and request.start_at <= now:
            request = replace(request, start_at=None)
        expires_in = request.expires_in
        return JobFacts(
            request=request,
            created_at=now,
            created_by=Caller("", "timer", ""),
            wait_token=secrets.token_urlsafe(24),
            groups=groups,
            expires_at=expiry(request.start_at or now, expires_in.value, expires_in.unit)
            if expires_in
            else None,
            source_job_id=source,
        )

    # --- what Graph must confirm --------------------------------------------------------------------------

    def _check(self, request: JobRequest, sent: JobBody) -> tuple[list[Group], Catalog]:
        try:
            found = self._services.directory.groups_by_id(request.group_ids)
        except GraphError as error:
            raise _graph_away(error) from error
        catalog = self._catalog()
        _check_plans(sent, catalog)
        missing = [*_missing_groups(sent, found), *_missing_licenses(sent, catalog)]
        if missing:
            more = f" ({len(missing)} in all: see details)" if len(missing) > 1 else ""
            raise NotFound(
                missing[0].message + more,
                code=missing[0].code,
                target=missing[0].target,
                details=tuple(missing),
            )
        return [group for group in found.values() if isinstance(group, Group)], catalog

    def _catalog(self, max_age: timedelta = NOW) -> Catalog:
        try:
            return self._services.catalog.get(max_age=max_age)
        except GraphError as error:
            raise _graph_away(error) from error

    # --- plans and undos ----------------------------------------------------------------------------------

    def _of_plan(self, request: JobRequest, job_id: str) -> JobFacts:
        plan = self._services.jobs.get(str(request.plan_id))
        if plan is None or not plan.request.dry_run:
            raise NotFound(
                f"There is no dry run {request.plan_id}. Make one and carry that out.",
                code="PlanNotFound",
                target="plan",
            )
        self._confirm_removal(plan, request.confirm)
        if plan.status not in (JobStatus.FINISHED, JobStatus.FINISHED_WITH_EXCEPTION):
            raise Conflict(
                f"The dry run is {plan.status}: only a finished one can be carried out.",
                code="PlanNotUsable",
                target="plan",
            )
        source.refuse_used_plan(self._services, plan, job_id)
        if plan.finished_at is None or self._services.clock() > plan.finished_at + PLAN_LIFETIME:
            raise Conflict(
                "The plan is older than 24 hours. Make a new dry run.", code="PlanExpired", target="plan"
            )
        undone = self._services.jobs.get(plan.request.undo_of) if plan.request.undo_of else None
        if undone is not None:
            source.refuse_running_undo(self._services, undone, job_id)
        if not request.allow_shortage:
            needed = [line.sku_id for line in view.view(self._services, plan).demand if line.needed]
            _check_units(self._catalog() if needed else {}, dict.fromkeys(needed, "plan"))
        return self._new(planned_request(request, plan.request), self._groups_planned(plan), plan.job_id)

    def _of_undo(self, request: JobRequest, job_id: str) -> JobFacts:
        job = self._services.jobs.get(str(request.undo_of))
        if job is None:
            raise NotFound(f"There is no job {request.undo_of}.", code="JobNotFound", target="id")
        if not job.status.terminal:
            raise Conflict(f"The job is {job.status}: it can be undone once it has ended.", code="JobRunning")
        tallies = self._services.jobs.tallies(job.job_id)
        _refuse_unknown(tallies)
        if job.request.dry_run or job.request.action is Action.EXPORT or not any(t.undoable for t in tallies):
            raise Conflict("This job changed nothing, so there is nothing to undo.", code="JobNotUndoable")
        source.refuse_running_undo(self._services, job, job_id)
        if any(tally.adds for tally in tallies) and not (request.confirm or request.dry_run):
            raise Conflict(_REMOVES, code="ConfirmationRequired", target="confirm")
        return self._new(request, self._groups_of(job), job.job_id)

    def _confirm_removal(self, plan: JobRecord, confirmed: bool) -> None:
        if confirmed:
            return
        removes = plan.request.action in (Action.REMOVE, Action.REPLACE)
        if plan.request.undo_of is not None:
            removes = any(tally.adds for tally in self._services.jobs.tallies(plan.request.undo_of))
        if removes:
            raise Conflict(_REMOVES, code="ConfirmationRequired", target="confirm")

    def _groups_planned(self, plan: JobRecord) -> tuple[SelectedGroup, ...]:
        """What the dry run could not read is no part of its plan, and stays failed in the job that carries it out."""
        not_planned = CodedError("NotPlanned", _NOT_PLANNED)
        return tuple(
            SelectedGroup(
                group.group_id,
                group.display_name,
                group.users,
                not_planned if group.status is GroupStatus.FAILED else None,
            )
            for group in view.view(self._services, plan).groups
        )

    def _groups_of(self, job: JobRecord) -> tuple[SelectedGroup, ...]:
        groups = view.view(self._services, job).groups
        return tuple(SelectedGroup(group.group_id, group.display_name, group.users) for group in groups)

    # --- on record ----------------------------------------------------------------------------------------

    def _accept(self, job_id: str, facts: JobFacts, submission: Submission) -> Accepted:
        services = self._services
        job = JobRecord(job_id, facts, available=self._available(facts.request))
        accepted = accept(services, job)
        if accepted is not None:
            return Accepted(accepted, replayed=False)
        former = services.jobs.get(job_id)
        if former is None:
            raise Unavailable("Storage lost the job. Send the request again.", code="StorageUnavailable")
        return self._replay(former, submission)

    def _available(self, request: JobRequest) -> dict[str, int]:
        """Free units of what the job may give; an undo may give back whatever was taken. They are read again when
        the users are known: see `demand.available_now`.
        """
        if request.action not in (Action.ASSIGN, Action.REPLACE, Action.UNDO):
            return {}
        catalog = self._catalog(MAX_AGE)
        named = {entry.sku_id for entry in request.licenses}
        return {
            sku_id: sku.available
            for sku_id, sku in catalog.items()
            if sku_id in named or request.action is Action.UNDO
        }

    def _replay(self, former: JobRecord, submission: Submission) -> Accepted:
        """The same job as it is now; a killed submission's missing message is made up for."""
        same = (
            submission.request is not None
            and request_fingerprint(submission.request) == former.facts.fingerprint
        )
        if not same:
            raise KeyReused(
                "This idempotency key was used for another request. Use a new key for a new request.",
                target="Idempotency-Key",
            )
        if former.phase is Phase.ACCEPTED and former.request.start_at is None:
            send_job(self._services.queues, JobMessage(former.job_id, Step.BEGIN))
        return Accepted(view.view(self._services, former), replayed=True)


def _refuse_unknown(tallies: Sequence[ChunkTally]) -> None:
    """What nobody knows cannot be undone, and to leave it out would be to call the undo finished when it is not."""
    unknown = sum(tally.unknown for tally in tallies)
    if unknown:
        users = sum(tally.counts.total for tally in tallies)
        raise Conflict(
            f"Of {unknown} of {users} users it is not known whether they were changed: their last write was not "
            "answered. Start the job first; it finds out. Then undo it.",
            code="JobNotUndoable",
        )


def _job_id(caller: Caller, key: str | None) -> str:
    return str(uuid.uuid5(_KEYED_JOBS, f"{caller.key}\n{key}") if key is not None else uuid.uuid4())


def _graph_away(error: GraphError) -> Unavailable:
    """A check that could not be made. Graph's own Retry-After wins."""
    seconds = error.retry_after if isinstance(error, PassingGraphError) else None
    retry_after = {"retry_after": math.ceil(seconds)} if seconds else {}
    return Unavailable(f"{error.message} {SEND_AGAIN}", code="GraphUnavailable", **retry_after)


def _missing_groups(sent: JobBody, found: dict[str, Group | GraphError]) -> Iterable[Fault]:
    for group_id, position in first_places(sent.group_ids or ()).items():
        answer = found[group_id]
        if isinstance(answer, Group):
            continue
        if answer.code != "GroupNotFound":
            raise _graph_away(answer) from answer
        yield Fault(
            "GroupNotFound",
            f"There is no group {group_id} in this tenant. Check the id, or choose the group by name.",
            f"groupIds[{position}]",
        )


def _missing_licenses(sent: JobBody, catalog: Catalog) -> Iterable[Fault]:
    replaced = first_places(sent.replaces) if isinstance(sent.replaces, list) else {}
    named = [(entry.sku_id, f"licenses[{n}].skuId") for n, entry in enumerate(sent.licenses or ())]
    for sku_id, target in [*named, *((sku_id, f"replaces[{n}]") for sku_id, n in replaced.items())]:
        if sku_id not in catalog:
            yield Fault(
                "LicenseNotFound",
                f"This tenant has no subscription to a license {sku_id}. GET /api/licenses lists what it has.",
                target,
            )


def _check_plans(sent: JobBody, catalog: Catalog) -> None:
    """What only the tenant's SKUs can tell about the body: licences for companies, plans of other licences."""
    faults = []
    for n, entry in enumerate(sent.licenses or ()):
        sku = catalog.get(entry.sku_id)
        if sku is None:
            continue
        if sku.applies_to.lower() == "company":
            faults.append(
                Fault(
                    "InvalidRequest",
                    f"{sku.name} belongs to the whole organisation; it cannot be assigned to users.",
                    f"licenses[{n}].skuId",
                )
            )
        known = {plan.service_plan_id for plan in sku.service_plans}
        faults += [
            Fault(
                "InvalidRequest",
                f"{plan} is no service plan of {sku.name}.",
                f"licenses[{n}].disabledPlans[{m}]",
            )
            for plan, m in first_places(entry.disabled_plans or ()).items()
            if plan not in known
        ]
    if faults:
        raise InvalidRequest.of(tuple(faults))


def _check_units(catalog: Catalog, targets: Mapping[str, str]) -> None:
    """Refuse what cannot succeed for anyone who lacks the licence. `targets` are places in the request by skuId."""
    faults: list[Fault] = []
    for sku_id, target in targets.items():
        sku = catalog.get(sku_id)
        if sku is None or sku.available:
            continue
        total = sku.enabled + sku.warning
        faults.append(
            Fault(
                "NoAvailableLicenses",
                f"{sku.name} has no free unit: "
                f"{sku.consumed} of {total} are in use. "
                'Buy units or free some, or send "allowShortage": true to go on all the same.',
                target,
            )
        )
    if faults:
        raise Conflict(
            faults[0].message, code="NoAvailableLicenses", target=faults[0].target, details=tuple(faults)
        )
