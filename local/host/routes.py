"""HTTP route templates, by ASP.NET Core's rules, which the Functions host uses.

`{id}`, `{id?}`, `{id=5}`, `{*rest}`, `{**rest}`, several parameters in a segment, and constraints after
colons. Matching ignores case and one trailing slash. Values are percent-decoded but for `%2F`; an absent
optional one is left out.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

Constraint = Callable[[str], bool]

_GUID_DIGITS = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# Guid.TryParse takes these four spellings; the fifth (hexadecimal structure) cannot stand in a path.
_GUID = re.compile(rf"[0-9a-f]{{32}}|{_GUID_DIGITS}|\{{{_GUID_DIGITS}\}}|\({_GUID_DIGITS}\)", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_ENCODED_SLASH = re.compile(r"(%2[fF])")
_PARAMETER = re.compile(r"(?P<catch_all>\*{0,2})(?P<name>[^:=?*{}/]+)(?P<rest>.*)", re.DOTALL)


def _integer(bits: int) -> Constraint:
    def check(text: str) -> bool:
        limit = 1 << (bits - 1)
        return re.fullmatch(r"[+-]?\d+", text, re.ASCII) is not None and -limit <= int(text) < limit

    return check


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


_PLAIN_CONSTRAINTS: Mapping[str, Constraint] = {
    "int": _integer(32),
    "long": _integer(64),
    "guid": lambda text: _GUID.fullmatch(text) is not None,
    "alpha": lambda text: re.fullmatch("[a-z]*", text, re.IGNORECASE) is not None,
    "bool": lambda text: text.lower() in ("true", "false"),
    "datetime": _is_date,
    "decimal": lambda text: re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", text) is not None,
    "double": lambda text: _NUMBER.fullmatch(text) is not None,
    "float": lambda text: _NUMBER.fullmatch(text) is not None,
    "required": lambda text: bool(text),
}


def _value_between(low: int | None, high: int | None) -> Constraint:
    is_long = _integer(64)

    def check(text: str) -> bool:
        return is_long(text) and (low is None or low <= int(text)) and (high is None or int(text) <= high)

    return check


def _length_between(low: int, high: int | None) -> Constraint:
    return lambda text: low <= len(text) and (high is None or len(text) <= high)


_NUMBER_CONSTRAINTS: Mapping[tuple[str, int], Callable[..., Constraint]] = {
    ("length", 1): lambda exact: _length_between(exact, exact),
    ("length", 2): _length_between,
    ("minlength", 1): lambda low: _length_between(low, None),
    ("maxlength", 1): lambda high: _length_between(0, high),
    ("min", 1): lambda low: _value_between(low, None),
    ("max", 1): lambda high: _value_between(None, high),
    ("range", 2): _value_between,
}


def parse_constraint(text: str) -> Constraint:
    """The check that `int`, `length(2,5)` or the like stands for. Raises ValueError for any other."""
    plain = _PLAIN_CONSTRAINTS.get(text.lower())
    if plain is not None:
        return plain
    match = re.fullmatch(r"(\w+)\((.*)\)", text, re.DOTALL)
    name, argument = (match[1].lower(), match[2]) if match else ("", "")
    if name == "regex":
        pattern = re.compile(argument.replace("{{", "{").replace("}}", "}"), re.IGNORECASE)
        return lambda value: pattern.search(value) is not None
    numbers = [int(part) for part in argument.split(",")] if re.fullmatch(r"-?\d+(,-?\d+)?", argument) else []
    make = _NUMBER_CONSTRAINTS.get((name, len(numbers)))
    if make is None:
        raise ValueError(f"route constraint {text!r} is not known")
    return make(*numbers)


@dataclass(frozen=True)
class _Parameter:
    name: str
    catch_all: bool
    optional: bool
    default: str | None
    constraints: tuple[Constraint, ...]


@dataclass(frozen=True)
class RouteTemplate:
    """A compiled template; `parameters` stand in the order of the pattern's groups."""

    text: str
    pattern: re.Pattern[str]
    parameters: tuple[_Parameter, ...]

    def match(self, path: str) -> dict[str, str] | None:
        """The route values of a path made by `decode_path`, or None where it does not match."""
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        values: dict[str, str] = {}
        for parameter, text in zip(self.parameters, found.groups(), strict=True):
            value = text or parameter.default
            if value is None:
                continue
            if not all(check(value) for check in parameter.constraints):
                return None
            values[parameter.name] = value
        return values


