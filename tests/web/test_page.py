"""The page's handlers, without a browser."""

from __future__ import annotations

import html
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from qa.briefing import Briefing
from qa.errors import IndexCorruptError, QuestionError
from qa.web import page
from tests.fakes import FakeEncoder

QUESTION = "Who finances the northern railway?"


def last(steps: list[tuple[Any, ...]]) -> tuple[str, list[dict[str, Any]]]:
    """Return the last message and the turns to be kept."""
    _, chat, sources, saved = steps[-1]
    assert sources == saved
    return html.unescape(chat[-1]["content"]), saved


def served(briefing: Briefing, component: str) -> Callable[[object], Any]:
    """Return the function that answers the script of a component."""
    built = page.build_page(briefing, page.folder_files(briefing.settings.corpus.folder))
    found = [block for block in built.blocks.values() if block.elem_id == component and isinstance(block, gr.HTML)]
    function: Callable[[object], Any] = found[0].server_fns[0]
    return function


def test_the_question_is_shown_at_once_and_the_answer_follows(briefing: Briefing) -> None:
    first, second = page.Chat(briefing).ask(f"  {QUESTION} ", [])
    assert first[0] == ""
    assert [html.unescape(m["content"]) for m in first[1]] == [QUESTION, "*Searching…*"]
    message, saved = last([second])
    assert message.startswith("> The Development Bank finances the northern railway")
    assert [turn["number"] for turn in saved] == [1]


def test_turns_are_numbered_on(briefing: Briefing) -> None:
    chat = page.Chat(briefing)
    _, saved = last(list(chat.ask(QUESTION, [])))
    message, saved = last(list(chat.ask(QUESTION, saved)))
    assert [turn["number"] for turn in saved] == [1, 2]
    assert "(#src-2-1" in message


def test_nothing_happens_without_a_question(briefing: Briefing) -> None:
    assert list(page.Chat(briefing).ask(" \n ", [])) == [(gr.skip(),) * 4]


def test_a_kept_conversation_is_shown_and_the_linked_question_asked(briefing: Briefing) -> None:
    chat = page.Chat(briefing)
    _, saved = last(list(chat.ask(QUESTION, [])))
    assert len(list(chat.begin("", saved))) == 1
    _, saved = last(list(chat.begin("Who is the mayor of Paris?", saved)))
    assert [turn["kind"] for turn in saved] == ["answered", "not_in_corpus"]


def test_clearing_leaves_nothing(briefing: Briefing) -> None:
    assert page.Chat(briefing).clear() == ("", [], [], [])


def test_a_question_too_long_is_refused_in_the_chat(briefing: Briefing) -> None:
    message, saved = last(list(page.Chat(briefing).ask("x" * 5000, [])))
    assert message.startswith("That question cannot be asked: the question has 5,000 characters")
    assert len(saved[0]["question"]) == briefing.settings.reader.question_chars


def test_half_a_surrogate_pair_is_no_accident(briefing: Briefing) -> None:
    _, saved = last(list(page.Chat(briefing).ask("\ud800 railway", [])))
    assert saved[0]["kind"] != "error"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (IndexCorruptError("/srv/index/gen-1/vectors.faiss is not as it was written"), "cannot answer at the moment"),
        (RuntimeError("/srv/secret"), "Something went wrong; the log has the details."),
    ],
)
def test_errors_are_told_without_paths_and_logged(
    briefing: Briefing,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    words: str,
) -> None:
    def fail(_: str) -> None:
        raise error

    monkeypatch.setattr(briefing, "ask", fail)
    message, _ = last(list(page.Chat(briefing).ask(QUESTION, [])))
    assert words in message
    assert "/srv" not in message
    assert str(error) in caplog.text


def test_a_bad_question_is_no_error_of_ours(briefing: Briefing, caplog: pytest.LogCaptureFixture) -> None:
    list(page.Chat(briefing).ask("x" * 5000, []))
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert page.friendly(QuestionError("it is empty")) == "That question cannot be asked: it is empty"


