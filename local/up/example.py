"""A first request that a newcomer can paste, true for the tenant as it is now."""

import json
import os

from local.up import answers

PREFERRED_GROUPS = ("Sales Germany", "Sales Europe", "Berlin Office")


def assign_request(host: str) -> dict[str, object] | None:
    """The body of a job that assigns a licence with free units to three groups; None if there are none.

    Raises OSError if the app does not answer.
    """
    groups = answers.get_json(f"{host}/api/groups?pageSize=999")["value"]
    licenses = [sku for sku in answers.get_json(f"{host}/api/licenses")["value"] if sku["available"] > 0]
    if not groups or not licenses:
        return None
    by_name = {group["displayName"]: group["id"] for group in groups}
    preferred = [by_name[name] for name in PREFERRED_GROUPS if name in by_name]
    return {
        "action": "assign",
        "groupIds": preferred or [group["id"] for group in groups[:3]],
        "licenses": [{"skuId": max(licenses, key=lambda sku: sku["available"])["skuId"]}],
        "usageLocation": "DE",
        "usageLocationMode": "ifMissing",
    }


def curl(url: str, body: dict[str, object]) -> str:
    """The command line that posts the body, quoted for a POSIX shell or, on Windows, for cmd."""
    text = json.dumps(body)
    quoted = '"' + text.replace('"', '\\"') + '"' if os.name == "nt" else f"'{text}'"
    return f'curl -sS -X POST {url} -H "Content-Type: application/json" -d {quoted}'