def decode_path(raw_path: str) -> str:
    """A path as sent, ready for matching: no slash in front, one less at the end, decoded but for `%2F`."""
    parts = _ENCODED_SLASH.split(raw_path)
    decoded = "".join(part if index % 2 else unquote(part) for index, part in enumerate(parts))
    return decoded.removeprefix("/").removesuffix("/")


def compile_route(text: str) -> RouteTemplate:
    """Compile a template. Raises ValueError with what is wrong in it."""
    parameters: list[_Parameter] = []
    pattern = ""
    segments = [segment for segment in _split_segments(text.strip("/")) if segment]
    for position, segment in enumerate(segments):
        parts = _split_segment(segment)
        found = [part for part in parts if isinstance(part, _Parameter)]
        parameters.extend(found)
        slash = "/" if position else ""
        last = position == len(segments) - 1
        if any(part.catch_all for part in found) and not (last and len(parts) == 1):
            raise ValueError(f"route {text!r}: a catch-all must be the whole last segment")
        if len(parts) > 1 and any(part.optional for part in found):
            raise ValueError(f"route {text!r}: an optional parameter beside other text is not supported here")
        pattern += _segment_pattern(parts, slash)
    names = [parameter.name.lower() for parameter in parameters]
    if len(set(names)) < len(names):
        raise ValueError(f"route {text!r}: a parameter occurs twice")
    return RouteTemplate(text, re.compile(pattern, re.IGNORECASE | re.DOTALL), tuple(parameters))


def _segment_pattern(parts: Sequence["str | _Parameter"], slash: str) -> str:
    # Greedy groups find the literals from the right, as ASP.NET does in a segment of several parts.
    inner = "".join(re.escape(part) if isinstance(part, str) else "([^/]+)" for part in parts)
    only = parts[0]
    if len(parts) > 1 or isinstance(only, str):
        return slash + inner
    if only.catch_all:
        return f"(?:{slash}(.*))?" if slash else "(.*)"
    if only.optional or only.default is not None:
        return f"(?:{slash}([^/]+))?"
    return slash + inner


def _split_segments(text: str) -> list[str]:
    """Split at slashes outside braces, since a regex constraint may hold one."""
    segments, depth, current = [], 0, ""
    for character in text:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "/" and depth == 0:
            segments.append(current)
            current = ""
        else:
            current += character
    return [*segments, current]


def _split_segment(segment: str) -> list["str | _Parameter"]:
    parts: list[str | _Parameter] = []
    position = 0
    while position < len(segment):
        if segment[position] != "{":
            end = segment.find("{", position)
            end = len(segment) if end < 0 else end
            if "}" in segment[position:end]:
                raise ValueError(f"route segment {segment!r}: brace without a partner")
            parts.append(segment[position:end])
        else:
            end = _closing_brace(segment, position) + 1
            if parts and isinstance(parts[-1], _Parameter):
                raise ValueError(f"route segment {segment!r}: two parameters need text between them")
            parts.append(_parse_parameter(segment[position + 1 : end - 1]))
        position = end
    return parts


def _closing_brace(segment: str, start: int) -> int:
    depth = 0
    for position in range(start, len(segment)):
        depth += {"{": 1, "}": -1}.get(segment[position], 0)
        if depth == 0:
            return position
    raise ValueError(f"route segment {segment!r}: brace without a partner")


def _parse_parameter(text: str) -> _Parameter:
    match = _PARAMETER.fullmatch(text)
    if match is None:
        raise ValueError(f"route parameter {{{text}}} is not valid")
    rest, default, optional = match["rest"], None, False
    constraints: list[Constraint] = []
    while rest.startswith(":"):
        length = _constraint_length(rest[1:])
        constraints.append(parse_constraint(rest[1 : length + 1]))
        rest = rest[length + 1 :]
    if rest.startswith("="):
        default = rest[1:]
    elif rest == "?":
        optional = True
    elif rest:
        raise ValueError(f"route parameter {{{text}}} is not valid")
    return _Parameter(match["name"], bool(match["catch_all"]), optional, default, tuple(constraints))


def _constraint_length(text: str) -> int:
    """How far the first constraint of `text` goes: to a colon, `=` or `?` outside its brackets."""
    depth = 0
    for position, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0 and character in ":=?":
            return position
    return len(text)
