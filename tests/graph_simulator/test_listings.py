"""Groups, members and users: paging, casts, filters, searches, counts, and the rules for advanced queries."""

from urllib.parse import urlsplit

import pytest

from tests.graph_simulator.conftest import Firm
from tests.graph_simulator.in_process import EVENTUAL, Json, LocalGraph, Reply

CAST = "transitiveMembers/microsoft.graph.user"
UNSUPPORTED = (400, "Request_UnsupportedQuery")


def follow(graph: LocalGraph, path: str, **headers: str) -> list[Json]:
    """All pages of a listing; each nextLink is taken as it is."""
    pages = []
    while path:
        reply = graph.get(path, **headers)
        assert reply.status == 200, reply.content
        pages.append(reply.json)
        link = urlsplit(reply.json.get("@odata.nextLink", ""))
        path = f"{link.path.removeprefix('/v1.0')}?{link.query}" if link.path else ""
    return pages


def ids(pages: list[Json]) -> list[str]:
    return [item["id"] for page in pages for item in page["value"]]


@pytest.fixture
def nested(firm: Firm) -> tuple[Firm, str, list[str]]:
    """A group with 5 direct users, 5 in a nested group of which one is in both, in a circle."""
    users = [firm.hire() for _ in range(9)]
    inner = firm.group(*users[4:])
    outer = firm.group(*users[:5], inner)
    firm.graph.control("PATCH", f"groups/{inner}", {"add": [outer]})
    return firm, outer, users


def test_a_cast_lists_each_nested_user_once_and_counts_on_the_first_page(
    nested: tuple[Firm, str, list[str]],
) -> None:
    firm, outer, users = nested
    pages = follow(firm.graph, f"/groups/{outer}/{CAST}?$select=id&$top=4&$count=true", **EVENTUAL)
    assert sorted(ids(pages)) == sorted(users)
    assert [len(page["value"]) for page in pages] == [4, 4, 1]
    assert [page.get("@odata.count") for page in pages] == [9, None, None]
    assert all("@odata.type" not in item for page in pages for item in page["value"])
    assert pages[0]["@odata.context"].endswith("$metadata#users(id)")


def test_without_the_cast_all_kinds_come_with_their_type(nested: tuple[Firm, str, list[str]]) -> None:
    firm, outer, _ = nested
    (page,) = follow(firm.graph, f"/groups/{outer}/transitiveMembers")
    kinds = sorted(item["@odata.type"].rsplit(".", 1)[1] for item in page["value"])
    assert kinds == ["group"] + ["user"] * 9
    (direct,) = follow(firm.graph, f"/groups/{outer}/members/microsoft.graph.user?$count=true", **EVENTUAL)
    assert len(direct["value"]) == 5


def test_the_cast_needs_header_and_count_on_every_page(nested: tuple[Firm, str, list[str]]) -> None:
    firm, outer, _ = nested
    path = f"/groups/{outer}/{CAST}"
    for reply in (firm.graph.get(f"{path}?$count=true"), firm.graph.get(path, **EVENTUAL)):
        assert (reply.status, reply.code) == UNSUPPORTED
    first = firm.graph.get(f"{path}?$top=4&$count=true", **EVENTUAL).json
    link = urlsplit(first["@odata.nextLink"])
    bare = firm.graph.get(f"{link.path.removeprefix('/v1.0')}?{link.query}")
    assert ((bare.status, bare.code), bare.message) == (UNSUPPORTED, "Invalid search request.")


def test_page_tokens_expire_and_a_new_start_works(nested: tuple[Firm, str, list[str]]) -> None:
    firm, outer, users = nested
    path = f"/groups/{outer}/{CAST}?$top=4&$count=true"
    link = urlsplit(firm.graph.get(path, **EVENTUAL).json["@odata.nextLink"])
    firm.graph.control("POST", "tokens/expire-pages")
    gone = firm.graph.get(f"{link.path.removeprefix('/v1.0')}?{link.query}", **EVENTUAL)
    assert (gone.status, gone.code) == (400, "Directory_ExpiredPageToken")
    assert len(ids(follow(firm.graph, path, **EVENTUAL))) == len(users)


