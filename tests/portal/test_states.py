"""What the portal shows when there is nothing, when something is wrong, and to whom it may not show anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.conftest import SystemStarter
from tests.portal.pages import Portal
from tests.portal.test_changes import OFFICE_E1, team
from tests.support.api import Api
from tests.support.system import System

pytestmark = pytest.mark.system

KEY = "local-function-key"


def sign_in_as(portal: Portal, person: str) -> None:
    """Choose who to be on the local host's sign-in page, coming from the portal's own link."""
    portal.page.goto(f"{portal.base_url}/.auth/login/aad?post_login_redirect_uri=/portal/")
    portal.page.locator(f"button[value={person}]").click()
    expect(portal.page.locator("h1")).to_be_visible()


def test_an_empty_tenant_says_so_everywhere(portal: Portal, system: System) -> None:
    system.control.reset("empty")
    for address, text in {
        "groups?search=nothing": "No group matches",
        "jobs": "There are no jobs yet",
        "temporary": "There are no temporary licenses",
        "assign": "No groups are selected",
        "": "No job is running.",
        "no-such-view": "There is no such page",
    }.items():
        portal.open(address)
        expect(portal.page.get_by_text(text).first).to_be_visible()


def test_who_is_not_signed_in_is_led_back_to_where_they_were(portal: Portal, system: System) -> None:
    page = portal.page
    page.goto(f"{portal.base_url}/.auth/logout?post_logout_redirect_uri=/portal/")
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    page.goto(f"{portal.base_url}/portal/#/jobs?status=Failed")
    link = page.get_by_role("link", name="Sign in")
    expect(link).to_have_attribute("href", "/.auth/login/aad?post_login_redirect_uri=/portal/")
    link.click()
    page.locator("button[value=manager]").click()
    expect(portal.heading("Job Monitor")).to_be_visible()
    expect(page.get_by_label("Status")).to_have_value("Failed")
    expect(page.get_by_text("manager@local.test")).to_be_visible()
    portal.problems.clear()  # the browser logs the 401 of /.auth/me


def test_a_sign_in_that_keeps_no_tokens_is_told_from_a_missing_key(portal: Portal) -> None:
    """App Service without its token store: no /.auth/me, and a 401 that only its header explains."""
    page = portal.page
    challenge = {"WWW-Authenticate": "Bearer realm=licenses.contoso.com"}
    page.route("**/.auth/me", lambda route: route.fulfill(status=404))
    page.route("**/api/**", lambda route: route.fulfill(status=401, headers=challenge))
    page.goto(f"{portal.base_url}/portal/")
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    expect(page.get_by_label("Function key")).to_have_count(0)
    portal.problems.clear()


def test_without_a_role_the_missing_one_is_named(portal: Portal) -> None:
    sign_in_as(portal, "stranger")
    expect(portal.page.get_by_text("You do not have permission to see this")).to_be_visible()
    expect(portal.page.locator("code", has_text="Licenses.Read").first).to_be_visible()


def test_a_reader_sees_and_reviews_but_carries_nothing_out(portal: Portal, system: System, api: Api) -> None:
    team(system, "Read Only", {"displayName": "Rita Read", "usageLocation": "DE"})
    group = next(found for found in system.control.groups() if found["displayName"] == "Read Only")
    job = api.run({"action": "assign", "groupIds": [group["id"]], "licenses": [{"skuId": OFFICE_E1}]})
    sign_in_as(portal, "reader")
    portal.open(f"jobs/{job['id']}")
    page = portal.page
    expect(page.get_by_role("table", name="Users of this job")).to_contain_text("Rita Read")
    portal.choose("Read Only")
    portal.button("Assign Licenses").click()
    page.get_by_role("checkbox", name="Office 365 E3").check()
    portal.review()
    expect(page.get_by_text("To carry it out you need the app role Licenses.Manage.")).to_be_visible()
    expect(portal.button("Add")).to_have_count(0)
    portal.open("export")
    expect(page.get_by_text("Exports to other places need the role Licenses.Manage.")).to_be_visible()
    portal.button("Export").click()
    portal.expect_end("Finished")


def test_an_error_is_told_and_mended_by_trying_again(portal: Portal) -> None:
    page = portal.page
    error = {"code": "GraphUnavailable", "message": "Microsoft Graph is away.", "requestId": "r-1"}

    def away(route: Route) -> None:
        route.fulfill(status=503, json={"error": error}, headers={"Retry-After": "60"})

    page.route("**/api/groups?*", away)
    page.goto(f"{portal.base_url}/portal/#/groups")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Microsoft Graph is away.")
    expect(alert).to_contain_text("r-1")
    page.unroute("**/api/groups?*")
    alert.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("table", name="Groups")).to_be_visible()
    portal.problems.clear()


def test_a_lost_answer_does_not_make_a_second_job(portal: Portal, system: System, api: Api) -> None:
    team(system, "Twice", {"displayName": "Tom Twice", "usageLocation": "DE"})
    portal.choose("Twice")
    portal.button("Assign Licenses").click()
    page = portal.page
    page.get_by_role("checkbox", name="Office 365 E1").check()
    keys: list[str | None] = []

    def lose(route: Route) -> None:
        keys.append(route.request.header_value("idempotency-key"))
        if len(keys) == 1:
            route.fetch()  # it arrives, its answer does not
            route.abort()
        else:
            route.continue_()

    page.route("**/api/jobs", lose)
    portal.button("Review impact").click()
    expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached.")
    portal.review()
    assert keys[0] == keys[1]
    assert len(api.all("jobs")) == 1
    portal.problems.clear()


PAGE_OF_A_PROXY = {"status": 200, "content_type": "text/html", "body": "<h1>Back soon</h1>"}


def test_an_answer_that_cannot_be_read_is_one_that_did_not_come(
    portal: Portal, system: System, api: Api
) -> None:
    team(system, "Proxied", {"usageLocation": "DE"})
    portal.choose("Proxied")
    portal.button("Assign Licenses").click()
    page = portal.page
    page.get_by_role("checkbox", name="Office 365 E1").check()
    page.route("**/api/jobs", lambda route: route.fulfill(**PAGE_OF_A_PROXY), times=1)
    portal.button("Review impact").click()
    expect(page.get_by_role("alert")).to_contain_text("The server's answer could not be read.")
    portal.review()
    assert len(api.all("jobs")) == 1


def test_a_running_job_is_read_again_after_an_answer_that_cannot_be_read(
    portal: Portal, system: System, api: Api
) -> None:
    team(system, "Proxied", {"usageLocation": "DE"})
    body = {"action": "assign", "groupIds": [system.control.group_named("Proxied")], "dryRun": True}
    job = api.run({**body, "licenses": [{"skuId": OFFICE_E1}]})
    portal.page.route(f"**/api/jobs/{job['id']}", lambda route: route.fulfill(**PAGE_OF_A_PROXY), times=1)
    portal.open(f"jobs/{job['id']}")
    portal.expect_end("Finished")


def test_a_download_that_breaks_off_can_be_repeated(portal: Portal, system: System, api: Api) -> None:
    team(system, "Exported", {"usageLocation": "DE"})
    group = system.control.group_named("Exported")
    export = {"format": "csv", "location": {"kind": "download"}}
    job = api.run({"action": "export", "groupIds": [group], "export": export})
    portal.open(f"jobs/{job['id']}")
    page = portal.page
    page.evaluate(
        """() => {
            const { blob } = Response.prototype;
            Response.prototype.blob = async function () {
                Response.prototype.blob = blob;
                throw new TypeError("network error");
            };
        }"""
    )
    portal.button("Download CSV").click()
    expect(page.get_by_role("alert")).to_contain_text("The file could not be downloaded.")
    with page.expect_download():
        portal.button("Download CSV").click()


def test_only_the_own_origin_is_ever_asked(portal: Portal) -> None:
    asked: set[str] = set()
    portal.page.on("request", lambda request: asked.add(request.url.split("/")[2]))
    for address in ("", "groups", "jobs", "licenses", "temporary"):
        portal.open(address)
    assert asked == {portal.base_url.split("/")[2]}


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system that is protected by function keys."""
    with ExitStack() as stack:
        settings = {"AUTH_MODE": "key", "WEBSITE_AUTH_ENABLED": None, "LOCAL_FUNCTION_KEY": KEY}
        yield SystemStarter(tmp_path_factory, stack)(settings)


def test_the_function_key_is_asked_for_and_kept_in_the_tab(browser: Browser, keyed: System) -> None:
    context = browser.new_context()
    portal = Portal(context.new_page(), keyed.host.base_url)
    page = portal.page
    page.goto(f"{portal.base_url}/portal/#/groups")
    for given in ("wrong", KEY):
        page.get_by_label("Function key").fill(given)
        page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("table", name="Groups")).to_be_visible()
    page.reload()
    expect(page.get_by_role("table", name="Groups")).to_be_visible()
    assert page.evaluate("localStorage.length") == 0
    assert KEY not in page.url
    context.close()
