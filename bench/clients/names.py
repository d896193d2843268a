"""The clients by the names that the table shows; importable where their libraries are not installed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Client:
    """`one_by_one`: it sends a call a user and waits for it, so that a part of the users tells its rate."""

    module: str
    function: str
    one_by_one: bool = False


CLIENTS = {
    "msgraph-sdk, one after another": Client("msgraph_sdk", "one_after_another", one_by_one=True),
    "msgraph-sdk, 8 at once": Client("msgraph_sdk", "eight_at_once"),
    "msgraph-sdk, $batch": Client("msgraph_sdk", "batches"),
    "msgraph-sdk, 4 $batch at once": Client("msgraph_sdk", "four_batches_at_once"),
    "office365, execute_query": Client("office365_client", "execute_query", one_by_one=True),
    "office365, execute_query_retry": Client("office365_client", "execute_query_retry", one_by_one=True),
    "office365, execute_batch": Client("office365_client", "execute_batch"),
    "requests, waiting on 429": Client("plain_requests", "loop", one_by_one=True),
}
