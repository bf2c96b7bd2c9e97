"""The door: who may ask at all. On a machine of many, loopback is not private, and a browser asks for strangers too."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS = {"127.0.0.1", "localhost", "[::1]"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
LONGEST = 16 * 1024
"""Characters of an address."""
HANDSHAKE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=."
><link rel="icon" href="data:,"><title>archspec</title></head><body>Opening …</body></html>"""


def new_token() -> str:
    """What only somebody who reads the terminal can know."""
    return secrets.token_urlsafe(32)


class Guard:
    """Lets in whoever holds the token, from this machine's own pages, and keeps browsers to what pages need."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app, self.token = app, token
        # Cookies are shared by all ports of a host, so that each server has one of its own.
        self.cookie = f"archspec-{hashlib.sha256(token.encode()).hexdigest()[:12]}"

    @property
    def seal(self) -> str:
        """What a form of ours carries and no other page can know."""
        return hmac.new(self.token.encode(), b"form", "sha256").hexdigest()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            answer = self._refusal(scope) or self._handshake(scope)
            await (answer or self.app)(scope, receive, _closed(send))

    def is_sealed(self, seal: str) -> bool:
        """Whether a form is one of ours."""
        return _equal(seal, self.seal)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _name(host) not in HOSTS or len(headers.getlist("host")) != 1:
            return PlainTextResponse("This address is not one of this server's.", 421)
        if len(scope["raw_path"]) + len(scope["query_string"]) > LONGEST:
            return PlainTextResponse("This address is too long.", 414)
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        reads = scope["method"] in ("GET", "HEAD")
        opened = reads and headers.get("sec-fetch-mode") == "navigate"
        if (
            (origin is None and not reads)
            or (origin is not None and origin != f"http://{host}")
            or (site not in ("same-origin", "none") and not opened)
        ):
            return PlainTextResponse("Another page has asked for this.", 403)
        if not self._holds_token(headers) and "token" not in _asked(scope):
            return PlainTextResponse("Open the address that `archspec dashboard` has printed; it holds a token.", 401)
        return None

    def _handshake(self, scope: Scope) -> Response | None:
        """The token of the printed address becomes a cookie, and vanishes from the address."""
        asked = _asked(scope)
        if "token" not in asked or scope["method"] != "GET":
            return None if self._holds_token(Headers(scope=scope)) else PlainTextResponse("No token.", 401)
        if not _equal(asked.pop("token"), self.token):
            return PlainTextResponse("This token is not that of this server; it was started again?", 401)
        # A redirect would be taken for the other page's doing that led here, and the cookie left at home.
        page = HANDSHAKE.replace("url=.", f"url=?{urlencode(asked).replace('&', '&amp;')}" if asked else "url=?")
        answer = HTMLResponse(page, headers={"cache-control": "no-store"})
        answer.set_cookie(self.cookie, self.token, httponly=True, samesite="strict", path="/")
        return answer

    def _holds_token(self, headers: Headers) -> bool:
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self.cookie)
        except CookieError:
            return False
        return found is not None and _equal(found.value, self.token)


def _closed(send: Send) -> Send:
    """The same, with headers that keep browsers to what our pages need."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            message["headers"] = [*message.get("headers", ()), *own]
        await send(message)

    return sent


def _name(host: str) -> str:
    """A host without its port."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return ""
    name = parts.hostname or ""
    exact = host.lower().rpartition(":")[0] if parts.port is not None else host.lower()
    return exact if exact.strip("[]") == name else ""


def _asked(scope: Scope) -> dict[str, str]:
    return dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))


def _equal(said: str, secret: str) -> bool:
    return hmac.compare_digest(said.encode(), secret.encode())
