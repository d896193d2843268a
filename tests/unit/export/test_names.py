"""Names of the groups that give licenses are read once, and ids stand in for those that cannot be read."""

from collections.abc import Mapping, Sequence

import pytest

from shared.errors import LastingGraphError, PassingGraphError
from shared.export import names
from shared.export.names import GroupNames


class Tenant:
    """Groups by id, and what was asked for."""

    def __init__(self, **groups: str) -> None:
        self.groups = groups
        self.asked: list[list[str]] = []

    def __call__(self, group_ids: Sequence[str]) -> Mapping[str, str]:
        self.asked.append(list(group_ids))
        return {group_id: self.groups[group_id] for group_id in group_ids if group_id in self.groups}


def test_each_name_is_read_once_and_the_jobs_own_never() -> None:
    tenant = Tenant(a="Alpha", b="Be\tta")
    groups = GroupNames(tenant, {"own": "Sales"})
    groups.learn(["b", "a", "own", "gone", "a"])
    groups.learn(["a", "gone"])
    assert tenant.asked == [["a", "b", "gone"]]
    assert [groups.name(id_) for id_ in ("a", "b", "own", "gone")] == ["Alpha", "Be ta", "Sales", "gone"]


def test_names_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "MAX_GROUPS", 3)
    tenant = Tenant(a="Alpha")
    groups = GroupNames(tenant, {})
    for ids in (["a", "b"], ["c", "d"], ["a"]):
        groups.learn(ids)
        assert all(groups.name(id_) for id_ in ids)
    assert tenant.asked == [["a", "b"], ["c", "d"], ["a"]]
    assert groups.name("a") == "Alpha"


def test_names_that_may_not_be_read_are_ids_and_those_not_read_now_are_waited_for() -> None:
    def refuse(_: Sequence[str]) -> Mapping[str, str]:
        raise LastingGraphError("Forbidden", "Grant it.")

    def fail(_: Sequence[str]) -> Mapping[str, str]:
        raise PassingGraphError("Throttled", "Busy.")

    groups = GroupNames(refuse, {})
    groups.learn(["a"])
    assert groups.name("a") == "a"
    with pytest.raises(PassingGraphError):
        GroupNames(fail, {}).learn(["a"])
