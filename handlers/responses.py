"""The one map from results and errors to HTTP."""

import json
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import azure.functions as func
from azure.core.exceptions import AzureError, HttpResponseError

from shared.api.answers import job_json
from shared.api.shapes import ErrorShape
from shared.api.urls import Urls
from shared.errors import (
    AppError,
    GraphError,
    PassingGraphError,
    RequestError,
    StorageUnavailable,
    Unauthenticated,
    Unavailable,
)
from shared.models import JobView

JSON = "application/json; charset=utf-8"

POLL_SECONDS = 5
"""How long a caller should wait before asking for a running job again."""

_RETRY_SECONDS = 10
_UNEXPECTED = "Something went wrong that nobody foresaw. The log tells more under this request's ID."

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler answers: `document` as JSON, or `body` as it is with its content type among the
    headers.
    """

    document: object = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


def file_answer(body: bytes, content_type: str, file_name: str) -> Answer:
    """A file to be saved under `file_name`, which is ours and plain ASCII."""
    headers = {"Content-Type": content_type, "Content-Disposition": f'attachment; filename="{file_name}"'}
    return Answer(body=body, headers=headers)


def job_answer(view: JobView, urls: Urls, names: Mapping[str, str]) -> Answer:
    """200 with the job; `Retry-After` while it runs."""
    headers = {} if view.status.terminal else {"Retry-After": str(POLL_SECONDS)}
    return Answer(job_json(view, urls, names), headers=headers)


def accepted_answer(
    view: JobView,
    urls: Urls,
    names: Mapping[str, str],
    *,
    fail_on_error: bool = False,
    replayed: bool = False,
) -> Answer:
    """202 with the job. Flows follow `Location` until it answers something else, other clients the job
    itself.

    `replayed` marks the answer to a request that was made before with the same idempotency key.
    """
    headers = {
        "Location": urls.wait(view.job_id, view.wait_token, fail_on_error=fail_on_error),
        "Operation-Location": urls.job(view.job_id),
        "Retry-After": str(POLL_SECONDS),
    }
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    return Answer(job_json(view, urls, names), 202, headers)


def http_response(answer: Answer, request_id: str) -> func.HttpResponse:
    body = (
        answer.body if answer.body is not None else json.dumps(answer.document, ensure_ascii=False).encode()
    )
    headers = {
        "Content-Type": JSON,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "x-ms-request-id": request_id,
        **answer.headers,
    }
    return func.HttpResponse(body, status_code=answer.status, headers=headers)


def error_answer(error: Exception, request_id: str) -> Answer:
    """The answer to whatever a handler raised. Only what nobody foresaw is logged with its trace, and never
    sent.
    """
    known = _known(error)
    if known is None:
        _log.error("request %s failed", request_id, exc_info=error)
        return _answer(500, AppError(_UNEXPECTED), request_id)
    if isinstance(known, RequestError):
        return _answer(known.status, known, request_id, retry_after=known.retry_after)
    if isinstance(known, Unavailable):
        _log.warning("request %s: %s", request_id, known.message, exc_info=error)
        return _answer(503, known, request_id, retry_after=known.retry_after)
    _log.error("request %s: %s", request_id, known.message, exc_info=error)
    return _answer(500, known, request_id)


def _known(error: Exception) -> AppError | None:
    """The error in our own terms, None for one that nobody foresaw."""
    if isinstance(error, RequestError | Unavailable):
        return error
    if isinstance(error, GraphError):
        return _graph_error(error)
    if isinstance(error, AzureError) and _is_storage_away(error):
        return StorageUnavailable()
    return None


def _graph_error(error: GraphError) -> AppError:
    """Graph in the way of a call: away, or without the permission that an administrator has yet to grant.

    Both are worth repeating and say what is missing. Any other refusal is ours to mend: 500 with Graph's
    reason.
    """
    trace = f" (Graph request {error.graph_request_id})" if error.graph_request_id else ""
    if isinstance(error, PassingGraphError):
        seconds = math.ceil(error.retry_after) if error.retry_after else _RETRY_SECONDS
        return Unavailable(
            f"{error.message} Try again later.{trace}", code="GraphUnavailable", retry_after=seconds
        )
    if error.code == "Forbidden":
        return Unavailable(error.message + trace, code="GraphUnavailable", retry_after=_RETRY_SECONDS)
    return AppError(error.message + trace)


def _is_storage_away(error: AzureError) -> bool:
    """Whether Storage, not our request to it, is at fault. A missing table means that nobody has set it up
    yet.
    """
    if not isinstance(error, HttpResponseError) or error.status_code is None:
        return True
    missing = str(getattr(error, "error_code", "")) in ("TableNotFound", "QueueNotFound", "ContainerNotFound")
    return missing or error.status_code >= 500 or error.status_code in (401, 403, 408, 429)


def _answer(status: int, error: AppError, request_id: str, *, retry_after: int | None = None) -> Answer:
    headers = {"x-ms-error-code": error.code}
    if status in (429, 503):
        headers["Retry-After"] = str(max(1, retry_after or _RETRY_SECONDS))
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return Answer(_error_json(error, request_id), status, headers)


def _error_json(error: AppError, request_id: str) -> ErrorShape:
    details = error.details if isinstance(error, RequestError) else ()
    return {
        "error": {
            "code": error.code,
            "message": error.message,
            "target": error.target if isinstance(error, RequestError) else None,
            "details": [
                {"code": fault.code, "message": fault.message, "target": fault.target} for fault in details
            ],
            "requestId": request_id,
        }
    }
