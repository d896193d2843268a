"""A caller of the app's HTTP API."""

from __future__ import annotations

from typing import Any

import requests

from tests.support.eventually import eventually
from tests.support.principals import MANAGER, Principal

Json = dict[str, Any]
TERMINAL = frozenset({"Finished", "FinishedWithException", "Failed", "Canceled"})


class Api:
    """The API at `base_url` as `principal` sees it; None calls without sign-in.

    `get`, `post` and `patch` give the raw answer; the others assert the status that the contract promises.
    """

    def __init__(self, base_url: str, principal: Principal | None = MANAGER) -> None:
        self.base_url = base_url
        self.principal = principal
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy between us and this machine
        if principal:
            self._session.headers.update(principal.headers())

    def as_principal(self, principal: Principal | None) -> Api:
        """The same API for somebody else."""
        return Api(self.base_url, principal)

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """A request to a path under `/api`, or to an absolute URL that the app gave."""
        url = path if path.startswith("http") else f"{self.base_url}/api/{path.lstrip('/')}"
        return self._session.request(method, url, **({"timeout": 60, "allow_redirects": False} | options))

    def get(self, path: str, **params: object) -> requests.Response:
        """GET with query parameters."""
        return self.request("GET", path, params=params)

    def post(self, path: str, body: object = None, **headers: str) -> requests.Response:
        """POST with a JSON body; headers by keyword, `_` for `-` (`Idempotency_Key="a"`)."""
        return self.request(
            "POST", path, json=body, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )

    def patch(self, path: str, body: object) -> requests.Response:
        """PATCH with a JSON body."""
        return self.request("PATCH", path, json=body)

    def read(self, path: str, **params: object) -> Json:
        """The object that a GET answers with 200."""
        return _object(self.get(path, **params), 200)

    def all(self, path: str, **params: object) -> list[Json]:
        """All values of a list, page by page."""
        page = self.read(path, **params)
        values: list[Json] = page["value"]
        while "nextLink" in page:
            page = self.read(page["nextLink"])
            values += page["value"]
        return values

    def submit(self, body: Json, **headers: str) -> Json:
        """The job that POST /jobs answers with 202."""
        return _object(self.post("jobs", body, **headers), 202)

    def start(self, job_id: str) -> Json:
        """Take up again what failed or was canceled."""
        return _object(self.post(f"jobs/{job_id}/start"), 202)

    def cancel(self, job_id: str) -> Json:
        """Stop what has not begun."""
        return _object(self.post(f"jobs/{job_id}/cancel"), 202)

    def undo(self, job_id: str, **body: object) -> Json:
        """The new job that undoes another."""
        return _object(self.post(f"jobs/{job_id}/undo", body), 202)

    def job(self, job_id: str) -> Json:
        """The job as it is now."""
        return self.read(f"jobs/{job_id}")

    def wait(self, job_id: str, within: float = 60.0, status: str | None = None) -> Json:
        """The job once it has ended, with that status if one is named.

        While the app is away (503, or nobody listens) the wait goes on.
        """
        ended = eventually(
            lambda: self._job_if_reachable(job_id),
            lambda job: job["status"] in TERMINAL,
            within=within,
            what=f"the end of job {job_id}",
        )
        assert status in (None, ended["status"]), f"{ended['status']} instead of {status}: {ended}"
        return ended

    def run(self, body: Json, within: float = 60.0, status: str | None = None) -> Json:
        """Submit a job and wait for its end."""
        return self.wait(self.submit(body)["id"], within, status)

    def items(self, job_id: str, **filters: object) -> list[Json]:
        """All items of a job, of all pages."""
        return self.all(f"jobs/{job_id}/items", **({"pageSize": 999} | filters))

    def items_by_user(self, job_id: str) -> dict[str, Json]:
        """User id to item."""
        return {item["userId"]: item for item in self.items(job_id)}

    def grants(self, **filters: object) -> list[Json]:
        """Temporary licences, by default the running ones."""
        return self.all("temporary-licenses", **filters)

    def _job_if_reachable(self, job_id: str) -> Json:
        try:
            answer = self.get(f"jobs/{job_id}")
        except requests.ConnectionError as error:
            return {"status": f"not reachable: {error}"}
        return {"status": "503"} if answer.status_code == 503 else _object(answer, 200)


def _object(answer: requests.Response, status: int) -> Json:
    request = f"{answer.request.method} {answer.request.url}"
    assert answer.status_code == status, f"{request}: {answer.status_code} {answer.text}"
    body = answer.json()
    assert isinstance(body, dict), f"{request} answered {body!r}"
    return body
