"""What every client is told, and how those that cannot read a group by themselves do it."""

from dataclasses import dataclass

import requests

PATIENCE = 12
"""Tries for what was throttled; then the user is given up."""


@dataclass(frozen=True, slots=True)
class Task:
    """Give the licence to every user of the group. `endpoint` ends with the version, without a slash."""

    endpoint: str
    token: str
    group_id: str
    sku_id: str


def session_for(task: Task) -> requests.Session:
    """A connection that presents the token."""
    session = requests.Session()
    session.trust_env = False  # no proxy between us and this machine
    session.headers["Authorization"] = f"Bearer {task.token}"
    return session


def member_ids(task: Task, session: requests.Session) -> list[str]:
    """Ids of the users among the group's transitive members."""
    path = "transitiveMembers/microsoft.graph.user?$select=id&$top=999&$count=true"
    url: str | None = f"{task.endpoint}/groups/{task.group_id}/{path}"
    ids: list[str] = []
    while url:
        answer = session.get(url, headers={"ConsistencyLevel": "eventual"}, timeout=60)
        answer.raise_for_status()
        page = answer.json()
        ids += [member["id"] for member in page["value"]]
        url = page.get("@odata.nextLink")
    return ids
