"""A flow engine of the size that the samples need.

It follows what Microsoft documents of the HTTP action: 202 with `Location` is asked again after `Retry-After` (20
seconds if absent) until anything but 202 comes; 408, 429, 5xx and broken connections are retried with the same headers;
some headers are dropped; a request has 120 seconds. Whether the retry of a failed poll repeats the poll or the first
request is not documented, so both can be played.

https://learn.microsoft.com/azure/connectors/connectors-native-http
https://learn.microsoft.com/azure/logic-apps/logic-apps-workflow-actions-triggers
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

import requests

from tests.flows.expressions import Scope, evaluate
from tests.flows.network import Network

Json = dict[str, Any]
AfterPoll = Literal["poll", "request"]

SPEED = 50.0
"""Seconds of the platform in one of ours, where it waits."""
REQUEST_SECONDS = 120.0
DEFAULT_RETRY_AFTER = 20.0
RETRIED = frozenset({408, 429}) | frozenset(range(500, 600))
DROPPED = re.compile(
    r"accept.*|allow|content-(?!type$).*|cookie|expires|host|last-modified|origin|set-cookie|transfer-encoding",
    re.I,
)
TIMEOUT = re.compile(r"PT(\d+)([SMH])")


class ContractBrokenError(AssertionError):
    """An answer that would make the platform wait for ever, or go on too early."""


@dataclass
class Run:
    """A run of a flow. `statuses` and `outputs` by action; `error` is what it was terminated with."""

    name: str
    statuses: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    error: str | None = None
    unhandled: list[str] = field(default_factory=list)

    @property
    def succeeded(self) -> bool:
        return self.error is None and not self.unhandled


class Engine:
    """`answers` are what the actions of other connectors give, by action."""

    def __init__(
        self, network: Network, *, after_poll: AfterPoll = "poll", answers: Mapping[str, Any] | None = None
    ) -> None:
        self._network = network
        self._after_poll = after_poll
        self._answers = answers or {}

    def run(self, definition: Json, name: str, trigger_body: Any = None) -> Run:
        """Run the flow to its end."""
        run = Run(name)
        self._actions(definition["actions"], run, trigger_body)
        return run

    def _actions(self, actions: Json, run: Run, trigger_body: Any) -> None:
        """Each once those that it waits for have ended; skipped where one of them ended otherwise than it asks."""
        waiting = dict(actions)
        while waiting and run.error is None:
            ready = [name for name, action in waiting.items() if set(action["runAfter"]) <= set(run.statuses)]
            assert ready, f"{list(waiting)} wait for actions that never run"
            for name in ready:
                action = waiting.pop(name)
                wanted = action["runAfter"].items()
                if all(run.statuses[before] in states for before, states in wanted):
                    self._action(name, action, run, trigger_body)
                else:
                    run.statuses[name] = "Skipped"
                if run.error is not None:
                    return
        handled = {
            before
            for name, action in actions.items()
            for before, states in action["runAfter"].items()
            if "Failed" in states and run.statuses[name] != "Skipped"
        }
        run.unhandled += [name for name in actions if run.statuses[name] == "Failed" and name not in handled]

    def _action(self, name: str, action: Json, run: Run, trigger_body: Any) -> None:
        scope = Scope(run.outputs, trigger_body, run.name)
        run.statuses[name] = "Succeeded"
        match action["type"]:
            case "Compose":
                run.outputs[name] = evaluate(action["inputs"], scope)
            case "Query" | "Select":
                run.outputs[name] = {"body": _array(action, scope)}
            case "If":
                branch = action if _holds(action["expression"], scope) else action["else"]
                self._actions(branch["actions"], run, trigger_body)
            case "Terminate":
                run.error = evaluate(action["inputs"], scope)["runError"]["message"]
            case "OpenApiConnectionWebhook":
                evaluate(action["inputs"]["parameters"], Scope(run.outputs, trigger_body, run.name))
                run.outputs[name] = self._answers[name]
            case "Http":
                self._http(name, action, run, scope)
            case other:
                raise AssertionError(f"the engine does not know actions of type {other}")

    def _http(self, name: str, action: Json, run: Run, scope: Scope) -> None:
        """Its output is the last answer, however the platform came by it."""
        call = _Call(self._network, evaluate(action["inputs"], scope), self._after_poll)
        answer = call.answer(asynchronous=action.get("operationOptions") != "DisableAsyncPattern")
        if answer is None:
            run.statuses[name], run.outputs[name] = "Failed", {"body": None}
            return
        body = answer.json() if "json" in answer.headers.get("Content-Type", "") else None
        run.outputs[name] = {"statusCode": answer.status_code, "headers": dict(answer.headers), "body": body}
        run.statuses[name] = "Succeeded" if answer.status_code < 400 else "Failed"


class _Call:
    """One HTTP action, with all its retries and polls."""

    def __init__(self, network: Network, inputs: Json, after_poll: AfterPoll) -> None:
        self._network = network
        self._inputs = inputs
        self._after_poll = after_poll
        self._left = inputs.get("retryPolicy", {}).get("count", 4)
        self._interval = _seconds(inputs.get("retryPolicy", {}).get("interval", "PT7S"))
        self._signed_in = _is_signed_in(inputs.get("authentication"))
        headers = inputs.get("headers", {})
        self._headers = {key: value for key, value in headers.items() if not DROPPED.fullmatch(key)}
        assert len(inputs["uri"]) < 2_000

    def answer(self, *, asynchronous: bool) -> requests.Response | None:
        """None where the retries are used up without an answer."""
        answer = self._begun()
        while asynchronous and answer is not None and answer.status_code == 202:
            location, pause = _where_to_ask(answer)
            _sleep(pause)
            polled = self._once("GET", location)
            if polled is not None and polled.status_code not in RETRIED:
                answer = polled
            elif not self._may_retry(polled):
                return polled
            elif self._after_poll == "request":
                answer = self._begun()
        return answer

    def _begun(self) -> requests.Response | None:
        while True:
            answer = self._once(self._inputs["method"], self._inputs["uri"], self._inputs.get("body"))
            if answer is not None and answer.status_code not in RETRIED:
                return answer
            if not self._may_retry(answer):
                return answer

    def _once(self, method: str, url: str, body: Any = None) -> requests.Response | None:
        try:
            return self._network.send(
                method, url, self._headers, body, signed_in=self._signed_in, timeout=REQUEST_SECONDS
            )
        except (requests.ConnectionError, requests.Timeout):
            return None

    def _may_retry(self, failed: requests.Response | None) -> bool:
        if self._left == 0:
            return False
        self._left -= 1
        told = failed.headers.get("Retry-After") if failed is not None else None
        _sleep(float(told) if told else self._interval)
        return True


def _where_to_ask(answer: requests.Response) -> tuple[str, float]:
    """Raises ContractBrokenError."""
    location, pause = answer.headers.get("Location", ""), answer.headers.get("Retry-After")
    if not urlsplit(location).netloc:
        raise ContractBrokenError(f"202 without an absolute Location: {location!r}")
    if pause is not None and not re.fullmatch(r"[1-9]\d*", pause):
        raise ContractBrokenError(f"Retry-After is {pause!r}")
    return location, float(pause) if pause else DEFAULT_RETRY_AFTER


def _is_signed_in(authentication: Json | None) -> bool:
    """Whether the action asks for a token; a block that Entra would refuse is a mistake of the sample."""
    if authentication is None:
        return False
    assert authentication["type"] == "ActiveDirectoryOAuth"
    for member in ("authority", "tenant", "audience", "clientId", "secret"):
        assert authentication[member], f"authentication lacks {member}"
        assert not authentication[member].startswith("<"), f"{member} is not filled in"
    return True


def _array(action: Json, scope: Scope) -> list[Any]:
    inputs = action["inputs"]
    found = []
    for item in evaluate(inputs["from"], scope):
        within = Scope(scope.outputs, scope.trigger_body, scope.run_name, item)
        if action["type"] == "Select":
            found.append(evaluate(inputs["select"], within))
        elif evaluate(inputs["where"], within):
            found.append(item)
    return found


def _holds(expression: Json, scope: Scope) -> bool:
    ((operator, operands),) = expression.items()
    left, right = (evaluate(operand, scope) for operand in operands)
    return bool({"equals": left == right, "greater": operator == "greater" and left > right}[operator])


def _seconds(duration: str) -> float:
    match = TIMEOUT.fullmatch(duration)
    assert match is not None, duration
    return float(match[1]) * {"S": 1, "M": 60, "H": 3600}[match[2]]


def _sleep(seconds: float) -> None:
    """The platform's own waiting, which is what is played here, in less time."""
    time.sleep(seconds / SPEED)
