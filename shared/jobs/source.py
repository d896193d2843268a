"""Jobs that come from another one: a dry run is carried out by one job only, and a job is undone by one at a time.

A job is on record before it takes its source, so a source never belongs to a job that does not exist; two that want
the same one meet at its record, where one of them comes second.
"""

from shared.errors import Conflict
from shared.jobs import view
from shared.jobs.changing import change_job
from shared.jobs.records import JobRecord, Phase
from shared.jobs.services import Services


def refuse_used_plan(services: Services, plan: JobRecord, job_id: str) -> None:
    """Raises Conflict (`PlanNotUsable`) if another job carries the dry run out."""
    if _is_carried_out(services, plan, other_than=job_id):
        raise Conflict(
            f"Job {plan.carried_out_by} carries this plan out already. Make a new dry run.",
            code="PlanNotUsable",
            target="plan",
        )


def refuse_start_of_used_plan(services: Services, plan: JobRecord) -> None:
    """Raises Conflict (`JobNotStartable`) if a job carries this dry run out: it would change what people agreed to."""
    if _is_carried_out(services, plan):
        raise Conflict(
            f"Job {plan.carried_out_by} carries this plan out. Make a new dry run instead of starting this one again.",
            code="JobNotStartable",
        )


def _is_carried_out(services: Services, plan: JobRecord, other_than: str | None = None) -> bool:
    """By a job that is on record."""
    by = plan.carried_out_by
    return by is not None and by != other_than and services.jobs.get(by) is not None


def refuse_running_undo(services: Services, undone: JobRecord, job_id: str) -> None:
    """Raises Conflict (`UndoRunning`) if another job is undoing this one."""
    other = undone.undone_by
    undoing = services.jobs.get(other) if other not in (None, job_id) else None
    if undoing is not None and not undoing.status.terminal:
        raise Conflict(f"Job {undoing.job_id} is undoing this job already.", code="UndoRunning")


def take(services: Services, job: JobRecord) -> None:
    """Note at the dry run and at the job to undo that it is this job. Idempotent.

    Raises:
        Conflict: PlanNotUsable, UndoRunning; another job came first.
    """
    request = job.request
    if request.plan_id is not None:
        _take_plan(services, job, request.plan_id)
    if request.undo_of is None or request.dry_run:
        return
    try:
        _take_undone(services, job, request.undo_of)
    except Conflict:
        if request.plan_id is not None:
            _give_plan_back(services, job, request.plan_id)
        raise


def _take_plan(services: Services, job: JobRecord, plan_id: str) -> None:
    def mark(plan: JobRecord) -> bool:
        refuse_used_plan(services, plan, job.job_id)
        if plan.phase is not Phase.ENDED:
            raise Conflict(
                "The dry run was started again. Carry it out once it has ended.",
                code="PlanNotUsable",
                target="plan",
            )
        plan.carried_out_by = job.job_id
        return True

    change_job(services, plan_id, mark)


def _give_plan_back(services: Services, job: JobRecord, plan_id: str) -> None:
    def unmark(plan: JobRecord) -> bool:
        taken = plan.carried_out_by == job.job_id
        plan.carried_out_by = None if taken else plan.carried_out_by
        return taken

    change_job(services, plan_id, unmark)


def _take_undone(services: Services, job: JobRecord, undone_id: str) -> None:
    def mark(undone: JobRecord) -> bool:
        refuse_running_undo(services, undone, job.job_id)
        undone.undone_by = job.job_id
        return True

    undone = change_job(services, undone_id, mark)
    if undone is not None:
        services.index.put(view.view(services, undone))