def test_a_listing_stays_whole_while_members_change(nested: tuple[Firm, str, list[str]]) -> None:
    firm, outer, users = nested
    first = firm.graph.get(f"/groups/{outer}/{CAST}?$select=id&$top=4&$count=true", **EVENTUAL).json
    firm.graph.control("PATCH", f"groups/{outer}", {"remove": [users[0]]})
    link = urlsplit(first["@odata.nextLink"])
    rest = follow(firm.graph, f"{link.path.removeprefix('/v1.0')}?{link.query}", **EVENTUAL)
    assert sorted(ids([first, *rest])) == sorted(users)


def test_members_made_in_bulk_overlap_and_leave(firm: Firm) -> None:
    share = [{"skuId": firm.skus["EMS"], "share": 0.1}]
    seeds: list[Json] = [
        {"displayName": "A", "users": 250, "licenses": share},
        {"displayName": "B", "users": 100, "firstIndex": 200, "usageLocation": "FR"},
    ]
    first, second = firm.graph.seed(bulk=seeds)["groupIds"]
    outer = firm.group(first, second)
    everyone = ids(follow(firm.graph, f"/groups/{outer}/{CAST}?$select=id&$top=77&$count=true", **EVENTUAL))
    assert len(set(everyone)) == len(everyone) == 300
    assert firm.consumed("EMS") == 25
    locations = [firm.graph.control("GET", f"users/{key}")["usageLocation"] for key in everyone[245:255]]
    assert locations == ["DE"] * 5 + ["FR"] * 5, "users that exist keep what they have"
    firm.graph.control("PATCH", f"groups/{first}", {"remove": [everyone[10], everyone[210]]})
    firm.graph.control("DELETE", f"users/{everyone[20]}")
    left = ids(follow(firm.graph, f"/groups/{outer}/{CAST}?$select=id&$top=999&$count=true", **EVENTUAL))
    assert set(everyone) - set(left) == {everyone[10], everyone[20]}, "one is still in the other group"
    assert firm.graph.get(f"/users/{everyone[20]}").status == 404
    assert firm.consumed("EMS") == 25 - sum(1 for number in (20,) if number % 10 == 9)


def test_users_made_in_bulk_are_found_by_name_and_keep_their_changes(firm: Firm) -> None:
    seeded = firm.graph.seed(bulk=[{"displayName": "A", "users": 50}])
    (first, *_rest) = firm.graph.control("GET", f"groups/{seeded['groupIds'][0]}/users")
    name = first["userPrincipalName"]
    assert firm.graph.assign(name, [firm.skus["EMS"]]).status == 200
    assert firm.graph.get(f"/users/{name.upper()}").json["id"] == first["id"]
    assert list(firm.held(first["id"])) == [firm.skus["EMS"]]
    holders = firm.graph.get(f"/users?$filter=assignedLicenses/any(x:x/skuId eq {firm.skus['EMS']})").json
    assert [item["id"] for item in holders["value"]] == [first["id"]]


@pytest.fixture
def names(firm: Firm) -> Firm:
    for name, kind in (
        ("Sales Germany", "security"),
        ("Sales Europe", "microsoft365"),
        ("Berlin Office", "distribution"),
        ("O'Brien's", "security"),
    ):
        firm.group(displayName=name, kind=kind)
    return firm


QUERIES = [
    ("$filter=startswith(displayName,'sales')", {}, ["Sales Germany", "Sales Europe"]),
    ("$filter=displayName eq 'O''Brien''s'", {}, ["O'Brien's"]),
    ("$filter=displayName in ('Berlin Office','Sales Europe')", {}, ["Sales Europe", "Berlin Office"]),
    ("$filter=securityEnabled eq true and mailEnabled eq false", {}, ["Sales Germany", "O'Brien's"]),
    ("$filter=groupTypes/any(c:c eq 'Unified')", {}, ["Sales Europe"]),
    ("$filter=not startswith(displayName,'Sales')&$count=true", EVENTUAL, ["Berlin Office", "O'Brien's"]),
    (
        "$filter=displayName ne 'O''Brien''s' and securityEnabled eq true&$count=true",
        EVENTUAL,
        ["Sales Germany"],
    ),
    ('$search="displayName:germ"', EVENTUAL, ["Sales Germany"]),
    ('$search="displayName:europe" OR "displayName:off"', EVENTUAL, ["Sales Europe", "Berlin Office"]),
    ('$search="displayName:ermany"', EVENTUAL, []),
    ("$orderby=displayName desc&$top=2", {}, ["Sales Germany", "Sales Europe"]),
    ("$filter=assignedLicenses/$count ne 0&$count=true", EVENTUAL, []),
]


