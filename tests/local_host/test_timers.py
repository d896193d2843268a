"""Timer triggers on Azurite, through real hosts."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median
from typing import Any

import pytest
import requests
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from local.host.settings import derived_host_id
from tests.local_host.conftest import AppRun, StartApp
from tests.support.eventually import eventually, never


@pytest.fixture(scope="module")
def run(make_app: StartApp) -> AppRun:
    return make_app("timers")


def entries(app: AppRun, what: str) -> list[dict[str, Any]]:
    return [entry for entry in app.journal() if entry["what"] == what]


def wait_for(app: AppRun, what: str, count: int = 1, within: float = 20) -> list[dict[str, Any]]:
    return eventually(lambda: entries(app, what), lambda found: len(found) >= count, within=within, what=what)


def status_blob(app: AppRun, function_name: str) -> Any:
    name = f"timers/{derived_host_id(app.folder)}/Host.Functions.{function_name}/status"
    return app.blobs().get_blob_client("azure-webjobs-hosts", name)


def read_status(app: AppRun, function_name: str) -> dict[str, str] | None:
    try:
        content: dict[str, str] = json.loads(status_blob(app, function_name).download_blob().readall())
    except ResourceNotFoundError:
        return None
    return content


def write_status(app: AppRun, function_name: str, **times: str) -> None:
    with suppress(ResourceExistsError):  # an earlier test's
        app.blobs().create_container("azure-webjobs-hosts")
    status_blob(app, function_name).upload_blob(json.dumps(times), overwrite=True)


def test_a_timer_fires_on_its_seconds(run: AppRun) -> None:
    fired = wait_for(run, "EverySecond", count=4)
    for entry in fired:
        assert entry["pastDue"] is False
        assert entry["status"] == {}  # more than once a minute: not monitored
        assert entry["schedule"] == {"AdjustForDST": True}
    seconds = [int(entry["time"] + 0.05) for entry in fired]  # 0.05: a clock may fire a little early
    assert len(set(seconds)) == len(seconds)
    assert median(entry["time"] % 1 for entry in fired) < 0.6


def test_runs_do_not_overlap_and_missed_ones_are_made_up_for_by_one(run: AppRun) -> None:
    wait_for(run, "Slow end", count=3)
    runs = [entry for entry in run.journal() if entry["what"].startswith("Slow")]
    kinds = [entry["what"] for entry in runs]
    assert kinds[:6] == ["Slow", "Slow end"] * 3
    gaps = [later["time"] - sooner["time"] for sooner, later in pairwise(runs) if later["what"] == "Slow"]
    # A run lasts 2.5 s and begins on a full second: without making up, the next would begin 0.5 s after it.
    assert min(gaps) < 0.3
    assert not any(entry["pastDue"] for entry in runs)


def test_run_on_startup_and_the_status_after_it(run: AppRun) -> None:
    (entry,) = wait_for(run, "AtStart")
    assert entry["pastDue"] is False
    status = eventually(
        lambda: read_status(run, "AtStart"),
        lambda s: s is not None and not s["Last"].startswith("0001"),
        what="status",
    )
    assert status is not None
    assert status["Next"].startswith(f"{datetime.now(UTC).year + 1}-01-01T00:00:00")
    assert entries(run, "Yearly") == []
    yearly = read_status(run, "Yearly")
    assert yearly is not None
    assert yearly["Last"].startswith("0001-01-01")


def test_by_hand_without_the_lock(run: AppRun) -> None:
    with run.new_host("other") as other:
        answer = requests.post(f"{other.base_url}/admin/functions/Yearly", json={}, timeout=10)
        assert (answer.status_code, answer.content) == (202, b"")
        (entry,) = wait_for(run, "Yearly", within=5)
        assert entry["pid"] == other.pid
        assert entry["pastDue"] is False
        assert entry["status"]["Next"].endswith("-01-01T00:00:00+00:00")


def test_past_due_runs_once(make_app: StartApp) -> None:
    app = make_app("timers", start=False)
    last = "2020-06-01T00:00:00+00:00"
    write_status(app, "Yearly", Last=last, Next="2021-01-01T00:00:00+00:00", LastUpdated=last)
    app.host.start()
    (entry,) = wait_for(app, "Yearly")
    assert entry["pastDue"] is True
    assert entry["status"]["Last"] == last
    never(lambda: len(entries(app, "Yearly")) > 1, during=1.5, what="a second run")
    app.host.restart()
    wait_for(app, "AtStart", count=2)
    never(lambda: len(entries(app, "Yearly")) > 1, during=1.5, what="a run after the status was written")


def test_a_changed_schedule_is_reckoned_from_now(make_app: StartApp) -> None:
    app = make_app("timers", start=False)
    last = "2020-06-01T00:00:00+00:00"
    write_status(app, "Yearly", Last=last, Next="2020-06-02T00:00:00+00:00", LastUpdated=last)
    app.host.start()
    status = eventually(lambda: read_status(app, "Yearly"), lambda s: s is not None and s["Last"] != last)
    assert status is not None
    assert status["Next"].startswith(f"{datetime.now(UTC).year + 1}-")
    never(lambda: entries(app, "Yearly"), during=1, what="a run")


def test_one_of_two_hosts_runs_the_timers_until_it_is_killed(make_app: StartApp) -> None:
    app = make_app("timers")
    first_pid = app.host.pid
    wait_for(app, "EverySecond")
    with app.new_host("second") as second:
        never(
            lambda: {entry["pid"] for entry in app.journal()} - {first_pid},
            during=3,
            what="a run on the second host",
        )
        app.host.kill()
        killed = len(app.journal())
        # The lease of 15 s has to run out, then the second host asks for it within 5 s.
        after = eventually(lambda: app.journal()[killed:], within=25, what="a run on the second host")
        assert {entry["pid"] for entry in after} == {second.pid}


def test_a_host_that_ends_gives_the_lock_back(make_app: StartApp) -> None:
    app = make_app("timers")
    wait_for(app, "EverySecond")
    assert app.host.terminate() == 0
    before = len(entries(app, "EverySecond"))
    app.host.start()
    wait_for(app, "EverySecond", count=before + 1, within=4)  # well before the lease of 15 s would end
