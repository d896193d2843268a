"""The harness itself: what the other suites rely on without looking."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueClient

from local.up.child import Child, ChildEndedError
from tests.support.azurite import Azurite
from tests.support.eventually import eventually, never
from tests.support.graph import GraphSimulator
from tests.support.process import ROOT

posix_only = pytest.mark.skipif(os.name == "nt", reason="POSIX signals and process groups")

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
IGNORE = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
STUBBORN = [sys.executable, "-c", f"{IGNORE}; {SLEEPER[-1]}"]
# Starts a child as `dev.py up` does, tells the guard's id and waits to be killed.
STARTER = """
import sys, time
from local.up.child import Child
child = Child("sleeper", sys.argv[1:], grace=1.0)
child.lines.readline()
print(child.guard_pid, flush=True)
time.sleep(600)
"""


def is_gone(pid: int) -> bool:
    """Whether the process ended; one that nobody has waited for yet counts as ended."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_eventually_gives_the_value_and_tells_the_last_one() -> None:
    """The value that held, or a failure that shows what was seen instead."""
    numbers = iter(range(10))
    assert eventually(lambda: next(numbers), lambda n: n == 3, every=0) == 3
    with pytest.raises(AssertionError, match=r"the answer did not come true within 0 s; last value: 41"):
        eventually(lambda: 41, lambda n: n == 42, within=0, what="the answer")
    with pytest.raises(AssertionError, match="a write happened: 7"):
        never(lambda: 7, during=1, what="a write")


@posix_only
def test_child_ends_when_asked_and_is_killed_when_it_does_not() -> None:
    """SIGTERM first, SIGKILL after the grace time."""
    polite = Child("polite", SLEEPER)
    assert polite.lines.readline() == b"up\n"
    assert polite.end() == 128 + signal.SIGTERM

    stubborn = Child("stubborn", STUBBORN, grace=0.2)
    assert stubborn.lines.readline() == b"up\n"
    assert stubborn.end() == 128 + signal.SIGKILL


@posix_only
def test_child_that_is_killed_takes_its_own_children_along() -> None:
    """Nothing of its process group is left."""
    shell = Child("shell", ["sh", "-c", "sleep 600 & echo $!; wait"])
    grandchild = int(shell.lines.readline())
    assert shell.kill() == 128 + signal.SIGKILL
    eventually(lambda: is_gone(grandchild), within=5)


@posix_only
@pytest.mark.parametrize("command", [SLEEPER, STUBBORN], ids=["polite", "stubborn"])
def test_child_does_not_outlive_a_killed_starter(command: list[str]) -> None:
    """Even SIGKILL of the starter leaves nothing behind."""
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout
    guard = int(starter.stdout.readline())
    (child,) = psutil.Process(guard).children()
    os.kill(starter.pid, signal.SIGKILL)
    starter.wait()
    starter.stdout.close()
    eventually(lambda: is_gone(guard) and is_gone(child.pid), within=10)


def test_child_that_dies_is_told_from_one_that_does_not_answer() -> None:
    """Both are named."""
    dead = Child("dead", [sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(ChildEndedError, match="dead ended with exit code 3"):
        dead.wait_until(lambda: False, 10)
    mute = Child("mute", SLEEPER)
    with pytest.raises(ChildEndedError, match="mute did not answer within 0 seconds"):
        mute.wait_until(lambda: False, 0)
    mute.kill()


@pytest.mark.azurite
def test_azurite_is_emptied_but_keeps_its_tables_and_queues(azurite: Azurite) -> None:
    """As right after the app's start."""
    with (
        TableServiceClient.from_connection_string(azurite.connection_string) as tables,
        QueueClient.from_connection_string(azurite.connection_string, "work") as queue,
    ):
        table = tables.create_table_if_not_exists("jobs")
        table.create_entity({"PartitionKey": "a", "RowKey": "b"})
        queue.create_queue()
        queue.send_message("c")
        azurite.empty()
        with pytest.raises(ResourceNotFoundError):
            table.get_entity("a", "b")
        assert list(table.list_entities()) == []
        assert queue.receive_message() is None
        tables.delete_table("jobs")
        queue.delete_queue()


@pytest.mark.azurite
@pytest.mark.usefixtures("azurite")  # skips where there is none
def test_azurite_keeps_a_data_folder_over_a_restart(tmp_path: Path) -> None:
    """On the same ports, with what was acknowledged right before the end."""
    with Azurite(tmp_path / "azurite.log", tmp_path / "data") as kept:
        with QueueClient.from_connection_string(kept.connection_string, "work") as queue:
            queue.create_queue()
            queue.send_message("c")
            kept.restart()
            message = queue.receive_message()
        assert message is not None
        assert message.content == "c"


def test_the_control_of_the_simulator_is_as_the_client_believes(graph: GraphSimulator) -> None:
    """Each call once, so that a change of the simulator shows here and not in every suite."""
    control = graph.control
    control.reset("empty")
    seeded = control.seed(skus=[{"skuPartNumber": "ENTERPRISEPACK", "enabled": 3}])
    (sku,) = seeded["skuIds"]
    seeded = control.seed(
        users=[{"usageLocation": "DE", "licenses": [{"skuId": sku}]}],
        bulk=[{"displayName": "Many", "users": 2, "licenses": []}],
    )
    user = seeded["userIds"][0]
    group = control.group_named("Many")
    control.patch_group(group, add=[user])
    assert len(control.group_users(group)) == 3
    assert [item["skuId"] for item in control.user(user)["licenses"]] == [sku]
    assert control.patch_user(user, licenses=[])["licenses"] == []
    control.patch_sku(sku, enabled=7)
    assert [(item["enabled"], item["consumed"]) for item in control.skus()] == [(7, 0)]
    control.delete_user(user)
    control.delete_group(group)
    assert control.groups() == []

    control.set_latency(1, jitter=1)
    control.set_limits(300, 15)
    control.set_lag(read_after_write=1, usage_location=2, members=3)
    control.set_token_lifetime(60)
    control.revoke_tokens()
    control.expire_pages()
    control.withhold_permissions("User.ReadWrite.All")
    assert len(control.add_faults({"kind": "status", "status": 503, "times": 1}, {"kind": "drop"})) == 2
    assert [fault["kind"] for fault in control.faults()] == ["status", "drop"]
    control.clear_faults()
    assert (control.faults(), control.changes(), control.files(), control.mails()) == ([], [], [], [])
    control.reset_stats()
    assert control.stats()["httpCalls"] == 0
    with pytest.raises(AssertionError, match="no such"):
        control.user("no such")


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="runs in one process")
def test_the_tests_of_a_file_run_in_one_worker(request: pytest.FixtureRequest) -> None:
    """Otherwise each worker starts what they share; the group's name stands behind the test's."""
    assert request.node.nodeid.endswith("@tests/dev/test_harness.py")
