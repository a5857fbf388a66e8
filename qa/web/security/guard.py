"""One check before page, REST and MCP: host, origin, login, pace and size of every request.

- Host: a page elsewhere must not reach us under a name of its own (DNS rebinding).
- Origin: nothing is changed, and nothing asked, for a page of another origin; as in
  https://words.filippo.io/csrf, `Sec-Fetch-Site` decides, and `Origin` where a browser does not send it.
- Login, if there are logins: by password or token, for everything but `OPEN`.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import math
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from anyio import CapacityLimiter, to_thread
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.errors import ServeError
from qa.settings import Settings
from qa.web.security.auth import Authenticator, Logins, read_logins

log = logging.getLogger(__name__)

OPEN = frozenset({"/api/health"})  # for whatever watches over the server; says nothing of the articles
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
PAGE_BODY = 8_000_000  # bytes; the page sends its conversation along, of which a browser keeps 5 MB
FORM_EXTRA = 20_000  # bytes that a form adds to a file
FILES_AT_ONCE = 20  # dropped onto the page
WRONG_PASSWORDS = 10  # a minute and client
HASHING_AT_ONCE = 2  # each takes 64 MiB


class Refused(Exception):  # noqa: N818 - an outcome, not an error
    """A request that goes no further."""

    def __init__(self, status: int, kind: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.kind = status, kind
        self.headers = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]


@dataclass(frozen=True, slots=True)
class Access:
    """Who may come in, and under which names we are reached; any name if `hosts` is None."""

    logins: Logins
    hosts: frozenset[str] | None
    settings: Settings


def access(settings: Settings) -> Access:
    """Return who may come in.

    Raises `SettingsError` for logins that cannot be used, `ServeError` where other machines could come in
    without a login although nobody said so, or could change articles without one.
    """
    serve, logins = settings.serve, read_logins(settings.serve)
    local = is_loopback(serve.host)
    if not local and not logins:
        if serve.admin:
            raise ServeError(f"admin on {serve.host} needs a login: set [serve] logins_file, or listen on 127.0.0.1")
        if not serve.allow_no_login:
            raise ServeError(
                f"{serve.host} is open to other machines and there is no login: set [serve] logins_file "
                "(`briefing login NAME` makes a line), listen on 127.0.0.1, or set [serve] allow_no_login"
            )
    names = frozenset(name.lower().strip("[]") for name in serve.hosts)
    return Access(logins, (names | THIS_MACHINE | {serve.host.lower()}) if local or names else None, settings)


def is_loopback(host: str) -> bool:
    """Return whether an address to listen on can be reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class RateLimit:
    """How many calls each client made in the last minute; more than `per_minute` are refused, 0 for any number."""

    def __init__(self, per_minute: int) -> None:
        self._limit = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._window = MovingWindowRateLimiter(MemoryStorage())

    def take(self, client: str) -> None:
        """Count a call. Raises `Refused` with 429 when there were too many."""
        if self._limit and not self._window.hit(self._limit, client):
            self._refuse(client)

    def check(self, client: str) -> None:
        """Raise `Refused` with 429 when there were too many, without counting one."""
        if self._limit and not self._window.test(self._limit, client):
            self._refuse(client)

    def _refuse(self, client: str) -> None:
        assert self._limit is not None
        reset = self._window.get_window_stats(self._limit, client).reset_time
        wait = max(1, math.ceil(reset - time.time()))
        raise Refused(429, "TooManyCalls", f"too many calls; try again in {wait} seconds", retry_after=str(wait))


