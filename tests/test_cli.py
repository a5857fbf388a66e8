from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

import qa.briefing
import qa.cli
import qa.cli.terminal
from qa.briefing import Briefing
from qa.errors import BriefingError, BrokenPinsError, MassDeletionError, ServeError, SettingsError
from qa.settings import ServeSettings, Settings
from qa.web.security.auth import Authenticator, read_logins
from tests.fakes import FakeEncoder
from tests.texts import write_article

QUESTION = "Who finances the northern railway?"
LOAN = "2016-06-29-railway-loan.md"
FINANCES = "The Development Bank finances the northern railway with a loan of 400 billion roubles."


@pytest.fixture(autouse=True)
def fake_model(monkeypatch: pytest.MonkeyPatch, fixed_weights: None) -> None:
    monkeypatch.setattr(qa.live, "SentenceEncoder", lambda *_: FakeEncoder())


@pytest.fixture
def folders(corpus_folder: Path, index_folder: Path) -> list[str]:
    return ["--corpus", str(corpus_folder), "--index", str(index_folder)]


def run(*args: str) -> Result:
    return CliRunner().invoke(qa.cli.app, list(args))


def run_json(*args: str) -> dict[str, Any]:
    result = run(*args, "--json")
    assert result.exit_code == 0, result.output
    assert result.stdout.count("\n") == 1  # one object, one line, nothing else
    values: dict[str, Any] = json.loads(result.stdout)
    return values


def test_index_prints_a_receipt_that_balances(folders: list[str], corpus_folder: Path) -> None:
    (corpus_folder / "picture.png").write_bytes(b"\x89PNG\0")
    (corpus_folder / "sheet.odd").write_bytes(b"\0")
    first = run_json("index", *folders)
    assert (first["scanned"], len(first["added"]), first["unchanged"]) == (7, 6, 0)
    assert [problem["id"] for problem in first["rejected"]] == ["sheet.odd"]
    assert first["skipped"] == 1
    second = run_json("index", *folders)
    assert (second["added"], second["unchanged"], second["encoded"]) == ([], 6, 0)
    assert second["generation"] == first["generation"]


def test_index_names_what_it_refused(folders: list[str], corpus_folder: Path) -> None:
    (corpus_folder / "bad.md").write_text("---\ntitle: [\n---\nText.")
    result = run("index", *folders)
    assert result.exit_code == 0
    assert "7 files: 6 added, 1 rejected" in result.stdout
    assert "rejected bad.md: front matter broken" in result.stdout


def test_ask_prints_the_answer_object(folders: list[str], corpus_folder: Path) -> None:
    answer = run_json("ask", QUESTION, *folders)
    assert (answer["question"], answer["verdict"], answer["text"]) == (QUESTION, "answered", FINANCES)
    citation = answer["citations"][0]
    assert (citation["number"], citation["article_id"], citation["published"]) == (1, LOAN, "2016-06-29")
    briefing = Briefing.open(corpus_folder, folders[3], encoder=FakeEncoder())
    assert briefing.article(LOAN).text[citation["start"] : citation["end"]] == citation["quote"] == FINANCES


def test_ask_for_people(folders: list[str]) -> None:
    result = run("ask", QUESTION, *folders)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{FINANCES}\nanswered, confidence ")
    assert "[1] Loan for the northern railway · Rail Gazette · 2016-06-29" in result.stdout


def test_refusal_is_no_error(folders: list[str]) -> None:
    answer = run_json("ask", "Zebras and giraffes?", *folders)
    assert (answer["verdict"], answer["citations"]) == ("not_in_corpus", [])
    assert len(answer["hits"]) == 6


def test_retrieve_prints_question_and_hits(folders: list[str]) -> None:
    found = run_json("retrieve", QUESTION, "-k", "2", *folders)
    assert found["question"] == QUESTION
    assert [hit["rank"] for hit in found["hits"]] == [1, 2]
    assert {hit["passage"]["article_id"] for hit in found["hits"]} == {LOAN, "2020-03-09-railway-postponed.md"}


