"""Every rule that an app can break, and what the functions look like when it breaks none."""

import typing
from collections.abc import Callable
from typing import Any

import azure.functions as func
import pytest

from local.host.errors import HostStartError
from local.host.functions import HttpTrigger, QueueTrigger, TimerTrigger
from local.host.indexing import index_functions

Register = Callable[[func.FunctionApp], Any]

HTTP = func.HttpResponse("")


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AzureWebJobsStorage", "UseDevelopmentStorage=true")
    monkeypatch.setenv("OTHER", "UseDevelopmentStorage=true")
    monkeypatch.delenv("MISSING", raising=False)


def faults(register: Register) -> tuple[str, ...]:
    app = func.FunctionApp()
    register(app)
    with pytest.raises(HostStartError) as caught:
        index_functions(list(app.get_functions()), "")
    return caught.value.faults


def named(name: str) -> Register:
    def register(app: func.FunctionApp) -> None:
        @app.function_name(name)
        @app.route("x")
        def anything(req: func.HttpRequest) -> func.HttpResponse:
            return HTTP

    return register


def routed(*routes: tuple[str, str, list[str] | None]) -> Register:
    def register(app: func.FunctionApp) -> None:
        for name, route, methods in routes:

            def anything(req: func.HttpRequest) -> func.HttpResponse:
                return HTTP

            app.function_name(name)(app.route(route, methods=methods)(anything))

    return register


def queued(call: Callable[..., Any], **trigger: str) -> Register:
    settings: dict[str, Any] = {
        "arg_name": "msg",
        "queue_name": "jobs",
        "connection": "AzureWebJobsStorage",
        **trigger,
    }
    return lambda app: app.queue_trigger(**settings)(call)


def timed(call: Callable[..., Any], schedule: str = "0 * * * * *") -> Register:
    return lambda app: app.timer_trigger(arg_name="timer", schedule=schedule)(call)


def with_output(call: Callable[..., Any], arg_name: str = "out") -> Register:
    def register(app: func.FunctionApp) -> None:
        output = app.queue_output(arg_name=arg_name, queue_name="more", connection="AzureWebJobsStorage")
        queued(output(call))(app)

    return register


def plain(msg: func.QueueMessage) -> None: ...
def no_parameter() -> None: ...
def other_parameter(msg: func.QueueMessage, other: str) -> None: ...
def wrong_type(msg: func.TimerRequest) -> None: ...
def union_type(msg: func.QueueMessage | str) -> None: ...
def missing_type(msg: "NoSuchType") -> None: ...  # type: ignore[name-defined]  # noqa: F821 - the fault itself
def wrong_context(msg: func.QueueMessage, context: int) -> None: ...
def out_trigger(msg: func.Out[str]) -> None: ...
def bare_out(msg: func.QueueMessage, out: str) -> None: ...
def builtin_list(msg: func.QueueMessage, out: func.Out[list[str]]) -> None: ...
def typed_list(msg: func.QueueMessage, out: func.Out[typing.List[str]]) -> None: ...  # noqa: UP006 - the rule
def underscore(my_msg: func.QueueMessage) -> None: ...
def timer(timer: func.TimerRequest) -> None: ...
def union_return(req: func.HttpRequest) -> func.HttpResponse | str:
    return HTTP


def wrong_return(req: func.HttpRequest) -> int:
    return 1


def retried(app: func.FunctionApp) -> None:
    retry = app.retry(strategy="fixed_delay", max_retry_count="2", delay_interval="00:00:01")
    timed(retry(timer))(app)


def blob(app: func.FunctionApp) -> None:
    @app.blob_trigger(arg_name="data", path="a/b", connection="AzureWebJobsStorage")
    def on_blob(data: func.InputStream) -> None: ...


