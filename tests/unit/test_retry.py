"""Retry or give up."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.retry import MAX_DELAY_SECONDS, RetryPolicy

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
POLICY = RetryPolicy(delay_seconds=10, max_attempts=10)


@pytest.mark.parametrize(
    ("attempts", "retry_after", "random", "seconds"),
    [
        (1, None, 0.0, 20),
        (2, None, 0.0, 40),
        (5, None, 0.0, 320),
        (9, None, 0.0, MAX_DELAY_SECONDS),
        (1, None, 1.0, 15),
        (3, 7.0, 0.0, 7),
        (3, 7.0, 1.0, 8.75),
        (3, 0.2, 0.0, 1),
        (9, 3600.0, 0.0, 3600),
    ],
)
def test_next_attempt(attempts: int, retry_after: float | None, random: float, seconds: float) -> None:
    at = POLICY.next_attempt(attempts, NOW, retry_after=retry_after, random=lambda: random)
    assert at == NOW + timedelta(seconds=seconds)


def test_gives_up_after_the_last_attempt_even_if_graph_names_a_time() -> None:
    assert POLICY.next_attempt(10, NOW, retry_after=5, random=lambda: 0.5) is None
    assert POLICY.next_attempt(11, NOW, retry_after=None, random=lambda: 0.5) is None
