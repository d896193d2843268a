"""Many small requests in few calls: Graph's `$batch`.

Source: https://learn.microsoft.com/graph/json-batching. A part is charged against the limits as if it came
alone, the parts are answered in any order, and a part's refusal does not show in the status of the whole.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from shared.errors import GraphError
from shared.graph.errors import SEND_BATCH, Operation, error_from
from shared.graph.transport import Answer, Json, Priority, Transport, unreadable

BATCH_SIZE = 20
"""The most parts that Graph takes in one batch."""


logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """One part. `url` is relative to the endpoint and begins with a slash; `id` is unique in a `send`."""

    id: str
    method: str
    url: str
    body: Json | None = None


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """The answer to one part. `answered_at` is when it came, by the batcher's clock (seconds, monotonic).

    `failure` is set where the part got no answer of its own: no connection, a refused or unreadable batch.
    """

    answered_at: float
    status: int = 0
    body: Any = None
    headers: Mapping[str, str] | None = None
    request_id: str | None = None
    failure: GraphError | None = None

    def error(self, operation: Operation) -> GraphError | None:
        """What went wrong with the part, None if nothing did."""
        if self.failure is not None:
            return self.failure
        if 200 <= self.status < 300:
            return None
        return error_from(operation, self.status, self.body, self.headers or {}, request_id=self.request_id)


class Batcher:
    """Sends parts in batches of 20, up to `parallel` batches at once, whoever asks. Thread safe.

    Parts of one `send` run side by side in Graph, so no two of them may change the same user.
    """

    def __init__(
        self, transport: Transport, *, parallel: int = 4, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._transport = transport
        self._monotonic = monotonic
        self._threads = ThreadPoolExecutor(max_workers=parallel, thread_name_prefix="graph-batch")

    def close(self) -> None:
        """Wait for the batches under way, take no more."""
        self._threads.shutdown()

    def send(
        self, requests: Sequence[BatchRequest], *, priority: Priority = Priority.NORMAL
    ) -> dict[str, BatchAnswer]:
        """The answer to each request, by its id. Never raises for what Graph or the network does.

        Raises:
            ValueError: two requests have the same id.
        """
        if len({request.id for request in requests}) != len(requests):
            raise ValueError("Two requests of a batch have the same id.")
        parts = [requests[start : start + BATCH_SIZE] for start in range(0, len(requests), BATCH_SIZE)]
        answers: dict[str, BatchAnswer] = {}
        for answered in self._threads.map(lambda part: self._send_part(part, priority), parts):
            answers.update(answered)
        return answers

    def _send_part(self, part: Sequence[BatchRequest], priority: Priority) -> dict[str, BatchAnswer]:
        try:
            answer = self._transport.request(
                "POST",
                "/$batch",
                body={"requests": [_to_json(number, request) for number, request in enumerate(part)]},
                priority=priority,
                repeatable=all(request.method == "GET" for request in part),
                is_unauthorized=_nothing_authorized,
            )
            if not answer.ok:
                raise error_from(
                    SEND_BATCH, answer.status, answer.body, answer.headers, request_id=answer.request_id
                )
        except GraphError as error:
            failed = BatchAnswer(self._monotonic(), failure=error)
            return {request.id: failed for request in part}
        return self._match(part, answer)

    def _match(self, part: Sequence[BatchRequest], answer: Answer) -> dict[str, BatchAnswer]:
        now = self._monotonic()
        missing = BatchAnswer(now, failure=unreadable(answer))
        answers = {request.id: missing for request in part}
        responses = _responses(answer)
        for response in responses:
            number = str(response.get("id"))
            status = response.get("status")
            if number.isdecimal() and int(number) < len(part) and isinstance(status, int):
                answers[part[int(number)].id] = BatchAnswer(
                    now,
                    status,
                    response.get("body"),
                    response.get("headers"),
                    answer.request_id,
                )
        throttled = sum(response.get("status") == 429 for response in responses)
        self._transport.count(throttled=throttled)
        forbidden = sum(response.get("status") == 403 for response in responses)
        if forbidden:
            logger.warning(
                "Graph answered 403 to %d parts of a batch, request-id %s", forbidden, answer.request_id
            )
        return answers


def _to_json(number: int, request: BatchRequest) -> Json:
    part: Json = {"id": str(number), "method": request.method, "url": request.url}
    if request.body is not None:
        part["headers"] = {"Content-Type": "application/json"}
        part["body"] = request.body
    return part


def _responses(answer: Answer) -> list[Json]:
    """The `responses` of a batch's answer; none where its form is not what it should be."""
    found = answer.body.get("responses") if isinstance(answer.body, dict) else None
    return [response for response in found if isinstance(response, dict)] if isinstance(found, list) else []


def _nothing_authorized(answer: Answer) -> bool:
    """Whether the token was refused: by the batch as a whole or by every part, so that none did anything."""
    responses = _responses(answer)
    return answer.status == 401 or (
        bool(responses) and all(response.get("status") == 401 for response in responses)
    )
