"""Files of SharePoint and OneDrive drives: small uploads, upload sessions in fragments, downloads.

Source: Microsoft Graph, "Upload or replace the contents of a driveItem" and "createUploadSession".
"""

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from local.graph.clock import timestamp
from local.graph.messages import GraphError, Refusal

SMALL_UPLOAD_LIMIT = 250 * 1024 * 1024
FRAGMENT_UNIT = 327_680
FRAGMENT_LIMIT = 60 * 1024 * 1024
SESSION_SECONDS = 24 * 3600
CONFLICT_BEHAVIORS = ("rename", "replace", "fail")

_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_ADDRESS = re.compile(
    r"/drives/(?P<drive>[^/]+)/(?:root|items/(?P<parent>[^/:]+)):(?P<path>/[^:]+):/"
    r"(?P<action>content|createUploadSession)"
)

FileKey = tuple[str, str]


@dataclass(slots=True)
class UploadSession:
    """A file under way; `received` is complete up to its length."""

    key: FileKey
    behavior: str
    expires: float
    received: bytearray = field(default_factory=bytearray)
    size: int | None = None


@dataclass(slots=True)
class Drives:
    """Files by drive and path, and the upload sessions that are open."""

    files: dict[FileKey, bytes] = field(default_factory=dict)
    sessions: dict[str, UploadSession] = field(default_factory=dict)

    def item(self, key: FileKey) -> dict[str, Any]:
        """A stored file as a driveItem."""
        digest = hashlib.sha256("\n".join(key).encode()).hexdigest()
        return {
            "id": f"01{digest[:32].upper()}",
            "name": key[1].rsplit("/", 1)[-1],
            "size": len(self.files[key]),
            "file": {"hashes": {"sha256Hash": hashlib.sha256(self.files[key]).hexdigest().upper()}},
            "parentReference": {
                "driveId": key[0],
                "path": f"/drives/{key[0]}/root:{key[1].rsplit('/', 1)[0]}",
            },
            "webUrl": f"https://contoso.sharepoint.com{key[1]}",
        }

    def report(self) -> list[dict[str, Any]]:
        return [
            {"driveId": drive, "path": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for (drive, path), data in self.files.items()
        ]

    def put(self, key: FileKey, content: bytes) -> bool:
        """Store a small file whole; whether it is new."""
        if len(content) > SMALL_UPLOAD_LIMIT:
            raise GraphError(Refusal.FILE_TOO_LARGE)
        new = key not in self.files
        self.files[key] = content
        return new

    def open(self, key: FileKey, behavior: str, token: str, now: float) -> UploadSession:
        if behavior == "fail" and key in self.files:
            raise GraphError(Refusal.NAME_CONFLICT)
        session = UploadSession(key, behavior, now + SESSION_SECONDS)
        self.sessions[token] = session
        return session

    def session(self, token: str, now: float) -> UploadSession:
        session = self.sessions.get(token)
        if session is None or session.expires <= now:
            raise GraphError(Refusal.UPLOAD_UNKNOWN)
        return session

    def put_fragment(
        self, token: str, content_range: str, fragment: bytes, now: float
    ) -> tuple[int, dict[str, Any]]:
        """Take the next fragment: 202 with what is missing, or 201/200 with the item once it is whole."""
        session = self.session(token, now)
        start, stop, size = _read_range(content_range, len(fragment))
        if session.size not in (None, size):
            raise GraphError(Refusal.UPLOAD_FRAGMENT, "the total size changed")
        if start != len(session.received):
            raise GraphError(Refusal.UPLOAD_RANGE, f"expected {len(session.received)}, got {start}")
        if stop < size and len(fragment) % FRAGMENT_UNIT:
            raise GraphError(Refusal.UPLOAD_FRAGMENT, f"not a multiple of {FRAGMENT_UNIT} bytes")
        session.size = size
        session.received += fragment
        if stop < size:
            return 202, session_status(session)
        return self._finish(token, session)

    def _finish(self, token: str, session: UploadSession) -> tuple[int, dict[str, Any]]:
        key = session.key
        if key in self.files and session.behavior == "fail":
            raise GraphError(Refusal.UPLOAD_CONFLICT)
        if key in self.files and session.behavior == "rename":
            key = self._free_name(key)
        new = key not in self.files
        self.files[key] = bytes(session.received)
        del self.sessions[token]
        return 201 if new else 200, self.item(key)

    def _free_name(self, key: FileKey) -> FileKey:
        drive, path = key
        stem, dot, extension = path.rpartition(".")
        if not dot:
            stem, extension = path, ""
        number = 1
        while (drive, f"{stem} {number}{dot}{extension}") in self.files:
            number += 1
        return drive, f"{stem} {number}{dot}{extension}"


def session_status(session: UploadSession) -> dict[str, Any]:
    return {
        "expirationDateTime": timestamp(session.expires),
        "nextExpectedRanges": [f"{len(session.received)}-"],
    }


def _read_range(text: str, length: int) -> tuple[int, int, int]:
    """Start, stop (exclusive) and total of a Content-Range that fits the fragment."""
    match = _RANGE.fullmatch(text)
    if not match:
        raise GraphError(Refusal.UPLOAD_FRAGMENT, "Content-Range is missing or malformed")
    first, last, size = (int(part) for part in match.groups())
    if last - first + 1 != length or last >= size or not length:
        raise GraphError(Refusal.UPLOAD_FRAGMENT, "Content-Range does not fit the content")
    if length >= FRAGMENT_LIMIT:
        raise GraphError(Refusal.UPLOAD_FRAGMENT, "a fragment must be smaller than 60 MiB")
    return first, last + 1, size


def read_address(path: str) -> tuple[FileKey, str] | None:
    """Drive, path and action (`content` or `createUploadSession`) of a request path such as
    `/drives/{id}/root:/Folder/name.csv:/content`; None for any other path."""
    match = _ADDRESS.fullmatch(path)
    if not match:
        return None
    parent = f"/{unquote(match['parent'])}" if match["parent"] and match["parent"] != "root" else ""
    return (unquote(match["drive"]), parent + unquote(match["path"])), match["action"]


def read_behavior(body: bytes) -> str:
    """conflictBehavior of a createUploadSession body; the default is to fail, as the service documents."""
    if not body.strip():
        return "fail"
    try:
        item = json.loads(body).get("item", {})
        behavior = str(item.get("@microsoft.graph.conflictBehavior", "fail"))
    except (ValueError, AttributeError):
        raise GraphError(Refusal.UNREADABLE_JSON) from None
    if behavior not in CONFLICT_BEHAVIORS:
        raise GraphError(Refusal.INVALID_VALUE, "@microsoft.graph.conflictBehavior")
    return behavior
