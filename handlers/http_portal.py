"""The portal's files. They hold no data, so that everybody may read them; what they show comes from the API."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit
from uuid import uuid4

import azure.functions as func

from handlers.responses import Answer, error_answer, http_response
from shared.errors import NotFound

PORTAL_FOLDER = Path(__file__).resolve().parent.parent / "portal"

CONTENT_TYPES = MappingProxyType(
    {
        ".css": "text/css; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".svg": "image/svg+xml",
        ".txt": "text/plain; charset=utf-8",
    }
)
"""By the end of the name. A file of any other kind is not served."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

_HEADERS = MappingProxyType(
    {
        # Asked for again each time, answered 304 while unchanged: page and scripts are always of one version.
        "Cache-Control": "no-cache",
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Referrer-Policy": "no-referrer",
    }
)


@dataclass(frozen=True, slots=True)
class PortalFiles:
    """The files below one folder, read when they are asked for."""

    folder: Path = PORTAL_FOLDER

    def handle(self, req: func.HttpRequest) -> func.HttpResponse:
        """GET `portal/{*path}`; bind it anonymous. What is not there is a 404 in JSON, like everywhere."""
        request_id = str(uuid4())
        path = str(req.route_params.get("path") or "")
        try:
            if not path and not urlsplit(req.url).path.endswith("/"):
                answer = _to_the_folder()
            else:
                answer = self.answer(path, req.headers.get("if-none-match"))
        except (NotFound, OSError) as error:
            answer = error_answer(error, request_id)
        return http_response(answer, request_id)

    def answer(self, path: str, if_none_match: str | None = None) -> Answer:
        """The file at `path` below the folder, the page itself where it is empty; 304 where the tag is known.

        Raises:
            NotFound: there is no such file, it lies outside the folder, or is of a kind that is not served.
        """
        file = self._find(path)
        body = file.read_bytes()
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {**_HEADERS, "Content-Type": CONTENT_TYPES[file.suffix], "ETag": tag}
        if if_none_match is not None and _names(if_none_match, tag):
            return Answer(status=304, headers=headers, body=b"")
        return Answer(headers=headers, body=body)

    def _find(self, path: str) -> Path:
        folder = self.folder.resolve()
        try:
            file = (folder / (path or "index.html")).resolve()
            found = file.is_relative_to(folder) and file.suffix in CONTENT_TYPES and file.is_file()
        except (OSError, ValueError):  # too long, or with a NUL: no name of a file
            found = False
        if not found:
            raise NotFound("The portal has no such file. It begins at /portal/.", code="NotFound")
        return file


def _to_the_folder() -> Answer:
    """The page's links are relative to `/portal/`; the browser carries the part after `#` over."""
    return Answer(status=308, headers={"Location": "portal/"}, body=b"")


def _names(if_none_match: str, tag: str) -> bool:
    """Whether the header holds the tag, weak or not (RFC 9110, 13.1.2), or is `*`."""
    tags = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
    return bool(tags & {tag, "*"})