@pytest.mark.parametrize(("query", "headers", "expected"), QUERIES, ids=[row[0] for row in QUERIES])
def test_group_queries(names: Firm, query: str, headers: dict[str, str], expected: list[str]) -> None:
    reply = names.graph.get(f"/groups?{query}", **headers)
    assert reply.status == 200, reply.content
    assert [group["displayName"] for group in reply.json["value"]] == expected


def test_groups_are_searched_by_the_beginning_of_their_mail_address(firm: Firm) -> None:
    firm.group(displayName="Sales", kind="security", id="aaaaaaaa-0000-4000-8000-000000000001")
    firm.group(displayName="Post", kind="microsoft365", id="aaaaaaaa-0000-4000-8000-000000000002")

    def found(search: str) -> list[str]:
        reply = firm.graph.get(f"/groups?$search={search}", **EVENTUAL)
        return [group["displayName"] for group in reply.json["value"]]

    assert found('"mail:AAAAAAAA@"') == ["Post"]
    assert found('"mail:contoso"') == []
    assert found('"displayName:sal" OR "mail:aaaaaaaa"') == ["Sales", "Post"]


REFUSED = [
    ('/groups?$search="displayName:x"', {}, 400, "Request_UnsupportedQuery", "'ConsistencyLevel: eventual'"),
    ("/groups?$search=x", EVENTUAL, 400, "Request_BadRequest", "search"),
    ('/groups?$search="displayName:x OR mail:x', EVENTUAL, 400, "Request_BadRequest", "search"),
    ('/groups?$search="displayName:x" or "mail:x"', EVENTUAL, 400, "Request_BadRequest", "search"),
    ('/groups?$search="displayName:x" "mail:x"', EVENTUAL, 400, "Request_BadRequest", "search"),
    ("/groups?$filter=displayName ne 'x'", {}, 400, "Request_UnsupportedQuery", "Unsupported Query."),
    ("/groups?$filter=displayName ne 'x'", EVENTUAL, 400, "Request_UnsupportedQuery", "Unsupported Query."),
    (
        "/groups?$filter=displayName eq 'x'&$orderby=displayName",
        {},
        400,
        "Request_UnsupportedQuery",
        "Query.",
    ),
    ("/groups?$filter=displayName eq", {}, 400, "BadRequest", "filter"),
    ("/groups?$filter=color eq 'x'", {}, 400, "BadRequest", "color"),
    ("/groups/$count", {}, 400, "Request_BadRequest", "$count is not currently supported."),
    ("/groups?$skip=5", {}, 400, "Request_BadRequest", "$skip"),
    ("/groups?$top=1000", {}, 400, "Request_UnsupportedQuery", "page size"),
    ("/groups?$top=0", {}, 400, "Request_UnsupportedQuery", "page size"),
    ("/groups?$select=colour", {}, 400, "BadRequest", "colour"),
    ("/users?$select=colour", {}, 400, "BadRequest", "colour"),
    ("/users?$filter=" + " or ".join(["id eq 'x'"] * 16), {}, 400, "Request_UnsupportedQuery", "16"),
    ("/users?$filter=id in ('" + "','".join(["x"] * 16) + "')", {}, 400, "Request_UnsupportedQuery", "16"),
    ("/groups/nobody", {}, 404, "Request_ResourceNotFound", "'nobody'"),
    ("/groups/nobody/transitiveMembers", {}, 404, "Request_ResourceNotFound", "'nobody'"),
    ("/users/nobody@contoso.com", {}, 404, "Request_ResourceNotFound", "'nobody@contoso.com'"),
    ("/nothing", {}, 400, "BadRequest", "'nothing'"),
]


