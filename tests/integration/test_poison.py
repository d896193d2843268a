"""What is kept of a message that could not be handled."""

from __future__ import annotations

import json
import logging

import pytest

from shared.app import App
from shared.config import load_settings
from shared.jobs.poison import settle_message
from shared.storage.queues import CHUNKS, GROUPS, JOBS
from tests.support.azurite import Azurite

JOB = "11111111-2222-4333-8444-555555555555"


@pytest.mark.parametrize("queue", [JOBS, GROUPS, CHUNKS])
def test_the_log_and_the_record_name_the_job(
    azurite: Azurite, caplog: pytest.LogCaptureFixture, queue: str
) -> None:
    """Without it nobody knows which job to start again."""
    app = App(load_settings({"AzureWebJobsStorage": azurite.connection_string}))
    app.storage.ensure()
    text = json.dumps({"jobId": JOB, "step": "begin", "group": 0, "chunk": 0, "lane": True})

    with caplog.at_level(logging.ERROR):
        settle_message(app.services, app.support, queue, f"message-of-{queue}", text)

    row = app.storage.table("support").get_entity(queue, f"message-of-{queue}")
    assert str(row["outcome"]).startswith(f"job {JOB}: ")
    assert f"of {queue} could not be handled: job {JOB}: " in caplog.text