def test_every_handler_is_private(briefing: Briefing) -> None:
    built = page.build_page(briefing)
    assert {fn.api_visibility for fn in built.fns.values()} == {"private"}
    assert {fn.concurrency_limit for fn in built.fns.values()} == {page.WORKERS}


def test_examples_are_the_first_pinned_questions(tmp_path: Path) -> None:
    tables = "".join(f'[[question]]\nquestion = " number {n}? "\nexpect = ["a.md"]\n' for n in range(6))
    (tmp_path / "pinned.toml").write_text(tables, encoding="utf-8")
    assert page.pinned_questions(tmp_path) == ["number 0?", "number 1?", "number 2?", "number 3?"]


@pytest.mark.parametrize("text", ["[[question", "question = 3", "question = [1]", "[[question]]\nq = 1", "\xff"])
def test_pinned_questions_that_cannot_be_read_are_no_examples(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "pinned.toml").write_bytes(text.encode("latin-1"))
    assert page.pinned_questions(tmp_path) == []
    assert "pinned.toml" in caplog.text


def test_without_pinned_questions_there_are_none(tmp_path: Path) -> None:
    assert page.pinned_questions(tmp_path) == []


def test_a_folder_that_changed_looks_different(corpus_folder: Path) -> None:
    before = page.folder_files(corpus_folder)
    assert page.folder_files(corpus_folder) == before
    (corpus_folder / ".hidden").write_text("x", encoding="utf-8")
    (corpus_folder / "pinned.toml").write_text("x", encoding="utf-8")
    assert page.folder_files(corpus_folder) == before
    (corpus_folder / "banks" / "about.txt").write_text("changed", encoding="utf-8")
    assert page.folder_files(corpus_folder) != before


def test_the_header_knows_whether_the_folder_changed(briefing: Briefing, corpus_folder: Path) -> None:
    status = served(briefing, "header")
    assert status(None) == {
        "title": "Briefing",
        "articles": 6,
        "built": briefing.generation.manifest.created,
        "changed": False,
    }
    (corpus_folder / "new.md").write_text("New.", encoding="utf-8")
    assert status(None)["changed"] is True
    Briefing.open(settings=briefing.settings, encoder=FakeEncoder())  # as another process would
    assert (status(None)["articles"], status(None)["changed"]) == (7, False)
    (corpus_folder / "new.md").write_text("Newer.", encoding="utf-8")
    Briefing.open(settings=briefing.settings, encoder=FakeEncoder())
    os.utime(corpus_folder / "new.md", (time.time() + 60, time.time() + 60))  # edited between that build and our look
    assert status(None)["changed"] is True


def test_the_library_lists_the_newest_first(briefing: Briefing) -> None:
    listed = served(briefing, "articles")(None)
    assert [article["id"] for article in listed] == [
        "2020-03-09-railway-postponed.md",
        "2019-12-03-gas-flows.md",
        "2017-05-22-pipeline-progress.md",
        "banks/2016-07-21-bank-bond.md",
        "2016-06-29-railway-loan.md",
        "banks/about.txt",
    ]
    assert listed[0] == {
        "id": "2020-03-09-railway-postponed.md",
        "title": "Northern railway postponed",
        "about": "Morning Post · 2020-03-09",
    }


def test_the_reader_gets_an_article_with_its_mark(briefing: Briefing) -> None:
    citation = briefing.ask(QUESTION).citations[0]
    wanted = {"id": citation.article_id, "start": citation.start, "end": citation.end, "quote": citation.quote}
    shown = served(briefing, "reader")(wanted)
    marked = [part["text"] for block in shown["blocks"] for part in block["parts"] if part["marked"]]
    assert marked == [citation.quote]


@pytest.mark.parametrize(
    "wanted",
    [None, 3, [], {}, {"id": "gone.md"}, {"id": ["x"], "start": {}}, {"id": "../settings.toml", "quote": 4}],
)
def test_the_reader_says_when_there_is_no_such_article(briefing: Briefing, wanted: object) -> None:
    assert served(briefing, "reader")(wanted) == {"missing": "This article is no longer in the briefing."}
