"""A job's request as JSON: to keep it, to show it, and to tell whether two are the same."""

import hashlib
import json
from dataclasses import fields
from typing import Any
from urllib.parse import urlsplit

from shared.api.shapes import ExportShape, RequestLicenseShape, RequestShape
from shared.clock import from_iso, to_iso
from shared.models import (
    Action,
    ExpiresIn,
    ExportLocation,
    ExportRequest,
    JobRequest,
    LicenseRequest,
)


def request_to_json(request: JobRequest) -> dict[str, Any]:
    """All that the request holds, the whole callback URL included: for the job's record only."""
    location = request.export.location if request.export else None
    return {
        **{field.name: getattr(request, field.name) for field in fields(request)},
        "action": request.action.value,
        "licenses": [
            {
                "sku_id": entry.sku_id,
                "disabled_plans": None if entry.disabled_plans is None else list(entry.disabled_plans),
            }
            for entry in request.licenses
        ],
        "group_ids": list(request.group_ids),
        "replaces": request.replaces if isinstance(request.replaces, str) else list(request.replaces),
        "expires_in": request.expires_in
        and {"value": request.expires_in.value, "unit": request.expires_in.unit},
        "start_at": request.start_at and to_iso(request.start_at),
        "export": request.export
        and {
            "format": request.export.format,
            "location": {field.name: getattr(location, field.name) for field in fields(ExportLocation)},
        },
    }


def request_from_json(stored: dict[str, Any]) -> JobRequest:
    """The request that `request_to_json` wrote down."""
    export, expires_in, start_at = stored["export"], stored["expires_in"], stored["start_at"]
    replaces = stored["replaces"]
    return JobRequest(
        **{
            **stored,
            "action": Action(stored["action"]),
            "group_ids": tuple(stored["group_ids"]),
            "licenses": tuple(_license(entry) for entry in stored["licenses"]),
            "replaces": replaces if isinstance(replaces, str) else tuple(replaces),
            "expires_in": expires_in and ExpiresIn(**expires_in),
            "start_at": start_at and from_iso(start_at),
            "export": export and ExportRequest(export["format"], ExportLocation(**export["location"])),
        }
    )


def request_as_shown(request: JobRequest) -> RequestShape:
    """The request as understood, in the words of POST /jobs; of the callback URL only scheme and host."""
    return {
        "action": request.action.value,
        "groupIds": list(request.group_ids),
        "licenses": [_license_shown(entry) for entry in request.licenses],
        "replaces": "all" if request.replaces == "all" else list(request.replaces),
        "usageLocation": request.usage_location,
        "usageLocationMode": request.usage_location_mode,
        "expiresIn": {"value": request.expires_in.value, "unit": request.expires_in.unit}
        if request.expires_in
        else None,
        "include": {"guests": request.include_guests, "disabled": request.include_disabled},
        "confirm": request.confirm,
        "dryRun": request.dry_run,
        "allowShortage": request.allow_shortage,
        "keepDisabledPlans": request.keep_disabled_plans,
        "stopAfterFailures": request.stop_after_failures,
        "startAt": to_iso(request.start_at) if request.start_at else None,
        "callbackUrl": scheme_and_host(request.callback_url) if request.callback_url else None,
        "note": request.note,
        "export": _export_shown(request.export) if request.export else None,
        "plan": request.plan_id,
        "undoOf": request.undo_of,
    }


def request_fingerprint(request: JobRequest) -> str:
    """A SHA-256 in hex, equal for two requests that mean the same.

    The order of groups, licenses and plans, the case of ids, and defaults written out or left out make no
    difference. Take it from the request as received: one that names a plan, before `planned_request`.
    """
    stored = request_to_json(request)
    for entry in stored["licenses"]:
        entry["disabled_plans"] = _in_order(entry["disabled_plans"])
    stored["licenses"].sort(key=lambda entry: str(entry["sku_id"]))
    stored["group_ids"] = _in_order(stored["group_ids"])
    stored["replaces"] = _in_order(stored["replaces"])
    canonical = json.dumps(stored, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _in_order(value: Any) -> Any:
    return sorted(value) if isinstance(value, list) else value


def _license(stored: dict[str, Any]) -> LicenseRequest:
    plans = stored["disabled_plans"]
    return LicenseRequest(stored["sku_id"], None if plans is None else tuple(plans))


def _license_shown(entry: LicenseRequest) -> RequestLicenseShape:
    plans = entry.disabled_plans
    return {"skuId": entry.sku_id, "disabledPlans": None if plans is None else list(plans)}


def _export_shown(export: ExportRequest) -> ExportShape:
    location = export.location
    if location.kind == "blob":
        return {
            "format": export.format,
            "location": {
                "kind": "blob",
                "container": location.container or "",
                "path": location.path or "",
            },
        }
    if location.kind == "sharepoint":
        return {
            "format": export.format,
            "location": {
                "kind": "sharepoint",
                "driveId": location.drive_id or "",
                "folderPath": location.folder_path or "",
            },
        }
    return {"format": export.format, "location": {"kind": "download"}}


def scheme_and_host(url: str) -> str:
    """What may be shown of a callback URL: the rest of it is a secret of its receiver."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