RULES: dict[str, tuple[Register, str]] = {
    "name with a digit first": (named("1st"), "name must be"),
    "name host": (named("Host"), "not 'host'"),
    "name too long": (named("a" * 129), "128 at most"),
    "name with a dot": (named("a.b"), "name must be"),
    "underscore in arg_name": (queued(underscore, arg_name="my_msg"), "'my_msg'"),
    "route admin": (routed(("a", "admins/x", None)), "'admin'"),
    "route runtime": (routed(("a", "Runtimes", None)), "'runtime'"),
    "route syntax": (routed(("a", "x/{id:sku}", None)), "'sku'"),
    "route taken": (routed(("a", "x", ["GET", "POST"]), ("b", "X", ["POST"])), "function 'b'"),
    "route taken, all methods": (routed(("a", "x", None), ("b", "x", ["POST"])), "function 'b'"),
    "no parameter": (queued(no_parameter), "msg has none"),
    "no binding": (queued(other_parameter), "other has none"),
    "annotation does not fit": (queued(wrong_type), "does not fit a queueTrigger"),
    "union annotation": (queued(union_type), "real type"),
    "unknown annotation": (queued(missing_type), "NoSuchType"),
    "context annotation": (queued(wrong_context), "azure.functions.Context"),
    "trigger as out": (queued(out_trigger), "must not be annotated func.Out"),
    "out without Out": (with_output(bare_out), "func.Out"),
    "out with list[str]": (with_output(builtin_list), "typing.List"),
    "union return": (lambda app: app.route("x")(union_return), "return annotation"),
    "wrong return": (lambda app: app.route("x")(wrong_return), "does not fit a http output"),
    "missing setting in queue name": (queued(plain, queue_name="%MISSING%"), "MISSING"),
    "missing setting in schedule": (timed(timer, "%MISSING%"), "MISSING"),
    "missing connection": (queued(plain, connection="MISSING"), "MISSING"),
    "queue name": (queued(plain, queue_name="a--b"), "'a--b'"),
    "schedule": (timed(timer, "0 0 0 * * 7"), "day-of-week"),
    "retry policy": (retried, "retry policy"),
    "other trigger": (blob, "blobTrigger"),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_rule_names_function_and_rule(rule: str) -> None:
    register, said = RULES[rule]
    (fault,) = faults(register)
    assert fault.startswith("function '")
    assert said in fault


def test_a_wrong_schedule_names_the_setting_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHEDULE", "daily")
    (fault,) = faults(timed(timer, "%SCHEDULE%"))
    assert "%SCHEDULE%" in fault
    assert "'daily'" in fault


def test_all_faults_are_told_at_once() -> None:
    def register(app: func.FunctionApp) -> None:
        named("1st")(app)
        routed(("a", "admin", None))(app)

    assert len(faults(register)) == 2


def test_functions_come_in_alphabetical_order_with_everything_resolved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QUEUE", "Jobs")
    monkeypatch.setenv("SCHEDULE", "0 */5 * * * *")
    monkeypatch.setenv("AzureWebJobs.timer.Disabled", "true")
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ADMIN)
    routed(("zeta", "z/{id:int}", ["get"]), ("Alpha", "a", None))(app)
    monkeypatch.setenv("CONNECTION", "OTHER")
    queued(plain, queue_name="%QUEUE%", connection="%CONNECTION%")(app)
    timed(timer, "%SCHEDULE%")(app)
    alpha, queue, clock, zeta = index_functions(list(app.get_functions()), "api")
    assert [alpha.name, queue.name, clock.name, zeta.name] == ["Alpha", "plain", "timer", "zeta"]
    assert isinstance(zeta.trigger, HttpTrigger)
    assert zeta.trigger.route.match("api/z/5") == {"id": "5"}
    assert zeta.trigger.methods == frozenset({"GET"})
    assert zeta.trigger.auth_level == "admin"
    assert isinstance(alpha.trigger, HttpTrigger)
    assert alpha.trigger.methods is None
    assert isinstance(queue.trigger, QueueTrigger)
    assert (queue.trigger.queue_name, queue.trigger.connection) == ("jobs", "OTHER")
    assert isinstance(clock.trigger, TimerTrigger)
    assert clock.disabled
    assert not queue.disabled


def test_generic_list_output_is_taken() -> None:
    app = func.FunctionApp()
    with_output(typed_list)(app)
    (function,) = index_functions(list(app.get_functions()), "")
    assert [output.arg_name for output in function.outputs] == ["out"]
