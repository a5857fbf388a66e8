"""`briefing writer check`, where text goes, and the surfaces: REST, metrics, doctor, terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient
from typer.testing import CliRunner

import qa.cli
import qa.live
from qa.briefing import Briefing
from qa.doctor import examine
from qa.settings import Settings, WriterSettings
from qa.web.queue import Queue
from qa.web.server import create_services
from tests.fakes import FakeEncoder
from tests.writer import scripted
from tests.writer.scripted import MODEL, extracts, fails, says, serving
from tests.writer.test_writing import QUESTION, WRITTEN

Opened = Callable[..., Briefing]
BRIDGE = "It is 340 metres long and cost 12 million crowns."


def check(monkeypatch: pytest.MonkeyPatch, url: str, *args: str) -> tuple[int, str, BaseException | None]:
    monkeypatch.setenv("BRIEFING_WRITER__BASE_URL", url)
    result = CliRunner().invoke(qa.cli.app, ["writer", "check", *args])
    return result.exit_code, result.output, result.exception


def test_check_says_which_model_answers_how_fast_and_whether_it_takes_a_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(extracts("340 metres", (1, BRIDGE))) as script:
        code, output, _ = check(monkeypatch, script.url, "--json")
    found = json.loads(output)
    assert code == 0
    assert (found["model"], found["local"], found["models"]) == (MODEL, True, [MODEL])
    assert found["structured"] and found["well_formed"] and found["quotes"] and found["right"]
    assert (found["prompt_tokens"], found["completion_tokens"]) == (120, 30)
    assert found["tokens_per_second"] > 0


def test_check_tells_a_server_without_schemas(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(scripted.picky) as script:
        code, output, _ = check(monkeypatch, script.url)
    assert code == 0
    assert f"{MODEL} at {script.url[7:-3]}, this machine" in output
    assert "structured: no" in output and "well formed: no" in output


def test_check_without_a_server_set_or_there_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    code, _, error = check(monkeypatch, "")
    assert code and "[writer] base_url" in str(error)
    monkeypatch.setenv("BRIEFING_WRITER__MODEL", "m")
    code, _, error = check(monkeypatch, "http://127.0.0.1:9/v1")
    assert code and "127.0.0.1:9 cannot be reached" in str(error)


def test_the_doctor_says_where_text_is_sent(settings: Settings, briefing: Briefing) -> None:
    def codes(chosen: Settings) -> list[tuple[str, str]]:
        found = examine(chosen, fingerprint=lambda: "fake-fingerprint-1").findings
        return [(f.code, f.id) for f in found if f.code == "writer"]

    assert codes(settings) == []
    url = "https://api.example.org/v1"
    assert codes(settings.model_copy(update={"writer": WriterSettings(base_url=url)})) == [("writer", url)]


def test_rest_keeps_what_was_written_apart_and_streams_it(with_writer: Opened) -> None:
    second = "The loan carries an interest rate of 4 percent. [1]"
    with serving(says(f"{WRITTEN} Bad sentence here. [1] {second}")) as script:
        briefing = with_writer(script, use="write", prompt_price=1000.0, completion_price=1000.0)
        app = create_services(briefing, Queue.of(briefing.settings.serve))
        with TestClient(app, base_url="http://127.0.0.1") as client:
            whole = client.post("/api/ask", json={"question": QUESTION}).json()
            streamed = client.post("/api/ask/stream", json={"question": QUESTION})
            refused = client.post("/api/ask/stream", json={"question": QUESTION, "sources": ["x" * 600]})
            metrics = client.get("/metrics").text
    assert [s["verbatim"] for s in whole["written"]] == [False, False]
    assert whole["trace"]["writer"]["sent_to"] == script.url[7:-3]
    lines = [json.loads(line) for line in streamed.text.splitlines()]
    assert [len(line["written"]) for line in lines] == [0, 1, 2, 2]
    assert lines[0]["trace"]["writer"] is None and lines[-1]["trace"]["writer"]["cached"]
    assert {k: v for k, v in lines[-1].items() if k != "trace"} == {k: v for k, v in whole.items() if k != "trace"}
    assert refused.status_code == 422
    counted = {
        (s.name, *s.labels.values()): s.value for f in text_string_to_metric_families(metrics) for s in f.samples
    }
    assert counted[("briefing_writer_answers_total", "changed")] == 2
    assert counted[("briefing_writer_tokens_total", "prompt")] == 120
    assert counted[("briefing_writer_cost_total",)] == pytest.approx(0.15)
    assert counted[("briefing_writer_dropped_total",)] == 2


def test_the_terminal_says_who_wrote_and_what_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, corpus_folder: Path, index_folder: Path, fixed_weights: None
) -> None:
    monkeypatch.setattr(qa.live, "SentenceEncoder", lambda *_: FakeEncoder())
    monkeypatch.setenv("BRIEFING_WRITER__USE", "write")
    args = ["ask", QUESTION, "--corpus", str(corpus_folder), "--index", str(index_folder)]
    with serving(says(f"{WRITTEN} Jupiter has moons. [1]"), fails(500)) as script:
        monkeypatch.setenv("BRIEFING_WRITER__BASE_URL", script.url)
        written = CliRunner().invoke(qa.cli.app, args).stdout
        failed = CliRunner().invoke(qa.cli.app, args).stdout
    assert f"written by {MODEL} at {script.url[7:-3]} (120 + 30 tokens" in written
    assert "not shown: Jupiter has moons." in written
    assert "without the language model:" in failed and "status 500" in failed
