"""What is reachable, and the API's own description."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from handlers.endpoint import Handler, RequestContext
from handlers.responses import Answer
from shared.api.openapi import openapi
from shared.api.record_answers import QueueCount, health_json
from shared.app import App
from shared.errors import AppError, StorageUnavailable
from shared.storage.connection import QUEUES


@dataclass(frozen=True)
class HealthHandlers:
    app: App

    def health(self, context: RequestContext) -> Answer:
        graph_fault = self._graph_fault()
        queues: list[QueueCount] = []
        storage_fault = None
        try:
            queues = self._queues()
        except StorageUnavailable as error:
            storage_fault = error.message
        document = health_json(storage_fault=storage_fault, graph_fault=graph_fault, queues=queues)
        healthy = storage_fault is None and graph_fault is None
        return Answer(document, 200 if healthy else 503, {} if healthy else {"Retry-After": "10"})

    def describe(self, context: RequestContext) -> Answer:
        return Answer(openapi(context.urls.base))

    def _graph_fault(self) -> str | None:
        try:
            self.app.tokens.token()
        except AppError as error:
            return error.message
        return None

    def _queues(self) -> list[QueueCount]:
        names = [name for queue in QUEUES for name in (queue, f"{queue}-poison")]
        length = self.app.services.queues.length
        self.app.storage.ensure()
        with ThreadPoolExecutor(len(names)) as threads:
            lengths = dict(zip(names, threads.map(length, names), strict=True))
        recorded = self.app.support.counts()
        return [
            QueueCount(queue, lengths[queue], lengths[f"{queue}-poison"] + recorded[queue])
            for queue in QUEUES
        ]

    def handlers(self) -> Iterator[tuple[str, Handler]]:
        """By the name of their route."""
        yield "GetHealth", self.health
        yield "GetOpenApi", self.describe
