"""Polite requests: robots.txt, one at a time, a pause between two to a host, bounds of size, time and redirects."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpcore
import httpx
from protego import Protego

from qa import __version__
from qa.errors import FetchError
from qa.fetch.addresses import PinnedBackend

NAME = "BriefingQA"  # what robots.txt knows us by
AGENT = f"{NAME}/{__version__}"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_ROBOTS_BYTES = 500_000  # RFC 9309 asks for no less
MAX_ADDRESS = 2_000  # characters: what browsers take


@dataclass(frozen=True, slots=True)
class Manners:
    """What one request may cost, and how long a host is left alone, in bytes and seconds."""

    max_bytes: int = 10_000_000
    max_seconds: float = 30.0
    max_redirects: int = 5
    pause: float = 1.0
    max_pause: float = 30.0  # a robots.txt that asks for more is not followed, its pages are left alone


@dataclass(frozen=True, slots=True)
class Response:
    """What a server answered: the address it came from in the end, and the body, unpacked."""

    url: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def kind(self) -> str:
        """The media type, such as `text/html`."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str | None:
        """The encoding that the server names."""
        named = self.headers.get("content-type", "").lower().partition("charset=")[2]
        return named.partition(";")[0].strip(" \"'") or None


class WebClient:
    """Fetches one address at a time. A context manager; not thread-safe."""

    def __init__(
        self,
        allow_local: bool = False,
        manners: Manners | None = None,
        backend: httpcore.NetworkBackend | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._manners = manners or Manners()
        self._pool = httpcore.ConnectionPool(network_backend=backend or PinnedBackend(allow_local), max_connections=1)
        self._sleep = sleep
        self._robots: dict[str, Protego | str] = {}  # by origin: the rules, or why nothing may be fetched
        self._last: dict[str, float] = {}  # by host: when its last answer was there

    def __enter__(self) -> WebClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.close()

    def get(self, address: str, headers: Mapping[str, str] | None = None) -> Response:
        """Return the answer of a server, after redirects, each checked as the first. Raises `FetchError`."""
        url = _checked(address)
        for _ in range(self._manners.max_redirects + 1):
            self._obey(url)
            response = self._request(url, headers or {}, self._manners.max_bytes)
            if response.status not in REDIRECTS or "location" not in response.headers:
                return response
            url = _joined(url, response.headers["location"])
        raise FetchError(f"more than {self._manners.max_redirects} redirects")

    def _obey(self, url: httpx.URL) -> None:
        """Wait as long as the host asks for. Raises `FetchError` for what its robots.txt does not allow."""
        origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
        if origin not in self._robots:
            self._robots[origin] = self._rules(httpx.URL(f"{origin}/robots.txt"))
        rules = self._robots[origin]
        if isinstance(rules, str):
            raise FetchError(rules)
        if not rules.can_fetch(str(url), NAME):
            raise FetchError(f"robots.txt of {url.host} does not allow it; open it in a browser and save it")
        pause = max(rules.crawl_delay(NAME) or 0.0, self._manners.pause)
        if pause > self._manners.max_pause:
            raise FetchError(f"robots.txt of {url.host} asks for {pause:g} seconds between requests; save it by hand")
        since = time.monotonic() - self._last.get(url.host, float("-inf"))
        if since < pause:
            self._sleep(pause - since)

    def _rules(self, url: httpx.URL) -> Protego | str:
        """Return what robots.txt says: everything is allowed where there is none, nothing where a server fails."""
        for _ in range(self._manners.max_redirects + 1):
            response = self._request(url, {}, MAX_ROBOTS_BYTES)
            if response.status in REDIRECTS and "location" in response.headers:
                url = _joined(url, response.headers["location"])
                continue
            if response.status >= 500 or response.status == 429:
                return f"robots.txt of {url.host} cannot be had (status {response.status}); try again later"
            return Protego.parse(response.body.decode("utf-8", "replace") if response.status == 200 else "")
        return Protego.parse("")

    def _request(self, url: httpx.URL, headers: Mapping[str, str], most: int) -> Response:
        """Return one answer. Raises `FetchError` for one that is too large, too slow or none."""
        sent = {"Host": url.netloc.decode("ascii"), "User-Agent": AGENT, "Accept-Encoding": "gzip", **headers}
        end = time.monotonic() + self._manners.max_seconds
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), self._manners.max_seconds)
        try:
            with self._pool.stream(
                "GET",
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=list(sent.items()),
                extensions={"timeout": timeout},
            ) as answer:
                found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
                body = self._body(answer, found.get("content-encoding", ""), most, end)
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as exc:
            cause = " ".join(str(exc).split())[:200] or type(exc).__name__
            raise FetchError(f"no answer: {cause}") from exc
        finally:
            self._last[url.host] = time.monotonic()
        return Response(str(url), answer.status, found, body)

    def _body(self, answer: httpcore.Response, encoding: str, most: int, end: float) -> bytes:
        if encoding.strip().lower() not in ("", "identity", "gzip", "x-gzip"):
            raise FetchError(f"is packed as {encoding[:40]}, which was not asked for")
        unpacker = zlib.decompressobj(wbits=31) if "gzip" in encoding.lower() else None
        body = bytearray()
        for chunk in answer.iter_stream():
            try:
                body += unpacker.decompress(chunk, most + 1 - len(body)) if unpacker else chunk
            except zlib.error as exc:
                raise FetchError(f"is damaged: {exc}") from exc
            if len(body) > most or (unpacker and unpacker.unconsumed_tail):
                raise FetchError(f"is larger than {most:,} bytes")
            if time.monotonic() > end:
                raise FetchError(f"took longer than {self._manners.max_seconds:g} seconds")
        return bytes(body)


def _checked(address: str) -> httpx.URL:
    """Return an address of the web. Raises `FetchError` for any other."""
    try:
        url = httpx.URL(address.strip())
    except (httpx.InvalidURL, UnicodeError, ValueError) as exc:
        raise FetchError(f"is no address: {exc}") from exc
    if url.scheme not in ("http", "https") or not url.host or "%" in url.host or len(address) > MAX_ADDRESS:
        raise FetchError("is no http or https address")
    if url.userinfo:
        raise FetchError("has a name or password in it; leave that out")
    return url.copy_with(fragment=None)


def _joined(url: httpx.URL, location: str) -> httpx.URL:
    try:
        return _checked(str(url.join(location)))
    except httpx.InvalidURL as exc:
        raise FetchError(f"redirects to what is no address: {exc}") from exc
