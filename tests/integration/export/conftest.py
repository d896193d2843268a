"""Export jobs on record in Azurite, ready for their last step; the simulator has the drives and the tenant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

import pytest

from shared.app import App
from shared.config import load_settings
from shared.export.exporter import Exporter
from shared.graph.drive import Drive
from shared.jobs.records import ChunkRecord, GroupRecord, JobFacts, JobRecord, Phase, SelectedGroup
from shared.models import (
    Action,
    Caller,
    ExportLocation,
    ExportRequest,
    GroupStatus,
    HeldLicense,
    Item,
    JobRequest,
    JobStatus,
)
from tests.support.azurite import Azurite
from tests.support.graph import GraphSimulator
from tests.unit.export.builders import NOW, user

SKU = "ENTERPRISEPACK"


@dataclass
class Desk:
    """The app's services, and jobs made without its queues: the messages sent lie in them unread."""

    app: App
    graph: GraphSimulator
    sku_id: str
    exporter: Exporter = field(init=False)

    def __post_init__(self) -> None:
        self.exporter = Exporter(self.app.services, self.app.storage, Drive(self.app.transport))

    def users(self, count: int = 3) -> list[Item]:
        return [user(number, HeldLicense(self.sku_id)) for number in range(1, count + 1)]

    def job(
        self,
        export: ExportRequest | None,
        items: Sequence[Item] | None = None,
        *,
        phase: Phase = Phase.WRITING_FILE,
        status: JobStatus = JobStatus.IN_PROGRESS,
        canceled: bool = False,
    ) -> str:
        """The id of a job whose users were all read, two a chunk."""
        users = self.users() if items is None else items
        chunks = [ChunkRecord(at, list(users[2 * at : 2 * at + 2])) for at in range((len(users) + 1) // 2)]
        record = JobRecord(
            job_id=str(uuid4()),
            facts=JobFacts(
                request=JobRequest(Action.EXPORT if export else Action.ASSIGN, export=export),
                created_at=NOW,
                created_by=Caller("Megan", "user", "user::megan"),
                wait_token="token",
                groups=(SelectedGroup("group-0", "Sales"),),
            ),
            status=status,
            phase=phase,
            chunks=len(chunks),
            expanded=True,
            cancel_requested=canceled,
        )
        jobs = self.app.services.jobs
        assert jobs.create(record)
        jobs.save_group(record.job_id, GroupRecord(0, GroupStatus.DONE, users=len(users)))
        jobs.create_chunks(record.job_id, chunks)
        return record.job_id

    def record(self, job_id: str) -> JobRecord:
        job = self.app.services.jobs.get(job_id)
        assert job is not None
        return job

    def waiting(self) -> int:
        """Messages that lie in the jobs' queue for later."""
        return self.app.services.queues.length("license-jobs")

    def blob(self, container: str, path: str) -> bytes:
        return bytes(self.app.storage.blob_service.get_blob_client(container, path).download_blob().readall())

    def blobs(self, container: str) -> list[str]:
        return [
            blob.name for blob in self.app.storage.blob_service.get_container_client(container).list_blobs()
        ]


def download(format_: str = "csv") -> ExportRequest:
    return ExportRequest(format_)  # type: ignore[arg-type] # a test's table holds plain text


def to_blob(container: str, path: str = "reports/licenses.csv") -> ExportRequest:
    return ExportRequest("csv", ExportLocation("blob", container=container, path=path))


def to_drive(drive: str = "b!drive-1", folder: str = "/Reports") -> ExportRequest:
    return ExportRequest("csv", ExportLocation("sharepoint", drive_id=drive, folder_path=folder))


@pytest.fixture
def desk(azurite: Azurite, graph: GraphSimulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    graph.control.reset(tenant="empty")
    (sku_id,) = graph.control.seed(skus=[{"skuPartNumber": SKU, "enabled": 10}])["skuIds"]
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{graph.base_url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "local")
    settings = load_settings(
        {
            "AzureWebJobsStorage": azurite.connection_string,
            "GRAPH_ENDPOINT": graph.endpoint,
            "GRAPH_AUTH": "managedIdentity",
            "RETRY_DELAY_SECONDS": "60",
            "RETRY_MAX_ATTEMPTS": "3",
        }
    )
    app = App(settings)
    yield Desk(app, graph, sku_id)
    app.transport.close()
