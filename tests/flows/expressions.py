"""The part of the Workflow Definition Language's expressions that the samples use.

https://learn.microsoft.com/azure/logic-apps/workflow-definition-language-functions-reference
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<name>[A-Za-z]\w*)|(?P<mark>\?\[|[()\[\],]))"
)


class ExpressionError(AssertionError):
    """The platform would refuse this."""


@dataclass(frozen=True)
class Scope:
    """What expressions can see: outputs by action (`{"body", ...}`), the trigger's body, the run's name, the item."""

    outputs: Mapping[str, Any]
    trigger_body: Any
    run_name: str
    item: Any = None

    def functions(self) -> Mapping[str, Callable[..., Any]]:
        return {
            "outputs": self._output,
            "body": lambda name: (self._output(name) or {}).get("body"),
            "triggerBody": lambda: self.trigger_body,
            "workflow": lambda: {"run": {"name": self.run_name}},
            "item": lambda: self.item,
            "coalesce": lambda *values: next((value for value in values if value is not None), None),
            "length": len,
            "take": lambda values, count: values[:count],
            "greater": lambda a, b: a > b,
            "equals": lambda a, b: a == b,
            "int": int,
            "utcNow": lambda: _iso(datetime.now(UTC)),
            "addDays": lambda moment, days: _iso(datetime.fromisoformat(moment) + timedelta(days=days)),
        }

    def _output(self, name: str) -> Any:
        if name not in self.outputs:
            raise ExpressionError(f"{name} has not run")
        return self.outputs[name]


def evaluate(value: Any, scope: Scope) -> Any:
    """The value with every expression in it replaced by what it gives."""
    if isinstance(value, dict):
        return {key: evaluate(part, scope) for key, part in value.items()}
    if isinstance(value, list):
        return [evaluate(part, scope) for part in value]
    if not isinstance(value, str):
        return value
    if value.startswith("@") and not value.startswith(("@{", "@@")):
        return _Parser(value[1:], scope).whole()
    return _interpolated(value, scope)


def _interpolated(text: str, scope: Scope) -> str:
    parts, at = [], 0
    while (start := text.find("@{", at)) >= 0:
        end = text.index("}", start)
        parts += [text[at:start], _as_text(_Parser(text[start + 2 : end], scope).whole())]
        at = end + 1
    return "".join([*parts, text[at:]])


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


class _Parser:
    """One expression: calls, texts, numbers and members (`['x']` of something, `?['x']` also of nothing)."""

    def __init__(self, text: str, scope: Scope) -> None:
        self._text = text
        self._scope = scope
        self._tokens = list(_TOKEN.finditer(text))
        if "".join(token.group() for token in self._tokens) != text.rstrip():
            raise ExpressionError(f"cannot be read: {text}")
        self._at = 0

    def whole(self) -> Any:
        value = self._value()
        if self._at != len(self._tokens):
            raise ExpressionError(f"more than one expression: {self._text}")
        return value

    def _value(self) -> Any:
        token = self._next()
        if (text := token["text"]) is not None:
            value: Any = text[1:-1].replace("''", "'")
        elif (number := token["number"]) is not None:
            value = int(number)
        else:
            value = self._call(token["name"])
        while (mark := self._peek()) in ("[", "?["):
            self._next()
            key = self._value()
            self._expect("]")
            if value is None and mark == "[":
                raise ExpressionError(f"{self._text}: member {key} of nothing")
            value = _member(value, key)
        return value

    def _call(self, name: str | None) -> Any:
        function = self._scope.functions().get(name or "")
        if function is None:
            raise ExpressionError(f"{self._text}: no function {name}")
        self._expect("(")
        arguments: list[Any] = []
        while self._peek() != ")":
            arguments.append(self._value())
            if self._peek() == ",":
                self._next()
        self._expect(")")
        return function(*arguments)

    def _peek(self) -> str | None:
        return self._tokens[self._at]["mark"] if self._at < len(self._tokens) else None

    def _next(self) -> re.Match[str]:
        if self._at == len(self._tokens):
            raise ExpressionError(f"ends too early: {self._text}")
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, mark: str) -> None:
        if self._next()["mark"] != mark:
            raise ExpressionError(f"{mark} is missing: {self._text}")


def _member(value: Any, key: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(str(key))
    if isinstance(value, list) and isinstance(key, int):
        return value[key] if key < len(value) else None
    return None
