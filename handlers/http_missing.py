"""Paths that the API does not have: JSON too, so that no flow chokes on an empty body."""

from uuid import uuid4

import azure.functions as func

from handlers.responses import error_answer, http_response
from shared.errors import NotFound


def missing(req: func.HttpRequest) -> func.HttpResponse:
    request_id = str(uuid4())
    error = NotFound(
        f"There is no {req.method} on this path. GET /api/openapi.json describes the API.", code="NotFound"
    )
    return http_response(error_answer(error, request_id), request_id)
