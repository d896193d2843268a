"""Files put into a SharePoint document library or OneDrive.

Source: https://learn.microsoft.com/graph/api/driveitem-createuploadsession. A file shows up only when its
last fragment has arrived, so it is whole or absent; an upload session left alone ends by itself.
"""

from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import quote

import requests

from shared.errors import GraphError, PassingGraphError
from shared.graph.connections import new_session, unanswered
from shared.graph.errors import UPLOAD, error_from
from shared.graph.transport import USER_AGENT, Json, Priority, Transport, parsed

FRAGMENT_BYTES = 16 * 327_680
"""5 MiB: fragments must be multiples of 320 KiB below 60 MiB; one is in memory at a time."""

MAX_RESUMES = 5
"""How often one upload is taken up again where it broke off, before the retry of the whole takes over."""


@dataclass(frozen=True, slots=True)
class DriveItem:
    """A stored file; `web_url` opens it in a browser."""

    id: str
    web_url: str | None


class Drive:
    """Uploads at low priority. Thread safe."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._storage = new_session(pool_size=1)
        self._storage.headers["User-Agent"] = USER_AGENT

    def upload(self, drive_id: str, folder_path: str, name: str, file: BinaryIO, size: int) -> DriveItem:
        """Store `size` bytes of the seekable `file` under that name, in place of a file that has it.

        `folder_path` is relative to the drive's root, with or without slashes around it; blank: the root.

        Raises:
            GraphError: passing where another upload may succeed; then nothing or an old file is there.
            ValueError: the file is empty, which an upload session cannot hold.
        """
        if size <= 0:
            raise ValueError("An upload session cannot hold an empty file.")
        answer = self._transport.request(
            "POST",
            f"/drives/{quote(drive_id, safe='!')}/root:/{_item_path(folder_path, name)}:/createUploadSession",
            body={"item": {"@microsoft.graph.conflictBehavior": "replace"}},
            priority=Priority.LOW,
        )
        if not answer.ok:
            raise error_from(UPLOAD, answer.status, answer.body, answer.headers, request_id=answer.request_id)
        return _UploadSession(self._storage, parsed(_upload_url, answer.body), file, size).send()


class _UploadSession:
    """One upload, fragment by fragment, resumed where the server says after a fragment got lost."""

    def __init__(self, storage: requests.Session, url: str, file: BinaryIO, size: int) -> None:
        self._storage = storage
        self._url = url
        self._file = file
        self._size = size

    def send(self) -> DriveItem:
        start = resumes = 0
        while True:
            try:
                result = self._put(start)
            except PassingGraphError as error:
                resumes += 1
                if resumes > MAX_RESUMES or error.retry_after is not None or not error.outcome_unknown:
                    raise
                start = parsed(_next_start, self._call("GET"))
                continue
            if "id" in result:
                return parsed(_drive_item, result)
            after = parsed(_next_start, result)
            if after <= start:
                raise _interrupted(200)
            start = after

    def _put(self, start: int) -> Json:
        self._file.seek(start)
        fragment = self._file.read(min(FRAGMENT_BYTES, self._size - start))
        content_range = f"bytes {start}-{start + len(fragment) - 1}/{self._size}"
        return self._call("PUT", data=fragment, headers={"Content-Range": content_range})

    def _call(self, method: str, **content: Any) -> Json:
        """The JSON object that the session answers. It takes no Authorization: its URL is the secret."""
        try:
            response = self._storage.request(method, self._url, allow_redirects=False, **content)
        except requests.RequestException as error:
            raise unanswered(error) from None  # its text holds the URL, which anyone may write to
        body = _json(response)
        if response.ok and isinstance(body, dict):
            return body
        raise _session_error(response, body)


def _session_error(response: requests.Response, body: object) -> GraphError:
    if response.ok or response.status_code in (404, 416):
        # unreadable; a session that ended; a fragment that is there already, as after a lost answer
        return _interrupted(response.status_code)
    return error_from(UPLOAD, response.status_code, body, response.headers)


def _interrupted(status: int) -> PassingGraphError:
    return PassingGraphError(
        "GraphUnavailable",
        "The upload to SharePoint was interrupted.",
        status=status,
        outcome_unknown=status != 404,
    )


def _json(response: requests.Response) -> object:
    try:
        return response.json()
    except ValueError:
        return None


def _item_path(folder_path: str, name: str) -> str:
    segments = [segment for segment in folder_path.split("/") if segment]
    return "/".join(quote(segment, safe="") for segment in [*segments, name])


def _upload_url(body: Json) -> str:
    return str(body["uploadUrl"])


def _next_start(body: Json) -> int:
    """The first byte that is missing: of `{"nextExpectedRanges": ["26-"]}` it is 26."""
    first: str = body["nextExpectedRanges"][0]
    return int(first.split("-")[0])


def _drive_item(body: Json) -> DriveItem:
    return DriveItem(str(body["id"]), body.get("webUrl"))
