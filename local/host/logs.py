"""Logging of the host and the app: standard error, one line per record, with the function that wrote it.

A record inside an invocation carries the function's name and the first eight characters of the invocation id.
Header values and keys are never logged.
"""

import logging
import sys
import time
from contextvars import ContextVar

# "name id" of the running invocation; empty outside of one.
current_invocation: ContextVar[str] = ContextVar("current_invocation", default="")

_QUIET = ("azure", "urllib3", "uvicorn", "asyncio", "msal")


class _Formatter(logging.Formatter):
    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - theirs
        return time.strftime(datefmt or "%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))

    def format(self, record: logging.LogRecord) -> str:
        invocation = current_invocation.get()
        record.invocation = f" [{invocation}]" if invocation else ""
        return super().format(record)


def configure_logging(level: int) -> None:
    """Send every record of `level` or above to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _Formatter(
            "%(asctime)s.%(msecs)03dZ %(levelname)-7s%(invocation)s %(message)s", datefmt="%Y-%m-%dT%H:%M:%S"
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Below a warning these speak of each request, as host.json silences Azure.Core on Azure.
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
