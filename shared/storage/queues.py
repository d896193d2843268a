"""Work items on Storage queues. A body holds keys and nothing else; the row it points at is the truth.

No member may be named like queue metadata (`id`, `dequeueCount`, …): the host would overwrite the metadata with it.
"""

import json
from collections.abc import Mapping

from azure.core.exceptions import HttpResponseError

from shared.storage.connection import QUEUES, Storage, storage_errors

JOBS, GROUPS, CHUNKS, EVENTS = QUEUES
MAX_DELAY_SECONDS = 7 * 24 * 3600
"""Longest visibility timeout of Azure Storage; nothing of ours comes near."""

Body = Mapping[str, str | int | bool | None]


class WorkQueues:
    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def send(self, queue: str, body: Body, delay_seconds: float = 0) -> None:
        """Post a work item, visible after `delay_seconds`. A lost answer may post it twice: that does no harm.

        Raises:
            StorageUnavailable: it may not be there.
        """
        self.send_text(queue, json.dumps(body), delay_seconds)

    def send_text(self, queue: str, text: str, delay_seconds: float = 0) -> None:
        """Post a message as it is. Raises StorageUnavailable as `send`."""
        client = self._storage.queue(queue)
        delay = min(MAX_DELAY_SECONDS, max(0, round(delay_seconds)))
        with storage_errors():
            client.send_message(text, visibility_timeout=delay or None, time_to_live=-1)

    def length(self, queue: str) -> int:
        """About how many messages there are, those being worked on and delayed ones included.

        Raises:
            StorageUnavailable: the queue did not answer.
        """
        client = self._storage.queue(queue)
        with storage_errors():
            try:
                properties = client.get_queue_properties()
            except HttpResponseError as error:
                if error.status_code == 404:
                    return 0
                raise
        return int(properties.approximate_message_count or 0)
