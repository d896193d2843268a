"""Drive calls over HTTP: content, upload sessions and their fragments."""

import json
from urllib.parse import urlsplit

from local.graph.drives import read_address, read_behavior, session_status
from local.graph.messages import GraphError, Refusal
from local.graph.model import new_guid
from local.graph.request import Answer, GraphRequest
from local.graph.service import fault_answer
from local.graph.simulator import Simulator

CONTENT_ROLE = "Files.ReadWrite.All"
SESSION_ROLE = "Sites.ReadWrite.All"


def answer(sim: Simulator, request: GraphRequest) -> Answer:
    """A call under `/drives`; faults apply, the directory's throttling does not."""
    fault = sim.faults.find(request.method, request.path, "call") if sim.faults else None
    if fault is not None and not fault.commit:
        return fault_answer(request, fault)
    reply = _carry_out(sim, request)
    if fault is not None and fault.kind == "status":
        return fault_answer(request, fault)
    reply.disruption = fault
    return reply


def _carry_out(sim: Simulator, request: GraphRequest) -> Answer:
    address = read_address(request.path)
    if address is None:
        raise GraphError(Refusal.DRIVE_NOT_FOUND)
    key, action = address
    if (SESSION_ROLE if action == "createUploadSession" else CONTENT_ROLE) in sim.withheld:
        raise GraphError(Refusal.FORBIDDEN)
    if (request.method, action) == ("PUT", "content"):
        new = sim.drives.put(key, request.content)
        return Answer(201 if new else 200, json.dumps(sim.drives.item(key)))
    if (request.method, action) == ("GET", "content"):
        if key not in sim.drives.files:
            raise GraphError(Refusal.DRIVE_NOT_FOUND)
        return Answer(200, sim.drives.files[key], content_type="application/octet-stream")
    if (request.method, action) == ("POST", "createUploadSession"):
        return _open_session(sim, request, key)
    raise GraphError(Refusal.METHOD_NOT_ALLOWED)


def _open_session(sim: Simulator, request: GraphRequest, key: tuple[str, str]) -> Answer:
    token = new_guid(sim.tenant.rng)
    session = sim.drives.open(key, read_behavior(request.content), token, request.now)
    parts = urlsplit(request.root)
    body = {"uploadUrl": f"{parts.scheme}://{parts.netloc}/_upload/{token}", **session_status(session)}
    return Answer(200, json.dumps(body))


def handle(
    sim: Simulator, method: str, token: str, headers: dict[str, str], body: bytes
) -> tuple[int, bytes]:
    """A call to an uploadUrl, which carries its own authorisation: a bearer token there is refused."""
    try:
        return _upload(sim, method, token, headers, body)
    except GraphError as error:
        return error.status, json.dumps({"error": {"code": error.code, "message": error.message}}).encode()


def _upload(
    sim: Simulator, method: str, token: str, headers: dict[str, str], body: bytes
) -> tuple[int, bytes]:
    now = sim.clock.now()
    if "authorization" in headers:
        raise GraphError(Refusal.UPLOAD_AUTHORIZED)
    session = sim.drives.session(token, now)
    if method == "PUT":
        status, document = sim.drives.put_fragment(token, headers.get("content-range", ""), body, now)
        return status, json.dumps(document).encode()
    if method == "GET":
        return 200, json.dumps(session_status(session)).encode()
    if method == "DELETE":
        del sim.drives.sessions[token]
        return 204, b""
    raise GraphError(Refusal.METHOD_NOT_ALLOWED)
