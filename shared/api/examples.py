"""Examples for the description of the API; the builders make those of answers, so they stay true."""

from datetime import UTC, datetime
from typing import Any

from shared.api.answers import item_json, job_json
from shared.api.shapes import ErrorShape, ItemListShape, JobShape
from shared.api.urls import Urls
from shared.models import (
    Action,
    AddedLicense,
    Before,
    Caller,
    Counts,
    Demand,
    ExpiresIn,
    GroupStatus,
    HeldLicense,
    Item,
    ItemStatus,
    JobGroup,
    JobRequest,
    JobStatus,
    JobView,
    LicenseRequest,
)

_OFFICE_365_E3 = "6fd2c87f-b296-42f0-b197-1e91e994b900"
_MICROSOFT_365_E5 = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
_SALES = "2f1d0c64-6a3b-4a53-9d57-51a1c9d0b2aa"
_JOB = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
_USER = "b1a7f3a0-0f2d-4f6e-8f0a-3d1b5a3c9e11"
_CREATED = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)

SUBMISSIONS: dict[str, Any] = {
    "assignForThreeMonths": {
        "summary": "Assign a license for three months",
        "value": {
            "action": "assign",
            "groupIds": [_SALES],
            "licenses": [{"skuId": _OFFICE_365_E3}],
            "usageLocation": "DE",
            "usageLocationMode": "ifMissing",
            "expiresIn": {"value": 3, "unit": "months"},
        },
    },
    "planReplacement": {
        "summary": "See what replacing a license would do",
        "value": {
            "action": "replace",
            "groupIds": [_SALES],
            "replaces": [_OFFICE_365_E3],
            "licenses": [{"skuId": _MICROSOFT_365_E5}],
            "dryRun": True,
        },
    },
    "carryOutPlan": {
        "summary": "Carry out exactly what a dry run showed",
        "value": {"plan": _JOB, "confirm": True},
    },
    "export": {
        "summary": "Export who holds what",
        "value": {
            "action": "export",
            "groupIds": [_SALES],
            "export": {"format": "xlsx", "location": {"kind": "download"}},
        },
    },
}

_GROUPS = (JobGroup(_SALES, "Sales", GroupStatus.DONE, 40),)


def job() -> JobShape:
    view = JobView(
        job_id=_JOB,
        status=JobStatus.IN_PROGRESS,
        request=JobRequest(
            action=Action.ASSIGN,
            group_ids=(_SALES,),
            licenses=(LicenseRequest(_OFFICE_365_E3),),
            expires_in=ExpiresIn(3, "months"),
        ),
        created_at=_CREATED,
        created_by=Caller("megan@contoso.com", "user", "user:megan"),
        wait_token="EXAMPLE",  # noqa: S106 # an example, no token
        started_at=_CREATED,
        groups=_GROUPS,
        total=40,
        counts=Counts(changed=22, unchanged=6, pending=12),
        demand=(Demand(_OFFICE_365_E3, 34, 120),),
    )
    return job_json(view, Urls("https://licenses.contoso.com"), {_OFFICE_365_E3: "Office 365 E3"})


def items() -> ItemListShape:
    example = Item(
        user_id=_USER,
        user_principal_name="adele@contoso.com",
        display_name="Adele Vance",
        groups=(0,),
        status=ItemStatus.CHANGED,
        before=Before((HeldLicense(_MICROSOFT_365_E5),), "DE"),
        added=(AddedLicense(_OFFICE_365_E3, expires_at=datetime(2027, 2, 24, 8, 0, tzinfo=UTC)),),
        attempts=1,
        updated_at=_CREATED,
    )
    return {"value": [item_json(example, _GROUPS)]}


def error() -> ErrorShape:
    message = "This must be an ID such as 6fd2c87f-b296-42f0-b197-1e91e994b900."
    target = "licenses[0].skuId"
    return {
        "error": {
            "code": "InvalidRequest",
            "message": f"{target}: {message}",
            "target": target,
            "details": [{"code": "InvalidRequest", "message": message, "target": target}],
            "requestId": "0d4a3c55-2f0f-4c39-9a51-1f6c5e0a7c11",
        }
    }
