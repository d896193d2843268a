"""The loop that most scripts have: one user after another, waiting when Graph says 429."""

import time

from bench.clients.task import PATIENCE, Task, member_ids, session_for


def loop(task: Task) -> int:
    """How many users it gave up."""
    session = session_for(task)
    body = {"addLicenses": [{"skuId": task.sku_id, "disabledPlans": []}], "removeLicenses": []}
    given_up = 0
    for user_id in member_ids(task, session):
        for _ in range(PATIENCE):
            answer = session.post(f"{task.endpoint}/users/{user_id}/assignLicense", json=body, timeout=60)
            if answer.status_code != 429:
                break
            time.sleep(float(answer.headers.get("Retry-After", 1)))
        given_up += not answer.ok
    return given_up
