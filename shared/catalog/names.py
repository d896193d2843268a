"""Display names of products (SKUs) and service plans, by their ids.

Built in are `data/product_names.csv` and `data/service_plans.csv`. Microsoft publishes the whole list as a
CSV file ("Product names and service plan identifiers for licensing.csv", linked from the page of that name on
Microsoft Learn). Put it into `shared/catalog/data/` under exactly that name and it extends the built-in
lists; where both name an id, Microsoft's file wins. Its columns are Product_Display_Name, String_Id, GUID,
Service_Plan_Name, Service_Plan_Id, Service_Plans_Included_Friendly_Names, one row per product and plan.
"""

import csv
import io
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"
PUBLISHED = "Product names and service plan identifiers for licensing.csv"
_PUBLISHED_COLUMNS = {
    "Product_Display_Name",
    "GUID",
    "Service_Plan_Id",
    "Service_Plans_Included_Friendly_Names",
}


@dataclass(frozen=True, slots=True)
class Names:
    """Display names by lower-case id."""

    products: dict[str, str] = field(default_factory=dict)
    service_plans: dict[str, str] = field(default_factory=dict)


def product_name(sku_id: str, sku_part_number: str) -> str:
    """The product's name as Microsoft's pages show it, or the part number where it is not known."""
    return _names().products.get(sku_id.lower(), sku_part_number)


def service_plan_name(service_plan_id: str, service_plan_name: str) -> str:
    """The service's friendly name, or the plan's name as Graph gives it where it is not known."""
    return _names().service_plans.get(service_plan_id.lower(), service_plan_name)


def load_names(folder: Path) -> Names:
    """The names in a folder of data files.

    Raises:
        ValueError: Microsoft's file lacks a column; the message names it.
    """
    names = Names(_column(folder / "product_names.csv"), _column(folder / "service_plans.csv"))
    published = folder / PUBLISHED
    if published.exists():
        _extend(names, _decoded(published.read_bytes()))
    return names


@cache
def _names() -> Names:
    return load_names(DATA)


def _column(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["id"].lower(): row["display_name"] for row in csv.DictReader(file)}


def _decoded(data: bytes) -> str:
    """Microsoft has published the file in both encodings: UTF-8 with a byte order mark, and Windows-1252."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _extend(names: Names, text: str) -> None:
    rows = csv.DictReader(io.StringIO(text, newline=""))
    missing = _PUBLISHED_COLUMNS - {(name or "").strip() for name in rows.fieldnames or ()}
    if missing:
        raise ValueError(f"{PUBLISHED}: column {', '.join(sorted(missing))} is missing")
    for row in rows:
        _add(names.products, row["GUID"], row["Product_Display_Name"])
        _add(names.service_plans, row["Service_Plan_Id"], row["Service_Plans_Included_Friendly_Names"])


def _add(names: dict[str, str], identifier: str | None, name: str | None) -> None:
    if identifier and name and name.strip():
        names[identifier.strip().lower()] = " ".join(name.split())
