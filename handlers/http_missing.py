"""Paths that the API does not have: JSON too, so that no flow chokes on an empty body."""

import logging
from uuid import uuid4

import azure.functions as func

from handlers.responses import error_answer, http_response
from shared.errors import NotFound

_log = logging.getLogger(__name__)


def missing(req: func.HttpRequest) -> func.HttpResponse:
    request_id = str(uuid4())
    error = NotFound(
        f"There is no {req.method} on this path. GET /api/openapi.json describes the API.", code="NotFound"
    )
    _log.info("no such path: answered 404, request %s", request_id)
    return http_response(error_answer(error, request_id), request_id)
