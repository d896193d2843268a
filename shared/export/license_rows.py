"""What an export shows of a user: one row for the user, one for each license, or one for having none."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shared.export.cells import Row, Value, plain
from shared.export.names import GroupNames, LicenseNames, assignment
from shared.export.tables import Column, Table
from shared.models import Item, ItemStatus

_PERSON = (
    Column("Groups", "groups", 28),
    Column("User", "user", 24),
    Column("User principal name", "userPrincipalName", 34),
    Column("User ID", "userId", 38),
    Column("Enabled", "enabled", 10),
    Column("Type", "type", 10),
    Column("Usage location", "usageLocation", 16),
)

LICENSES = Table(
    "Licenses",
    (
        *_PERSON,
        Column("License", "license", 36),
        Column("SKU part number", "skuPartNumber", 28),
        Column("SKU ID", "skuId", 38),
        Column("Assignment", "assignment", 30),
        Column("Temporary until (UTC)", "temporaryUntil", 22),
        Column("State", "state", 12),
        Column("Error", "error", 40),
    ),
)

USERS = Table(
    "Users",
    (
        *_PERSON,
        Column("Number of licenses", "licenseCount", 20),
        Column("Licenses", "licenses", 50),
        Column("State", "state", 12),
        Column("Error", "error", 40),
    ),
)

_NO_LICENSE: Row = (None,) * 5


@dataclass(frozen=True, slots=True)
class ExportedUser:
    """`row` is the user's on the sheet of users, `licenses` the rows of the export."""

    row: Row
    licenses: list[Row]


class LicenseRows:
    """`selected` are the names of the job's groups, in the job's order; `groups` knows those that give licenses."""

    def __init__(self, selected: Iterable[str], licenses: LicenseNames, groups: GroupNames) -> None:
        self.licenses = licenses
        self._selected = [plain(name) for name in selected]
        self._groups = groups

    def users(self, items: Iterable[list[Item]]) -> Iterator[ExportedUser]:
        """Chunk by chunk.

        Raises:
            PassingGraphError: names of groups cannot be read now.
        """
        for chunk in items:
            self._groups.learn(
                group_id
                for item in chunk
                for held in (item.before.licenses if item.before else ())
                for group_id in held.inherited_from
            )
            for item in chunk:
                yield self._user(item)

    def _user(self, item: Item) -> ExportedUser:
        person = self._person(item)
        error = plain(item.error.message) if item.error else None
        held = item.before.licenses if item.before else ()
        names = [self.licenses.name(license_.sku_id) for license_ in held]
        row = (
            *person,
            len(held) if item.before else None,
            "; ".join(names) or None,
            _user_state(item),
            error,
        )
        licenses: list[Row] = [
            (
                *person,
                name,
                self.licenses.part_number(license_.sku_id),
                license_.sku_id,
                assignment(license_, self._groups),
                license_.expires_at,
                self.licenses.state(license_.sku_id),
                error,
            )
            for license_, name in zip(held, names, strict=True)
        ]
        if not licenses:
            licenses = [(*person, *_NO_LICENSE, None if item.before else _unread_state(item), error)]
        return ExportedUser(row, licenses)

    def _person(self, item: Item) -> tuple[Value, ...]:
        return (
            "; ".join(self._selected[position] for position in item.groups),
            plain(item.display_name),
            plain(item.user_principal_name),
            item.user_id,
            item.account_enabled,
            item.user_type,
            item.before.usage_location if item.before else None,
        )


def _user_state(item: Item) -> str:
    if item.before is None:
        return _unread_state(item)
    return "Licensed" if item.before.licenses else "Unlicensed"


def _unread_state(item: Item) -> str:
    """Why nothing is known of the user: `Failed` with the error beside it, or `Canceled`."""
    return "Canceled" if item.status is ItemStatus.CANCELED else "Failed"
