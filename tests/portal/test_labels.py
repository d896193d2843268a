"""Every word of the API that people may see has a text in the portal."""

from __future__ import annotations

import pytest

from shared.api.warning_texts import WARNING_TEXTS
from shared.models import Action, ItemStatus, JobStatus
from shared.planning import codes
from tests.portal.pages import Portal

pytestmark = pytest.mark.system

ITEM_CODES = (
    "UsageLocationInvalid",
    "NoAvailableLicenses",
    "ServicePlanConflict",
    "ServicePlanDependency",
    "UserNotFound",
    "PlanOutdated",
    "Throttled",
    "GraphUnavailable",
    "Forbidden",
    "Unexpected",
    "NotAssigned",
)
REASONS = {value for name, value in vars(codes).items() if name.isupper()} - WARNING_TEXTS.keys()


def test_every_code_has_a_text(portal: Portal) -> None:
    portal.open("not-found")
    labels = portal.page.evaluate(
        """async () => {
            const { ACTION, ITEM_STATUS, JOB_STATUS, REASON, WARNING } = await import("./js/labels.js");
            return { ACTION, ITEM_STATUS, JOB_STATUS, REASON, WARNING };
        }"""
    )
    assert labels["JOB_STATUS"] == {
        "Waiting": "Waiting",
        "InProgress": "In Progress",
        "Finished": "Finished",
        "FinishedWithException": "Finished with Exception",
        "Failed": "Failed",
        "Canceled": "Canceled",
    }
    assert labels["JOB_STATUS"].keys() == {status.value for status in JobStatus}
    assert labels["ACTION"].keys() == {action.value for action in Action}
    assert labels["ITEM_STATUS"].keys() == {status.value for status in ItemStatus}
    assert labels["WARNING"].keys() == WARNING_TEXTS.keys()
    assert not (REASONS | set(ITEM_CODES)) - labels["REASON"].keys()
