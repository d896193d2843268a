"""A message of a former run that comes between two steps of a start.

The app runs in this process, one message at a time, so that the moment can be chosen.
"""

from collections.abc import Callable

import pytest

from bench.pump import Pump, identity
from shared.jobs import begin, control, expand
from shared.jobs.records import JobRecord
from shared.jobs.services import Services
from shared.models import Caller
from tests.support.azurite import Azurite
from tests.support.graph import GraphSimulator
from tests.system.tenants import VISIO

pytestmark = pytest.mark.azurite


def test_a_group_that_failed_before_the_start_does_not_pass_for_read(
    azurite: Azurite, graph: GraphSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in identity(graph.base_url).items():
        monkeypatch.setenv(name, value)
    graph.control.seed(skus=[{"skuPartNumber": "VISIOCLIENT", "skuId": VISIO, "enabled": 1000}])
    good, broken = graph.control.seed(
        bulk=[{"displayName": name, "users": 60} for name in ("Good", "Broken")]
    )["groupIds"]
    pump = Pump(azurite.connection_string, graph.base_url, {"CLOUD": "local"})
    services = pump.app.services
    graph.control.add_faults({"kind": "status", "status": 403, "path": f"groups/{broken}/"})
    job_id = pump.submit({"action": "assign", "groupIds": [good, broken], "licenses": [{"skuId": VISIO}]})[
        "id"
    ]
    pump.run()
    graph.control.clear_faults()

    post_groups: Callable[[Services, JobRecord], None] = begin._post_groups

    def after_old_messages(services: Services, job: JobRecord) -> None:
        for index in (0, 1):
            expand.expand(services, job_id, index)
        post_groups(services, job)

    monkeypatch.setattr(begin, "_post_groups", after_old_messages)
    control.start(services, job_id, Caller("Ann", "user", "user|ann"))
    pump.run()

    job = services.jobs.get(job_id)
    assert job is not None
    assert job.status == "Finished"
    assert sum(tally.counts.changed for tally in services.jobs.tallies(job_id)) == 120
