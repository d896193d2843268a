"""Keeps a queue message hidden while its function runs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError

logger = logging.getLogger("host.queues")

# Hides the message for the lease from now on, given the newest pop receipt; returns the next one.
Renewal = Callable[[str], Awaitable[str]]


class MessageLease:
    """Renews at half time and holds the newest pop receipt; a failed renewal is tried again sooner.

    Stops by itself once the message belongs to somebody else or is gone."""

    def __init__(self, pop_receipt: str, seconds: int, renewal: Renewal) -> None:
        self._pop_receipt = pop_receipt
        self._seconds = seconds
        self._renewal = renewal
        self._timer = asyncio.get_running_loop().call_later(seconds / 2, self._renew)
        self._renewing: asyncio.Task[None] | None = None
        self._released = False

    async def release(self) -> str:
        """Stop renewing and return the newest receipt, after a renewal that is on its way has ended."""
        self._released = True
        self._timer.cancel()
        if self._renewing is not None:
            await self._renewing
        return self._pop_receipt

    def _renew(self) -> None:
        self._renewing = asyncio.create_task(self._renew_once())

    async def _renew_once(self) -> None:
        try:
            self._pop_receipt = await self._renewal(self._pop_receipt)
            again = self._seconds / 2
        except AzureError as error:
            if is_lost_message(error):
                logger.warning("the lease of a message was lost: it may run a second time")
                return
            again = self._seconds / 10  # a minute of the usual ten
        if not self._released:
            self._timer = asyncio.get_running_loop().call_later(again, self._renew)


def is_lost_message(error: AzureError) -> bool:
    """Whether the message is gone or was taken by another receiver."""
    return isinstance(error, ResourceNotFoundError) or (
        isinstance(error, HttpResponseError) and getattr(error, "error_code", None) == "PopReceiptMismatch"
    )
