"""Requests that make jobs: POST /jobs and POST /jobs/{id}/undo.

The contract checks an idempotency key and the caller's rate before it looks for faults, and lets readers ask
for dry runs and downloads only. So a body is read into a `Submission` first, which tells key and role, and
what is wrong with it is raised by `accepted()`, when its turn has come.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from shared.api.bodies import DownloadBody, ExportBody, JobBody, LicenseBody, UndoBody
from shared.api.faults import fault, invalid, read_model
from shared.api.fields import is_key
from shared.api.json_body import read_object
from shared.api.other_bodies import too_many_groups
from shared.api.rules import PLAN, Limits, Sent, broken_rules, kind_of, without_nulls
from shared.errors import Fault, RequestError
from shared.models import (
    Action,
    ExpiresIn,
    ExportLocation,
    ExportRequest,
    JobRequest,
    LicenseRequest,
)

KEY_HEADER = "Idempotency-Key"
KEY_FIELD = "clientRequestId"

UNKNOWN_UNTIL_PLAN_IS_READ = Action.ASSIGN
"""`action` of a request that names a plan, until `planned_request` has put the plan's own in its place."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A request for a job, read but not yet judged.

    `idempotency_key` is None where there is none or it is faulty. `changes` tells that it asks for more than
    a reader may: anything but a dry run or an export to download. `request` is None where `refusal` says why.
    `sent` are the fields as they came, lists in their order and with what is named twice: the places of faults.
    """

    idempotency_key: str | None
    changes: bool
    request: JobRequest | None
    refusal: RequestError | None
    sent: JobBody = field(default_factory=JobBody)

    def accepted(self) -> JobRequest:
        """The request, once key, rate and role are checked.

        Raises:
            InvalidRequest: with every fault.
            TooLarge: `TooManyGroups`, more than 500 distinct groups.
        """
        if self.request is None:
            assert self.refusal is not None  # noqa: S101 # one of the two is always set: `_submission`
            raise self.refusal
        return self.request


def parse_submission(body: bytes, limits: Limits) -> JobRequest:
    """A body without headers, read and judged at once."""
    return read_submission(body, limits).accepted()


def read_submission(
    body: bytes,
    limits: Limits,
    *,
    key_header: str | None = None,
    chunked: bool = False,
    faults: Iterable[Fault] = (),
) -> Submission:
    """Reads POST /jobs.

    Args:
        key_header: the `Idempotency-Key` header.
        chunked: the request had a `transfer-encoding` header.
        faults: found elsewhere in the request (its query), to be listed with those of the body.

    Raises:
        TooLarge: more than 1 MiB.
        InvalidRequest: no JSON object.
    """
    raw = read_object(body, chunked=chunked)
    known = without_nulls(raw)
    reading = read_model(JobBody, known)
    sent = Sent(kind_of(raw), known, reading.body, reading.bad)
    key, key_faults = _idempotency_key(key_header, raw.get(KEY_FIELD))
    found = (*faults, *reading.faults, *broken_rules(sent, limits), *key_faults)
    refusal = _refusal(found, reading.body)
    request = None if refusal else _job_request(reading.body)
    return Submission(key, _changes(raw), request, refusal, reading.body)


def read_undo(
    body: bytes,
    undo_of: str,
    *,
    key_header: str | None = None,
    chunked: bool = False,
    faults: Iterable[Fault] = (),
) -> Submission:
    """Reads POST /jobs/{id}/undo; the body may be empty. Arguments and errors as in `read_submission`."""
    raw = read_object(body, chunked=chunked, optional=True)
    texts = {"note", KEY_FIELD}
    reading = read_model(UndoBody, {k: v for k, v in raw.items() if v is not None or k not in texts})
    key, key_faults = _idempotency_key(key_header, raw.get(KEY_FIELD))
    found = (*faults, *reading.faults, *key_faults)
    request = JobRequest(
        action=Action.UNDO,
        undo_of=undo_of,
        confirm=reading.body.confirm,
        dry_run=reading.body.dry_run,
        note=reading.body.note or None,
    )
    refusal = invalid(found) if found else None
    return Submission(key, raw.get("dryRun") is not True, None if refusal else request, refusal)


def planned_request(received: JobRequest, dry_run: JobRequest) -> JobRequest:
    """The request to carry out: what the dry run asked for, under the terms of the request that names it."""
    return replace(
        dry_run,
        dry_run=False,
        plan_id=received.plan_id,
        confirm=received.confirm,
        note=received.note,
        start_at=received.start_at,
        callback_url=received.callback_url,
        stop_after_failures=received.stop_after_failures,
        allow_shortage=received.allow_shortage,
    )


def only_reads(request: JobRequest) -> bool:
    """Whether a job changes nothing anywhere but in this app: a dry run, or an export to download."""
    if request.export is not None:
        return request.export.location.kind == "download"
    return request.dry_run


def _refusal(found: tuple[Fault, ...], body: JobBody) -> RequestError | None:
    if found:
        return invalid(found)
    return too_many_groups(len(set(body.group_ids or ())))


def _idempotency_key(header: str | None, field: object) -> tuple[str | None, list[Fault]]:
    """The key and what is wrong with it; a faulty field is reported by its model."""
    faults = []
    if header is not None and not is_key(header):
        faults.append(fault("The key must be 1 to 255 printable ASCII characters.", KEY_HEADER))
    if field is not None and not (isinstance(field, str) and is_key(field)):
        return None, faults
    if header is not None and field is not None and header != field and not faults:
        faults.append(
            fault(
                f"{KEY_FIELD} and the header {KEY_HEADER} differ. Send one of them, or both equal.", KEY_FIELD
            )
        )
    if faults:
        return None, faults
    return header if header is not None else (field if isinstance(field, str) else None), []


def _changes(raw: Mapping[str, Any]) -> bool:
    kind = kind_of(raw)
    if kind == "export":
        export = raw.get("export")
        location = export.get("location") if isinstance(export, dict) else None
        return export is not None and location is not None and location != {"kind": "download"}
    return kind is None or kind == PLAN or raw.get("dryRun") is not True


def _job_request(body: JobBody) -> JobRequest:
    export = body.export or ExportBody()
    return JobRequest(
        action=Action(body.action) if body.action else UNKNOWN_UNTIL_PLAN_IS_READ,
        group_ids=tuple(dict.fromkeys(body.group_ids or ())),
        licenses=tuple(_license(entry, body.action == "remove") for entry in body.licenses or ()),
        replaces="all" if body.replaces == "all" else tuple(dict.fromkeys(body.replaces or ())),
        usage_location=body.usage_location,
        usage_location_mode=body.usage_location_mode,
        expires_in=ExpiresIn(body.expires_in.value, body.expires_in.unit) if body.expires_in else None,
        include_guests=body.include.guests,
        include_disabled=body.include.disabled,
        confirm=body.confirm,
        dry_run=body.dry_run,
        allow_shortage=body.allow_shortage,
        keep_disabled_plans=body.keep_disabled_plans,
        stop_after_failures=body.stop_after_failures,
        start_at=body.start_at,
        callback_url=body.callback_url,
        note=body.note or None,
        export=_export(export) if body.action == "export" else None,
        plan_id=body.plan,
    )


def _license(entry: LicenseBody, removing: bool) -> LicenseRequest:
    if removing or entry.disabled_plans is None:
        return LicenseRequest(entry.sku_id)
    return LicenseRequest(entry.sku_id, tuple(sorted(set(entry.disabled_plans))))


def _export(body: ExportBody) -> ExportRequest:
    location = body.location
    if isinstance(location, DownloadBody):
        return ExportRequest(body.format, ExportLocation())
    return ExportRequest(body.format, ExportLocation(**location.model_dump()))
