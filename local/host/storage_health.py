"""Says once that storage went away, and once that it came back."""

import logging

from azure.core.exceptions import AzureError

logger = logging.getLogger("host.storage")


class StorageHealth:
    """The last known state of one storage service, shared by all who talk to it."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._away = False

    def failed(self, error: AzureError) -> None:
        if not self._away:
            self._away = True
            reason = " ".join(str(error.message or error).split())[:300]
            logger.warning("%s does not answer; trying on: %s", self._service, reason)

    def answered(self) -> None:
        if self._away:
            self._away = False
            logger.warning("%s answers again", self._service)
