"""From the API's JSON Schemas (2020-12) to what OpenAPI 2.0 and the flow designer take.

Everything is written out in place, since nothing may stand beside a `$ref` and each property needs a name and a
description of its own. Null is left out: flows drop it.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]

_KEPT = ("type", "format", "minimum", "maximum", "maxLength", "minLength", "minItems", "maxItems")
_FORMATS = ("uuid", "date-time", "uri", "binary")
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_ACRONYMS = {"id": "ID", "ids": "IDs", "sku": "SKU", "url": "URL"}


class Schemas:
    """The schemas that `#/components/schemas/` names."""

    def __init__(self, schemas: Mapping[str, Json]) -> None:
        self._schemas = schemas

    def plain(self, schema: Mapping[str, Any]) -> Json:
        """The schema without references, unions and nulls."""
        one = self._one(schema)
        if one.get("type") == "object":
            return self._object(one)
        if isinstance(one.get("const"), bool):
            return {"type": "boolean"}
        made: Json = {key: one[key] for key in _KEPT if key in one}
        if made.get("format") not in (None, *_FORMATS):
            del made["format"]
        if values := _values(one):
            made["enum"] = values
            made["x-ms-enum-values"] = [{"value": value, "displayName": title(value)} for value in values]
        if made.get("type") == "array":
            made["items"] = self.plain(one["items"])
        if "default" in one and one["default"] is not None and not isinstance(one["default"], dict | list):
            made["default"] = one["default"]
        return made

    def _object(self, schema: Json) -> Json:
        made: Json = {"type": "object"}
        properties = {
            name: {**self.plain(of), **labels(name, self._description(of))}
            for name, of in schema.get("properties", {}).items()
        }
        if properties:
            made["properties"] = properties
        required = [
            name for name in schema.get("required", []) if not _takes_null(schema["properties"][name])
        ]
        if required:
            made["required"] = required
        return made

    def _one(self, schema: Mapping[str, Any]) -> Json:
        """The schema with its reference followed and its union, if it is one, made a single schema."""
        if "$ref" in schema:
            found = self._schemas[schema["$ref"].rpartition("/")[2]]
            return self._one(found)
        variants = schema.get("anyOf") or schema.get("oneOf")
        if not variants:
            return dict(schema)
        rest = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf", "discriminator")}
        return {**_merged([self._one(each) for each in variants if each.get("type") != "null"]), **rest}

    def _description(self, schema: Mapping[str, Any]) -> str:
        if "description" in schema:
            return str(schema["description"])
        if "$ref" in schema:
            return str(self._schemas[schema["$ref"].rpartition("/")[2]].get("description", ""))
        return ""


def labels(name: str, description: str = "") -> Json:
    """What the designer shows for a property or parameter."""
    shown = title(name)
    text = " ".join(description.replace("`", "").split())
    text = text if text and text.rstrip(".") != shown else f"The value of {shown.lower()}."
    return {"x-ms-summary": shown, "description": text if text.endswith(".") else f"{text}."}


def title(name: str) -> str:
    """`usageLocationMode` as `Usage Location Mode`."""
    words = _WORDS.findall(name)
    return " ".join(_ACRONYMS.get(word.lower(), word[:1].upper() + word[1:]) for word in words)


def _values(schema: Mapping[str, Any]) -> list[Any]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum", []))


def _takes_null(schema: Mapping[str, Any]) -> bool:
    return any(each.get("type") == "null" for each in schema.get("anyOf", ()))


def _merged(variants: Sequence[Json]) -> Json:
    """One schema for several: of objects all properties, else the list among them (a word stands for it elsewhere)."""
    if len(variants) == 1:
        return variants[0]
    if not all(each.get("type") == "object" for each in variants):
        return next(each for each in variants if each.get("type") == "array")
    properties: dict[str, Json] = {}
    for each in variants:
        for name, schema in each["properties"].items():
            former = properties.get(name)
            both = {"type": "string", "enum": _values(former) + _values(schema)} if former else schema
            properties[name] = both
    required = [name for name in properties if all(name in each.get("required", []) for each in variants)]
    return {"type": "object", "properties": properties, "required": required}
