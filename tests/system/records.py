"""Records of a job as a crash or the passing of time would leave them, written into Azurite's tables."""

from datetime import timedelta

from azure.data.tables import TableServiceClient, UpdateMode

from shared.clock import from_iso, to_iso
from tests.support.system import System


def age(system: System, job_id: str, by: timedelta) -> None:
    """Let the job have ended that much earlier."""
    finished_at = from_iso(str(_job(system, job_id)["finishedAt"]))
    change_record(system, job_id, finishedAt=to_iso(finished_at - by))


def change_record(system: System, job_id: str, **columns: str) -> None:
    """Set columns of the job's row, whoever works on it."""
    with TableServiceClient.from_connection_string(system.azurite.connection_string) as tables:
        entity = {"PartitionKey": job_id, "RowKey": "job", **columns}
        tables.get_table_client("jobs").update_entity(entity, mode=UpdateMode.MERGE)


def _job(system: System, job_id: str) -> dict[str, object]:
    with TableServiceClient.from_connection_string(system.azurite.connection_string) as tables:
        return dict(tables.get_table_client("jobs").get_entity(job_id, "job"))
