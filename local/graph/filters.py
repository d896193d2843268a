"""The part of OData `$filter` and `$search` that directory listings take here, as predicates on objects.

Grammar: and, or, not, parentheses, eq, ne, in, startswith, endswith, `collection/any(x:x/prop eq value)` and
`collection/$count`. Source: Microsoft Graph, "Advanced query capabilities on directory objects".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.graph.messages import GraphError, Refusal
from local.graph.model import DirectoryObject, Group, User, skus_held

Predicate = Callable[[DirectoryObject], bool]
LARGEST_OR = 15

_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|[()=,:]|[\w./$-]+)")


@dataclass(slots=True)
class Filter:
    """A compiled filter; `ids` are the only objects it can match, when it names them; `sku_id` likewise."""

    matches: Predicate
    advanced: bool = False
    ids: list[str] | None = None
    sku_id: str | None = None


def property_of(item: DirectoryObject, name: str) -> Any:
    """A property that can be filtered on; null where the object has none."""
    if name == "id":
        return item.id
    if name == "displayName":
        return item.display_name
    if isinstance(item, User):
        return _user_property(item, name)
    if isinstance(item, Group):
        return _group_property(item, name)
    return None


def _user_property(user: User, name: str) -> Any:
    values: dict[str, Callable[[], Any]] = {
        "userPrincipalName": lambda: user.user_principal_name,
        "mail": lambda: user.user_principal_name,
        "usageLocation": lambda: user.usage_location,
        "accountEnabled": lambda: user.account_enabled,
        "userType": lambda: user.user_type,
        "department": lambda: user.profile.department,
        "givenName": lambda: user.profile.given_name,
        "surname": lambda: user.profile.surname,
        "jobTitle": lambda: user.profile.job_title,
        "assignedLicenses": lambda: [{"skuId": sku_id} for sku_id in skus_held(user.licenses)],
    }
    return values[name]() if name in values else None


def _group_property(group: Group, name: str) -> Any:
    values: dict[str, Callable[[], Any]] = {
        "description": lambda: group.description,
        "mail": lambda: group.mail,
        "securityEnabled": lambda: group.security_enabled,
        "mailEnabled": lambda: group.mail_enabled,
        "groupTypes": lambda: group.group_types,
        "assignedLicenses": lambda: [{"skuId": sku_id} for sku_id in group.assigned],
    }
    return values[name]() if name in values else None


_KNOWN = frozenset(
    [
        "id",
        "displayName",
        "userPrincipalName",
        "mail",
        "usageLocation",
        "accountEnabled",
        "userType",
        "department",
        "givenName",
        "surname",
        "jobTitle",
        "assignedLicenses",
        "description",
        "securityEnabled",
        "mailEnabled",
        "groupTypes",
    ]
)


@dataclass(slots=True)
class _Parser:
    """Recursive descent over the tokens of one filter."""

    tokens: list[str]
    place: int = 0
    advanced: bool = False
    equalities: list[tuple[str, Any]] = field(default_factory=list)
    only_or: bool = True
    clauses: int = 0

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, expected: str | None = None) -> str:
        token = self.peek()
        if not token or (expected and token.lower() != expected):
            raise GraphError(Refusal.BAD_FILTER, f"unexpected '{token}'")
        self.place += 1
        return token

    def any_of(self) -> Predicate:
        parts = [self.all_of()]
        while self.peek().lower() == "or":
            self.take()
            parts.append(self.all_of())
        return parts[0] if len(parts) == 1 else lambda item: any(part(item) for part in parts)

    def all_of(self) -> Predicate:
        parts = [self.term()]
        while self.peek().lower() == "and":
            self.take()
            self.only_or = False
            parts.append(self.term())
        return parts[0] if len(parts) == 1 else lambda item: all(part(item) for part in parts)

    def term(self) -> Predicate:
        word = self.peek().lower()
        if word == "not":
            self.take()
            self.advanced, self.only_or = True, False
            inner = self.term()
            return lambda item: not inner(item)
        if word == "(":
            self.take()
            inner = self.any_of()
            self.take(")")
            return inner
        if word in ("startswith", "endswith"):
            return self.text_function(word)
        return self.comparison()

    def text_function(self, word: str) -> Predicate:
        self.take()
        self.take("(")
        name = self.known(self.take())
        self.take(",")
        value = str(self.value()).lower()
        self.take(")")
        self.only_or = False
        self.advanced = self.advanced or word == "endswith"

        def matches(item: DirectoryObject) -> bool:
            text = str(property_of(item, name) or "").lower()
            return text.startswith(value) if word == "startswith" else text.endswith(value)

        return matches

    def comparison(self) -> Predicate:
        path = self.take()
        name, _, rest = path.partition("/")
        self.known(name)
        if rest == "any":
            return self.any_item(name)
        operator = self.take().lower()
        if rest == "$count" and operator in ("eq", "ne"):
            self.advanced, self.only_or = True, False
            amount = self.value()
            return lambda item: (len(property_of(item, name) or []) == amount) is (operator == "eq")
        if rest or operator not in ("eq", "ne", "in"):
            raise GraphError(Refusal.BAD_FILTER, f"'{path} {operator}' is not supported")
        values = self.value_list() if operator == "in" else [self.value()]
        self.clauses += len(values)
        if operator == "ne":
            self.advanced, self.only_or = True, False
            return lambda item: not _same(property_of(item, name), values[0])
        self.equalities.extend((name, value) for value in values)
        return lambda item: any(_same(property_of(item, name), value) for value in values)

    def any_item(self, name: str) -> Predicate:
        """`(x:x/prop eq value)` or, for a collection of texts, `(x:x eq value)`."""
        self.take("(")
        variable = self.take()
        self.take(":")
        path = self.take()
        self.take("eq")
        value = self.value()
        self.take(")")
        key = path.removeprefix(f"{variable}/") if path != variable else None
        self.equalities.append((f"{name}/{key}", value))

        def matches(item: DirectoryObject) -> bool:
            entries = property_of(item, name) or []
            return any(_same(entry if key is None else entry.get(key), value) for entry in entries)

        return matches

    def value_list(self) -> list[Any]:
        self.take("(")
        values = [self.value()]
        while self.peek() == ",":
            self.take()
            values.append(self.value())
        self.take(")")
        return values

    def value(self) -> Any:
        token = self.take()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        words = {"true": True, "false": False, "null": None}
        if token in words:
            return words[token]
        return int(token) if token.isdigit() else token

    def known(self, name: str) -> str:
        if name not in _KNOWN:
            raise GraphError(Refusal.BAD_FILTER, f"property '{name}' is not supported")
        return name


def _same(a: Any, b: Any) -> bool:
    return a.lower() == b.lower() if isinstance(a, str) and isinstance(b, str) else a == b


def _tokens(text: str) -> list[str]:
    tokens, place = [], 0
    while place < len(text.rstrip()):
        match = _TOKEN.match(text, place)
        if not match:
            raise GraphError(Refusal.BAD_FILTER, f"syntax error at position {place}")
        tokens.append(match[1])
        place = match.end()
    return tokens


def compile_filter(text: str) -> Filter:
    """Read a `$filter`; raises GraphError for what is not understood or has more than 15 clauses."""
    parser = _Parser(_tokens(text))
    matches = parser.any_of()
    if parser.peek():
        raise GraphError(Refusal.BAD_FILTER, f"unexpected '{parser.peek()}'")
    if parser.clauses > LARGEST_OR:
        raise GraphError(Refusal.TOO_MANY_CLAUSES, str(parser.clauses))
    names = {name for name, _ in parser.equalities}
    values = [str(value).lower() for _, value in parser.equalities]
    ids = list(dict.fromkeys(values)) if parser.only_or and names == {"id"} else None
    if parser.only_or and names == {"userPrincipalName"}:
        ids = list(dict.fromkeys(values))
    single = parser.only_or and names == {"assignedLicenses/skuId"} and len(values) == 1
    return Filter(matches, parser.advanced, ids, values[0] if single else None)


_WORDS = re.compile(r"[^\W_]+")
_CLAUSE = re.compile(r'\s*(AND|OR|NOT)?\s*"(\w+):((?:[^"\\]|\\.)*)"\s*')


def compile_search(text: str) -> Predicate:
    """Read a `$search` such as `"displayName:sales"`: words of names and descriptions, starts of all else."""
    clauses: list[tuple[str, str, str]] = []
    place = 0
    while place < len(text):
        match = _CLAUSE.match(text, place)
        if not match or bool(match[1]) is not bool(clauses) or match[2] not in _KNOWN:
            raise GraphError(Refusal.BAD_SEARCH, text)
        clauses.append((match[1] or "", match[2], re.sub(r"\\(.)", r"\1", match[3]).lower()))
        place = match.end()
    if not clauses:
        raise GraphError(Refusal.BAD_SEARCH, text)

    def matches(item: DirectoryObject) -> bool:
        result = False
        for operator, name, value in clauses:
            found = _found(str(property_of(item, name) or "").lower(), name, value)
            if operator == "AND":
                result = result and found
            elif operator == "NOT":
                result = result and not found
            else:
                result = result or found
        return result

    return matches


def _found(text: str, name: str, value: str) -> bool:
    if name not in ("displayName", "description"):
        return text.startswith(value)
    words = _WORDS.findall(text)
    return all(any(word.startswith(part) for word in words) for part in _WORDS.findall(value))
