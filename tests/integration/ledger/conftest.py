"""A ledger on Azurite, with a clock that stands until it is set, and requests counted as they leave."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from azure.core.pipeline.transport import RequestsTransport

from shared.ledger import Ledger
from shared.storage.connection import Storage, StorageSettings
from shared.storage.grant_store import GrantStore
from tests.integration.ledger.builders import NOW, SetClock
from tests.support.azurite import Azurite


class CountingTransport(RequestsTransport):  # type: ignore[misc] # imported lazily by the SDK, so untyped
    """Counts requests by verb, retries included."""

    def __init__(self, sent: Counter[str], **options: Any) -> None:
        super().__init__(**options)
        self._sent = sent

    def send(self, request: Any, **options: Any) -> Any:
        """As the transport does."""
        self._sent[request.method] += 1
        return super().send(request, **options)


class CountedStorage(Storage):
    """`sent` are the requests since it was last cleared."""

    def __init__(self, settings: StorageSettings) -> None:
        self.sent: Counter[str] = Counter()
        super().__init__(settings)

    def _options(self, service: str) -> dict[str, Any]:
        options = super()._options(service)
        return {**options, "transport": CountingTransport(self.sent, **options)}


@pytest.fixture
def storage(azurite: Azurite) -> CountedStorage:
    """Clients with tables in place and no request counted yet."""
    storage = CountedStorage(StorageSettings(connection_string=azurite.connection_string))
    storage.ensure()
    storage.sent.clear()
    return storage


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def ledger(storage: CountedStorage, clock: SetClock) -> Ledger:
    return Ledger(GrantStore(storage), clock)
