"""The window's arithmetic: never ahead of Graph's, never slower than it must be."""

import pytest

from shared.pacing import (
    FRESH_SECONDS,
    LINGER_SECONDS,
    RESERVATION_SECONDS,
    Limit,
    Reservation,
    Wait,
    Window,
    WritePacer,
    read_limit,
)
from shared.storage.tables import Superseded
from shared.storage.work_store import WorkStore

LIMIT = Limit(300, 15)


def window(*stamps: tuple[float, int], reserved: int = 0, not_before: float = 0.0) -> Window:
    holders = {"other": (reserved, 99.0)} if reserved else {}
    return Window(LIMIT, list(stamps), holders, not_before)


@pytest.mark.parametrize(
    ("state", "wanted", "expected"),
    [
        pytest.param(window(), 200, (200, 100.0), id="empty window: all at once"),
        pytest.param(window(), 500, (300, 100.0), id="no more than the limit"),
        pytest.param(window((95, 100)), 300, (200, 100.0), id="what is left"),
        pytest.param(window((95, 290)), 200, (0, 110.0), id="less than a batch is not worth it"),
        pytest.param(window((95, 290)), 10, (10, 100.0), id="unless no more is wanted"),
        pytest.param(window((90, 300)), 20, (0, 105.0), id="full: when the first leave the window"),
        pytest.param(
            window((90, 20), (90.2, 280)), 200, (0, 105.2), id="full: linger for a comfortable share"
        ),
        pytest.param(window((90, 20), (94, 280)), 200, (0, 105.0), id="but not for long"),
        pytest.param(
            window(reserved=300), 20, (0, 101.0), id="all reserved by others: ask again in a second"
        ),
        pytest.param(window(reserved=200), 200, (100, 100.0), id="reserved ones count"),
        pytest.param(window(not_before=107.5), 20, (0, 107.5), id="Graph said stop"),
    ],
)
def test_share(state: Window, wanted: int, expected: tuple[int, float]) -> None:
    state.settle_time(100.0)
    assert state.share(wanted, 100.0) == pytest.approx(expected)


def test_stamps_leave_the_window_after_its_length_and_not_before() -> None:
    state = window((85.0, 300))
    state.settle_time(99.999)
    assert state.free() == 0
    state.settle_time(100.0)
    assert state.free() == 300


def test_a_silent_reservation_counts_as_written_when_it_is_given_up() -> None:
    state = Window(LIMIT, [], {"dead": (300, 100.0)})
    state.settle_time(100.0 + RESERVATION_SECONDS)
    assert not state.reserved
    assert state.free() == 0
    state.settle_time(100.0 + RESERVATION_SECONDS + LIMIT.seconds)
    assert state.free() == 300


def test_no_window_of_the_length_ever_holds_more_than_the_limit() -> None:
    """Play a job of 1,350 writes through the window: as fast as the limit lets them through, and never faster."""
    state, now, sent = Window(LIMIT), 0.0, 0
    stamps: list[tuple[float, int]] = []
    while sent < 1350:
        state.settle_time(now)
        number, again = state.share(min(200, 1350 - sent), now)
        if number:
            stamps.append((now, number))
            state.stamps.append((now, number))
            sent += number
        else:
            assert again > now
            now = again
    for at, _ in stamps:
        assert sum(number for other, number in stamps if at <= other < at + LIMIT.seconds) <= LIMIT.writes
    assert stamps[-1][0] - stamps[0][0] <= 60 + LINGER_SECONDS


def test_the_record_comes_back_as_it_was() -> None:
    state = window((95.25, 20), (96.5, 40), reserved=20, not_before=101.0)
    again = Window.load(LIMIT, state.dump())
    assert again == state
    assert Window.load(LIMIT, b"") == Window(LIMIT)


@pytest.mark.parametrize(
    ("writes", "reads"),
    [
        pytest.param(
            Limit(3000, 150), Limit(7200, 10), id="as documented: 8,000 units in ten seconds, less a tenth"
        ),
        pytest.param(Limit(300, 15), Limit(7200, 10), id="the same rate"),
        pytest.param(Limit(1500, 150), Limit(3600, 10), id="half of it, shared with another app"),
        pytest.param(Limit(1, 3600), Limit(1, 10), id="never nothing"),
    ],
)
def test_reads_follow_from_writes(writes: Limit, reads: Limit) -> None:
    assert read_limit(writes) == reads


class SharedRow(WorkStore):
    """The row of the window, as every instance sees it."""

    def __init__(self) -> None:
        self.row, self.version, self.reads = b"", 0, 0

    def pace(self, _what: str) -> tuple[bytes, str | None]:
        self.reads += 1
        return self.row, str(self.version) if self.version else None

    def save_pace(self, _what: str, data: bytes, etag: str | None) -> str:
        if etag != (str(self.version) if self.version else None):
            raise Superseded("row")
        self.row, self.version = data, self.version + 1
        return str(self.version)


def test_nobody_is_sent_away_for_what_another_instance_has_given_back() -> None:
    now = [1000.0]
    store = SharedRow()
    first, second = (WritePacer(store, LIMIT, lambda: now[0]) for _ in range(2))
    taken = second.reserve(200, 0.0)
    assert isinstance(taken, Reservation)
    own = first.reserve(100, 0.0)
    assert isinstance(own, Reservation)
    second.settle(taken, [])
    now[0] += FRESH_SECONDS + 0.1
    leave = first.reserve(200, 0.0)
    assert isinstance(leave, Reservation)
    assert leave.number == 200


def test_who_waits_in_turns_does_not_ask_the_row_each_time() -> None:
    now = [1000.0]
    store = SharedRow()
    pacer = WritePacer(store, LIMIT, lambda: now[0])
    pacer.hold(100.0)
    reads = store.reads
    for _ in range(10):
        assert isinstance(pacer.reserve(20, 0.0), Wait)
    assert store.reads == reads
