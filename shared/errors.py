"""The error tree.

    AppError                    has a `code` that is part of the contract
    ├── SettingError            a setting is missing or wrong; the app does not start
    ├── RequestError            the caller can mend it: 4xx
    │   ├── InvalidRequest      400, lists every fault
    │   └── …                   one class a status: Unauthenticated, RoleMissing, NotFound, Conflict, …
    ├── Unavailable             503 with Retry-After: Graph or Storage is away
    └── GraphError              Graph refused or failed
        ├── PassingGraphError   throttled, 5xx, timeout, dropped: retried
        └── LastingGraphError   asking again will not help

A code is never renamed: flows compare it.
"""

from dataclasses import dataclass


class AppError(Exception):
    """Anything this app raises on purpose."""

    code = "Unexpected"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class SettingError(AppError):
    """A setting is missing or wrong. The message is one line that names the setting."""

    code = "SettingInvalid"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request: where (`licenses[0].skuId`, a parameter's or header's name) and what to do."""

    code: str
    message: str
    target: str | None = None


class RequestError(AppError):
    """The caller can mend it. Carries every fault found; `status` is the HTTP status."""

    status = 400
    code = "InvalidRequest"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        target: str | None = None,
        details: tuple[Fault, ...] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code or type(self).code
        self.target = target
        self.details = details
        self.retry_after = retry_after


class InvalidRequest(RequestError):
    """400 with every fault in `details`."""

    @classmethod
    def of(cls, faults: tuple[Fault, ...]) -> "InvalidRequest":
        first = faults[0]
        more = f" ({len(faults)} faults in all: see details)" if len(faults) > 1 else ""
        return cls(first.message + more, target=first.target, details=faults)


class Unauthenticated(RequestError):
    status, code = 401, "Unauthenticated"


class RoleMissing(RequestError):
    status, code = 403, "RoleMissing"


class OriginRefused(RequestError):
    status, code = 403, "OriginNotAllowed"


class NotFound(RequestError):
    """404; the code says what: JobNotFound, GroupNotFound, LicenseNotFound, PlanNotFound, GrantNotFound, …"""

    status, code = 404, "NotFound"


class Conflict(RequestError):
    """409; the code says why."""

    status, code = 409, "Conflict"


class TooLarge(RequestError):
    status, code = 413, "RequestTooLarge"


class UnsupportedMediaType(RequestError):
    status, code = 415, "UnsupportedMediaType"


class KeyReused(RequestError):
    status, code = 422, "IdempotencyKeyReused"


class TooManyRequests(RequestError):
    status, code = 429, "TooManyRequests"


class Unavailable(AppError):
    """A part that the call needs is away; asking again after `retry_after` seconds is right."""

    def __init__(self, message: str, *, code: str, retry_after: int = 10) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after


class StorageUnavailable(Unavailable):
    """Tables, queues or blobs did not answer."""

    def __init__(
        self, message: str = "Storage does not answer. Try again shortly.", *, retry_after: int = 10
    ) -> None:
        super().__init__(message, code="StorageUnavailable", retry_after=retry_after)


class GraphError(AppError):
    """Graph's answer, mapped to one of our item codes.

    `graph_request_id` is what Microsoft's support asks for; `status` is 0 where no answer came.
    """

    def __init__(
        self, code: str, message: str, *, status: int = 0, graph_request_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.graph_request_id = graph_request_id


class PassingGraphError(GraphError):
    """Worth another try: `retry_after` in seconds where Graph said so. The message tells what happened; whether
    and when it is tried again is for the one to say who decides it: see the sentences below.

    `outcome_unknown`: a write may have been carried out all the same (timeout, dropped connection, 5xx), so it
    is repeated only after the user was read again. Not so for 401, 429, concurrency and refused connections.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 0,
        graph_request_id: str | None = None,
        retry_after: float | None = None,
        outcome_unknown: bool = False,
    ) -> None:
        super().__init__(code, message, status=status, graph_request_id=graph_request_id)
        self.retry_after = retry_after
        self.outcome_unknown = outcome_unknown


TRIED_AGAIN = "It is tried again by itself."
START_AGAIN = "It was tried several times: start the job again once that is over."
SEND_AGAIN = "Nothing was recorded: send the request again later."


class LastingGraphError(GraphError):
    """Asking again will not help; the message says what would."""
