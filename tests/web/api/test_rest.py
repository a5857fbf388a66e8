"""REST: the same objects as everywhere, and every error as a type and a sentence."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.testclient import TestClient

from qa import __version__
from qa.briefing import Briefing
from qa.corpus.library import REMOVED
from qa.errors import (
    BriefingError,
    BusyError,
    CorpusNotFoundError,
    IndexBusyError,
    IndexCorruptError,
    ModelError,
    StoredIndexError,
)
from qa.settings import ServeSettings
from qa.web.queue import Queue
from qa.web.server import create_services
from tests.web.running import awaited

QUESTION = "Who finances the northern railway?"


@pytest.fixture
def client(briefing: Briefing) -> Iterator[TestClient]:
    with TestClient(
        create_services(briefing, Queue.of(briefing.settings.serve)),
        base_url="http://127.0.0.1",
        raise_server_exceptions=False,
    ) as started:
        yield started


@pytest.fixture
def admin(briefing: Briefing) -> Iterator[TestClient]:
    serve = ServeSettings(admin=True)
    corpus = briefing.settings.corpus.model_copy(update={"max_file_bytes": 5000})
    briefing.settings = briefing.settings.model_copy(update={"serve": serve, "corpus": corpus})
    with TestClient(
        create_services(briefing, Queue.of(briefing.settings.serve)), base_url="http://127.0.0.1"
    ) as started:
        yield started


def plain(value: Any) -> Any:  # noqa: ANN401 - a dataclass, as JSON has it
    return json.loads(json.dumps(asdict(value), default=str))


def without_times(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "trace": {**answer["trace"], "milliseconds": sorted(answer["trace"]["milliseconds"])}}


def test_ask_returns_the_answer_of_the_briefing(client: TestClient, briefing: Briefing) -> None:
    reply = client.post("/api/ask", json={"question": QUESTION})
    assert reply.status_code == 200
    assert without_times(reply.json()) == without_times(plain(briefing.ask(QUESTION)))
    for citation in reply.json()["citations"]:
        article = briefing.article(citation["article_id"])
        assert article.text[citation["start"] : citation["end"]] == citation["quote"]


def test_a_question_may_lean_on_earlier_turns(client: TestClient, briefing: Briefing) -> None:
    text = briefing.ask(QUESTION).text
    turns = [{"question": QUESTION, "answer": text}]
    asked = "And when was it postponed?"
    reply = client.post("/api/ask", json={"question": asked, "history": turns}).json()
    assert without_times(reply) == without_times(plain(briefing.ask(asked, history=[(QUESTION, text)])))
    assert reply["question"] == asked != reply["trace"]["searched_for"]
    chosen = {"question": asked, "history": turns, "searched_for": "When was the northern railway postponed?"}
    assert client.post("/api/ask", json=chosen).json()["trace"]["searched_for"] == chosen["searched_for"]


@pytest.mark.parametrize("history", ["x", [["q", "a"]], [{"question": "q"}], [{"question": "q", "answer": "a"}] * 51])
def test_history_of_another_shape_is_refused(client: TestClient, history: object) -> None:
    assert client.post("/api/ask", json={"question": QUESTION, "history": history}).status_code == 422


def test_filters_reach_the_briefing(client: TestClient, briefing: Briefing) -> None:
    filters = {"since": "2017-01-01", "until": "2019-12-31", "sources": ["Morning Post"], "tags": ["gas"]}
    reply = client.post("/api/ask", json={"question": "When did gas begin to flow?", **filters})
    assert {hit["passage"]["article_id"] for hit in reply.json()["hits"]} == {"2019-12-03-gas-flows.md"}


def test_retrieve_returns_the_hits_of_the_briefing(client: TestClient, briefing: Briefing) -> None:
    reply = client.post("/api/retrieve", json={"question": QUESTION, "k": 3, "sources": []})
    assert reply.json() == {"question": QUESTION, "hits": [plain(hit) for hit in briefing.retrieve(QUESTION, k=3)]}


def test_articles_are_listed_without_text_and_in_stretches(client: TestClient, briefing: Briefing) -> None:
    listed = [{k: v for k, v in plain(a).items() if k != "text"} for a in briefing.articles()]
    names = {"id", "title", "source", "url", "published", "tags"}
    listed = [{k: v for k, v in entry.items() if k in names} for entry in listed]
    assert client.get("/api/articles").json() == {"total": 6, "articles": listed}
    assert client.get("/api/articles?offset=4&limit=1").json() == {"total": 6, "articles": listed[4:5]}
    assert client.get("/api/articles?offset=6").json() == {"total": 6, "articles": []}


def test_an_article_is_read_by_its_id(client: TestClient, briefing: Briefing) -> None:
    assert client.get("/api/articles/banks/about.txt").json() == plain(briefing.article("banks/about.txt"))


def test_version_names_package_generation_and_model(client: TestClient, briefing: Briefing) -> None:
    made = briefing.generation.manifest
    assert client.get("/api/version").json() == {
        "package": __version__,
        "generation": made.generation,
        "created": made.created,
        "up_to_date": True,
        "model": "fake",
        "articles": 6,
        "passages": made.passages,
    }


def test_health_is_not_ready_without_an_index(briefing: Briefing) -> None:
    with TestClient(
        create_services(briefing, Queue.of(briefing.settings.serve)), base_url="http://127.0.0.1"
    ) as client:
        assert client.get("/api/health").json() == {"live": True, "ready": True}
        briefing._live._snapshot = None
        reply = client.get("/api/health")
        assert (reply.status_code, reply.json()) == (503, {"live": True, "ready": False})


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "kind"),
    [
        ("POST", "/api/ask", {"question": ""}, 422, "ValidationFailed"),
        ("POST", "/api/ask", {"question": " \t "}, 422, "ValidationFailed"),
        ("POST", "/api/ask", {"question": "x" * 2001}, 422, "ValidationFailed"),
        ("POST", "/api/ask", {"question": 3}, 422, "ValidationFailed"),
        ("POST", "/api/ask", {"question": "Who?", "why": 1}, 422, "ValidationFailed"),
        ("POST", "/api/ask", {"question": "Who?", "since": "yesterday"}, 422, "ValidationFailed"),
        ("POST", "/api/ask", {"question": "Who?", "since": 0}, 422, "ValidationFailed"),
        ("POST", "/api/ask", {"question": "Who?", "since": "0"}, 422, "ValidationFailed"),
        ("POST", "/api/ask", {"question": "Who?", "until": "2020-01-01T00:00"}, 422, "ValidationFailed"),
        ("POST", "/api/ask", {"question": "Who?", "until": "2020-02-30"}, 422, "ValidationFailed"),
        ("POST", "/api/ask", {"question": "Who?", "tags": ["x"] * 101}, 422, "ValidationFailed"),
        ("POST", "/api/ask", [], 422, "ValidationFailed"),
        ("POST", "/api/ask", {"question": "\x1f"}, 400, "QuestionError"),
        ("POST", "/api/ask", {"question": "Who?", "since": "2020-01-02", "until": "2020-01-01"}, 400, "FilterError"),
        ("POST", "/api/retrieve", {"question": "Who?", "k": 0}, 422, "ValidationFailed"),
        ("POST", "/api/retrieve", {"question": "Who?", "k": 1001}, 422, "ValidationFailed"),
        ("GET", "/api/articles?limit=0", None, 422, "ValidationFailed"),
        ("GET", "/api/articles?offset=-1", None, 422, "ValidationFailed"),
        ("GET", "/api/articles/none.md", None, 404, "ArticleNotFoundError"),
        ("GET", "/api/articles/..%2F..%2Fetc%2Fpasswd", None, 404, "ArticleNotFoundError"),
        ("GET", "/api/articles/" + "x" * 2001, None, 422, "ValidationFailed"),
        ("GET", "/api/articles/a%0Ab", None, 404, "NotFound"),
        ("GET", "/api/none", None, 404, "NotFound"),
        ("GET", "/api/docs/..%2F..%2Frest.py", None, 404, "NotFound"),
        ("GET", "/api/docs/rest.py", None, 404, "NotFound"),
        ("GET", "/api/ask", None, 405, "MethodNotAllowed"),
        ("POST", "/api/index", None, 404, "NotFound"),  # without admin there is nothing that writes
        ("POST", "/api/articles", None, 405, "MethodNotAllowed"),
        ("DELETE", "/api/articles/banks/about.txt", None, 405, "MethodNotAllowed"),
    ],
)
def test_an_error_is_a_status_a_type_and_a_sentence(
    client: TestClient,
    method: str,
    path: str,
    body: object,
    status: int,
    kind: str,
) -> None:
    reply = client.request(method, path, json=body) if body is not None else client.request(method, path)
    assert (reply.status_code, reply.json()["error"]["type"]) == (status, kind)
    assert set(reply.json()) == {"error"}
    assert set(reply.json()["error"]) == {"type", "message"}
    assert reply.json()["error"]["message"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[" * 50_000, b'{"question": NaN}', b"\xff", b"null", rb'{"question": "\ud800"}']
)
def test_what_is_no_json_is_told_so(client: TestClient, body: bytes) -> None:
    reply = client.post("/api/ask", content=body, headers={"content-type": "application/json"})
    assert reply.status_code in (400, 422)
    assert set(reply.json()["error"]) == {"type", "message"}


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (StoredIndexError("/srv/secret/index is gone"), 503, "StoredIndexError"),
        (IndexCorruptError("/srv/secret/index is altered"), 503, "IndexCorruptError"),
        (CorpusNotFoundError("no folder at /srv/secret"), 503, "CorpusNotFoundError"),
        (ModelError("/srv/secret/model is gone"), 503, "ModelError"),
        (IndexBusyError("/srv/secret/.lock is held"), 409, "IndexBusyError"),
        (BriefingError("/srv/secret"), 503, "BriefingError"),
        (RuntimeError("/srv/secret"), 500, "InternalError"),
        (RecursionError("/srv/secret"), 500, "InternalError"),
    ],
)
def test_an_error_tells_no_path_and_no_trace(
    client: TestClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    status: int,
    kind: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Briefing, "ask", fail)
    reply = client.post("/api/ask", json={"question": QUESTION})
    assert (reply.status_code, reply.json()["error"]["type"]) == (status, kind)
    assert "secret" not in reply.text
    assert "Traceback" not in reply.text
    assert reply.headers["content-security-policy"]
    logged = [record for record in caplog.records if record.name == "qa.web.api.rest"]
    assert bool(logged) is (status == 503)  # at 500 it goes on to uvicorn, which logs it


def test_one_more_than_may_wait_is_refused_at_once() -> None:
    go = threading.Event()

    async def crowd() -> list[str]:
        queue, done = Queue(workers=1, max_waiting=1), list[str]()

        async def ask(name: str) -> None:
            done.append(await queue.run(lambda: name if go.wait(20) else "in vain"))

        async with anyio.create_task_group() as group:
            group.start_soon(ask, "answered")
            group.start_soon(ask, "waited")
            while queue.waiting < 1:
                await anyio.sleep(0.001)
            with pytest.raises(BusyError, match="1 questions are waiting"):
                await queue.run(lambda: "one too many")
            go.set()
        return done

    assert awaited(crowd) == ["answered", "waited"]


def test_where_too_many_wait_is_told_when_to_come_again(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(*_: object) -> None:
        raise BusyError("64 questions are waiting already; try again in a moment")

    monkeypatch.setattr(Queue, "run", busy)
    reply = client.post("/api/ask", json={"question": QUESTION})
    assert (reply.status_code, reply.json()["error"]["type"]) == (503, "BusyError")
    assert reply.headers["retry-after"] == "1"


def test_the_api_is_described_and_its_page_needs_nothing_from_elsewhere(client: TestClient) -> None:
    described = client.get("/api/openapi.json").json()
    assert sorted(described["paths"]) == [
        "/articles",
        "/articles/{id}",
        "/ask",
        "/ask/stream",
        "/health",
        "/news",
        "/retrieve",
        "/timeline",
        "/version",
    ]
    assert described["servers"] == [{"url": "/api"}]
    assert described["components"]["schemas"]["AskBody"]["properties"]["question"]["maxLength"] == 2000
    page = client.get("/api/docs")
    assert "http" not in page.text.replace("http-equiv", "")
    assert "//" not in page.text.replace("// ", "")
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert f'"docs/{name}"' in page.text
        assert client.get(f"/api/docs/{name}").status_code == 200


# ---- writing calls


def upload(client: TestClient, name: str, content: bytes, **fields: str) -> Any:  # noqa: ANN401 - a response
    return client.post("/api/articles", files={"file": (name, content)}, data=fields)


def test_an_upload_is_answered_from_after_the_rebuild(admin: TestClient, briefing: Briefing) -> None:
    text = b"The zeppelin hangar at Friedrichshafen measures 250 metres.\n"
    reply = upload(admin, "hangar.txt", text)
    assert (reply.status_code, reply.json()) == (201, {"id": "hangar.txt"})
    receipt = admin.post("/api/index").json()
    assert (receipt["added"], receipt["unchanged"], receipt["rejected"]) == (["hangar.txt"], 6, [])
    asked = admin.post("/api/ask", json={"question": "How long is the zeppelin hangar at Friedrichshafen?"}).json()
    assert asked["citations"][0]["article_id"] == "hangar.txt"
    assert asked["generation"] == receipt["generation"] == briefing.generation.name


@pytest.mark.parametrize(
    ("name", "content", "status", "kind"),
    [
        ("2016-06-29-railway-loan.md", b"Other.", 409, "ArticleExistsError"),
        ("../up.md", b"Text.", 400, "LibraryError"),
        ("page.exe", b"Text.", 400, "LibraryError"),
        ("binary.txt", b"a\0b", 400, "LibraryError"),
        ("long.txt", b"x" * 5001, 400, "LibraryError"),
        ("longer.txt", b"x" * 50_000, 413, "TooLarge"),
    ],
)
def test_what_the_folder_does_not_take_is_refused(
    admin: TestClient, corpus_folder: Path, name: str, content: bytes, status: int, kind: str
) -> None:
    before = sorted(corpus_folder.rglob("*"))
    reply = upload(admin, name, content)
    assert (reply.status_code, reply.json()["error"]["type"]) == (status, kind)
    assert str(corpus_folder) not in reply.text
    assert sorted(corpus_folder.rglob("*")) == before


def test_what_is_replaced_or_removed_is_kept(admin: TestClient, corpus_folder: Path) -> None:
    old = (corpus_folder / "2016-06-29-railway-loan.md").read_bytes()
    assert upload(admin, "2016-06-29-railway-loan.md", b"New.", replace="true").status_code == 201
    assert admin.delete("/api/articles/banks/about.txt").json() == {"id": "banks/about.txt"}
    kept = {file.name: file.read_bytes() for file in (corpus_folder / REMOVED).rglob("*") if file.is_file()}
    assert kept["2016-06-29-railway-loan.md"] == old
    assert kept["about.txt"].startswith(b"About the Development Bank")
    receipt = admin.post("/api/index").json()
    assert (receipt["modified"], receipt["deleted"]) == (["2016-06-29-railway-loan.md"], ["banks/about.txt"])
    assert admin.get("/api/articles/banks/about.txt").status_code == 404
    assert admin.delete("/api/articles/banks/about.txt").status_code == 404


def test_one_rebuild_at_a_time(
    admin: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    inside, go = threading.Event(), threading.Event()
    original = Briefing.refresh

    def slow(self: Briefing, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as refresh
        inside.set()
        assert go.wait(20)
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Briefing, "refresh", slow)
    statuses: list[int] = []
    first = threading.Thread(target=lambda: statuses.append(admin.post("/api/index").status_code))
    first.start()
    assert inside.wait(20)
    second = admin.post("/api/index")
    asked = admin.post("/api/ask", json={"question": QUESTION})
    go.set()
    first.join()
    assert (second.status_code, second.json()["error"]["type"]) == (409, "IndexBusyError")
    assert asked.json()["verdict"] == "answered"  # meanwhile
    assert statuses == [200]
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_a_rollback_serves_the_generation_before_until_the_next_rebuild(admin: TestClient, briefing: Briefing) -> None:
    first = briefing.generation.name
    upload(admin, "hangar.txt", b"The hangar is long.")
    second = admin.post("/api/index").json()["generation"]
    listed = admin.get("/api/generations").json()["generations"]
    assert [(each["name"], each["current"], each["held"]) for each in listed] == [
        (second, True, False),
        (first, False, False),
    ]
    assert admin.post("/api/rollback").json() == {"generation": first}
    assert admin.post("/api/ask", json={"question": QUESTION}).json()["generation"] == first
    assert admin.get("/api/version").json()["up_to_date"] is False
    assert admin.post(f"/api/rollback?generation={second}").json() == {"generation": second}
    for none in ("gen-none", "../up", ""):
        reply = admin.post("/api/rollback", params={"generation": none})
        assert (reply.status_code, reply.json()["error"]["type"]) == (404, "IndexNotFoundError")
    assert admin.post("/api/index").status_code == 200
    assert admin.get("/api/version").json()["up_to_date"] is True


def test_losing_most_articles_has_to_be_agreed_to(admin: TestClient, corpus_folder: Path) -> None:
    for article in [each["id"] for each in admin.get("/api/articles").json()["articles"]][:4]:
        admin.delete(f"/api/articles/{article}")
    refused = admin.post("/api/index")
    assert (refused.status_code, refused.json()["error"]["type"]) == (409, "MassDeletionError")
    assert str(corpus_folder) not in refused.text
    assert admin.get("/api/articles").json()["total"] == 6
    assert len(admin.post("/api/index?confirm_deletions=true").json()["deleted"]) == 4
    assert admin.get("/api/articles").json()["total"] == 2


def test_a_wrong_method_is_told_which_are_right(admin: TestClient) -> None:
    assert admin.patch("/api/articles").headers["allow"] == "GET, POST"
    assert admin.patch("/api/articles/x.md").headers["allow"] == "DELETE, GET"


def test_writing_calls_are_described_where_they_exist(admin: TestClient) -> None:
    paths = admin.get("/api/openapi.json").json()["paths"]
    assert "post" in paths["/index"]
    assert "post" in paths["/articles"]
    assert "delete" in paths["/articles/{id}"]


def test_a_timeline_and_what_is_new_since_a_day(client: TestClient) -> None:
    told = client.post("/api/timeline", json={"subject": "the northern railway"}).json()
    assert [entry["day"] for entry in told["timeline"]] == sorted(entry["day"] for entry in told["timeline"])
    assert told["trace"]["request"]["kind"] == "timeline"
    news = client.post("/api/news", json={"since": "2019-01-01"}).json()
    assert [entry["id"] for entry in news["listing"]] == ["2020-03-09-railway-postponed.md", "2019-12-03-gas-flows.md"]
    assert (news["verdict"], news["total"]) == ("about", 2)
