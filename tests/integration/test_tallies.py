"""Tallies of chunks that a former version wrote."""

from __future__ import annotations

from azure.data.tables import UpdateMode

from shared.app import App
from shared.config import load_settings
from shared.jobs.records import ChunkRecord
from shared.models import Before, HeldLicense, Intent, Item, ItemStatus, LicensePlan
from tests.integration.ledger.builders import NOW
from tests.support.azurite import Azurite

JOB = "41111111-2222-4333-8444-555555555555"


def test_a_row_without_the_column_of_unknown_ends_is_read_as_before(azurite: Azurite) -> None:
    app = App(load_settings({"AzureWebJobsStorage": azurite.connection_string}))
    app.storage.ensure()
    jobs, table = app.services.jobs, app.storage.table("jobs")
    jobs.create_chunks(JOB, [ChunkRecord(0, [_unanswered()])])
    assert [tally.unknown for tally in jobs.tallies(JOB)] == [1]

    row = table.get_entity(JOB, "chunk|000000")
    del row["unknown"]
    table.update_entity(row, mode=UpdateMode.REPLACE)

    (tally,) = jobs.tallies(JOB)
    assert (tally.unknown, tally.counts.failed) == (0, 1)


def _unanswered() -> Item:
    plan = LicensePlan(ItemStatus.CHANGED, remove=("sku",))
    base = Before((HeldLicense("sku"),), "DE")
    return Item(
        "user",
        "user@contoso.example",
        "A user",
        (0,),
        status=ItemStatus.FAILED,
        before=base,
        intent=Intent(plan, base, NOW),
    )
