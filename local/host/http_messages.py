"""Between HTTP on the wire and the objects that functions take and return.

The request as GrpcMessageConversionExtensions.cs of azure-functions-host builds it, the answer by
azure-functions' own converter and the rules of RawScriptResult.cs and HttpBinding.cs.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from azure.functions.http import HttpRequest

from local.host.converters import converter

# The host says these itself; lengths too, since bodies go out chunked.
_OWN_HEADERS = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"})
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class EncodingError(Exception):
    """What the function returned is no answer."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


def join_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Lower-case names; repeated ones joined with a comma."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.decode("latin-1").lower(), _decode(raw_value)
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def _decode(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def parse_query(query: str) -> dict[str, str]:
    """Query parameters; repeated ones joined with a comma whatever their case, empty ones dropped."""
    values: dict[str, str] = {}
    spelled: dict[str, str] = {}
    for pair in query.split("&"):
        raw_name, _, raw_value = pair.partition("=")
        if not raw_name:
            continue
        name, value = unquote_plus(raw_name), unquote_plus(raw_value)
        name = spelled.setdefault(name.lower(), name)
        values[name] = f"{values[name]},{value}" if name in values else value
    return {name: value for name, value in values.items() if value}


def build_request(
    *,
    method: str,
    scheme: str,
    target: str,
    headers: Mapping[str, str],
    params: Mapping[str, str],
    route_params: Mapping[str, str],
    body: bytes,
) -> HttpRequest:
    """`target` is path and query as sent."""
    return HttpRequest(
        method=method,
        url=f"{scheme}://{headers.get('host', '')}{target}",
        headers=headers,
        params=params,
        route_params=route_params,
        body_type="bytes",
        body=body,
    )


def encode_result(result: Any) -> Answer:
    """The answer that a function's result makes. Raises EncodingError where the worker or host would fail."""
    try:
        datum = converter("http").encode(result, expected_type=None)
    except Exception as error:
        raise EncodingError(f"unable to encode outgoing TypedData: {type(result).__name__}") from error
    if datum.type == "string":
        return _encode_text(datum.value)
    content = datum.value
    headers = [(name, value.value) for name, value in content["headers"].items()]
    for cookie in content["cookies"] or ():
        headers.extend(("set-cookie", morsel.OutputString()) for morsel in cookie.values())
    return _checked(int(content["status_code"].value), headers, content["body"].value)


def _checked(status: int, headers: list[tuple[str, str]], body: bytes) -> Answer:
    kept: dict[str, tuple[str, str]] = {}
    cookies = []
    for name, value in headers:
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise EncodingError(f"the response header {name!r} has characters that HTTP does not allow")
        if name.lower() == "set-cookie":
            cookies.append((name, value))
        elif name.lower() not in _OWN_HEADERS:
            kept[name.lower()] = (name, value)  # of one name the last wins
    return Answer(status, (*kept.values(), *cookies), body)


def _encode_text(text: str) -> Answer:
    """A returned str: a description of an answer if it is a JSON object with `body`, other JSON indented."""
    try:
        content = json.loads(text)
    except ValueError:
        return Answer(200, (("content-type", "text/plain; charset=utf-8"),), text.encode())
    members = {name.lower(): value for name, value in content.items()} if isinstance(content, dict) else {}
    if "body" not in members:
        return _json_answer(200, [], content)
    headers = [(str(name), str(value)) for name, value in (members.get("headers") or {}).items()]
    status = int(members.get("status", members.get("statuscode", 200)))
    return _json_answer(status, headers, members["body"])


def _json_answer(status: int, headers: list[tuple[str, str]], content: Any) -> Answer:
    if isinstance(content, str):
        body, kind = content.encode(), "text/plain; charset=utf-8"
    else:
        body, kind = (
            json.dumps(content, indent=2, ensure_ascii=False).encode(),
            "application/json; charset=utf-8",
        )
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers = [*headers, ("content-type", kind)]
    return _checked(status, headers, body)
