"""What an export says of all users together."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from shared.export.cells import Row, plain
from shared.export.names import LicenseNames
from shared.export.tables import Column, Fact, Table
from shared.models import Item, JobView

SUMMARY = Table(
    "Summary",
    (
        Column("License", "license", 36),
        Column("SKU part number", "skuPartNumber", 28),
        Column("SKU ID", "skuId", 38),
        Column("Users", "users", 12),
        Column("Direct", "direct", 12),
        Column("Inherited", "inherited", 12),
        Column("Temporary", "temporary", 12),
        Column("Available", "available", 12),
    ),
)
USERS_COLUMN = 4
"""That of the number of users, counted from 1."""


class Tally:
    """Counts the users that pass by. Who holds a license both ways counts as direct and as inherited."""

    def __init__(self) -> None:
        self._users: Counter[str] = Counter()
        self._direct: Counter[str] = Counter()
        self._inherited: Counter[str] = Counter()
        self._temporary: Counter[str] = Counter()
        self._all = self._unlicensed = self._unread = 0

    def counted(self, chunks: Iterable[list[Item]]) -> Iterator[list[Item]]:
        """The same chunks."""
        for chunk in chunks:
            for item in chunk:
                self._add(item)
            yield chunk

    def _add(self, item: Item) -> None:
        self._all += 1
        if item.before is None:
            self._unread += 1
            return
        self._unlicensed += not item.before.licenses
        for held in item.before.licenses:
            self._users[held.sku_id] += 1
            self._direct[held.sku_id] += held.direct
            self._inherited[held.sku_id] += bool(held.inherited_from)
            self._temporary[held.sku_id] += held.expires_at is not None

    def rows(self, names: LicenseNames) -> list[Row]:
        """One a license, most users first."""
        return [
            (
                names.name(sku_id),
                names.part_number(sku_id),
                sku_id,
                users,
                self._direct[sku_id],
                self._inherited[sku_id],
                self._temporary[sku_id],
                names.available(sku_id),
            )
            for sku_id, users in sorted(
                self._users.items(), key=lambda entry: (-entry[1], names.name(entry[0]))
            )
        ]

    def facts(self, job: JobView, generated_at: datetime) -> list[Fact]:
        """What the export is of, and when it was made."""
        failed = [group.display_name for group in job.groups if group.error is not None]
        return [
            Fact("Generated (UTC)", "generatedAt", generated_at),
            Fact("Job ID", "jobId", job.job_id),
            Fact("Requested by", "createdBy", plain(job.created_by.name)),
            Fact("Note", "note", plain(job.request.note or "") or None),
            Fact("Groups", "groups", plain("; ".join(group.display_name for group in job.groups))),
            Fact("Groups not read", "failedGroups", plain("; ".join(failed)) or None),
            Fact("Guests included", "includeGuests", job.request.include_guests),
            Fact("Disabled accounts included", "includeDisabled", job.request.include_disabled),
            Fact("Users", "users", self._all),
            Fact("Users without licenses", "unlicensedUsers", self._unlicensed),
            Fact("Users not read", "unreadUsers", self._unread),
        ]
