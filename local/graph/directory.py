"""Reads of the directory: groups, their members, users, subscribed SKUs, the organisation."""

import json
from collections.abc import Callable, Iterable

from local.graph.filters import Filter, compile_filter, compile_search
from local.graph.intervals import Intervals
from local.graph.messages import GraphError, Refusal
from local.graph.model import DirectoryObject, Group, OtherObject, User
from local.graph.paging import Listing, Page
from local.graph.render import (
    check_group_select,
    check_user_select,
    group_fields,
    license_details,
    sku_json,
    typed_object,
    user_fields,
)
from local.graph.request import Answer, GraphRequest, Query
from local.graph.simulator import Simulator

PLAIN = "text/plain"


def require_user(sim: Simulator, key: str) -> User:
    user = sim.tenant.find_user(key)
    if user is None:
        raise GraphError(Refusal.NOT_FOUND, key)
    return user


def require_group(sim: Simulator, key: str) -> Group:
    group = sim.tenant.groups.get(key.lower())
    if group is None:
        raise GraphError(Refusal.NOT_FOUND, key)
    return group


# -- collections


def _context(request: GraphRequest, entity_set: str, entity: bool = False) -> str:
    selected = f"({','.join(request.query.select)})" if request.query.select else ""
    return f'"@odata.context":"{request.root}/$metadata#{entity_set}{selected}{"/$entity" if entity else ""}"'


def collection(request: GraphRequest, entity_set: str, items: Iterable[str], extra: str = "") -> Answer:
    return Answer(200, f'{{{_context(request, entity_set)}{extra},"value":[{",".join(items)}]}}')


def next_link(request: GraphRequest, token: str) -> str:
    """The whole URL of the next page: the request's own options with a page token."""
    kept = [part for part in request.query.text.split("&") if part and not _is_token(part)]
    return f"{request.root}{request.path}?" + "&".join([*kept, f"$skiptoken={token}"])


def _is_token(part: str) -> bool:
    return part.lower().startswith(("$skiptoken=", "%24skiptoken="))


def _listing_page(
    sim: Simulator, request: GraphRequest, make: Callable[[], Listing]
) -> tuple[Page, int | None]:
    """The page that is asked for, and the total where the first page carries it."""
    query = request.query
    if query.skiptoken:
        return sim.pages.next(query.skiptoken, query.page_size), None
    listing = make()
    counted = query.count and request.eventual
    return sim.pages.first(listing, query.page_size), listing.count(sim.tenant) if counted else None


def _page_answer(
    request: GraphRequest, entity_set: str, page: Page, total: int | None, items: list[str]
) -> Answer:
    extra = "" if total is None else f',"@odata.count":{total}'
    if page.token:
        extra += f',"@odata.nextLink":{json.dumps(next_link(request, page.token))}'
    return collection(request, entity_set, items, extra)


def _advanced_allowed(request: GraphRequest) -> bool:
    return request.eventual and request.query.count


def _compile(request: GraphRequest) -> Filter | None:
    """The request's `$filter`, refused where it is advanced and the header or `$count` is missing."""
    query = request.query
    if query.search is not None and not request.eventual:
        raise GraphError(Refusal.SEARCH_NEEDS_HEADER)
    if query.filter is None:
        return None
    compiled = compile_filter(query.filter)
    if (compiled.advanced or query.orderby) and not _advanced_allowed(request):
        raise GraphError(Refusal.UNSUPPORTED_QUERY)
    return compiled


def _restrict(request: GraphRequest, listing: Listing, compiled: Filter | None) -> Listing:
    """The listing with the request's filter and search put on it."""
    predicates = [compiled.matches] if compiled else []
    if request.query.search is not None:
        predicates.append(compile_search(request.query.search))
    if predicates:
        listing.predicate = lambda item: all(predicate(item) for predicate in predicates)
    return listing


# -- groups


def list_groups(sim: Simulator, request: GraphRequest, _key: str) -> Answer:
    check_group_select(request.query.select)
    page, total = _listing_page(sim, request, lambda: _groups(sim, request))
    items = [
        f"{{{group_fields(group, request.query.select)}}}" for group in page.items if isinstance(group, Group)
    ]
    return _page_answer(request, "groups", page, total, items)


def _groups(sim: Simulator, request: GraphRequest) -> Listing:
    groups = list(sim.tenant.groups.values())
    order = request.query.orderby
    if order:
        name, _, direction = order.partition(" ")
        if name != "displayName" or direction not in ("", "asc", "desc"):
            raise GraphError(Refusal.UNSUPPORTED_QUERY)
        groups.sort(key=lambda group: group.display_name.casefold(), reverse=direction == "desc")
    return _restrict(request, Listing([group.id for group in groups], Intervals()), _compile(request))


