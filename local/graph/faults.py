"""Faults that tests order: refused, lost, hanging or broken answers, before or after the request took effect."""

import random
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator
from pydantic.alias_generators import to_camel

Scope = Literal["call", "subrequest"]


class Fault(BaseModel):
    """One ordered fault. `path` is a regular expression on the path after the version, without its query.

    `skip` lets that many matching requests pass first; then it hits `times` requests, or each with `probability`.
    `commit` carries the request out before the fault answers. `seconds` is how long a hang lasts before the connection
    closes; without it, it lasts until the client gives up.
    """

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, extra="forbid")

    id: str | None = None
    method: str | None = None
    path: str | None = None
    scope: Literal["call", "subrequest", "any"] = "any"
    times: Annotated[int, Field(ge=1)] | None = None
    probability: Annotated[float, Field(ge=0, le=1)] | None = None
    skip: Annotated[int, Field(ge=0)] = 0
    kind: Literal["status", "drop", "hang", "malformed"]
    status: Annotated[int, Field(ge=400, le=599)] = 503
    retry_after: float | None = None
    code: str | None = None
    message: str | None = None
    commit: bool = False
    seconds: Annotated[float, Field(ge=0)] | None = None

    _pattern: re.Pattern[str] | None = PrivateAttr(default=None)
    _seen: int = PrivateAttr(default=0)
    _hits: int = PrivateAttr(default=0)

    @model_validator(mode="after")
    def _compile(self) -> "Fault":
        if self.path is not None:
            try:
                self._pattern = re.compile(self.path)
            except re.error as error:
                raise ValueError(f"path is no regular expression: {error}") from None
        return self

    def strikes(self, method: str, path: str, scope: Scope, rng: random.Random) -> bool:
        """Whether it hits this request; counts what it saw and hit."""
        if self.scope not in (scope, "any") or (self.method and self.method.upper() != method):
            return False
        if self._pattern and not self._pattern.search(path):
            return False
        self._seen += 1
        if self._seen <= self.skip or (self.times is not None and self._hits >= self.times):
            return False
        if self.probability is not None and rng.random() >= self.probability:
            return False
        self._hits += 1
        return True

    def report(self) -> dict[str, Any]:
        return {**self.model_dump(by_alias=True, exclude_none=True), "seen": self._seen, "hits": self._hits}


DEFAULT_CODES = {
    401: ("InvalidAuthenticationToken", "Access token has expired or is not yet valid."),
    403: ("Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
    409: (
        "Directory_ConcurrencyViolation",
        "Error due to concurrent requests being made to the tenant. Please wait briefly and retry.",
    ),
    429: ("TooManyRequests", "Too many requests."),
    500: ("InternalServerError", "An internal server error occurred."),
    503: ("ServiceUnavailable", "The service is temporarily unavailable. Please retry."),
    504: ("GatewayTimeout", "The gateway timed out."),
}


class Faults:
    """The ordered faults; the first that strikes wins."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._faults: list[Fault] = []

    def __bool__(self) -> bool:
        return bool(self._faults)

    def add(self, faults: list[Fault]) -> list[str]:
        """Order more faults; answers their ids."""
        for fault in faults:
            self._faults.append(fault)
            fault.id = fault.id or f"fault-{len(self._faults)}"
        return [str(fault.id) for fault in faults]

    def clear(self) -> None:
        self._faults = []

    def report(self) -> list[dict[str, Any]]:
        return [fault.report() for fault in self._faults]

    def find(self, method: str, path: str, scope: Scope) -> Fault | None:
        for fault in self._faults:
            if fault.strikes(method, path, scope, self._rng):
                return fault
        return None
