"""Microsoft's own client library against the simulator: what it sends is served, what it gets it understands."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import pytest
import requests
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from msgraph.generated.groups.item.transitive_members.graph_user.graph_user_request_builder import (
    GraphUserRequestBuilder,
)
from msgraph.generated.models.assigned_license import AssignedLicense
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.user import User
from msgraph.generated.users.item.assign_license.assign_license_post_request_body import (
    AssignLicensePostRequestBody,
)
from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient

# The core package ships no type information.
from msgraph_core.requests.batch_request_content import BatchRequestContent  # type: ignore[import-untyped]
from msgraph_core.requests.batch_request_item import BatchRequestItem  # type: ignore[import-untyped]
from msgraph_core.tasks import PageIterator  # type: ignore[import-untyped]

from local.graph.tenant import group_id
from tests.support.coroutines import run_coroutine
from tests.support.graph import GraphSimulator

pytestmark = pytest.mark.filterwarnings("ignore:This class is deprecated:DeprecationWarning")

T = TypeVar("T")


class _Token(AccessTokenProvider):
    """One token of the simulator, on plain http to this machine."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def get_authorization_token(
        self, uri: str, additional_authentication_context: dict[str, Any] | None = None
    ) -> str:
        return self._token

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator(["127.0.0.1"])


def client_of(graph: GraphSimulator) -> GraphServiceClient:
    answer = requests.get(
        f"{graph.base_url}/msi/token?api-version=2019-08-01&resource=https://graph.microsoft.com",
        headers={"X-IDENTITY-HEADER": "x"},
        timeout=10,
    )
    adapter = GraphRequestAdapter(
        BaseBearerTokenAuthenticationProvider(_Token(answer.json()["access_token"]))
    )
    adapter.base_url = graph.endpoint
    return GraphServiceClient(request_adapter=adapter)


@pytest.fixture
def run(graph: GraphSimulator) -> Callable[[Callable[[GraphServiceClient], Awaitable[T]]], T]:
    """Runs one conversation with a client of its own."""

    def converse(conversation: Callable[[GraphServiceClient], Awaitable[T]]) -> T:
        async def whole() -> T:
            return await conversation(client_of(graph))

        return run_coroutine(whole())

    return converse


Runner = Callable[[Callable[[GraphServiceClient], Awaitable[Any]]], Any]


def test_groups_and_skus(graph: GraphSimulator, run: Runner) -> None:
    async def read(client: GraphServiceClient) -> tuple[set[str], dict[str, int]]:
        groups = await client.groups.get()
        skus = await client.subscribed_skus.get()
        assert groups
        assert groups.value
        assert skus
        assert skus.value
        units = {str(sku.sku_part_number): sku.consumed_units or 0 for sku in skus.value}
        return {str(group.display_name) for group in groups.value}, units

    names, units = run(read)
    assert {"Sales Germany", "Sales Europe", "Berlin Office"} <= names
    assert units == {sku["skuPartNumber"]: sku["consumed"] for sku in graph.control.skus()}


def test_members_page_by_page(graph: GraphSimulator, run: Runner) -> None:
    builder = GraphUserRequestBuilder.GraphUserRequestBuilderGetQueryParameters
    group = group_id("Sales Europe")

    async def read(client: GraphServiceClient) -> list[str]:
        options = RequestConfiguration(query_parameters=builder(select=["id"], top=50, count=True))
        options.headers.add("ConsistencyLevel", "eventual")
        page = await client.groups.by_group_id(group).transitive_members.graph_user.get(options)
        found: list[str] = []

        def keep(user: User) -> bool:
            found.append(str(user.id))
            return True

        iterator: Any = PageIterator(page, client.request_adapter)
        iterator.headers.add("ConsistencyLevel", "eventual")  # a nextLink does not carry it
        await iterator.iterate(keep)
        return found

    found = run(read)
    assert len(found) > 100
    assert sorted(found) == sorted(user["id"] for user in graph.control.group_users(group))


def test_assign_patch_and_read_back(graph: GraphSimulator, run: Runner) -> None:
    ids = graph.control.seed(users=[{"usageLocation": None}])
    user = ids["userIds"][0]
    sku = next(sku["skuId"] for sku in graph.control.skus() if sku["skuPartNumber"] == "EMS")

    async def change(client: GraphServiceClient) -> tuple[str, str, User | None]:
        person = client.users.by_user_id(user)
        body = AssignLicensePostRequestBody(
            add_licenses=[AssignedLicense(sku_id=UUID(sku), disabled_plans=[])], remove_licenses=[]
        )
        with pytest.raises(ODataError) as refusal:
            await person.assign_license.post(body)
        await person.patch(User(usage_location="DE"))
        answer = await person.assign_license.post(body)
        parameters = UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters(
            select=["usageLocation", "assignedLicenses", "licenseAssignmentStates"]
        )
        after = await person.get(RequestConfiguration(query_parameters=parameters))
        assert refusal.value.error
        assert answer
        return str(refusal.value.error.message), str(answer.id), after

    message, answered, after = run(change)
    assert message == "License assignment cannot be done for user with invalid usage location."
    assert answered == user
    assert after is not None
    assert after.usage_location == "DE"
    assert [str(item.sku_id) for item in after.assigned_licenses or []] == [sku]
    states = after.license_assignment_states or []
    assert [(str(state.sku_id), state.assigned_by_group, state.state) for state in states] == [
        (sku, None, "Active")
    ]


def test_batch(graph: GraphSimulator, run: Runner) -> None:
    users = graph.control.seed(users=[{}, {}])["userIds"]

    async def read(client: GraphServiceClient) -> dict[str, int | None]:
        content = BatchRequestContent()
        for key in (*users, "nobody"):
            request = RequestInformation()
            request.http_method = Method.GET
            request.url = f"{graph.endpoint}/users/{key}"
            content.add_request(key, BatchRequestItem(request, id=key))
        answer: Any = await client.batch.post(content)
        return {key: answer.get_response_by_id(key).status for key in (*users, "nobody")}

    assert run(read) == {users[0]: 200, users[1]: 200, "nobody": 404}
