"""How the page is put together, without a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr
import pytest

from qa.briefing import Briefing
from qa.settings import ServeSettings
from qa.web.page import layout
from qa.web.queue import Queue

QUESTION = "Who finances the northern railway?"


def functions(briefing: Briefing, component: str, **serve: Any) -> dict[str, Callable[..., Any]]:  # noqa: ANN401
    """Return the functions that answer the script of a component."""
    briefing.settings = briefing.settings.model_copy(update={"serve": ServeSettings(**serve)})
    built = layout.build_page(
        briefing, Queue.of(briefing.settings.serve), layout.folder_files(briefing.settings.corpus.folder)
    )
    found = [block for block in built.blocks.values() if block.elem_id == component and isinstance(block, gr.HTML)]
    return {function.__name__: function for function in found[0].server_fns}


def test_every_handler_is_private(briefing: Briefing) -> None:
    built = layout.build_page(briefing, Queue.of(briefing.settings.serve))
    assert {fn.api_visibility for fn in built.fns.values()} == {"private"}


def test_another_conversation_gives_up_what_is_being_answered(briefing: Briefing) -> None:
    built = layout.build_page(briefing, Queue.of(briefing.settings.serve))
    opening, beginning = (fn for fn in built.fns.values() if fn.cancels)
    assert len(opening.cancels) == len(beginning.cancels) == 4
    assert beginning.fn is None  # it waits for nobody


def test_the_queue_keeps_no_statistics(briefing: Briefing) -> None:
    queue = layout.build_page(briefing, Queue.of(briefing.settings.serve))._queue
    assert queue.ANALYTICS_MAX_EVENTS == 10
    queue.events_recorded = 50
    made = queue.compute_analytics_summary([{"function": "f"}] * 50)  # type: ignore[no-untyped-call]
    assert made == {"functions": {}}  # no table


def test_visits_that_are_over_are_forgotten(briefing: Briefing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "SESSIONS", 3)
    visits = gr.routes.App.create_app(layout.build_page(briefing, Queue.of(briefing.settings.serve))).state_holder
    for n in range(5):
        visits[f"visit {n}"]
    assert list(visits.session_data) == ["visit 2", "visit 3", "visit 4"]


def test_writing_is_offered_to_admins_only(briefing: Briefing) -> None:
    writing = {"limits", "add", "remove", "rebuild", "progress", "generations", "roll_back"}
    assert set(functions(briefing, "library")) == {"listing"}
    assert set(functions(briefing, "library", admin=True)) == {"listing"} | writing


def test_votes_can_be_turned_off(briefing: Briefing) -> None:
    assert set(functions(briefing, "cards")) == {"vote"}
    assert functions(briefing, "cards", feedback=False) == {}


def pin(briefing: Briefing, content: bytes) -> None:
    (briefing.settings.corpus.folder / "pinned.toml").write_bytes(content)


def test_examples_are_the_first_pinned_questions_that_are_answered(briefing: Briefing) -> None:
    asked = [("Who finances the northern railway?", "answered"), ("Who is the mayor of Paris?", "not_in_corpus")]
    asked += [(f" number {n}? ", "answered") for n in range(5)]
    tables = "".join(f'[[question]]\nquestion = "{text}"\nverdict = "{verdict}"\n' for text, verdict in asked)
    pin(briefing, tables.encode())
    assert layout.pinned_questions(briefing) == [QUESTION, "number 0?", "number 1?", "number 2?"]
    receipt = briefing.refresh()
    assert {problem.id for problem in receipt.broken}
    assert layout.pinned_questions(briefing) == [QUESTION]


@pytest.mark.parametrize("text", ["[[question", "question = 3", "question = [1]", "[[question]]\nq = 1", "\xff"])
def test_pinned_questions_that_cannot_be_read_are_no_examples(
    briefing: Briefing, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    pin(briefing, text.encode("latin-1"))
    assert layout.pinned_questions(briefing) == []
    assert "pinned.toml" in caplog.text


def test_without_pinned_questions_there_are_none(briefing: Briefing) -> None:
    assert layout.pinned_questions(briefing) == []


def test_only_admins_read_of_the_file_of_questions(briefing: Briefing) -> None:
    for admin in (False, True):
        briefing.settings = briefing.settings.model_copy(update={"serve": ServeSettings(admin=admin)})
        built = layout.build_page(briefing, Queue.of(briefing.settings.serve))
        (front,) = (block for block in built.blocks.values() if block.elem_id == "front" and isinstance(block, gr.HTML))
        assert ("pinned.toml" in front.value) is admin


def test_the_reader_gets_an_article_with_its_mark(briefing: Briefing) -> None:
    citation = briefing.ask(QUESTION).citations[0]
    wanted = {"id": citation.article_id, "start": citation.start, "end": citation.end, "quote": citation.quote}
    shown = functions(briefing, "reader")["read_article"](wanted)
    marked = [part["text"] for block in shown["blocks"] for part in block["parts"] if part["marked"]]
    assert marked == [citation.quote]


@pytest.mark.parametrize(
    "wanted",
    [None, 3, [], {}, {"id": "gone.md"}, {"id": ["x"], "start": {}}, {"id": "../settings.toml", "quote": 4}],
)
def test_the_reader_says_when_there_is_no_such_article(briefing: Briefing, wanted: object) -> None:
    assert functions(briefing, "reader")["read_article"](wanted) == {
        "missing": "This article is no longer in the briefing."
    }
