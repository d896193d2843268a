"""Sets of whole numbers held as ranges: how a hundred thousand users stay a few bytes."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator


class Intervals:
    """Sorted, disjoint half-open ranges [start, stop)."""

    __slots__ = ("_starts", "_stops")

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._starts: list[int] = []
        self._stops: list[int] = []
        for start, stop in sorted(ranges):
            if stop <= start:
                continue
            if self._stops and start <= self._stops[-1]:
                self._stops[-1] = max(self._stops[-1], stop)
            else:
                self._starts.append(start)
                self._stops.append(stop)

    def __len__(self) -> int:
        return sum(self._stops) - sum(self._starts)

    def __bool__(self) -> bool:
        return bool(self._starts)

    def __contains__(self, number: int) -> bool:
        place = bisect_right(self._starts, number) - 1
        return place >= 0 and number < self._stops[place]

    def ranges(self) -> list[tuple[int, int]]:
        return list(zip(self._starts, self._stops, strict=True))

    def numbers_from(self, number: int) -> Iterator[int]:
        """The members that are not below `number`, in order."""
        place = max(bisect_right(self._starts, number) - 1, 0)
        for start, stop in zip(self._starts[place:], self._stops[place:], strict=True):
            yield from range(max(start, number), stop)

    def union(self, others: Iterable["Intervals"]) -> "Intervals":
        return Intervals([*self.ranges(), *(pair for other in others for pair in other.ranges())])

    def with_range(self, start: int, stop: int) -> "Intervals":
        return Intervals([*self.ranges(), (start, stop)])

    def without(self, number: int) -> "Intervals":
        """The same set less one number."""
        if number not in self:
            return self
        place = bisect_right(self._starts, number) - 1
        copy = Intervals()
        start, stop = self._starts[place], self._stops[place]
        parts = [(a, b) for a, b in ((start, number), (number + 1, stop)) if a < b]
        copy._starts = [*self._starts[:place], *(a for a, _ in parts), *self._starts[place + 1 :]]
        copy._stops = [*self._stops[:place], *(b for _, b in parts), *self._stops[place + 1 :]]
        return copy

    def missing_in(self, start: int, stop: int) -> list[tuple[int, int]]:
        """The parts of [start, stop) that are not in the set."""
        gaps, at = [], start
        for a, b in self.ranges():
            if b <= at or a >= stop:
                continue
            if a > at:
                gaps.append((at, a))
            at = max(at, b)
        if at < stop:
            gaps.append((at, stop))
        return gaps
