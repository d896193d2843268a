"""Users and their licences: read many, change many. An error belongs to one user and stops no other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from shared.errors import GraphError
from shared.graph.batch import BatchAnswer, Batcher, BatchRequest
from shared.graph.errors import ASSIGN_LICENSE, READ_USERS, SET_USAGE_LOCATION, Operation
from shared.graph.license_states import SELECT, user_state
from shared.graph.transport import Priority, parsed
from shared.models import AddedLicense, UserState


@dataclass(frozen=True, slots=True)
class LicenseChange:
    """What one assignLicense call does to a user, all or nothing."""

    user_id: str
    add: tuple[AddedLicense, ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WriteResult:
    """How a write ended; `error` None: it took effect. `answered_at` in seconds of the batcher's clock."""

    error: GraphError | None
    answered_at: float
    request_id: str | None = None


class Users:
    """Reads and changes of users, at one priority. Thread safe."""

    def __init__(self, batcher: Batcher, *, priority: Priority = Priority.LOW) -> None:
        self._batcher = batcher
        self._priority = priority

    def read_users(self, user_ids: Sequence[str]) -> dict[str, UserState | GraphError]:
        """Each user as Graph shows it now, or why it cannot be read (`UserNotFound` for a deleted one).

        Graph may still show the state before a write for a while.
        """
        requests = [
            BatchRequest(id, "GET", f"/users/{quote(id, safe='')}?$select={SELECT}") for id in user_ids
        ]
        answers = self._batcher.send(requests, priority=self._priority)
        return {user_id: _read(answer) for user_id, answer in answers.items()}

    def assign_licenses(self, changes: Sequence[LicenseChange]) -> dict[str, WriteResult]:
        """Carry out one assignLicense call for each change.

        Raises:
            ValueError: two changes name the same user; side by side they would race.
        """
        requests = [
            BatchRequest(
                change.user_id,
                "POST",
                f"/users/{quote(change.user_id, safe='')}/assignLicense",
                {
                    "addLicenses": [
                        {"skuId": added.sku_id, "disabledPlans": list(added.disabled_plans)}
                        for added in change.add
                    ],
                    "removeLicenses": list(change.remove),  # both arrays are mandatory, also when empty
                },
            )
            for change in changes
        ]
        return self._write(ASSIGN_LICENSE, requests)

    def set_usage_locations(self, locations: Iterable[tuple[str, str]]) -> dict[str, WriteResult]:
        """Set the usage location of each user: pairs of user id and two-letter country code.

        Raises:
            ValueError: a user is named twice.
        """
        requests = [
            BatchRequest(user_id, "PATCH", f"/users/{quote(user_id, safe='')}", {"usageLocation": code})
            for user_id, code in locations
        ]
        return self._write(SET_USAGE_LOCATION, requests)

    def _write(self, operation: Operation, requests: Sequence[BatchRequest]) -> dict[str, WriteResult]:
        answers = self._batcher.send(requests, priority=self._priority)
        return {
            user_id: WriteResult(answer.error(operation), answer.answered_at, answer.request_id)
            for user_id, answer in answers.items()
        }


def _read(answer: BatchAnswer) -> UserState | GraphError:
    error = answer.error(READ_USERS)
    if error is not None:
        return error
    try:
        return parsed(user_state, answer.body)
    except GraphError as unseen:
        return unseen
