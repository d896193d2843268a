"""From the app's function objects to the functions that the host runs, with every rule checked.

Rules of the worker fail the whole app on Azure, rules of the host drop the one function with an error in the
log (azure-functions-host, WebJobs.Script/Utility.cs and Host/ScriptHost.cs). Here all are checked, all faults
are named, and any fault stops the start. Functions come out in alphabetical order, ignoring case: the order
in which HTTP routes are tried.
"""

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from local.host.connections import Service, connection_fault
from local.host.errors import HostStartError
from local.host.functions import Function, HttpTrigger, QueueOutput, QueueTrigger, TimerTrigger
from local.host.ncrontab import Schedule, parse_schedule
from local.host.routes import compile_route
from local.host.settings import function_is_disabled, resolve_placeholders
from local.host.signatures import RETURN, check_signature, is_output, takes_text, wants_context

_FUNCTION_NAME = re.compile(r"[a-z][a-z0-9_-]{0,127}", re.IGNORECASE)
_BINDING_NAME = re.compile(r"[a-z][a-z0-9]{0,127}", re.IGNORECASE)
_QUEUE_NAME = re.compile(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*")
_TRIGGERS = ("httpTrigger", "queueTrigger", "timerTrigger")
_OUTPUTS = ("http", "queue")


def index_functions(app_functions: Sequence[Any], route_prefix: str) -> list[Function]:
    """Check and convert. Raises HostStartError with one line per fault: function and rule."""
    faults: list[str] = []
    functions: list[Function] = []
    for app_function in app_functions:
        name = str(app_function.get_function_name())
        broken = list(_check_names(name, app_function))
        if not broken:
            bindings = {binding.name: binding for binding in app_function.get_bindings()}
            broken = list(check_signature(app_function.get_user_function(), bindings))
        if not broken:
            try:
                functions.append(_convert(name, app_function, route_prefix))
            except ValueError as error:
                broken = [str(error)]
        faults.extend(f"function {name!r}: {rule}" for rule in broken)
    functions.sort(key=lambda function: function.name.lower())
    faults.extend(_check_routes(functions))
    if faults:
        raise HostStartError(faults)
    return functions


def _check_names(name: str, app_function: Any) -> Iterator[str]:
    if not _FUNCTION_NAME.fullmatch(name) or name.lower() == "host":
        yield "the name must be a letter, then letters, digits, - and _, 128 at most, and not 'host'"
    bindings = app_function.get_bindings()
    for binding in bindings:
        if binding.name != RETURN and not _BINDING_NAME.fullmatch(binding.name):
            yield f"the binding name {binding.name!r} must be a letter, then letters and digits, 128 at most"
    lowered = [binding.name.lower() for binding in bindings]
    if len(set(lowered)) < len(lowered):
        yield "two bindings have one name"
    triggers = [binding.type for binding in bindings if binding.type.lower().endswith("trigger")]
    if len(triggers) != 1:
        yield f"exactly one trigger is needed, there are {len(triggers)}"
    for binding in bindings:
        allowed = _OUTPUTS if is_output(binding) else _TRIGGERS
        if binding.type not in allowed:
            yield f"the local host runs no {binding.type} binding"
    if app_function.get_settings_dict("retry_policy"):
        yield "the local host runs no retry policy"


def _convert(name: str, app_function: Any, route_prefix: str) -> Function:
    call = app_function.get_user_function()
    bindings = {binding.name: binding for binding in app_function.get_bindings()}
    trigger = app_function.get_trigger()
    return Function(
        name=name,
        call=call,
        is_async=inspect.iscoroutinefunction(call),
        wants_context=wants_context(call, bindings),
        has_return=RETURN in bindings,
        arg_name=trigger.name,
        trigger=_convert_trigger(trigger, call, route_prefix),
        outputs=tuple(_queue_outputs(bindings)),
        disabled=function_is_disabled(name),
    )


def _convert_trigger(trigger: Any, call: Any, route_prefix: str) -> HttpTrigger | QueueTrigger | TimerTrigger:
    if trigger.type == "httpTrigger":
        return _http_trigger(trigger, route_prefix)
    if trigger.type == "queueTrigger":
        return QueueTrigger(
            queue_name=_queue_name(trigger.queue_name),
            connection=_connection(trigger.connection),
            as_text=takes_text(call, trigger.name),
        )
    _connection("", "blob")  # the lock and the status are blobs of the host
    return TimerTrigger(
        schedule=_schedule(trigger.schedule),
        run_on_startup=trigger.run_on_startup is True,
        use_monitor=trigger.use_monitor is not False,
    )


def _schedule(text: str) -> Schedule:
    """Raises ValueError; where the expression comes from an app setting, the message has that name."""
    try:
        return parse_schedule(_resolved("schedule", text))
    except ValueError as error:
        raise ValueError(f"schedule {text}: {error}") from None


def _http_trigger(trigger: Any, route_prefix: str) -> HttpTrigger:
    route = str(trigger.route or "").strip("/")
    if route.lower().startswith(("admin", "runtime")):
        raise ValueError(f"the route {route!r} must not begin with 'admin' or 'runtime'")
    methods = trigger.methods
    return HttpTrigger(
        route=compile_route(f"{route_prefix}/{route}".strip("/")),
        methods=frozenset(_enum_text(method).upper() for method in methods) if methods else None,
        auth_level=_enum_text(trigger.auth_level).lower(),
    )


def _enum_text(value: Any) -> str:
    return str(getattr(value, "value", value))


def _queue_outputs(bindings: Mapping[str, Any]) -> Iterator[QueueOutput]:
    for binding in bindings.values():
        if binding.type == "queue":
            yield QueueOutput(binding.name, _queue_name(binding.queue_name), _connection(binding.connection))


def _queue_name(text: str) -> str:
    name = _resolved("queue name", text).lower()  # the extension lowers it too
    if not _QUEUE_NAME.fullmatch(name):
        raise ValueError(f"the queue name {name!r} must be 3 to 63 of a-z, 0-9 and single dashes inside")
    return name


def _connection(text: str | None, service: Service = "queue") -> str:
    name = _resolved("connection", text or "") or "AzureWebJobsStorage"
    if fault := connection_fault(name, service):
        raise ValueError(fault)
    return name


def _resolved(what: str, text: str) -> str:
    try:
        return resolve_placeholders(text)
    except KeyError as error:
        raise ValueError(f"the {what} {text!r} needs the app setting {error}, which is not set") from None


def _check_routes(functions: Sequence[Function]) -> Iterator[str]:
    routed = [
        (function, function.trigger) for function in functions if isinstance(function.trigger, HttpTrigger)
    ]
    for (first, one), (second, other) in combinations(routed, 2):
        if one.route.text.lower() != other.route.text.lower():
            continue
        if one.methods is None or other.methods is None or one.methods & other.methods:
            yield f"function {second.name!r}: its route and a method are taken by {first.name!r}"
