"""The countries a usage location can name."""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

_FILE = Path(__file__).parent / "data" / "locations.csv"


@cache
def locations() -> Mapping[str, str]:
    """English short names by ISO 3166-1 alpha-2 code, in alphabetical order of the names.

    Microsoft accepts two-letter ISO codes and publishes no list of those it refuses: Graph decides.
    """
    with _FILE.open(encoding="utf-8", newline="") as file:
        rows = {row["code"]: row["name"] for row in csv.DictReader(file)}
    return MappingProxyType(rows)
