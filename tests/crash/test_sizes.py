"""The largest allowed values fit Azure's limits, which Azurite does not enforce: so they are measured here.

https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.clock import utc_now
from shared.jobs import view
from shared.jobs.records import ChunkRecord, GroupRecord, JobFacts, JobRecord, PageMember, SelectedGroup
from shared.models import (
    Action,
    AddedLicense,
    Before,
    Caller,
    CodedError,
    HeldLicense,
    Intent,
    Item,
    ItemStatus,
    JobRequest,
    LicensePlan,
    LicenseRequest,
)
from shared.storage import tables
from shared.storage.connection import Storage, StorageSettings
from shared.storage.job_index import JobIndex
from shared.storage.job_store import JobStore
from shared.storage.packing import INTERNED_FROM, RecordTooLarge, deflate, inflate, split
from tests.support.azurite import Azurite

pytestmark = pytest.mark.azurite
KIB, MIB = 1024, 1024 * 1024
RNG = random.Random(5)
SKUS = [str(uuid.UUID(int=RNG.getrandbits(128))) for _ in range(60)]
PLANS = {sku: tuple(sorted(str(uuid.UUID(int=RNG.getrandbits(128))) for _ in range(40))) for sku in SKUS}
EXPIRY = datetime(2027, 1, 1, tzinfo=UTC)
GROUPS = tuple(sorted(str(uuid.UUID(int=RNG.getrandbits(128))) for _ in range(20)))


def size_of(entity: Mapping[str, Any]) -> int:
    """Bytes of an entity as Azure counts them: names and text in UTF-16."""
    total = 4
    for name, value in entity.items():
        total += 8 + 2 * len(name)
        total += (
            len(value) + 4
            if isinstance(value, bytes)
            else 2 * len(value) + 4
            if isinstance(value, str)
            else 8
        )
    return total


def wrong_sizes(entity: Mapping[str, Any]) -> Iterator[str]:
    """Which of Azure's limits an entity breaks."""
    if size_of(entity) > MIB:
        yield f"entity of {size_of(entity)} bytes"
    if len(entity) - 2 > 252:
        yield f"{len(entity) - 2} properties"
    for name, value in entity.items():
        if isinstance(value, bytes) and len(value) > 64 * KIB:
            yield f"{name}: {len(value)} bytes"
        if isinstance(value, str) and 2 * len(value.encode("utf-16-le")) // 2 > 64 * KIB:
            yield f"{name}: {len(value)} characters"


