"""From the bytes of a request to a JSON object, or the reason why not."""

import json
from typing import Any, NoReturn

from shared.api.faults import fault
from shared.errors import InvalidRequest, TooLarge

MAX_BODY_BYTES = 1_048_576

JsonObject = dict[str, Any]


def check_size(body: bytes) -> None:
    """Raises TooLarge for a body of more than 1 MiB."""
    if len(body) > MAX_BODY_BYTES:
        raise TooLarge(
            "The request is larger than 1 MiB. Send fewer groups or licenses at once.", target="body"
        )


def read_object(body: bytes, *, chunked: bool = False, optional: bool = False) -> JsonObject:
    """The JSON object in `body`.

    Args:
        chunked: the request came with a `transfer-encoding` header; the Functions host drops such bodies, so
            an empty one then needs another message.
        optional: an empty body stands for `{}` (not if it was dropped: what it asked for is unknown).

    Raises:
        TooLarge: more than 1 MiB.
        InvalidRequest: no JSON object, with target `body`.
    """
    check_size(body)
    if not body.strip():
        if chunked:
            _refuse(
                "The body arrived empty, since it was sent in chunks (Transfer-Encoding). "
                "Send it with a Content-Length header."
            )
        if optional:
            return {}
        _refuse("The request has no body. Send a JSON object.")
    value = _decoded(body)
    if not isinstance(value, dict):
        _refuse("The body must be a JSON object, in curly brackets.")
    return value


def _decoded(body: bytes) -> object:
    try:
        text = body.decode("utf-8-sig")
        value = json.loads(text, object_pairs_hook=_object_with_unique_names, parse_constant=_no_constant)
        # Half of a surrogate pair (an escape such as \ud800) is no text: nothing could store or send it.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError:
        _refuse("The body is not UTF-8 text. Send JSON in UTF-8.")
    except UnicodeEncodeError:
        _refuse("The body holds a broken character (half of a surrogate pair). Remove it.")
    except RecursionError:
        _refuse("The body is nested too deeply.")
    except json.JSONDecodeError as error:
        _refuse(f"The body is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}.")
    except ValueError as error:
        _refuse(f"The body is not valid JSON: {error}.")
    return value


def _object_with_unique_names(pairs: list[tuple[str, Any]]) -> JsonObject:
    """Two values for one name would leave it to chance which one counts, `confirm` for one."""
    found: JsonObject = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"it names {name[:100]!r} twice in one object")
        found[name] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _refuse(message: str) -> NoReturn:
    raise InvalidRequest(message, target="body", details=(fault(message, "body"),))
