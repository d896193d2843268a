"""What the service allows of a request, which Azurite does not check."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest
from azure.data.tables import TableClient

from shared.jobs.listing import MAX_SCAN
from shared.storage import tables

FILTER = "PartitionKey eq @partition"
PARAMETERS = {"partition": "jobs"}
MOST = 1000


class CountingTable:
    """A table of many rows, which notes how many a request asks for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def query_entities(
        self, _filter: str, *, results_per_page: int, **_more: object
    ) -> Iterator[Mapping[str, Any]]:
        self.asked.append(results_per_page)
        return ({"RowKey": f"{number:05d}"} for number in range(5000))


@pytest.mark.parametrize("size", [1, MOST, MOST + 1, MAX_SCAN, 10_000])
def test_no_request_asks_for_more_than_a_page_may_have(size: int) -> None:
    table = CountingTable()
    client = cast(TableClient, table)
    next(tables.query(client, FILTER, PARAMETERS, page_size=size))
    rows = tables.first_page(client, FILTER, PARAMETERS, min(size, 5000))
    next(tables.query(client, FILTER, PARAMETERS))
    assert table.asked == [min(size, MOST), min(size, MOST), MOST]
    assert len(rows) == min(size, 5000)