def count_groups(sim: Simulator, request: GraphRequest, _key: str) -> Answer:
    _require_eventual(request)
    return Answer(200, str(_groups(sim, request).count(sim.tenant)).encode(), content_type=PLAIN)


def _require_eventual(request: GraphRequest) -> None:
    if not request.eventual:
        raise GraphError(Refusal.COUNT_NEEDS_HEADER)


def get_group(sim: Simulator, request: GraphRequest, key: str) -> Answer:
    group = require_group(sim, key)
    body = f"{{{_context(request, 'groups', True)},{group_fields(group, request.query.select)}}}"
    return Answer(200, body)


# -- members


def list_members(sim: Simulator, request: GraphRequest, key: str) -> Answer:
    return _members(sim, request, key, transitive=False, cast=False)


def list_transitive_members(sim: Simulator, request: GraphRequest, key: str) -> Answer:
    return _members(sim, request, key, transitive=True, cast=False)


def list_member_users(sim: Simulator, request: GraphRequest, key: str) -> Answer:
    return _members(sim, request, key, transitive=False, cast=True)


def list_transitive_users(sim: Simulator, request: GraphRequest, key: str) -> Answer:
    return _members(sim, request, key, transitive=True, cast=True)


def _members(sim: Simulator, request: GraphRequest, key: str, transitive: bool, cast: bool) -> Answer:
    group = require_group(sim, key)
    if cast and not _advanced_allowed(request):
        raise GraphError(Refusal.CAST_NEEDS_HEADER if request.query.skiptoken else Refusal.UNSUPPORTED_QUERY)
    query = request.query
    if cast:
        check_user_select(query.select)
    page, total = _listing_page(
        sim,
        request,
        lambda: _restrict(
            request, _member_listing(sim, group, request.now, transitive, cast), _member_filter(request)
        ),
    )
    if cast:
        users = [item for item in page.items if isinstance(item, User)]
        items = [f"{{{user_fields(user, query.select, sim.tenant, request.now)}}}" for user in users]
        return _page_answer(request, "users", page, total, items)
    items = [typed_object(item, query.select, sim.tenant, request.now) for item in page.items]
    return _page_answer(request, "directoryObjects", page, total, items)


def _member_filter(request: GraphRequest) -> Filter | None:
    """`$filter` on a members path is an advanced query, whatever its operators."""
    if request.query.filter is not None and not _advanced_allowed(request):
        raise GraphError(Refusal.UNSUPPORTED_QUERY)
    return _compile(request)


def _member_listing(sim: Simulator, group: Group, now: float, transitive: bool, cast: bool) -> Listing:
    if not transitive:
        members = group.members_at(now)
        return Listing(list(members.ids), members.bulk, users_only=cast)
    listing = transitive_members(sim, group, now)
    listing.users_only = cast
    return listing


def transitive_members(sim: Simulator, group: Group, now: float | None) -> Listing:
    """All members of nested groups too, each once, the group itself left out; without `now`: free of lag."""
    ids: dict[str, None] = {}
    ranges: list[Intervals] = []
    seen, pending = {group.id}, [group]
    while pending:
        current = pending.pop(0)
        members = current.members if now is None else current.members_at(now)
        ranges.append(members.bulk)
        for member_id in members.ids:
            ids[member_id] = None
            nested = sim.tenant.groups.get(member_id)
            if nested is not None and nested.id not in seen:
                seen.add(nested.id)
                pending.append(nested)
    ids.pop(group.id, None)
    return Listing(list(ids), Intervals().union(ranges))


def count_transitive_members(sim: Simulator, request: GraphRequest, key: str) -> Answer:
    return _count_members(sim, request, key, cast=False)


def count_transitive_users(sim: Simulator, request: GraphRequest, key: str) -> Answer:
    return _count_members(sim, request, key, cast=True)


def _count_members(sim: Simulator, request: GraphRequest, key: str, cast: bool) -> Answer:
    group = require_group(sim, key)
    _require_eventual(request)
    listing = _member_listing(sim, group, request.now, transitive=True, cast=cast)
    total = _restrict(request, listing, _compile(request)).count(sim.tenant)
    return Answer(200, str(total).encode(), content_type=PLAIN)


# -- users


