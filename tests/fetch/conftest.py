"""A small web site on this machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from qa.fetch import WebClient
from qa.fetch.client import Manners
from qa.settings import CorpusSettings
from tests.corpus.samples import HTML

Answer = tuple[int, Mapping[str, str], bytes]


@dataclass
class Site:
    """Answers by path, and the requests that came: path and headers of each."""

    port: int
    answers: dict[str, Answer | Callable[[Mapping[str, str]], Answer]] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def page(self, path: str, body: str = HTML, **headers: str) -> str:
        """Let a page stand at a path, and return its address."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = (200, {"Content-Type": "text/html; charset=utf-8"} | named, body.encode())
        return self.url(path)

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked if path != "/robots.txt"]


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append((self.path, dict(self.headers)))
            found = site.answers.get(self.path, (404, {}, b"not here"))
            status, headers, body = found(dict(self.headers)) if callable(found) else found
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler


@pytest.fixture
def site() -> Iterator[Site]:
    """A web site that has no page yet."""
    served = Site(0)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(served))
    served.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield served
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def corpus(tmp_path_factory: pytest.TempPathFactory) -> CorpusSettings:
    """The settings of an empty corpus folder."""
    return CorpusSettings(folder=tmp_path_factory.mktemp("corpus"))


@pytest.fixture
def client() -> WebClient:
    """A client that may reach this machine, and does not wait."""
    return WebClient(allow_local=True, manners=Manners(max_bytes=100_000, max_seconds=10, pause=0))
