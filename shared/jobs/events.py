"""What the rest of the world is told. A job's end is told once it is on record."""

from shared.jobs.records import JobRecord
from shared.jobs.services import Services
from shared.models import JobView


def job_finished(services: Services, job: JobRecord, now: JobView) -> None:
    """Nobody asks to be told yet."""