class Guard:
    """ASGI middleware that lets a request through, with its client's name in the state, or answers it."""

    def __init__(self, app: ASGIApp, who: Access) -> None:
        self.app, self.who = app, who
        self.authenticator = Authenticator(who.logins)
        self.rate_limit = RateLimit(who.settings.serve.calls_per_minute)
        self.wrong = RateLimit(WRONG_PASSWORDS)
        self.hashing = CapacityLimiter(HASHING_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request through the application below, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # nothing of ours speaks WebSocket
            await send({"type": "websocket.close", "code": 1008})
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        headers = Headers(scope=scope)
        try:
            _check_host(headers, self.who.hosts)
            client = await self._client(scope, headers, path)
            if scope["method"] not in SAFE:
                _check_origin(headers)
                _check_type(headers, path)
                self.rate_limit.take(client)
                receive = _bounded(receive, headers, _most_bytes(path, self.who.settings))
        except Refused as exc:
            await _answer(exc, send)
            return
        scope.setdefault("state", {})["client"] = client
        await self.app(scope, receive, send)

    async def _client(self, scope: Scope, headers: Headers, path: str) -> str:
        """Return the name of a login, or the address where there is none. Raises `Refused`."""
        address = scope["client"][0] if scope.get("client") else "unknown"
        if not self.who.logins or path in OPEN:
            return str(address)
        given = headers.get("authorization", "")
        name = self.authenticator.known(given)
        if name is None and given:
            self.wrong.check(address)
            name = await to_thread.run_sync(self.authenticator.check, given, limiter=self.hashing)
            if name is None:
                self.wrong.take(address)
                log.warning("login refused", extra={"client": address})
        if name is None:
            raise Refused(401, "LoginNeeded", "log in with a name and password, or a token", www_authenticate=CHALLENGE)
        return name


CHALLENGE = 'Basic realm="Briefing", charset="UTF-8"'


def _check_host(headers: Headers, hosts: frozenset[str] | None) -> None:
    if hosts is None:
        return
    try:
        name = urlsplit(f"//{headers.get('host', '')}").hostname
    except ValueError:
        name = None
    if name is None or name not in hosts:
        raise Refused(421, "WrongHost", "this name is not served here; [serve] hosts lists more names")


def _check_origin(headers: Headers) -> None:
    site = headers.get("sec-fetch-site")
    origin = headers.get("origin")
    if site in ("same-origin", "none") or (site is None and origin is None):
        return  # without that header it is no browser, which another page could have sent here
    if site is not None or urlsplit(origin or "").netloc.lower() != headers.get("host", "").lower():
        raise Refused(403, "ForeignOrigin", "a page of another origin may not do this")


def _check_type(headers: Headers, path: str) -> None:
    """Refuse bodies that a form of any page could send, but for the one that takes a form. Raises `Refused`."""
    given = headers.get("content-type", "").partition(";")[0].strip().lower()
    wanted = "multipart/form-data" if path == "/api/articles" else "application/json"
    if path.startswith("/api/") and given != wanted and (given or headers.get("content-length", "0") != "0"):
        raise Refused(415, "WrongType", f"the body has to be {wanted}")


def _most_bytes(path: str, settings: Settings) -> int:
    """Return how many bytes the body of a call may have."""
    file = settings.corpus.max_file_bytes + FORM_EXTRA
    if path == "/api/articles":
        return file if settings.serve.admin else settings.serve.max_body_bytes
    if path == "/gradio_api/upload":
        return FILES_AT_ONCE * file if settings.serve.admin else 0
    if path.startswith(("/api/", "/mcp")):
        return settings.serve.max_body_bytes
    return PAGE_BODY


def _bounded(receive: Receive, headers: Headers, most: int) -> Receive:
    """Return a `receive` that fails with 413 once a body is too long. Raises `Refused` if that is announced."""
    message = f"the body has more than {most:,} bytes"
    announced = headers.get("content-length", "0")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > most:
        raise Refused(413, "TooLarge", message)
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        part = await receive()
        taken += len(part.get("body", b""))
        if taken > most:
            raise HTTPException(413, message)
        return part

    return counted


async def _answer(refused: Refused, send: Send) -> None:
    body = json.dumps({"error": {"type": refused.kind, "message": str(refused)}}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *refused.headers]
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
