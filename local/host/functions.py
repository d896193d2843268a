"""The functions of an app, as the rest of the host sees them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.host.ncrontab import Schedule
from local.host.routes import RouteTemplate


@dataclass(frozen=True)
class HttpTrigger:
    route: RouteTemplate  # with the route prefix
    methods: frozenset[str] | None  # upper case; None: all
    auth_level: str  # anonymous, function or admin


@dataclass(frozen=True)
class QueueTrigger:
    queue_name: str
    connection: str
    as_text: bool  # the parameter is annotated str or bytes and gets the text alone, as from the worker


@dataclass(frozen=True)
class TimerTrigger:
    schedule: Schedule
    run_on_startup: bool
    use_monitor: bool


@dataclass(frozen=True)
class QueueOutput:
    """A queue that gets what the function returns (arg_name `$return`) or sets."""

    arg_name: str
    queue_name: str
    connection: str


@dataclass(frozen=True)
class Function:
    name: str
    call: Callable[..., Any]
    is_async: bool
    wants_context: bool
    has_return: bool  # an HTTP function, or one with a queue for `$return`
    arg_name: str  # of the trigger
    trigger: HttpTrigger | QueueTrigger | TimerTrigger
    outputs: tuple[QueueOutput, ...]
    disabled: bool