@pytest.fixture
def measured(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> Storage:
    """Storage that fails at what Azure would refuse."""
    send = tables.transact

    def checked(table: Any, operations: Sequence[tuple[Any, ...]]) -> list[str]:
        wrong = [line for operation in operations for line in wrong_sizes(operation[1])]
        whole = sum(size_of(operation[1]) * 4 // 3 for operation in operations)  # bytes travel as base64
        assert not wrong, wrong
        assert whole < 4 * MIB, f"a transaction of {whole} bytes"
        return send(table, operations)

    monkeypatch.setattr(tables, "transact", checked)
    for name in ("create", "replace", "merge", "upsert"):
        monkeypatch.setattr(tables, name, _measuring(getattr(tables, name)))
    return Storage(StorageSettings(connection_string=azurite.connection_string))


def _measuring(write: Any) -> Any:
    def measuring(table: Any, entity: Mapping[str, Any], *rest: Any) -> Any:
        wrong = list(wrong_sizes(entity))
        assert not wrong, wrong
        return write(table, entity, *rest)

    return measuring


def name_of(number: int) -> str:
    """256 characters that do not repeat, outside the Latin alphabet."""
    return f"{number:04d}" + "".join(chr(RNG.randint(0x4E00, 0x9FFF)) for _ in range(252))


@pytest.fixture
def largest_job() -> JobRecord:
    request = JobRequest(
        action=Action.ASSIGN,
        group_ids=tuple(str(uuid.uuid4()) for _ in range(500)),
        licenses=tuple(LicenseRequest(sku, PLANS[sku]) for sku in SKUS[:50]),
        note="".join(chr(RNG.randint(0x4E00, 0x9FFF)) for _ in range(1000)),
        callback_url="https://flows.example/" + "x" * 2000,
    )
    groups = tuple(SelectedGroup(id_, name_of(n)) for n, id_ in enumerate(request.group_ids))
    facts = JobFacts(request, utc_now(), Caller("n" * 256, "user", "k" * 256), "t" * 32, groups, "f" * 64)
    return JobRecord(
        str(uuid.uuid4()),
        facts,
        available=dict.fromkeys(SKUS[:50], 10**9),
        error=CodedError("Failed", "m" * 4000),
    )


def test_the_largest_request_fits_its_record_and_the_list(measured: Storage, largest_job: JobRecord) -> None:
    jobs, index = JobStore(measured, utc_now), JobIndex(measured)
    assert jobs.create(largest_job)
    largest_job.chunks = 10**6
    jobs.save(largest_job)
    found = jobs.get(largest_job.job_id)
    assert found is not None
    assert found.facts == largest_job.facts
    failed = {
        n: GroupRecord(n, error=CodedError("GraphUnavailable", "m" * 300), users=10**6) for n in range(500)
    }
    shown = view.assemble(found, failed, [])
    index.put(shown)
    assert next(iter(index.newest_first())).view == shown


def user_with_everything(number: int) -> Item:
    """Sixty licences, each held directly and from twenty groups, with forty plans disabled; all to be replaced."""
    held = tuple(
        HeldLicense(sku, disabled_plans=PLANS[sku], direct=True, inherited_from=GROUPS, expires_at=EXPIRY)
        for sku in SKUS
    )
    before = Before(held, "DE")
    plan = LicensePlan(
        ItemStatus.CHANGED,
        add=tuple(AddedLicense(sku, PLANS[sku]) for sku in SKUS[:50]),
        remove=tuple(SKUS[50:]),
    )
    return Item(
        user_id=str(uuid.UUID(int=RNG.getrandbits(128))),
        user_principal_name=f"{number}@{'d' * 200}.example",
        display_name=name_of(number),
        groups=tuple(range(500)),
        before=before,
        intent=Intent(plan, before),
        needs=tuple(SKUS[:50]),
    )


def test_a_chunk_of_users_with_everything_fits(measured: Storage) -> None:
    jobs, job_id = JobStore(measured, utc_now), str(uuid.uuid4())
    chunk = ChunkRecord(0, [user_with_everything(n) for n in range(200)])
    jobs.create_chunks(job_id, [ChunkRecord(0, [Item(i.user_id, "u", "d", i.groups) for i in chunk.items])])
    there = jobs.chunk(job_id, 0)
    assert there is not None
    chunk.etag, chunk.parts = there.etag, there.parts
    jobs.save_chunk(job_id, chunk)
    read = jobs.chunk(job_id, 0)
    assert read is not None
    assert read.items == chunk.items
    assert len(jobs.tallies(job_id)) == 1


def test_a_page_of_the_longest_names_fits(measured: Storage) -> None:
    jobs, job_id = JobStore(measured, utc_now), str(uuid.uuid4())
    group = GroupRecord(0, next_link="https://graph.example/" + "s" * 4000)
    jobs.save_group(job_id, group)
    group.pages = 1
    lacks = tuple(range(50))
    members = [
        PageMember(
            str(uuid.uuid4()), "u" * 113, name_of(n), account_enabled=True, user_type="Guest", lacks=lacks
        )
        for n in range(999)
    ]
    jobs.save_page(job_id, group, members)
    assert list(jobs.pages(job_id, group)) == [members]


def test_what_does_not_fit_is_refused_before_it_is_sent() -> None:
    with pytest.raises(RecordTooLarge):
        split(random.Random(1).randbytes(MIB))


def test_transactions_hold_a_hundred_operations(measured: Storage) -> None:
    rows = [tables.upsert_operation({"PartitionKey": "p", "RowKey": str(n)}) for n in range(101)]
    with pytest.raises(ValueError, match="101 operations"):
        tables.transact(measured.table("jobs"), rows)


@pytest.mark.parametrize("repeats", [1, INTERNED_FROM // 40])
def test_packing_gives_back_what_it_took(repeats: int) -> None:
    text = f'["{SKUS[0]}","{SKUS[1].upper()}","\\u0001"]'.encode() * repeats
    assert inflate(deflate(text)) == text
