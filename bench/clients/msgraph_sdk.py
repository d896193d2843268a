"""msgraph-sdk: Microsoft's own library, whose middleware tries 429s again three times after `Retry-After`."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from kiota_abstractions.api_error import APIError
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.groups.item.transitive_members.graph_user.graph_user_request_builder import (
    GraphUserRequestBuilder,
)
from msgraph.generated.models.assigned_license import AssignedLicense
from msgraph.generated.models.user import User
from msgraph.generated.users.item.assign_license.assign_license_post_request_body import (
    AssignLicensePostRequestBody,
)
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient

# The core package ships no type information.
from msgraph_core.requests.batch_request_content import BatchRequestContent  # type: ignore[import-untyped]
from msgraph_core.requests.batch_request_item import BatchRequestItem  # type: ignore[import-untyped]
from msgraph_core.tasks import PageIterator  # type: ignore[import-untyped]

from bench.clients.task import PATIENCE, Task

BATCH = 20
AT_ONCE = 8
BATCHES_AT_ONCE = 4


def one_after_another(task: Task) -> int:
    """How many users it gave up."""
    return asyncio.run(_each(task, 1))


def eight_at_once(task: Task) -> int:
    """How many users it gave up."""
    return asyncio.run(_each(task, AT_ONCE))


def batches(task: Task) -> int:
    """Its `$batch` helper; the refused ones of a batch are sent again after the longest `Retry-After`."""
    return asyncio.run(_batches(task, 1))


def four_batches_at_once(task: Task) -> int:
    """The same, four batches at a time."""
    return asyncio.run(_batches(task, BATCHES_AT_ONCE))


async def _each(task: Task, at_once: int) -> int:
    client = _client(task)

    async def assign(user_id: str) -> int:
        try:
            await client.users.by_user_id(user_id).assign_license.post(_body(task))
        except APIError:
            return 1
        return 0

    return await _together(assign, await _member_ids(client, task.group_id), at_once)


async def _batches(task: Task, at_once: int) -> int:
    client = _client(task)
    user_ids = await _member_ids(client, task.group_id)
    portions = [user_ids[start : start + BATCH] for start in range(0, len(user_ids), BATCH)]

    async def send(portion: Sequence[str]) -> int:
        left = list(portion)
        for _ in range(PATIENCE):
            wait = 0.0
            refused = []
            for user_id, answer in (await _send_batch(client, task, left)).items():
                if answer.status == 429:
                    refused.append(user_id)
                    wait = max(wait, float((answer.headers or {}).get("Retry-After", 1)))
            left = refused
            if not left:
                break
            await asyncio.sleep(wait)
        return len(left)

    return await _together(send, portions, at_once)


async def _send_batch(client: GraphServiceClient, task: Task, user_ids: Sequence[str]) -> dict[str, Any]:
    content = BatchRequestContent()
    for user_id in user_ids:
        request = client.users.by_user_id(user_id).assign_license.to_post_request_information(_body(task))
        content.add_request(user_id, BatchRequestItem(request, id=user_id))
    answer: Any = await client.batch.post(content)
    return {user_id: answer.get_response_by_id(user_id) for user_id in user_ids}


async def _together(work: Callable[[Any], Awaitable[int]], things: Sequence[Any], at_once: int) -> int:
    free = asyncio.Semaphore(at_once)

    async def one(thing: Any) -> int:
        async with free:
            return await work(thing)

    return sum(await asyncio.gather(*map(one, things)))


def _body(task: Task) -> AssignLicensePostRequestBody:
    added = AssignedLicense(sku_id=UUID(task.sku_id), disabled_plans=[])
    return AssignLicensePostRequestBody(add_licenses=[added], remove_licenses=[])


async def _member_ids(client: GraphServiceClient, group_id: str) -> list[str]:
    builder = GraphUserRequestBuilder.GraphUserRequestBuilderGetQueryParameters
    options = RequestConfiguration(query_parameters=builder(select=["id"], top=999, count=True))
    options.headers.add("ConsistencyLevel", "eventual")
    page = await client.groups.by_group_id(group_id).transitive_members.graph_user.get(options)
    found: list[str] = []

    def keep(user: User) -> bool:
        found.append(str(user.id))
        return True

    iterator: Any = PageIterator(page, client.request_adapter)
    iterator.headers.add("ConsistencyLevel", "eventual")  # a nextLink does not carry it
    await iterator.iterate(keep)
    return found


class _Token(AccessTokenProvider):
    def __init__(self, token: str) -> None:
        self._token = token

    async def get_authorization_token(
        self, uri: str, additional_authentication_context: dict[str, Any] | None = None
    ) -> str:
        return self._token

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator(["127.0.0.1"])


def _client(task: Task) -> GraphServiceClient:
    adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(_Token(task.token)))
    adapter.base_url = task.endpoint
    return GraphServiceClient(request_adapter=adapter)
