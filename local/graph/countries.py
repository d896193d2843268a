"""ISO 3166-1 alpha-2 codes: the values that usageLocation takes."""

from pathlib import Path

COUNTRY_CODES = frozenset(Path(__file__).with_name("countries.txt").read_text("ascii").split())
