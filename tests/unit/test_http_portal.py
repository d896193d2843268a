"""The portal's files: which are served, which are not, and under what headers."""

import json
from pathlib import Path

import azure.functions as func
import pytest

from handlers.http_portal import CONTENT_SECURITY_POLICY, CONTENT_TYPES, PORTAL_FOLDER, PortalFiles

HOST = "https://licenses.contoso.com"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a page and a script, beside a secret, a link to it and a kind that is not served."""
    portal = tmp_path / "portal"
    (portal / "js").mkdir(parents=True)
    (portal / "index.html").write_text("<!doctype html>")
    (portal / "js" / "main.js").write_text("export {}")
    (portal / "notes.md").write_text("not served")
    (portal / "folder.js").mkdir()
    (tmp_path / "secret.js").write_text("secret")
    (tmp_path / "portal-old").mkdir()
    (tmp_path / "portal-old" / "page.html").write_text("secret")
    (portal / "link.js").symlink_to(tmp_path / "secret.js")
    return portal


def get(folder: Path, path: str, url: str | None = None, **headers: str) -> func.HttpResponse:
    request = func.HttpRequest(
        "GET",
        url or f"{HOST}/portal/{path}",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        route_params={"path": path} if path else {},
        body=b"",
    )
    return PortalFiles(folder).handle(request)


@pytest.mark.parametrize(
    ("path", "content_type", "body"),
    [
        ("", "text/html; charset=utf-8", b"<!doctype html>"),
        ("index.html", "text/html; charset=utf-8", b"<!doctype html>"),
        ("js/main.js", "text/javascript; charset=utf-8", b"export {}"),
        ("js/../index.html", "text/html; charset=utf-8", b"<!doctype html>"),
    ],
)
def test_a_file_is_served_with_its_type(folder: Path, path: str, content_type: str, body: bytes) -> None:
    answer = get(folder, path)
    assert (answer.status_code, answer.get_body()) == (200, body)
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


@pytest.mark.parametrize(
    "path",
    [
        "../secret.js",
        "js/../../secret.js",
        "../portal-old/page.html",
        "/etc/hostname",
        "//etc/hostname",
        "..\\secret.js",
        "link.js",
        "notes.md",
        "folder.js",
        "js",
        "js/",
        "missing.js",
        "main.js\0.html",
        "a" * 5000 + ".js",
        "INDEX.HTML/..",
    ],
)
def test_what_is_not_there_or_not_ours_is_not_found(folder: Path, path: str) -> None:
    answer = get(folder, path)
    assert answer.status_code == 404
    assert answer.headers["x-ms-error-code"] == "NotFound"
    assert json.loads(answer.get_body())["error"]["code"] == "NotFound"


def test_without_its_slash_the_portal_sends_on(folder: Path) -> None:
    answer = get(folder, "", url=f"{HOST}/portal?code=key")
    assert (answer.status_code, answer.headers["Location"]) == (308, "portal/")


@pytest.mark.parametrize(
    ("sent", "status"),
    [("{tag}", 304), ("W/{tag}", 304), ('"other", {tag}', 304), ("*", 304), ('"other"', 200), ("", 200)],
)
def test_a_known_version_is_not_sent_again(folder: Path, sent: str, status: int) -> None:
    tag = get(folder, "js/main.js").headers["ETag"]
    answer = get(folder, "js/main.js", If_None_Match=sent.format(tag=tag))
    assert answer.status_code == status
    assert answer.headers["ETag"] == tag
    assert bool(answer.get_body()) is (status == 200)


def test_another_version_has_another_tag(folder: Path) -> None:
    tag = get(folder, "js/main.js").headers["ETag"]
    (folder / "js" / "main.js").write_text("export { other }")
    assert get(folder, "js/main.js", If_None_Match=tag).status_code == 200


def test_every_file_of_the_portal_is_served_and_none_needs_what_the_policy_forbids() -> None:
    files = [file for file in PORTAL_FOLDER.rglob("*") if file.is_file()]
    assert files
    for file in files:
        path = file.relative_to(PORTAL_FOLDER).as_posix()
        assert file.suffix in CONTENT_TYPES, path
        text = file.read_text("utf-8")
        if "vendor" not in path:
            for forbidden in (
                "style=",
                "innerHTML",
                "insertAdjacentHTML",
                "eval(",
                "document.write",
                "@import",
            ):
                assert forbidden not in text, f"{path} holds {forbidden}"
