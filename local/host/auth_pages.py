"""The pages under /.auth that belong to the platform, for choosing who to be in the browser."""

import hashlib
import hmac
import html
import json
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, quote

from local.host.easy_auth import Person
from local.host.http_messages import Answer

_COOKIE = "local-auth-session"
_SIGNED_OUT = "signed-out"
_HTML = ("content-type", "text/html; charset=utf-8")
_NO_STORE = ("cache-control", "no-store")
_LOCAL_TARGET = re.compile(r"/(?![/\\])[\x21-\x7e]*")

PEOPLE: Mapping[str, Person] = {
    "manager": Person("manager@local.test", ("Licenses.Manage",)),
    "reader": Person("reader@local.test", ("Licenses.Read",)),
    "stranger": Person("stranger@local.test"),
}


class AuthPages:
    """Knows from a signed cookie who the browser is; `initial` is who it is without one."""

    def __init__(self, initial: Person) -> None:
        self._initial = initial
        # Made anew at each start: after a restart everybody is the initial person again.
        self._key = secrets.token_bytes(32)

    def person(self, headers: Mapping[str, str]) -> Person | None:
        """Who sends these headers; None after a sign-out."""
        choice = self._choice(headers)
        return None if choice == _SIGNED_OUT else PEOPLE.get(choice, self._initial)

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        match method, path.rstrip("/").lower():
            case "GET", "/.auth/login" | "/.auth/login/aad":
                return self._login_page(headers, _redirect_target(query, "post_login_redirect_uri"))
            case "POST", "/.auth/login" | "/.auth/login/aad":
                return self._log_in(headers, body.decode("utf-8", "replace"))
            case "GET", "/.auth/logout":
                return self._signed(_SIGNED_OUT, _redirect_target(query, "post_logout_redirect_uri"))
            case "GET", "/.auth/me":
                return self._me(headers)
        return Answer(404)

    def _log_in(self, headers: Mapping[str, str], form: str) -> Answer:
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != headers.get("host"):
            return Answer(403)
        choice = parse_qs(form).get("person", [""])[0]
        if choice not in PEOPLE:
            return Answer(400)
        return self._signed(choice, _redirect_target(form, "post_login_redirect_uri"))

    def _me(self, headers: Mapping[str, str]) -> Answer:
        person = self.person(headers)
        if person is None:
            return Answer(401)
        expires = datetime.now(UTC) + timedelta(hours=8)
        content = [
            {
                "provider_name": "aad",
                "user_id": person.name,
                "user_claims": person.claims(),
                "expires_on": expires.isoformat(),
            }
        ]
        return Answer(200, (("content-type", "application/json"), _NO_STORE), json.dumps(content).encode())

    def _login_page(self, headers: Mapping[str, str], target: str) -> Answer:
        person = self.person(headers)
        now = f"Signed in as {html.escape(person.name)}." if person else "Signed out."
        choices = "".join(
            f'<li><button name="person" value="{key}">{html.escape(someone.name)}</button> '
            f"{html.escape(', '.join(someone.roles) or 'no role')}</li>"
            for key, someone in PEOPLE.items()
        )
        page = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Local sign-in</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}}
button{{font:inherit;min-height:2.75rem;padding:0 1rem}}
li{{margin:.75rem 0}}ul{{list-style:none;padding:0}}</style>
</head><body><main><h1>Sign in locally</h1>
<p>{now} On Azure, Microsoft Entra ID asks here. Choose who to be:</p>
<form method="post" action="/.auth/login/aad">
<input type="hidden" name="post_login_redirect_uri" value="{html.escape(target)}">
<ul>{choices}</ul></form>
<p><a href="/.auth/logout?post_logout_redirect_uri={quote(target)}">Sign out</a></p>
</main></body></html>"""
        policy = (
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        )
        return Answer(200, (_HTML, _NO_STORE, policy), page.encode())

    def _signed(self, choice: str, target: str) -> Answer:
        cookie = f"{_COOKIE}={choice}.{self._signature(choice)}; Path=/; HttpOnly; SameSite=Lax"
        return Answer(302, (("location", target), ("set-cookie", cookie), _NO_STORE))

    def _choice(self, headers: Mapping[str, str]) -> str:
        # Repeated cookie headers come joined by commas, which no cookie of ours holds.
        try:
            cookies = SimpleCookie(headers.get("cookie", "").replace(",", ";"))
        except CookieError:
            return ""
        choice, _, signature = cookies[_COOKIE].value.partition(".") if _COOKIE in cookies else ("", "", "")
        return choice if hmac.compare_digest(signature.encode(), self._signature(choice).encode()) else ""

    def _signature(self, choice: str) -> str:
        return hmac.new(self._key, choice.encode(), hashlib.sha256).hexdigest()


def _redirect_target(query: str, name: str) -> str:
    """Where to go afterwards: a path of this host, else its root."""
    target = parse_qs(query).get(name, ["/"])[0]
    return target if _LOCAL_TARGET.fullmatch(target) else "/"
