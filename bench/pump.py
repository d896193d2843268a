"""The app in this process, one message at a time: what it asks for can then be counted to the last request.

Messages are taken from the real queues and handed over as the host would, but never two at once; what the host itself
asks of the queues is not counted, since it is one receive and one delete a message.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from azure.functions.http import HttpRequest
from azure.functions.queue import QueueMessage
from azure.storage.queue import QueueClient, QueueServiceClient, TextBase64DecodePolicy

from handlers.endpoint import EndpointSettings, endpoint
from handlers.http_jobs import JobHandlers
from handlers.queues import QueueHandlers
from shared.app import App
from shared.config import load_settings
from shared.storage.queues import CHUNKS, GROUPS, JOBS
from tests.support.principals import MANAGER

Json = dict[str, Any]
LEASE_SECONDS = 300


def identity(graph_url: str) -> dict[str, str]:
    """The environment variables by which the platform offers an identity; here the simulator does."""
    return {"IDENTITY_ENDPOINT": f"{graph_url}/msi/token", "IDENTITY_HEADER": "local"}


class Pump:
    """`sent`: messages handled so far, by queue. The variables of `identity` have to be in the environment."""

    def __init__(self, connection_string: str, graph_url: str, settings: Mapping[str, str]) -> None:
        fixed = {"AzureWebJobsStorage": connection_string, "GRAPH_ENDPOINT": f"{graph_url}/v1.0"}
        self.app = App(load_settings({**settings, **fixed}))
        self.sent: Counter[str] = Counter()
        queues = QueueHandlers(self.app)
        service = QueueServiceClient.from_connection_string(connection_string)
        handlers = {JOBS: queues.job, GROUPS: queues.group, CHUNKS: queues.chunk}
        self._queues = {name: (self._client(service, name), handle) for name, handle in handlers.items()}
        doors = EndpointSettings("entra", platform_auth_on=True)
        self._submit = endpoint("SubmitJob", dict(JobHandlers(self.app).handlers())["SubmitJob"], doors)

    @staticmethod
    def _client(service: QueueServiceClient, name: str) -> QueueClient:
        return service.get_queue_client(name, message_decode_policy=TextBase64DecodePolicy())

    @property
    def requests(self) -> Counter[str]:
        """What the app has asked of Storage so far, by service and verb."""
        return Counter(self.app.storage.requests)

    def submit(self, body: Json) -> Json:
        """POST /jobs; the job."""
        headers = {**MANAGER.headers(), "Content-Type": "application/json"}
        asked = HttpRequest(
            "POST",
            "http://127.0.0.1/api/jobs",
            headers=headers,
            params={},
            route_params={},
            body_type="bytes",
            body=json.dumps(body).encode(),
        )
        answer = self._submit(asked)
        if answer.status_code != 202:
            raise AssertionError(f"POST /jobs: {answer.status_code} {answer.get_body().decode()}")
        job: Json = json.loads(answer.get_body())
        return job

    def run(self) -> None:
        """Handle messages until there are none; one that is hidden for a while ends it too."""
        while any(self._handle_one(name) for name in self._queues):
            pass

    def _handle_one(self, name: str) -> bool:
        client, handle = self._queues[name]
        message = client.receive_message(visibility_timeout=LEASE_SECONDS)
        if message is None:
            return False
        taken = QueueMessage(  # type: ignore[no-untyped-call]  # the library's constructor has no types
            id=message.id, body=message.content, dequeue_count=message.dequeue_count
        )
        handle(taken)
        client.delete_message(message)
        self.sent[name] += 1
        return True
