"""What a benchmark answers: figures, each with the target it has to meet, if it has one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Bound(Enum):
    """On which side of its target a figure has to be."""

    AT_MOST = "≤"
    AT_LEAST = "≥"


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure. Without a `target` it is told for its own sake."""

    what: str
    found: float
    unit: str = ""
    target: float | None = None
    bound: Bound = Bound.AT_MOST

    @property
    def met(self) -> bool | None:
        """None where there is nothing to meet."""
        if self.target is None:
            return None
        return self.found <= self.target if self.bound is Bound.AT_MOST else self.found >= self.target

    def as_json(self) -> dict[str, Any]:
        """For a machine; `target` is null where there is none."""
        return {
            "what": self.what,
            "found": self.found,
            "unit": self.unit,
            "target": self.target,
            "bound": self.bound.value if self.target is not None else None,
            "met": self.met,
        }


def at_most(what: str, found: float, target: float, unit: str = "") -> Measure:
    return Measure(what, found, unit, target)


def at_least(what: str, found: float, target: float, unit: str = "") -> Measure:
    return Measure(what, found, unit, target, Bound.AT_LEAST)


def number(value: float) -> str:
    """Short and never in powers of ten: `12,345`, `60.5`, `0.1014`."""
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.4g}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns of text, the first to the left and the others to the right."""
    lines = [list(header), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]

    def render(line: Sequence[str]) -> str:
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        return "  ".join(cells).rstrip()

    return "\n".join([render(lines[0]), "  ".join("-" * width for width in widths), *map(render, lines[1:])])


def measures_table(measures: Iterable[Measure]) -> str:
    """Measure, target, found, met?"""

    def row(measure: Measure) -> list[str]:
        target = "" if measure.target is None else f"{measure.bound.value} {number(measure.target)}"
        met = {None: "", True: "yes", False: "NO"}[measure.met]
        return [measure.what, target, f"{number(measure.found)} {measure.unit}".strip(), met]

    return table(("measure", "target", "found", "met?"), map(row, measures))


Benchmark = Callable[[], list[Measure]]
