"""Names of licensing groups: asked for once, forgotten in time, done without where Graph is away."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from shared.errors import PassingGraphError
from shared.jobs.group_names import MAX_AGE, GroupNames


class Directory:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, tzinfo=UTC)
        self.names = {"a": "Sales", "b": "Visio by group"}
        self.asked: list[list[str]] = []
        self.away = False

    def group_names(self, group_ids: Sequence[str]) -> dict[str, str]:
        self.asked.append(list(group_ids))
        if self.away:
            raise PassingGraphError("GraphUnavailable", "Graph is away.")
        return {group_id: self.names[group_id] for group_id in group_ids if group_id in self.names}


def test_each_name_is_asked_for_once() -> None:
    directory = Directory()
    names = GroupNames(directory.group_names, lambda: directory.now)
    assert names.get(set()) == {}
    assert names.get({"a"}) == {"a": "Sales"}
    assert names.get({"a", "b"}) == {"a": "Sales", "b": "Visio by group"}
    assert names.get({"a", "b"}) == {"a": "Sales", "b": "Visio by group"}
    assert directory.asked == [["a"], ["b"]]


def test_a_new_name_is_seen_after_a_while() -> None:
    directory = Directory()
    names = GroupNames(directory.group_names, lambda: directory.now)
    names.get({"a"})
    directory.names["a"] = "Sales and Service"
    assert names.get({"a"}) == {"a": "Sales"}
    directory.now += MAX_AGE + timedelta(seconds=1)
    assert names.get({"a"}) == {"a": "Sales and Service"}


def test_a_group_that_is_gone_and_a_graph_that_is_away_leave_the_name_out() -> None:
    directory = Directory()
    names = GroupNames(directory.group_names, lambda: directory.now)
    assert names.get({"gone", "a"}) == {"a": "Sales"}
    directory.away = True
    assert names.get({"a", "b"}) == {"a": "Sales"}
