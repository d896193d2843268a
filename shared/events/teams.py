"""An event as a card for Teams, in the envelope that a workflow's webhook takes.

Adaptive Card 1.4 in `attachments` (Microsoft Learn, "Create incoming webhooks with Workflows for Microsoft Teams"); a
posted card may have about 28 KB, so a card names fewer licences than the event.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

MOST_LINES = 15
_LONGEST_NAME = 100
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|<>~-])")


def card_message(event: Mapping[str, Any]) -> dict[str, Any]:
    """The envelope for an event in the form of `event_json`."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": event["subject"],
        "body": _body(event),
        "actions": [{"type": "Action.OpenUrl", "title": "Open", "url": event["data"]["portalUrl"]}],
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _body(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    data = event["data"]
    parts = [_text(event["subject"], weight="Bolder", size="Medium")]
    facts = [
        *_facts(data, {"action": "Action", "status": "Status", "createdBy": "Requested by", "note": "Note"}),
        *_facts(data.get("counts", {}), {"changed": "Changed", "unchanged": "Unchanged", "failed": "Failed"}),
    ]
    if facts:
        parts.append({"type": "FactSet", "facts": facts})
    if data.get("message"):
        parts.append(_text(data["message"]))
    parts += [_text(line) for line in _lines(data.get("licenses", []), data.get("total"))]
    return parts


def _facts(data: Mapping[str, Any], titles: Mapping[str, str]) -> list[dict[str, str]]:
    return [
        {"title": title, "value": _plain(str(data[name]))}
        for name, title in titles.items()
        if data.get(name) not in (None, "")
    ]


def _lines(licenses: Sequence[Mapping[str, Any]], total: int | None) -> list[str]:
    lines = []
    for one in licenses[:MOST_LINES]:
        until = f" until {one['expiresAt'][:10]}" if "expiresAt" in one else ""
        lines.append(f"{one['displayName'] or one['userPrincipalName']}: {one['license']}{until}")
    more = (total if total is not None else len(licenses)) - len(lines)
    return [*lines, f"and {more} more"] if more > 0 else lines


def _text(text: str, **look: str) -> dict[str, Any]:
    return {"type": "TextBlock", "text": _plain(text), "wrap": True, **look}


def _plain(text: str) -> str:
    """Names come from the tenant: none of them is Markdown."""
    clipped = " ".join(text.split())
    clipped = clipped if len(clipped) <= 4 * _LONGEST_NAME else clipped[: 4 * _LONGEST_NAME] + "…"
    return _MARKDOWN.sub(r"\\\1", clipped)
