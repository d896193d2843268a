"""What licenses and groups are called in a file."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from shared.catalog import product_name
from shared.errors import LastingGraphError
from shared.export.cells import plain
from shared.models import Catalog, HeldLicense

log = logging.getLogger(__name__)

MAX_GROUPS = 20_000
"""Names of groups held at once. A tenant of 100,000 users seldom gives licenses by more than a few hundred."""


class LicenseNames:
    """Names of SKUs, those of subscriptions that ended included. An empty catalog leaves what the app knows itself."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._names: dict[str, str] = {}

    def name(self, sku_id: str) -> str:
        """The product's name, else its part number, else the skuId."""
        if sku_id not in self._names:
            self._names[sku_id] = plain(product_name(sku_id, self.part_number(sku_id) or sku_id))
        return self._names[sku_id]

    def part_number(self, sku_id: str) -> str | None:
        sku = self._catalog.get(sku_id)
        return plain(sku.sku_part_number) if sku else None

    def available(self, sku_id: str) -> int | None:
        """Units left to assign; None for a SKU that the tenant does not list any more."""
        sku = self._catalog.get(sku_id)
        return sku.available if sku else None

    def state(self, sku_id: str) -> str:
        """`Active` while the subscription runs or is in its grace period, then what Graph calls it: Suspended,
        LockedOut, or Deleted, also where it is not listed any more.
        """
        sku = self._catalog.get(sku_id)
        if sku is None:
            return "Deleted"
        return "Active" if sku.capability_status in ("Enabled", "Warning") else sku.capability_status


class GroupNames:
    """Names of groups by id, read as they are met. `known` are those of the job's own groups."""

    def __init__(self, read: Callable[[Sequence[str]], Mapping[str, str]], known: Mapping[str, str]) -> None:
        self._read = read
        self._known = {group_id: plain(name) for group_id, name in known.items()}
        self._found: dict[str, str] = {}

    def learn(self, group_ids: Iterable[str]) -> None:
        """Read the names of those not met yet, in one go.

        Raises:
            PassingGraphError: they cannot be read now.
        """
        new = sorted({*group_ids} - self._known.keys() - self._found.keys())
        if not new:
            return
        if len(self._found) + len(new) > MAX_GROUPS:
            self._found.clear()
        names: Mapping[str, str] = {}
        try:
            names = self._read(new)
        except LastingGraphError as error:  # a file with ids instead of names is better than none
            log.warning("the names of %d groups cannot be read: %s", len(new), error.message)
        self._found.update({group_id: plain(names.get(group_id) or group_id) for group_id in new})

    def name(self, group_id: str) -> str:
        """The id for a group that is gone."""
        return self._known.get(group_id) or self._found.get(group_id) or group_id


def assignment(held: HeldLicense, groups: GroupNames) -> str:
    """`Direct`, `Inherited (Group A, Group B)`, or both."""
    ways = ["Direct"] if held.direct else []
    if held.inherited_from:
        ways.append(f"Inherited ({', '.join(groups.name(group_id) for group_id in held.inherited_from)})")
    return "; ".join(ways)
