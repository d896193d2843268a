"""The absolute URLs that answers hold."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

JOBS = "api/jobs"
SUBSCRIPTIONS = "api/subscriptions"


class Urls:
    """URLs under a base such as `https://licenses.contoso.com`, with or without a slash at its end."""

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/")

    @property
    def base(self) -> str:
        return self._base

    def job(self, job_id: str) -> str:
        return self._at(f"{JOBS}/{job_id}")

    def wait(self, job_id: str, token: str, *, fail_on_error: bool = False) -> str:
        """The URL that a flow polls; the token in it stands for a sign-in."""
        query = {"t": token} | ({"failOnError": "true"} if fail_on_error else {})
        return self._at(f"{JOBS}/{job_id}/wait", query)

    def items(self, job_id: str) -> str:
        return self._at(f"{JOBS}/{job_id}/items")

    def report(self, job_id: str) -> str:
        return self._at(f"{JOBS}/{job_id}/report")

    def file(self, job_id: str) -> str:
        return self._at(f"{JOBS}/{job_id}/file")

    def subscription(self, subscription_id: str) -> str:
        """What DELETE takes."""
        return self._at(f"{SUBSCRIPTIONS}/{subscription_id}")

    def portal(self, job_id: str) -> str:
        return self._at("portal/") + f"#/jobs/{job_id}"

    def next_page(self, path: str, query: Mapping[str, str], cursor: str) -> str:
        """`query` is that of the page before; its cursor is replaced."""
        return self._at(quote(path.lstrip("/")), {**query, "cursor": cursor})

    def _at(self, path: str, query: Mapping[str, str] | None = None) -> str:
        return f"{self._base}/{path}" + (f"?{urlencode(query)}" if query else "")
