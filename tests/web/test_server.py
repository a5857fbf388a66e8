"""The server: headers on everything, health, closed doors, and what `serve` does when it cannot."""

from __future__ import annotations

import json
import logging
import re
import runpy
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from starlette.testclient import TestClient

import qa.briefing
import qa.watch
from qa.briefing import Briefing
from qa.errors import BriefingError, CorpusNotFoundError, ServeError
from qa.settings import ServeSettings, Settings
from qa.web import serve, server
from tests.fakes import FakeEncoder

ROOT = Path(__file__).parents[2]


@pytest.fixture
def client(briefing: Briefing) -> Iterator[TestClient]:
    with TestClient(server.create_app(briefing), base_url="http://127.0.0.1:7860") as started:
        yield started


@pytest.mark.parametrize("path", ["/", "/api/health", "/config", "/nothing/here", "/favicon.ico", "/theme.css"])
def test_every_response_has_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"script-src[^;]*'unsafe-inline'|https?:|\*", policy)


def test_every_script_of_the_page_has_the_nonce_of_its_response(client: TestClient) -> None:
    first, second = client.get("/"), client.get("/", headers={"accept-encoding": "gzip, br"})
    nonces = []
    for reply in (first, second):
        found = re.search(r"'nonce-([\w-]+)'", reply.headers["content-security-policy"])
        assert found
        nonces.append(found[1])
        assert len(reply.content) == int(reply.headers["content-length"])
        assert reply.text.count("<script") == reply.text.count(f'<script nonce="{found[1]}"') > 0
    assert nonces[0] != nonces[1]


def test_a_head_request_is_answered_without_a_body(client: TestClient) -> None:
    reply = client.head("/")
    assert reply.status_code == 200
    assert reply.content == b""


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/nothing/here", "/monitoring/summary"])
def test_what_is_not_offered_is_not_there(client: TestClient, path: str) -> None:
    assert client.get(path).status_code in (401, 403, 404)


def test_no_other_origin_is_let_in(client: TestClient) -> None:
    headers = {"origin": "https://outside.example", "host": "briefing.example"}
    for path in ("/", "/api/health", "/config"):
        assert "access-control-allow-origin" not in client.get(path, headers=headers).headers


def test_the_api_names_no_handler(client: TestClient) -> None:
    info = client.get("/gradio_api/info").json()
    assert info == {"named_endpoints": {}, "unnamed_endpoints": {}}


def test_the_page_names_no_folder(client: TestClient, briefing: Briefing) -> None:
    config = json.dumps(client.get("/config").json()) + client.get("/").text
    assert str(briefing.settings.corpus.folder.parent) not in config


def test_a_taken_port_is_said_in_one_sentence(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        busy = settings.model_copy(update={"serve": ServeSettings(port=port)})
        with pytest.raises(
            ServeError, match=rf"cannot listen on 127\.0\.0\.1 port {port}: .*in use.*BRIEFING_SERVE__PORT"
        ):
            serve(busy)


@pytest.fixture
def fake_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qa.live, "SentenceEncoder", lambda *_: FakeEncoder())


class Stopped:
    """Stands in for uvicorn: remembers what it was to run."""

    config: uvicorn.Config
    port: int

    def __init__(self, config: uvicorn.Config) -> None:
        Stopped.config = config

    def run(self, sockets: list[socket.socket]) -> None:
        Stopped.port = sockets[0].getsockname()[1]


def test_serving_warms_up_and_says_where(
    settings: Settings,
    fake_encoder: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = threading.Event()
    monkeypatch.setattr(Briefing, "ask", lambda *_: asked.set())
    monkeypatch.setattr(uvicorn, "Server", Stopped)
    serve(settings.model_copy(update={"serve": ServeSettings(port=0, title="News")}))
    assert capsys.readouterr().out == f"News: http://127.0.0.1:{Stopped.port}/  (Ctrl+C stops it)\n"
    assert asked.wait(20)
    assert Stopped.config.timeout_graceful_shutdown == 3
    assert Stopped.config.server_header is False


def test_models_that_cannot_be_loaded_are_logged_while_the_page_is_served(
    briefing: Briefing, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: str) -> None:
        raise BriefingError("the model is damaged")

    monkeypatch.setattr(briefing, "ask", fail)
    server._warm(briefing)
    assert "no question can be answered: the model is damaged" in caplog.text


def test_an_index_that_cannot_be_updated_is_served_as_it_is(
    settings: Settings, corpus_folder: Path, fake_encoder: None, caplog: pytest.LogCaptureFixture
) -> None:
    built = Briefing.open(settings=settings).generation.name
    corpus_folder.rename(corpus_folder.with_name("away"))
    briefing, seen = server._opened(settings, server.silent)
    assert (briefing.generation.name, seen) == (built, None)
    assert [record.levelno for record in caplog.records if record.name == "qa.live"] == [logging.WARNING]


def test_with_neither_corpus_nor_index_the_corpus_is_named(
    settings: Settings, tmp_path: Path, fake_encoder: None
) -> None:
    gone = settings.model_copy(update={"corpus": settings.corpus.model_copy(update={"folder": tmp_path / "none"})})
    with pytest.raises(CorpusNotFoundError):
        server._opened(gone, server.silent)


def test_the_app_tells_an_error_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise BriefingError("no corpus here")

    monkeypatch.setattr("qa.web.serve", fail)
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(ROOT / "app.py"), run_name="__main__")
    assert stopped.value.code == 1
    assert capsys.readouterr().err == "no corpus here\n"


@pytest.mark.parametrize("watched", [True, False])
def test_folder_is_followed_while_it_is_served_if_the_settings_say_so(
    briefing: Briefing, corpus_folder: Path, monkeypatch: pytest.MonkeyPatch, watched: bool
) -> None:
    monkeypatch.setattr(qa.watch, "QUIET_MS", 50)
    monkeypatch.setattr(qa.watch, "LOOK_MS", 100)
    serve = briefing.settings.serve.model_copy(update={"watch": watched})
    briefing.settings = briefing.settings.model_copy(update={"serve": serve})
    taken_in = threading.Event()
    monkeypatch.setattr(briefing, "update", lambda **_: taken_in.set())
    with server._followed(briefing):
        (corpus_folder / "new.md").write_text("A bridge was built.", encoding="utf-8")
        assert taken_in.wait(20 if watched else 0.5) is watched
    assert not any(thread.name == "follow the corpus" for thread in threading.enumerate())
