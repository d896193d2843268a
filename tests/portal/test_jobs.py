"""Job Monitor: progress as it goes, Cancel, Start, filters, reports, exports."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Download, Route, expect

from tests.portal.pages import Portal
from tests.portal.test_changes import OFFICE_E1, team
from tests.support.api import Api
from tests.support.eventually import eventually
from tests.support.graph import Json
from tests.support.system import System

pytestmark = pytest.mark.system

VISIO = "c5928f49-12ba-48f7-ada3-0d743a3601d5"


def assign(api: Api, system: System, name: str, sku_id: str = OFFICE_E1, **more: object) -> Json:
    """A finished or failed job over one user of a group of that name."""
    group = next((found for found in system.control.groups() if found["displayName"] == name), None)
    if group is None:
        team(system, name, {"displayName": f"User of {name}", "usageLocation": "DE"})
        group = next(found for found in system.control.groups() if found["displayName"] == name)
    body = {"action": "assign", "groupIds": [group["id"]], "licenses": [{"skuId": sku_id}], **more}
    return api.run(body)


def test_a_running_job_shows_its_progress_is_canceled_and_started_again(
    portal: Portal, system: System, api: Api
) -> None:
    system.control.seed(bulk=[{"displayName": "Large", "users": 300}])
    group = next(found for found in system.control.groups() if found["displayName"] == "Large")
    sku = system.control.seed(skus=[{"skuPartNumber": "POWERAPPS_DEV", "enabled": 500}])["skuIds"][0]
    system.control.set_latency(800)
    job = api.submit({"action": "assign", "groupIds": [group["id"]], "licenses": [{"skuId": sku}]})
    portal.open("jobs")
    page = portal.page
    row = page.locator("tbody tr")
    expect(row.locator(".status")).to_have_text("In Progress")
    expect(row.get_by_role("progressbar")).to_be_visible()
    row.get_by_role("checkbox").check()
    expect(portal.button("Start")).to_be_disabled()
    portal.button("Cancel").click()
    expect(page.get_by_text("1 job will be canceled.")).to_be_visible()
    system.control.set_latency(0)
    expect(row.locator(".status")).to_have_text("Canceled", timeout=30_000)
    expect(row.get_by_role("checkbox")).to_be_checked()  # the refresh keeps what is selected
    before = api.job(job["id"])["counts"]["changed"]
    assert before < 300

    portal.button("Start").click()
    expect(row.locator(".status")).to_have_text("Finished", timeout=30_000)
    expect(row).to_contain_text("300 changed")
    assert len(system.control.changes()) == 300, "nobody is written twice"
    row.get_by_role("link").click()
    expect(page.get_by_role("list").filter(has_text="Started again")).to_be_visible()
    expect(page.get_by_text("Started again by Admin (local)")).to_be_visible()


def test_jobs_are_filtered_searched_and_undone_together(portal: Portal, system: System, api: Api) -> None:
    assign(api, system, "Alpha", note="first of all")
    assign(api, system, "Beta")
    assign(api, system, "Gamma", VISIO, allowShortage=True)
    portal.open("jobs")
    page = portal.page
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(3)
    page.get_by_label("Status").select_option("Failed")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Visio Plan 2")
    page.get_by_label("Status").select_option("")
    page.get_by_label("Search jobs").fill("first of")
    expect(rows).to_have_count(1)
    page.get_by_label("Search jobs").fill("")
    page.get_by_label("Action").select_option("export")
    expect(page.get_by_text("No job matches these filters")).to_be_visible()
    page.get_by_label("Action").select_option("")
    page.get_by_label("Created").select_option("1")
    expect(rows).to_have_count(3)
    page.reload()
    expect(page.get_by_label("Created")).to_have_value("1")

    page.get_by_label("Status").select_option("Finished")
    expect(rows).to_have_count(2)
    page.get_by_label("Select all on this page").check()
    portal.button("Undo").click()
    page.get_by_role("dialog").get_by_role("button", name="Undo now").click()
    expect(page.get_by_text("2 undo jobs started.")).to_be_visible()
    page.get_by_label("Action").select_option("undo")
    expect(rows).to_have_count(2)
    eventually(
        lambda: [change for change in system.control.changes() if not change["after"]["licenses"]],
        lambda undone: len(undone) == 2,
        what="both to be undone",
    )


@pytest.mark.parametrize("empty_pages", [1, 10])
def test_a_search_goes_on_where_a_page_has_nothing(
    portal: Portal, system: System, api: Api, empty_pages: int
) -> None:
    assign(api, system, "Alpha", note="long ago")

    def search(route: Route) -> None:
        url, _, cursor = route.request.url.partition("&cursor=")
        passed = int(cursor or 0)
        if passed < empty_pages:
            route.fulfill(json={"value": [], "nextLink": f"{url}&cursor={passed + 1}"})
        else:
            route.continue_(url=url)

    page = portal.page
    page.route("**/api/jobs?*search=*", search)
    portal.open("jobs?search=long")
    if empty_pages > 1:
        expect(page.get_by_text("No job up to here matches these filters")).to_be_visible()
        portal.button("Next").click()
    expect(page.locator("tbody tr")).to_contain_text("long ago")


def test_home_finds_failed_jobs_behind_failed_reviews_and_counts_no_more_than_it_read(
    portal: Portal, system: System, api: Api
) -> None:
    team(system, "Nowhere", {"usageLocation": None})
    assign(api, system, "Nowhere")
    assert assign(api, system, "Nowhere", dryRun=True)["status"] == "Failed"
    page = portal.page

    def one_a_page(route: Route) -> None:
        route.continue_(url=route.request.url.replace("pageSize=20", "pageSize=1"))

    page.route("**/api/jobs?*", one_a_page)
    portal.open()
    failed = page.get_by_role("region", name="Failed lately")
    expect(failed.get_by_role("listitem")).to_have_count(1)
    expect(failed).not_to_contain_text("more")

    for _ in range(6):
        assign(api, system, "Nowhere")
    portal.button("Refresh").click()
    expect(failed.get_by_role("listitem")).to_have_count(5)
    expect(failed.get_by_text("and more")).to_be_visible()
    page.unroute("**/api/jobs?*")
    portal.button("Refresh").click()
    expect(failed.get_by_text("and 2 more")).to_be_visible()


def test_failed_users_are_explained_and_reported(portal: Portal, system: System, api: Api) -> None:
    team(
        system,
        "Half",
        {"displayName": "Nora Nowhere", "usageLocation": None},
        {"displayName": "Gert German", "usageLocation": "DE"},
    )
    job = assign(api, system, "Half")
    portal.open(f"jobs/{job['id']}?status=failed")
    page = portal.page
    expect(page.locator(".job-head .status")).to_have_text("Finished with Exception")
    users = page.get_by_role("table", name="Users of this job").locator("tbody tr")
    expect(users).to_have_count(1)
    expect(users).to_contain_text("usage location")
    users.get_by_role("button", name="Details of \u2068Nora Nowhere\u2069").click()
    expect(page.get_by_role("dialog")).to_contain_text("UsageLocationMissing")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_label("Show", exact=True).select_option("")
    expect(users).to_have_count(2)
    with page.expect_download() as report:
        portal.button("Report (CSV)").click()
    rows = list(csv.DictReader(io.StringIO(_path(report.value).read_text("utf-8-sig"))))
    assert len(rows) == 2
    # Given a location, the failed one succeeds when the job is started again.
    system.control.patch_user(job_user(api, job, "Nora Nowhere"), usageLocation="FR")
    portal.button("Start").click()
    portal.expect_end("Finished")


def job_user(api: Api, job: Json, name: str) -> str:
    return next(str(item["userId"]) for item in api.items(job["id"]) if item["displayName"] == name)


@pytest.mark.parametrize("kind", ["Excel workbook (XLSX)", "JSON"])
def test_an_export_is_made_and_downloaded(portal: Portal, system: System, kind: str) -> None:
    team(
        system,
        "Exported",
        {"displayName": "Eva Export", "usageLocation": "DE", "licenses": [{"skuId": OFFICE_E1}]},
    )
    portal.choose("Exported")
    portal.button("Export Results").click()
    page = portal.page
    page.get_by_role("radio", name=kind).check()
    portal.button("Export").click()
    portal.expect_end("Finished")
    with page.expect_download() as file:
        page.get_by_role("button", name="Download").click()
    path = _path(file.value)
    if kind == "JSON":
        (row,) = json.loads(path.read_text("utf-8"))["rows"]
        assert (row["user"], row["license"]) == ("Eva Export", "Office 365 E1")
    else:
        assert {"Summary", "Users", "Licenses"} <= set(
            load_workbook(io.BytesIO(path.read_bytes())).sheetnames
        )


def test_where_an_export_cannot_go_is_said_at_the_field(portal: Portal, system: System) -> None:
    team(system, "Exported", {"displayName": "Eva Export"})
    portal.choose("Exported")
    portal.button("Export Results").click()
    page = portal.page
    page.get_by_role("radio", name="Azure Blob Storage").check()
    page.get_by_label("Container").fill("azure-webjobs-hosts")
    page.get_by_label("Path of the file").fill("licenses.xlsx")
    portal.button("Export").click()
    expect(page.get_by_label("Container")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("alert")).to_be_focused()
    portal.problems.clear()  # the browser logs the 400


def _path(download: Download) -> Path:
    return Path(download.path())