def list_users(sim: Simulator, request: GraphRequest, _key: str) -> Answer:
    check_user_select(request.query.select)
    page, total = _listing_page(sim, request, lambda: _users(sim, request))
    query = request.query
    items = [
        f"{{{user_fields(user, query.select, sim.tenant, request.now)}}}"
        for user in page.items
        if isinstance(user, User)
    ]
    return _page_answer(request, "users", page, total, items)


def _users(sim: Simulator, request: GraphRequest) -> Listing:
    if request.query.orderby:
        raise GraphError(Refusal.UNSUPPORTED_QUERY)
    compiled = _compile(request)
    tenant = sim.tenant
    if compiled and compiled.ids is not None:
        listing = Listing(_existing_ids(sim, compiled.ids), Intervals(), users_only=True)
    elif compiled and compiled.sku_id:
        listing = Listing(list(tenant.users), tenant.bulk.possible_holders(compiled.sku_id))
    else:
        listing = Listing(list(tenant.users), tenant.bulk.existing)
    return _restrict(request, listing, compiled)


def _existing_ids(sim: Simulator, keys: list[str]) -> list[str]:
    users = (sim.tenant.find_user(key) for key in keys)
    return [user.id for user in users if user is not None]


def count_users(sim: Simulator, request: GraphRequest, _key: str) -> Answer:
    _require_eventual(request)
    return Answer(200, str(_users(sim, request).count(sim.tenant)).encode(), content_type=PLAIN)


def user_answer(sim: Simulator, request: GraphRequest, user: User, query: Query) -> Answer:
    """A single user with the selected or the default properties."""
    fields = user_fields(user, query.select, sim.tenant, request.now)
    return Answer(200, f"{{{_context(request, 'users', True)},{fields}}}")


def get_user(sim: Simulator, request: GraphRequest, key: str) -> Answer:
    return user_answer(sim, request, require_user(sim, key), request.query)


def get_license_details(sim: Simulator, request: GraphRequest, key: str) -> Answer:
    user = require_user(sim, key)
    licenses, _ = user.seen_at(request.now)
    return collection(request, f"users('{user.id}')/licenseDetails", license_details(licenses, sim.tenant))


# -- organisation


def list_skus(sim: Simulator, request: GraphRequest, _key: str) -> Answer:
    items = [sku_json(sku, sim.tenant, request.query.select) for sku in sim.tenant.skus.values()]
    return collection(request, "subscribedSkus", items)


def get_sku(sim: Simulator, request: GraphRequest, key: str) -> Answer:
    sku = sim.tenant.skus.get(key.lower().removeprefix(f"{sim.tenant.id}_"))
    if sku is None or "_" not in key:
        raise GraphError(Refusal.NOT_FOUND, key)
    context = _context(request, "subscribedSkus", True)
    return Answer(200, f"{{{context},{sku_json(sku, sim.tenant, request.query.select)[1:]}")


def get_organization(sim: Simulator, request: GraphRequest, _key: str) -> Answer:
    tenant = sim.tenant
    item = {
        "id": tenant.id,
        "displayName": tenant.name,
        "countryLetterCode": tenant.country,
        "defaultUsageLocation": tenant.default_usage_location,
        "verifiedDomains": [{"name": tenant.domain, "isDefault": True, "isInitial": False}],
    }
    select = request.query.select
    return collection(
        request, "organization", [json.dumps({k: v for k, v in item.items() if not select or k in select})]
    )


_TYPES: dict[str, type[DirectoryObject]] = {"user": User, "group": Group}


def get_by_ids(sim: Simulator, request: GraphRequest, _key: str) -> Answer:
    """Objects by id; unknown ids are left out."""
    body = request.json()
    ids = body.get("ids") if isinstance(body, dict) else None
    if not isinstance(ids, list):
        raise GraphError(Refusal.PARAMETERS_MISSING, "getByIds", "ids")
    if len(ids) > 1000:
        raise GraphError(Refusal.TOO_MANY_IDS)
    types = body.get("types") or ["directoryObject"]
    found = (sim.tenant.find_object(str(object_id).lower()) for object_id in dict.fromkeys(ids))
    items = [
        typed_object(item, request.query.select, sim.tenant, request.now)
        for item in found
        if item is not None and _is_of(item, types)
    ]
    return collection(request, "directoryObjects", items)


def _is_of(item: DirectoryObject, types: list[str]) -> bool:
    if "directoryObject" in types:
        return True
    if isinstance(item, OtherObject):
        return item.kind in types
    return any(isinstance(item, _TYPES[name]) for name in types if name in _TYPES)
