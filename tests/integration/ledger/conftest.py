"""A ledger on Azurite, with a clock that stands until it is set."""

from __future__ import annotations

import pytest

from shared.ledger import Ledger
from shared.storage.connection import Storage, StorageSettings
from shared.storage.grant_store import GrantStore
from tests.integration.ledger.builders import NOW, SetClock
from tests.support.azurite import Azurite


@pytest.fixture
def storage(azurite: Azurite) -> Storage:
    """Clients with tables in place and no request counted yet."""
    storage = Storage(StorageSettings(connection_string=azurite.connection_string))
    storage.ensure()
    storage.requests.clear()
    return storage


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def ledger(storage: Storage, clock: SetClock) -> Ledger:
    return Ledger(GrantStore(storage), clock)
