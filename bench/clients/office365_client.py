"""office365-rest-python-client. Its client has one endpoint for each national cloud; ours takes its place."""

import time
from collections.abc import Sequence

import office365.graph_request
import requests
from office365.graph_client import GraphClient

from bench.clients.task import PATIENCE, Task, member_ids, session_for

BATCH = 20


def execute_query(task: Task) -> int:
    """One call a user; whoever is refused is given up, since nothing is tried again."""
    client, given_up = _client(task), 0
    for user_id in member_ids(task, session_for(task)):
        try:
            client.users[user_id].assign_license([task.sku_id]).execute_query()
        except requests.RequestException:
            client.clear()
            given_up += 1
    return given_up


def execute_query_retry(task: Task) -> int:
    """One call a user, with the library's own retry: five tries, five seconds apart."""
    client, failures = _client(task), 0

    def count(_retry: int, _error: Exception) -> None:
        nonlocal failures
        failures += 1

    for user_id in member_ids(task, session_for(task)):
        client.users[user_id].assign_license([task.sku_id])
        client.execute_query_retry(failure_callback=count)
        client.clear()
    return 0  # the library does not say whether its last try failed


def execute_batch(task: Task) -> int:
    """Batches of 20. The first refusal raises for the batch, so the whole of it is sent again."""
    client, given_up = _client(task), 0
    user_ids = member_ids(task, session_for(task))
    for start in range(0, len(user_ids), BATCH):
        portion = user_ids[start : start + BATCH]
        given_up += 0 if _sent(client, portion, task.sku_id) else len(portion)
    return given_up


def _sent(client: GraphClient, user_ids: Sequence[str], sku_id: str) -> bool:
    for _ in range(PATIENCE):
        for user_id in user_ids:
            client.users[user_id].assign_license([sku_id])
        try:
            client.execute_batch(BATCH)
        except requests.RequestException as error:
            client.clear()
            headers = error.response.headers if error.response is not None else {}
            time.sleep(float(headers.get("Retry-After", 1)))
        else:
            return True
    return False


def _client(task: Task) -> GraphClient:
    root = task.endpoint.rpartition("/")[0]
    office365.graph_request.get_graph_authority = lambda _environment: root
    client = GraphClient(lambda: {"access_token": task.token, "token_type": "Bearer"})
    session = requests.Session()
    session.trust_env = False  # no proxy between us and this machine
    return client.with_transport(session=session)
