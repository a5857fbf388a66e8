"""The check before everything: host, origin, login, pace and size, for page, REST and MCP alike."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import argon2
import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from qa.briefing import Briefing
from qa.errors import ServeError
from qa.settings import ServeSettings, Settings
from qa.web.queue import Queue
from qa.web.security import auth
from qa.web.security.auth import token_line
from qa.web.security.guard import access
from qa.web.server import create_services

TOKEN, TOKEN_LINE = token_line("agent")
QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
USER_LINE = f"user:anna:{QUICK.hash('password1')}"
LOGINS = SecretStr(f"{USER_LINE} {TOKEN_LINE}")
BEARER = {"authorization": f"Bearer {TOKEN}"}
BASIC = {"authorization": "Basic " + base64.b64encode(b"anna:password1").decode()}
ASK = {"question": "Who finances the northern railway?"}
MCP = {"accept": "application/json, text/event-stream"}
LIST_TOOLS = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}

Start = Callable[..., TestClient]


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    auth._nobody.cache_clear()
    monkeypatch.setattr(auth, "HASHER", QUICK)


@pytest.fixture
def start(briefing: Briefing) -> Iterator[Start]:
    """Return a function that starts everything but the page, with these [serve] settings."""
    running: list[TestClient] = []

    def started(base_url: str = "http://127.0.0.1:7860", **serve: Any) -> TestClient:  # noqa: ANN401 - settings
        briefing.settings = briefing.settings.model_copy(update={"serve": ServeSettings(**serve)})
        client = TestClient(create_services(briefing, Queue.of(briefing.settings.serve)), base_url=base_url)
        running.append(client)
        return client.__enter__()

    yield started
    for client in running:
        client.__exit__(None, None, None)


def refusal(reply: Any) -> tuple[int, str]:  # noqa: ANN401 - a response
    assert set(reply.json()) == {"error"}
    assert set(reply.json()["error"]) == {"type", "message"}
    assert reply.headers["content-security-policy"].startswith("default-src 'none'")
    return reply.status_code, reply.json()["error"]["type"]


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost", "LOCALHOST:1", "[::1]:7860"])
def test_this_machine_is_reached_under_its_names(start: Start, host: str) -> None:
    assert start().get("/api/version", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["rebound.example:7860", "127.0.0.1.example", "", "[::1", "localhost.", "@x@y"])
def test_a_foreign_name_is_refused_everywhere(start: Start, host: str) -> None:
    client = start()
    for method, path in [("GET", "/api/version"), ("POST", "/mcp"), ("GET", "/metrics"), ("GET", "/api/health")]:
        assert refusal(client.request(method, path, headers={"host": host})) == (421, "WrongHost")


def test_more_names_are_a_setting(start: Start) -> None:
    client = start(hosts=("News.example",))
    assert client.get("/api/version", headers={"host": "news.example"}).status_code == 200
    assert client.get("/api/version", headers={"host": "other.example"}).status_code == 421


def test_beyond_this_machine_any_name_serves_unless_they_are_set(start: Start) -> None:
    client = start(host="0.0.0.0", logins=LOGINS)
    assert client.get("/api/version", headers={"host": "news.example", **BEARER}).status_code == 200


SAME = "http://127.0.0.1:7860"


@pytest.mark.parametrize(
    ("headers", "let_in"),
    [
        ({}, True),  # no browser
        ({"origin": SAME}, True),
        ({"origin": SAME, "sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"origin": "https://behind.example", "sec-fetch-site": "same-origin"}, True),  # the proxy has another name
        ({"origin": "https://evil.example"}, False),
        ({"origin": "http://127.0.0.1:8000"}, False),
        ({"origin": "http://127.0.0.1"}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
        ({"origin": SAME, "sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
    ],
)
def test_pages_of_other_origins_may_neither_ask_nor_change(start: Start, headers: dict[str, str], let_in: bool) -> None:
    client = start(admin=True)
    replies = [
        client.post("/api/ask", json=ASK, headers=headers),
        client.post("/api/index", headers=headers),
        client.post("/api/articles", files={"file": ("new.txt", b"News.")}, headers=headers),
        client.delete("/api/articles/banks/about.txt", headers=headers),
        client.post("/mcp", json=LIST_TOOLS, headers={**MCP, **headers}),
    ]
    if let_in:
        assert [reply.status_code for reply in replies] == [200, 200, 201, 200, 200]
    else:
        assert {refusal(reply) for reply in replies} == {(403, "ForeignOrigin")}
    assert client.get("/api/version", headers=headers).status_code == 200  # reading is guarded by CORS


PATHS = [
    ("GET", "/"),
    ("GET", "/config"),
    ("GET", "/gradio_api/info"),
    ("POST", "/gradio_api/queue/join"),
    ("GET", "/api/version"),
    ("GET", "/api/docs"),
    ("GET", "/api/openapi.json"),
    ("GET", "/api/articles"),
    ("POST", "/api/ask"),
    ("POST", "/mcp"),
    ("GET", "/metrics"),
    ("GET", "/nothing/here"),
    ("GET", "//api/health"),
    ("GET", "/api/health/"),
]


def test_with_logins_nothing_is_open(start: Start) -> None:
    client = start(logins=LOGINS)
    for (method, path), given in itertools.product(PATHS, ("", "Bearer wrong", "Digest eDp5")):
        reply = client.request(method, path, headers={"authorization": given} if given else {})
        assert refusal(reply) in ((401, "LoginNeeded"), (429, "TooManyCalls") if given else (401, "LoginNeeded"))


def test_the_challenge_is_one_that_browsers_and_curl_know(start: Start) -> None:
    reply = start(logins=LOGINS).get("/")
    assert reply.headers["www-authenticate"] == 'Basic realm="Briefing", charset="UTF-8"'


def test_but_health(start: Start) -> None:
    reply = start(logins=LOGINS).get("/api/health")
    assert (reply.status_code, reply.json()) == (200, {"live": True, "ready": True})


@pytest.mark.parametrize("headers", [BEARER, BASIC])
def test_a_login_opens_rest_mcp_and_metrics(start: Start, headers: dict[str, str]) -> None:
    client = start(logins=LOGINS)
    assert client.post("/api/ask", json=ASK, headers=headers).json()["verdict"] == "answered"
    assert client.post("/mcp", json=LIST_TOOLS, headers={**MCP, **headers}).status_code == 200
    assert client.get("/metrics", headers=headers).status_code == 200


def test_guessing_passwords_comes_to_an_end(start: Start) -> None:
    client = start(logins=LOGINS)
    wrong = [client.get("/api/version", auth=("anna", f"guess-{n}")).status_code for n in range(12)]
    assert wrong == [401] * 10 + [429] * 2
    assert client.get("/api/version", auth=("anna", "password1")).status_code == 429  # the right one tells nothing now
    assert client.get("/api/version", headers=BEARER).status_code == 200


def test_a_client_that_calls_too_often_is_told_when_to_go_on(start: Start) -> None:
    client = start(calls_per_minute=3, logins=LOGINS)
    statuses = [client.post("/api/ask", json=ASK, headers=BEARER).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    reply = client.post("/mcp", json=LIST_TOOLS, headers={**MCP, **BEARER})
    assert refusal(reply) == (429, "TooManyCalls")
    assert 1 <= int(reply.headers["retry-after"]) <= 60
    assert client.post("/api/ask", json=ASK, headers=BASIC).status_code == 200  # another client
    assert client.get("/api/version", headers=BEARER).status_code == 200  # reading is not counted


def test_any_number_of_calls_is_a_setting(start: Start) -> None:
    client = start(calls_per_minute=0)
    assert {client.post("/api/ask", json=ASK).status_code for _ in range(5)} == {200}


@pytest.mark.parametrize("path", ["/api/ask", "/api/retrieve", "/mcp"])
@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_is_too_long_is_refused(start: Start, path: str, announced: bool) -> None:
    client = start(max_body_bytes=1000)
    body = b'{"question": "' + b"x" * 2000 + b'"}'
    content = body if announced else iter([body[:900], body[900:]])
    reply = client.post(path, content=content, headers={"content-type": "application/json", **MCP})
    assert reply.status_code == 413
    assert "1,000 bytes" in reply.text or path == "/mcp"


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_a_body_that_any_form_could_send_is_refused(start: Start, kind: str) -> None:
    reply = start().post("/api/ask", content=b'{"question": "Who?"}', headers={"content-type": kind})
    assert refusal(reply) == (415, "WrongType")


def test_web_sockets_are_closed(start: Start) -> None:
    with pytest.raises(WebSocketDisconnect), start().websocket_connect("/api/ask"):
        pass


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "news.example", ""])
def test_other_machines_are_not_served_without_a_login(settings: Settings, host: str) -> None:
    def at(**serve: Any) -> Settings:  # noqa: ANN401 - settings
        return settings.model_copy(update={"serve": ServeSettings(host=host, **serve)})

    with pytest.raises(ServeError, match="there is no login: set .* logins_file"):
        access(at())
    assert access(at(logins=LOGINS)).logins
    assert not access(at(allow_no_login=True)).logins
    with pytest.raises(ServeError, match="admin on .* needs a login"):
        access(at(allow_no_login=True, admin=True))
    assert access(at(logins=LOGINS, admin=True)).logins


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_this_machine_needs_none(settings: Settings, host: str) -> None:
    assert not access(settings.model_copy(update={"serve": ServeSettings(host=host, admin=True)})).logins
