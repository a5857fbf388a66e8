"""What can be seen from outside: a line a question, metrics, and no question's text unless asked for."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from qa.briefing import Briefing
from qa.settings import ServeSettings
from qa.web.metrics import JsonLines, TextLines, _route, log_to_stderr
from qa.web.queue import Queue
from qa.web.server import create_services

QUESTION = "Who finances the northern railway?"
NOWHERE = "How many moons has Jupiter?"

Start = Callable[[ServeSettings], TestClient]


@pytest.fixture
def start(briefing: Briefing) -> Start:
    def started(serve: ServeSettings) -> TestClient:
        briefing.settings = briefing.settings.model_copy(update={"serve": serve})
        return TestClient(create_services(briefing, Queue.of(briefing.settings.serve)), base_url="http://127.0.0.1")

    return started


def samples(client: TestClient) -> dict[tuple[str, ...], float]:
    """Return the metrics: (name, label values …) -> value."""
    found = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            found[(sample.name, *sample.labels.values())] = sample.value
    return found


def test_questions_are_counted_by_verdict_and_stage(start: Start, briefing: Briefing) -> None:
    with TestClient(
        create_services(briefing, Queue.of(briefing.settings.serve)), base_url="http://127.0.0.1"
    ) as client:
        for question in (QUESTION, QUESTION, NOWHERE):
            client.post("/api/ask", json={"question": question})
        seen = samples(client)
    assert seen[("briefing_questions_total", "answered")] == 2
    assert sum(value for key, value in seen.items() if key[0] == "briefing_questions_total") == 3
    assert seen[("briefing_stage_seconds_count", "retrieve")] == 3
    assert seen[("briefing_stage_seconds_count", "read")] == 3
    assert seen[("briefing_articles",)] == 6
    assert seen[("briefing_passages",)] == len(briefing.generation.passages)
    assert seen[("briefing_slow_questions_total",)] == 0


def test_calls_are_counted_by_route_and_status_and_never_by_what_is_in_a_path(start: Start) -> None:
    with start(ServeSettings()) as client:
        client.get("/api/articles/banks/about.txt")
        client.get("/api/articles/secret-name.md")
        client.get("/api/none/secret-name")
        client.post("/api/ask", content=b"x", headers={"origin": "http://evil.example"})
        client.get("/secret-name")
        seen = samples(client)
        text = client.get("/metrics").text
    calls = {key[1:]: value for key, value in seen.items() if key[0] == "briefing_http_requests_total"}
    assert calls == {
        ("/api/articles", "200"): 1,
        ("/api/articles", "404"): 1,
        ("/api", "404"): 1,
        ("/api/ask", "403"): 1,
        ("page", "404"): 1,
    }
    assert "secret" not in text


@pytest.mark.parametrize("path", ["*", "", "/", "//", "/api", "/api/", "/mcp/", "/api//ask"])
def test_no_path_breaks_the_counting(path: str) -> None:
    assert _route(path) in ("page", "/api")


def question_lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [json.loads(JsonLines().format(r)) for r in caplog.records if r.name == "qa.questions"]


def test_a_question_is_one_line_without_its_text(
    start: Start, briefing: Briefing, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "qa.questions")
    with start(ServeSettings()) as client:
        answer = client.post("/api/ask", json={"question": QUESTION}).json()
    [line] = question_lines(caplog)
    assert sorted(line) == sorted(
        ["time", "level", "logger", "message", "verdict", "confidence", "milliseconds", "stages", "generation"]
    )
    assert (line["verdict"], line["generation"]) == ("answered", briefing.generation.name)
    assert line["stages"] == answer["trace"]["milliseconds"]
    assert "railway" not in caplog.text


def test_its_text_is_logged_where_that_is_set(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "qa.questions")
    with start(ServeSettings(log_questions=True)) as client:
        client.post("/api/ask", json={"question": QUESTION})
    assert [line["question"] for line in question_lines(caplog)] == [QUESTION]


def test_a_slow_question_is_a_warning_and_counted(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    with start(ServeSettings(slow_seconds=1e-9)) as client:
        client.post("/api/ask", json={"question": QUESTION})
        assert samples(client)[("briefing_slow_questions_total",)] == 1
    [line] = question_lines(caplog)
    assert (line["level"], line["message"]) == ("warning", "slow question")


def test_lines_cannot_be_forged() -> None:
    record = logging.makeLogRecord({"msg": "one\ntwo", "levelname": "INFO", "question": "a\n{} \x1b[31m"})
    assert "\n" not in JsonLines().format(record)
    assert json.loads(JsonLines().format(record))["question"] == "a\n{} \x1b[31m"
    assert TextLines().format(record).endswith(r'question="a\n{} \u001b[31m"')


def test_an_exception_stays_in_its_line() -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        record = logging.makeLogRecord({"msg": "failed", "exc_info": sys.exc_info()})
    line = JsonLines().format(record)
    assert "\n" not in line
    assert "ValueError: broken" in json.loads(line)["trace"]
    assert "ValueError: broken" in TextLines().format(record)


@pytest.mark.parametrize("form", ["json", "text"])
def test_the_log_goes_to_stderr(capsys: pytest.CaptureFixture[str], form: str) -> None:
    root, questions = logging.getLogger(), logging.getLogger("qa.questions")
    handlers, level, before = root.handlers[:], root.level, questions.level
    try:
        log_to_stderr(ServeSettings.model_validate({"log_format": form}))
        questions.info("question", extra={"verdict": "related"})
        logging.getLogger("elsewhere").info("chatter")
    finally:
        root.handlers[:], questions.level = handlers, before
        root.setLevel(level)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert ('"verdict": "related"' if form == "json" else 'INFO question verdict="related"') in captured.err