@pytest.mark.parametrize(("path", "headers", "status", "code", "message"), REFUSED)
def test_refused_queries(
    firm: Firm, path: str, headers: dict[str, str], status: int, code: str, message: str
) -> None:
    firm.group()
    reply = firm.graph.get(path, **headers)
    assert (reply.status, reply.code) == (status, code)
    assert message in reply.message


def test_counting_needs_the_header_and_is_ignored_without_it(names: Firm) -> None:
    assert "@odata.count" not in names.graph.get("/groups?$count=true").json
    assert names.graph.get("/groups?$count=true", **EVENTUAL).json["@odata.count"] == 4
    reply = names.graph.get("/groups/$count", **EVENTUAL)
    assert (reply.content, reply.headers["content-type"]) == (b"4", "text/plain")


def test_the_default_page_holds_100(firm: Firm) -> None:
    firm.graph.seed(bulk=[{"displayName": "A", "users": 250}])
    pages = follow(firm.graph, "/users?$select=id")
    assert [len(page["value"]) for page in pages] == [100, 100, 50]
    assert len(set(ids(pages))) == 250


def test_users_by_ids_come_whatever_the_size_of_the_tenant(firm: Firm) -> None:
    firm.graph.seed(bulk=[{"displayName": "A", "users": 1_000_000}])
    chosen = [firm.hire() for _ in range(2)] + [firm.graph.app.simulator.tenant.bulk.id_of(654_321)]
    query = " or ".join(f"id eq '{key}'" for key in chosen)
    for text in (query, f"id in ({','.join(repr(key) for key in chosen)})"):
        found = firm.graph.get(f"/users?$filter={text}&$select=id,usageLocation").json["value"]
        assert [item["id"] for item in found] == chosen


def test_properties_need_select(firm: Firm) -> None:
    user = firm.hire(licenses=("EMS",))
    assert "usageLocation" not in firm.graph.get(f"/users/{user}").json
    chosen = "id,usageLocation,accountEnabled,userType,assignedLicenses,assignedPlans"
    selected = firm.graph.get(f"/users/{user}?$select={chosen}").json
    assert set(selected) == {"@odata.context", *chosen.split(",")}
    assert {plan["capabilityStatus"] for plan in selected["assignedPlans"]} == {"Enabled"}


def test_key_syntax_and_directory_objects(firm: Firm) -> None:
    user, group = firm.hire(), firm.group()
    assert firm.graph.get(f"/users('{user}')").json["id"] == user
    body = {"ids": [user, group, "11111111-2222-4333-8444-555555555555"], "types": ["user"]}
    found = firm.graph.call("POST", "/directoryObjects/getByIds?$select=id", body).json["value"]
    assert found == [{"@odata.type": "#microsoft.graph.user", "id": user}]


def test_subscribed_skus(firm: Firm) -> None:
    skus = {sku["skuPartNumber"]: sku for sku in firm.graph.get("/subscribedSkus").json["value"]}
    suspended = skus["POWER_BI_PRO"]
    assert suspended["capabilityStatus"] == "Suspended"
    assert suspended["prepaidUnits"] == {"enabled": 0, "suspended": 25, "warning": 0, "lockedOut": 0}
    assert {plan["provisioningStatus"] for plan in suspended["servicePlans"]} == {"Disabled"}
    assert skus["WINDOWS_STORE"]["appliesTo"] == "Company"
    single: Reply = firm.graph.get(f"/subscribedSkus/{skus['EMS']['id']}")
    assert single.json["skuId"] == firm.skus["EMS"]
    assert single.json["id"].split("_")[0] == firm.graph.get("/organization").json["value"][0]["id"]


def test_methods_and_mail(firm: Firm) -> None:
    assert firm.graph.call("DELETE", "/subscribedSkus").status == 405
    message = {"message": {"subject": "x", "toRecipients": [{"emailAddress": {"address": "a@contoso.com"}}]}}
    sent = firm.graph.call("POST", f"/users/{firm.hire()}/sendMail", message)
    assert (sent.status, sent.content) == (202, b"")
    assert firm.graph.control("GET", "mails")[0]["message"]["subject"] == "x"
