"""Uploads arrive whole, in fragments, however the connection behaves."""

import io
import re

import pytest

from shared.errors import LastingGraphError, PassingGraphError
from shared.graph.drive import FRAGMENT_BYTES, DriveItem
from tests.integration.graph.conftest import Scripted, Start
from tests.integration.graph.scripted import Reply, Script, Seen

CONTENT = bytes(range(256)) * (FRAGMENT_BYTES * 2 // 256) + b"the end"
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


class Library:
    """Plays a document library: takes fragments in their order and answers with what is missing.

    `accident` may answer a call in its place, before or after the fragment was kept.
    """

    def __init__(self, accident: Script | None = None, *, keep: bool = True) -> None:
        self.stored = b""
        self.accidents = [accident] if accident else []
        self.keep = keep
        self.origin = ""

    def __call__(self, seen: Seen) -> Reply:
        if seen.path.endswith(":/createUploadSession"):
            return Reply(body={"uploadUrl": f"{self.origin}/upload/secret", "nextExpectedRanges": ["0-"]})
        assert seen.path == "/upload/secret"
        if seen.method == "GET":
            return self.missing()
        if self.accidents and (self.stored or not self.keep):
            accident = self.accidents.pop()
            if self.keep:
                self.take(seen)
            return accident(seen)
        return self.take(seen)

    def take(self, seen: Seen) -> Reply:
        match = _RANGE.fullmatch(seen.headers["content-range"])
        assert match
        start, end, size = map(int, match.groups())
        if start != len(self.stored):
            return Reply(416, {"error": {"code": "invalidRange"}})
        assert end - start + 1 == len(seen.content)
        assert len(seen.content) % 327_680 == 0 or end + 1 == size
        self.stored += seen.content
        if len(self.stored) == size:
            return Reply(201, {"id": "item-1", "webUrl": "https://contoso.example/file"})
        return self.missing(202)

    def missing(self, status: int = 200) -> Reply:
        return Reply(status, {"nextExpectedRanges": [f"{len(self.stored)}-"]})


def upload(scripted: Start, library: Library) -> tuple[DriveItem, Scripted]:
    run = scripted(library)
    library.origin = run.server.origin
    item = run.client.drive.upload("b!1", "/Reports/2026 Q1/", "a b.xlsx", io.BytesIO(CONTENT), len(CONTENT))
    return item, run


def test_a_file_goes_in_fragments_without_our_token(scripted: Start) -> None:
    library = Library()
    item, run = upload(scripted, library)

    assert library.stored == CONTENT
    assert item == DriveItem("item-1", "https://contoso.example/file")
    session, *fragments = run.server.seen
    assert session.path == "/v1.0/drives/b!1/root:/Reports/2026%20Q1/a%20b.xlsx:/createUploadSession"
    assert session.body == {"item": {"@microsoft.graph.conflictBehavior": "replace"}}
    assert "authorization" in session.headers
    assert [len(seen.content) for seen in fragments] == [FRAGMENT_BYTES, FRAGMENT_BYTES, 7]
    assert not any("authorization" in seen.headers for seen in fragments)


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize(
    "accident", [Reply(drop=True), Reply(503), Reply(500, content=b"<html>"), Reply(416)]
)
def test_a_lost_fragment_is_resumed_where_the_library_says(
    scripted: Start, accident: Reply, keep: bool
) -> None:
    library = Library(lambda _: accident, keep=keep)
    item, run = upload(scripted, library)

    assert item.id == "item-1"
    assert library.stored == CONTENT
    assert sum(seen.method == "GET" for seen in run.server.seen) == 1


@pytest.mark.parametrize(
    ("reply", "code", "retry_after"),
    [
        (Reply(429, {}, {"Retry-After": "30"}), "Throttled", 30.0),
        (Reply(503, {}, {"Retry-After": "30"}), "GraphUnavailable", 30.0),
        (Reply(404, {"error": {"code": "itemNotFound"}}), "GraphUnavailable", None),
    ],
)
def test_what_another_upload_may_mend_is_passing(
    scripted: Start, reply: Reply, code: str, retry_after: float | None
) -> None:
    with pytest.raises(PassingGraphError) as raised:
        upload(scripted, Library(lambda _: reply))

    assert (raised.value.code, raised.value.retry_after) == (code, retry_after)


@pytest.mark.parametrize("status", [403, 409, 507])
def test_what_stays_wrong_is_lasting(scripted: Start, status: int) -> None:
    with pytest.raises(LastingGraphError):
        upload(scripted, Library(lambda _: Reply(status, {"error": {"code": "refused", "message": ""}})))


def test_a_drive_that_is_not_there_is_lasting_and_says_what_to_check(scripted: Start) -> None:
    run = scripted(lambda _: Reply(404, {"error": {"code": "itemNotFound", "message": ""}}))

    with pytest.raises(LastingGraphError, match="driveId"):
        run.client.drive.upload("b!1", "", "a.csv", io.BytesIO(b"x"), 1)


def test_a_library_that_never_answers_ends_the_upload(scripted: Start) -> None:
    library = Library()

    def broken(seen: Seen) -> Reply:
        return Reply(drop=True) if seen.method == "PUT" else library(seen)

    run = scripted(broken)
    library.origin = run.server.origin
    with pytest.raises(PassingGraphError):
        run.client.drive.upload("b!1", "", "a.csv", io.BytesIO(b"x"), 1)
    assert sum(seen.method == "PUT" for seen in run.server.seen) == 6


def test_a_library_that_makes_no_progress_ends_the_upload(scripted: Start) -> None:
    library = Library()

    def stuck(seen: Seen) -> Reply:
        return library.missing(202) if seen.method == "PUT" else library(seen)

    run = scripted(stuck)
    library.origin = run.server.origin
    with pytest.raises(PassingGraphError):
        run.client.drive.upload("b!1", "", "a.csv", io.BytesIO(b"x"), 1)


def test_an_empty_file_is_refused(scripted: Start) -> None:
    run = scripted(lambda _: Reply(500))

    with pytest.raises(ValueError, match="empty"):
        run.client.drive.upload("b!1", "", "a.csv", io.BytesIO(), 0)
