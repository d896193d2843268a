"""From values of the domain to the JSON of answers. What the fields mean stands in `shapes.py`."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from shared.api.request_json import request_as_shown
from shared.api.shapes import (
    ByShape,
    CodedErrorShape,
    CountsShape,
    DemandShape,
    HeldLicenseShape,
    ItemErrorShape,
    ItemShape,
    JobGroupShape,
    JobShape,
    JobWarningShape,
    LinksShape,
    LocationChangeShape,
    ProgressShape,
)
from shared.api.urls import Urls
from shared.api.warning_texts import WARNING_TEXTS
from shared.clock import to_iso
from shared.models import (
    Caller,
    CodedError,
    Counts,
    HeldLicense,
    Item,
    ItemError,
    ItemStatus,
    JobGroup,
    JobView,
    JobWarning,
    LocationChange,
)


def job_json(view: JobView, urls: Urls, names: Mapping[str, str]) -> JobShape:
    """A job. `names` are display names of licenses by skuId; one that is missing is shown by its id."""
    request = view.request
    return {
        "id": view.job_id,
        "action": request.action.value,
        "status": view.status.value,
        "dryRun": request.dry_run,
        "note": request.note,
        "createdAt": to_iso(view.created_at),
        "createdBy": by_json(view.created_by),
        "startAt": time_json(request.start_at),
        "startedAt": time_json(view.started_at),
        "finishedAt": time_json(view.finished_at),
        "request": request_as_shown(request),
        "undoOf": request.undo_of,
        "undoneBy": view.undone_by,
        "plan": request.plan_id,
        "groups": [_job_group(group) for group in view.groups],
        "progress": _progress(view),
        "counts": _counts(view.counts),
        "demand": _demand(view, names),
        "warnings": _warnings(view),
        "error": _coded_error(view.error),
        "links": _links(view, urls),
    }


def item_json(item: Item, groups: Sequence[JobGroup]) -> ItemShape:
    """A user of a job. `groups` are the job's, which the item names by their index."""
    failed = item.status is ItemStatus.FAILED and item.error is not None
    return {
        "userId": item.user_id,
        "userPrincipalName": item.user_principal_name,
        "displayName": item.display_name,
        "groupIds": [groups[index].group_id for index in item.groups],
        "status": item.status.value,
        "reason": item.error.code if failed and item.error else item.reason,
        "before": None
        if item.before is None
        else {
            "licenses": [_held(held) for held in item.before.licenses],
            "usageLocation": item.before.usage_location,
        },
        "added": [
            {
                "skuId": added.sku_id,
                "disabledPlans": list(added.disabled_plans),
                "expiresAt": time_json(added.expires_at),
            }
            for added in item.added
        ],
        "removed": [{"skuId": sku_id} for sku_id in item.removed],
        "usageLocation": _location_change(item.location),
        "warnings": list(item.warnings),
        "attempts": item.attempts,
        "nextAttemptAt": time_json(item.next_attempt_at),
        "error": _item_error(item.error),
        "updatedAt": time_json(item.updated_at),
    }


def by_json(caller: Caller) -> ByShape:
    return {"name": caller.name, "kind": caller.kind}


def time_json(moment: datetime | None) -> str | None:
    return to_iso(moment) if moment is not None else None


def _job_group(group: JobGroup) -> JobGroupShape:
    return {
        "id": group.group_id,
        "displayName": group.display_name,
        "status": group.status.value,
        "users": group.users,
        "error": _coded_error(group.error),
    }


def _progress(view: JobView) -> ProgressShape:
    """100 percent at the end, of a job without users too; 0 while their number is unknown."""
    done = view.counts.done
    running = 100 * done // view.total if view.total else 0
    percent = 100 if view.status.terminal else running
    return {"total": view.total, "done": done, "percent": percent}


def _counts(counts: Counts) -> CountsShape:
    return {
        "changed": counts.changed,
        "unchanged": counts.unchanged,
        "failed": counts.failed,
        "retrying": counts.retrying,
        "pending": counts.pending,
        "canceled": counts.canceled,
    }


def _demand(view: JobView, names: Mapping[str, str]) -> list[DemandShape]:
    return [
        {
            "skuId": demand.sku_id,
            "displayName": names.get(demand.sku_id, demand.sku_id),
            "needed": demand.needed,
            "available": demand.available,
            "shortage": demand.shortage,
        }
        for demand in view.demand
    ]


def _warnings(view: JobView) -> list[JobWarningShape]:
    return [
        {
            "code": warning.code,
            "message": _warning_text(warning),
            "users": warning.users,
        }
        for warning in view.warnings
    ]


def _warning_text(warning: JobWarning) -> str:
    text = WARNING_TEXTS.get(warning.code, warning.code)
    return f"{text} Groups: {', '.join(warning.groups)}." if warning.groups else text


def _coded_error(error: CodedError | None) -> CodedErrorShape | None:
    return None if error is None else {"code": error.code, "message": error.message}


def _links(view: JobView, urls: Urls) -> LinksShape:
    return {
        "self": urls.job(view.job_id),
        "wait": urls.wait(view.job_id, view.wait_token),
        "items": urls.items(view.job_id),
        "report": urls.report(view.job_id),
        "file": _file_link(view, urls),
        "portal": urls.portal(view.job_id),
    }


def _file_link(view: JobView, urls: Urls) -> str | None:
    """Null until the file is whole; then our own URL for a download, else the place asked for."""
    export = view.request.export
    if view.file is None or export is None:
        return None
    return urls.file(view.job_id) if export.location.kind == "download" else view.file


def _held(held: HeldLicense) -> HeldLicenseShape:
    return {
        "skuId": held.sku_id,
        "disabledPlans": list(held.disabled_plans),
        "direct": held.direct,
        "inheritedFrom": list(held.inherited_from),
        "expiresAt": time_json(held.expires_at),
    }


def _location_change(change: LocationChange | None) -> LocationChangeShape | None:
    return None if change is None else {"from": change.before, "to": change.after}


def _item_error(error: ItemError | None) -> ItemErrorShape | None:
    if error is None:
        return None
    return {"code": error.code, "message": error.message, "graphRequestId": error.graph_request_id}
