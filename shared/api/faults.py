"""What pydantic finds wrong, in the words of our contract: where it is, and what to do about it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from shared.errors import Fault, InvalidRequest

FAULT_CODE = "InvalidRequest"
CUSTOM = "fault"
"""The pydantic error type of our own checks; their message is used as it is."""
NO_SUCH_KIND = "no_such_kind"
"""The pydantic error type of a union told apart by its member's `kind`, where there is no such kind."""

_LONGEST_NAME = 100
"""Characters of a caller's own text that a fault repeats."""

Context = Mapping[str, Any]

_MESSAGES: dict[str, Callable[[Context], str]] = {
    "missing": lambda _: "This field is required. Add it.",
    "extra_forbidden": lambda _: "There is no such field here. Remove it, or check how it is spelled.",
    "string_type": lambda _: "This must be a text, in quotes.",
    "int_type": lambda _: "This must be a whole number, without quotes.",
    "bool_type": lambda _: "This must be true or false, without quotes.",
    "list_type": lambda _: "This must be a list, in square brackets.",
    "model_type": lambda _: "This must be an object, in curly brackets.",
    "literal_error": lambda context: f"This must be {context['expected']}.",
    "greater_than_equal": lambda context: f"This must be {context['ge']} or more.",
    "string_too_long": lambda context: f"This is too long. Use at most {context['max_length']} characters.",
    "string_too_short": lambda _: "This must not be empty.",
}


def fault(message: str, target: str) -> Fault:
    return Fault(FAULT_CODE, message, target)


def invalid(faults: tuple[Fault, ...]) -> InvalidRequest:
    """The error of a request with these faults; its message names the place of the first."""
    first, more = faults[0], len(faults) - 1
    also = f" ({more} more: see details)" if more else ""
    return InvalidRequest(f"{first.target}: {first.message}{also}", target=first.target, details=faults)


def first_places(ids: Iterable[str]) -> dict[str, int]:
    """Where each id stands first in a list as it was sent: the place that a fault of it names."""
    places: dict[str, int] = {}
    for at, id_ in enumerate(ids):
        places.setdefault(id_, at)
    return places


def path(location: tuple[int | str, ...]) -> str:
    """`("licenses", 0, "skuId")` as `licenses[0].skuId`. Without the tags of unions: see `is_tag`."""
    text = ""
    for at, part in enumerate(location):
        if isinstance(part, int):
            text += f"[{part}]"
        elif not (is_tag(part) and at < len(location) - 1):
            name = clipped(part)
            text += f".{name}" if text else name
    return text


def is_tag(part: str) -> bool:
    """Pydantic puts the tags of unions into the location; ours are written `<…>` to be told apart."""
    return part.startswith("<") and part.endswith(">")


def clipped(text: str) -> str:
    return text if len(text) <= _LONGEST_NAME else text[:_LONGEST_NAME] + "…"


def _fault_of(error: ErrorDetails) -> Fault:
    location = error["loc"]
    last = location[-1] if location else 0
    if isinstance(last, str) and is_tag(last) and error["type"] != "extra_forbidden":
        location = location[:-1]
    if error["type"] == NO_SUCH_KIND:
        location = (*location, "kind")
    message = _MESSAGES.get(error["type"])
    return fault(message(error.get("ctx", {})) if message else error["msg"], path(location))


ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Reading(Generic[ModelT]):
    """`body` holds the fields that are right; `bad` names those that are not, with `faults` on each."""

    body: ModelT
    bad: frozenset[str]
    faults: tuple[Fault, ...]


def read_model(model: type[ModelT], raw: Mapping[str, object]) -> Reading[ModelT]:
    """Reads what can be read, so that rules across fields can be checked beside the faults of single fields.

    Every field of `model` must be optional: which are required depends on the action and is such a rule.
    """
    try:
        return Reading(model.model_validate(raw), frozenset(), ())
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    bad = frozenset(str(detail["loc"][0]) for detail in details)
    good = {name: value for name, value in raw.items() if name not in bad}
    return Reading(model.model_validate(good), bad, tuple(_fault_of(detail) for detail in details))