def test_filters_reach_retrieval(folders: list[str]) -> None:
    args = ("retrieve", "railway", "-k", "50", *folders)
    late = run_json(*args, "--since", "2020-01-01")
    assert {hit["passage"]["article_id"] for hit in late["hits"]} == {"2020-03-09-railway-postponed.md"}
    sources = run_json(*args, "--source", "Rail Gazette", "--source", "Energy Weekly", "--tag", "finance")
    assert {hit["passage"]["article_id"] for hit in sources["hits"]} == {LOAN}


def test_articles_are_listed_without_their_text(folders: list[str]) -> None:
    listed = run_json("articles", *folders)["articles"]
    assert [article["id"] for article in listed][:2] == [LOAN, "2017-05-22-pipeline-progress.md"]
    assert "text" not in listed[0]
    assert "Loan for the northern railway" in run("articles", *folders).stdout


def test_no_update_asks_the_index_as_it_is(folders: list[str], corpus_folder: Path) -> None:
    run("index", *folders)
    (corpus_folder / LOAN).unlink()
    assert run_json("ask", QUESTION, "--no-update", *folders)["citations"][0]["article_id"] == LOAN
    assert LOAN not in json.dumps(run_json("ask", QUESTION, *folders))


def test_eval_compares_with_what_is_expected(folders: list[str], tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    lines = [
        {"question": QUESTION, "evidence": [{"article": LOAN, "quote": FINANCES}], "answers": ["Development Bank"]},
        {"question": "Zebras and giraffes?", "verdict": "not_in_corpus"},
    ]
    file.write_text("\n".join(map(json.dumps, lines)))
    result = run_json("eval", "--questions", str(file), *folders)
    assert result["summary"] == {
        "questions": 2,
        "with_answer": 1,
        "passage_in_first_3": 1,
        "first_citation_right": 1,
        "answered_right": 1,
        "answered_wrong": 0,
        "refused_though_present": 0,
        "without_answer": 1,
        "answered_though_absent": 0,
        "verdict_exact": 2,
        "answers_verbatim": 2,
    }
    assert "passage in first 3: 1" in run("eval", "--questions", str(file), *folders).stdout


@pytest.mark.parametrize(
    "args", [["ask"], ["retrieve", "x", "-k", "0"], ["ask", "x", "--since", "May"], ["nonsense"], ["eval"]]
)
def test_wrong_usage_is_exit_code_2(args: list[str]) -> None:
    assert run(*args).exit_code == 2


def test_errors_are_briefing_errors(tmp_path: Path, index_folder: Path) -> None:
    result = run("ask", "x", "--corpus", str(tmp_path / "nowhere"), "--index", str(index_folder))
    assert isinstance(result.exception, BriefingError)
    assert str(tmp_path / "nowhere") in str(result.exception)


def test_control_characters_of_articles_do_not_reach_the_terminal(folders: list[str], corpus_folder: Path) -> None:
    evil = "The zebra counts the stripes of the other zebra \x1b]0;owned\x07 every day."
    (corpus_folder / "evil.md").write_text(evil)
    for args in (["ask", "What does the zebra count?"], ["retrieve", "zebra"]):
        shown = run(*args, *folders).stdout
        assert "zebra counts" in shown
        assert "\x1b" not in shown
        assert "\x07" not in shown
    assert "\\u001b]0;owned" in run("ask", "What does the zebra count?", "--json", *folders).stdout


def process(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).resolve().parents[1]
    code = "from qa.cli import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(root), "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-c", code, *args], cwd=cwd, env=environment, capture_output=True, text=True, timeout=120
    )


