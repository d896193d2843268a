"""A tenant in which something has happened: for the pictures, and for looking at every view."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.api import Api
from tests.support.graph import GraphControl

OFFICE_E3 = "6fd2c87f-b296-42f0-b197-1e91e994b900"
PROJECT = "53818b1b-4a27-454b-8896-0dba576410e6"
POWER_BI = "f8a1db68-be16-40ed-86d5-cb42ce701560"


@dataclass(frozen=True, slots=True)
class Populated:
    """Ids of a group, of jobs (one with failures, an export), and of reviews."""

    group: str
    job: str
    export: str
    review: str
    short_review: str
    removal_review: str


def populate(api: Api, control: GraphControl, first: str, second: str) -> Populated:
    """Run some jobs over two groups of the default tenant, by name.

    The first is to have more users than units of PROJECT are left.
    """
    ids = {group["displayName"]: group["id"] for group in control.groups()}
    larger, smaller = ids[first], ids[second]

    def run(action: str, *group_ids: str, **more: object) -> str:
        return str(api.run({"action": action, "groupIds": list(group_ids), **more})["id"])

    project = [{"skuId": PROJECT}]
    temporary = {"expiresIn": {"value": 5, "unit": "days"}, "note": "Budget season", "allowShortage": True}
    job = run("assign", larger, licenses=project, **temporary)
    export = run("export", smaller, export={"format": "xlsx", "location": {"kind": "download"}})
    office = [{"skuId": OFFICE_E3}]
    months = {"value": 3, "unit": "months"}
    return Populated(
        group=larger,
        job=job,
        export=export,
        review=run("assign", larger, smaller, licenses=office, expiresIn=months, dryRun=True),
        short_review=run("assign", smaller, licenses=[{"skuId": POWER_BI}], dryRun=True),
        removal_review=run("remove", smaller, licenses=office, dryRun=True),
    )
