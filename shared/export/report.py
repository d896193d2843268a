"""What a job did to each user, and what it was asked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from shared.export.cells import Row, plain
from shared.export.names import LicenseNames
from shared.export.tables import Column, Fact, Table
from shared.models import Item, JobRequest, JobView

ITEMS = Table(
    "Users",
    (
        Column("Groups", "groups", 28),
        Column("User", "user", 24),
        Column("User principal name", "userPrincipalName", 34),
        Column("User ID", "userId", 38),
        Column("Outcome", "outcome", 12),
        Column("Reason", "reason", 20),
        Column("Added", "added", 36),
        Column("Removed", "removed", 36),
        Column("Usage location from", "usageLocationFrom", 20),
        Column("Usage location to", "usageLocationTo", 20),
        Column("Expires (UTC)", "expiresAt", 22),
        Column("Error code", "errorCode", 22),
        Column("Message", "message", 60),
        Column("Attempts", "attempts", 10),
        Column("Updated (UTC)", "updatedAt", 22),
        Column("Graph request ID", "graphRequestId", 38),
        Column("Job ID", "jobId", 38),
    ),
)

JOB = Table("Job", (Column("Property", "property", 30), Column("Value", "value", 80)))


@dataclass(frozen=True)
class ReportRows:
    """`job` as it is when the report is made; items may move on while it is written."""

    job: JobView
    names: LicenseNames

    def rows(self, items: Iterable[Item]) -> Iterator[Row]:
        groups = [plain(group.display_name) for group in self.job.groups]
        for item in items:
            yield self._row(item, groups)

    def _row(self, item: Item, groups: list[str]) -> Row:
        """`Expires` is the first expiry among the licenses added."""
        location, error = item.location, item.error
        expiries = [added.expires_at for added in item.added if added.expires_at]
        return (
            "; ".join(groups[position] for position in item.groups),
            plain(item.display_name),
            plain(item.user_principal_name),
            item.user_id,
            item.status.value,
            item.reason,
            self._licenses(added.sku_id for added in item.added),
            self._licenses(item.removed),
            location.before if location else None,
            location.after if location else None,
            min(expiries, default=None),
            error.code if error else None,
            plain(error.message) if error else None,
            item.attempts,
            item.updated_at,
            error.graph_request_id if error else None,
            self.job.job_id,
        )

    def _licenses(self, sku_ids: Iterable[str]) -> str | None:
        return "; ".join(self.names.name(sku_id) for sku_id in sku_ids) or None

    def facts(self, generated_at: datetime) -> list[Fact]:
        job, counts = self.job, self.job.counts
        groups = "; ".join(f"{group.display_name} ({group.status})" for group in job.groups)
        return [
            Fact("Generated (UTC)", "generatedAt", generated_at),
            Fact("Job ID", "jobId", job.job_id),
            Fact("Status", "status", job.status.value),
            Fact("Error", "error", plain(job.error.message) if job.error else None),
            Fact("Created (UTC)", "createdAt", job.created_at),
            Fact("Started (UTC)", "startedAt", job.started_at),
            Fact("Finished (UTC)", "finishedAt", job.finished_at),
            Fact("Requested by", "createdBy", plain(job.created_by.name)),
            Fact("Note", "note", plain(job.request.note or "") or None),
            Fact("Groups", "groups", plain(groups) or None),
            *self._asked(job.request),
            Fact("Users", "total", job.total),
            *(Fact(name.capitalize(), name, getattr(counts, name)) for name in counts.__slots__),
        ]

    def _asked(self, request: JobRequest) -> Iterator[Fact]:
        """The parameters that say something about this job's action."""
        replaces = "All direct licenses" if request.replaces == "all" else self._licenses(request.replaces)
        term = request.expires_in
        yield Fact("Action", "action", request.action.value)
        yield Fact("Dry run", "dryRun", request.dry_run)
        yield Fact("Carries out the plan", "plan", request.plan_id)
        yield Fact("Undoes the job", "undoOf", request.undo_of)
        yield Fact("Licenses", "licenses", self._licenses(asked.sku_id for asked in request.licenses))
        yield Fact("Replaces", "replaces", replaces)
        yield Fact("Usage location", "usageLocation", request.usage_location or "No Change")
        yield Fact("Expires in", "expiresIn", f"{term.value} {term.unit}" if term else None)
        yield Fact("Guests included", "includeGuests", request.include_guests)
        yield Fact("Disabled accounts included", "includeDisabled", request.include_disabled)