def test_error_is_one_line_on_stderr_and_exit_code_1(tmp_path: Path) -> None:
    done = process("ask", "x", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: no corpus folder at {tmp_path / 'corpus'}; create it")
    assert done.stderr.count("\n") == 1


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    done = process("--help", cwd=tmp_path)
    assert done.returncode == 0
    for command in ("index", "ask", "retrieve", "articles", "serve", "eval"):
        assert command in done.stdout


def test_printable_keeps_every_letter_and_space() -> None:
    assert qa.cli.terminal.printable("$6\u00a0billion 👩\u200d🚀\r\nЖ\t.") == "$6\u00a0billion 👩\u200d🚀\nЖ\t."
    assert qa.cli.terminal.printable("\x1b[31m \u202eevil \ud800") == "�[31m �evil �"


def test_filters_that_no_article_passes_are_told(folders: list[str]) -> None:
    for command in ("ask", "retrieve"):
        result = run(command, QUESTION, "--source", "Rail Gazete", *folders)
        assert result.exit_code == 0
        assert "no article passes the filters" in result.stderr


def test_number_of_hits_comes_from_the_settings(folders: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIEFING_RETRIEVAL__K", "2")
    assert len(run_json("retrieve", QUESTION, *folders)["hits"]) == 2


def test_doctor_of_a_healthy_briefing_is_exit_code_0(folders: list[str]) -> None:
    assert run("index", *folders).exit_code == 0
    report = run_json("doctor", *folders)
    assert (report["articles"], report["attention"]) == (6, 0)
    assert [(each["code"], each["severity"], each["id"]) for each in report["findings"]] == [
        ("no-date", "hint", "banks/about.txt")
    ]
    assert set(report["findings"][0]) == {"code", "severity", "id", "problem", "remedy"}


def test_doctor_tells_what_needs_attention_and_exits_with_1(folders: list[str], corpus_folder: Path) -> None:
    for n in range(8):
        write_article(corpus_folder, f"late{n}.md", f"A report of the year {2090 + n}.", published=f"{2090 + n}-01-01")
    result = run("doctor", *folders)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == "future-date attention, 8"
    assert lines[1] == "  late0.md: was published on 2090-01-01, which is still to come"
    assert lines[6:8] == [
        "  and 3 more; --json lists all",
        "  → correct its date",
    ]
    assert lines[-1] == "14 articles: 8 need attention, 10 hints"
    as_json = run("doctor", *folders, "--json")
    assert as_json.exit_code == 1
    assert len(json.loads(as_json.stdout)["findings"]) == 18


def test_doctor_without_a_corpus_is_an_error(tmp_path: Path) -> None:
    result = run("doctor", "--corpus", str(tmp_path / "none"))
    assert isinstance(result.exception, BriefingError)


def test_retrieve_folds_near_copies_unless_told_not_to(folders: list[str], corpus_folder: Path) -> None:
    question = "What interest rate does the loan of 400 billion roubles carry?"
    text = (corpus_folder / LOAN).read_text()
    (corpus_folder / "z.md").write_text(text.replace("interest rate", "intrest rate"))
    folded = run_json("retrieve", question, "-k", "1", *folders)["hits"]
    each = run_json("retrieve", question, "-k", "2", "--no-collapse", *folders)["hits"]
    assert [(hit["passage"]["article_id"], len(hit["also_in"])) for hit in folded] == [(LOAN, 1)]
    assert [hit["passage"]["article_id"] for hit in each] == [LOAN, "z.md"]
    assert "nearly the same in z.md:" in run("retrieve", question, "-k", "1", *folders).stdout


# The life of an index


def test_index_asks_the_pinned_questions_and_refuses_if_strict(folders: list[str], corpus_folder: Path) -> None:
    pinned = corpus_folder / "pinned.toml"
    pinned.write_text(
        f'[[question]]\nquestion = "{QUESTION}"\nevidence = [{{article = "{LOAN}", quote = "finances"}}]\n'
    )
    assert "1 pinned questions asked, 0 broken" in run("index", *folders, "--strict").stdout
    pinned.write_text('[[question]]\nquestion = "What do penguins eat?"\n')
    assert "broken What do penguins eat?: not_in_corpus, and should be answered" in run("index", *folders).stdout
    refused = run("index", *folders, "--strict")
    assert isinstance(refused.exception, BrokenPinsError)
    assert run_json("index", *folders)["broken"][0]["id"] == "What do penguins eat?"


def test_index_loses_most_articles_only_when_told_to(
    folders: list[str], corpus_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run("index", *folders)
    for file in corpus_folder.glob("*.md"):
        file.unlink()
    assert isinstance(run("index", *folders).exception, MassDeletionError)
    assert run_json("ask", QUESTION, *folders)["text"] == FINANCES  # the old index goes on answering
    assert "4 of the 6 articles" in caplog.text
    assert len(run_json("index", *folders, "--confirm-deletions")["deleted"]) == 4


def test_generations_are_listed_and_rolled_back(folders: list[str], corpus_folder: Path, index_folder: Path) -> None:
    at = ["--index", str(index_folder)]
    first = run_json("index", *folders)["generation"]
    (corpus_folder / LOAN).unlink()
    second = run_json("index", *folders)["generation"]
    found = run_json("generations", *at)["generations"]
    assert [(each["name"], each["current"], each["articles"]) for each in found] == [
        (second, True, 5),
        (first, False, 6),
    ]
    assert first in run("rollback", *at).stdout
    assert run_json("ask", QUESTION, *folders)["generation"] == first
    assert "held since a rollback" in run("generations", *at).stdout
    assert run_json("index", *folders)["generation"] not in (first, second)


def test_index_that_is_watched_ends_with_an_interrupt(
    folders: list[str], corpus_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def follow(briefing: Briefing, stop: object, told: Any) -> None:  # noqa: ANN401 (a callable)
        (corpus_folder / "new.md").write_text("A bridge was built.")
        told(briefing.refresh())
        told(briefing.refresh())
        raise KeyboardInterrupt

    monkeypatch.setattr("qa.watch.follow", follow)
    result = run("index", *folders, "--watch")
    assert result.exit_code == 0
    assert result.stdout.count("files: ") == 2  # at first, and the one change
    assert "1 added, 6 unchanged" in result.stdout


# Serving


def test_serve_hands_its_flags_to_the_settings(folders: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Settings] = []
    monkeypatch.setattr("qa.web.serve", lambda settings, _: served.append(settings))
    assert run("serve", *folders, "--admin", "--port", "8000", "--root-path", "/kb").exit_code == 0
    assert run("serve", *folders).exit_code == 0
    assert [(s.serve.admin, s.serve.port, s.serve.root_path) for s in served] == [
        (True, 8000, "/kb"),
        (False, 7860, ""),
    ]


def test_other_machines_need_a_login(folders: list[str]) -> None:
    result = run("serve", *folders, "--host", "0.0.0.0")
    assert isinstance(result.exception, ServeError)
    assert "there is no login" in str(result.exception)


def test_mcp_speaks_on_stdout_alone(folders: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    talked: list[Briefing] = []
    monkeypatch.setattr("qa.web.api.mcp.run_stdio", talked.append)
    result = run("mcp", *folders)
    assert (result.exit_code, result.stdout) == (0, "")
    assert len(talked[0].articles()) == 6


def test_login_makes_a_line_of_the_password_on_stdin() -> None:
    result = CliRunner().invoke(qa.cli.app, ["login", "anna"], input="a good password\n")
    assert result.exit_code == 0
    line = result.stdout.removesuffix("\n")
    basic = "Basic " + base64.b64encode(b"anna:a good password").decode()
    assert Authenticator(read_logins(ServeSettings(logins=SecretStr(line)))).check(basic) == "anna"


def test_login_shows_a_token_once_and_keeps_its_hash() -> None:
    result = run("login", "agent", "--token")
    token = result.stderr.rpartition(" ")[2].strip()
    assert token not in result.stdout
    assert (
        Authenticator(read_logins(ServeSettings(logins=SecretStr(result.stdout)))).known(f"Bearer {token}") == "agent"
    )


def test_login_takes_no_short_password() -> None:
    result = CliRunner().invoke(qa.cli.app, ["login", "anna"], input="short\n")
    assert isinstance(result.exception, SettingsError)
    assert result.stdout == ""
