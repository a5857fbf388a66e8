"""The conversation's handlers, without a browser."""

from __future__ import annotations

import asyncio
import html
import logging
import re
import threading
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import gradio as gr
import pytest

from qa.briefing import Briefing
from qa.errors import IndexCorruptError, QuestionError
from qa.types import Answer
from qa.web.page import chat
from qa.web.queue import Queue
from tests.web.running import awaited

QUESTION = "Who finances the northern railway?"

Steps = list[tuple[Any, ...]]


def steps(handler: AsyncIterator[tuple[Any, ...]]) -> Steps:
    """Return all that a handler yields."""

    async def collect() -> Steps:
        return [step async for step in handler]

    return awaited(collect)


def last(steps: Steps) -> tuple[str, list[dict[str, Any]]]:
    """Return the last message and the turns to be kept."""
    _, shown, saved = steps[-1]
    return said(shown), saved


def said(shown: list[dict[str, Any]]) -> str:
    """Return the text of the last message."""
    return html.unescape(re.sub(r"<[^>]*>", " ", shown[-1]["content"])).strip()


def test_the_question_is_shown_at_once_and_the_answer_follows(briefing: Briefing) -> None:
    first, *_, final = steps(chat.Chat(briefing, Queue.of(briefing.settings.serve)).ask(f"  {QUESTION} ", {}, []))
    assert first[0] == ""
    assert html.unescape(first[1][0]["content"]) == QUESTION
    assert said(first[1]) == "Searching…"
    message, saved = last([final])
    assert message.startswith("The Development Bank finances the northern railway")
    assert [turn["number"] for turn in saved] == [1]


KAMATH = "Who is the president of the Development Bank?"


def event(**given: object) -> gr.EventData:
    """Return what the page's script sends when a turn is asked again."""
    return gr.EventData(None, given)


def test_a_follow_up_is_searched_for_as_the_conversation_means_it(briefing: Briefing) -> None:
    talk = chat.Chat(briefing, Queue.of(briefing.settings.serve))
    _, saved = last(steps(talk.ask(KAMATH, {}, [])))
    message, saved = last(steps(talk.ask("What did he say?", {}, saved)))
    assert saved[1]["searched_for"] == "What did K. V. Kamath say?"
    assert "Searched for: What did K. V. Kamath say?" in message
    _, saved = last(steps(talk.ask("How long is the railway between Kazan and Moscow?", {}, saved)))
    assert saved[2]["searched_for"] == ""


def test_nothing_is_carried_into_a_conversation_that_was_cleared_or_altered(briefing: Briefing) -> None:
    talk = chat.Chat(briefing, Queue.of(briefing.settings.serve))
    _, saved = last(steps(talk.ask(KAMATH, {}, [])))
    for kept in ([], [{**saved[0], "number": "<b>"}]):
        _, alone = last(steps(talk.ask("What did he say?", {}, kept)))
        assert [turn["searched_for"] for turn in alone] == [""]


def test_a_linked_question_begins_a_conversation(briefing: Briefing) -> None:
    talk = chat.Chat(briefing, Queue.of(briefing.settings.serve))
    _, saved = last(steps(talk.ask(KAMATH, {}, [])))
    _, saved = last(steps(talk.begin("What did he say?", {}, saved)))
    assert [turn["searched_for"] for turn in saved] == ["", ""]
    _, saved = last(steps(talk.ask("What did he say?", {}, saved)))
    assert "Kamath" not in saved[2]["searched_for"]


def test_a_question_is_asked_again_in_other_words(briefing: Briefing) -> None:
    talk = chat.Chat(briefing, Queue.of(briefing.settings.serve))
    _, saved = last(steps(talk.ask(KAMATH, {}, [])))
    _, saved = last(steps(talk.ask("What did he say?", {}, saved)))
    first, *rest = steps(talk.again({}, saved, event(number=2, searched_for=f" {QUESTION}\ud800 ")))
    assert first[0] == gr.skip()  # what is being typed stays
    assert html.unescape(first[1][-2]["content"]) == "What did he say?"
    message, saved = last(rest)
    assert message.startswith("The Development Bank finances")
    assert [(turn["question"], turn["searched_for"]) for turn in saved[1:]] == [
        ("What did he say?", "What did K. V. Kamath say?"),
        ("What did he say?", f"{QUESTION}?"),
    ]
    message, saved = last(steps(talk.again({}, saved, event(number=2, searched_for="What did he say?"))))
    assert (len(saved), saved[3]["searched_for"]) == (4, "")
    assert "Searched for" not in message


@pytest.mark.parametrize(
    "given", [None, 3, {}, {"number": 9, "searched_for": "x"}, {"number": "x", "searched_for": []}, {"number": 1}]
)
def test_what_cannot_be_asked_again_is_not(briefing: Briefing, given: object) -> None:
    talk = chat.Chat(briefing, Queue.of(briefing.settings.serve))
    _, saved = last(steps(talk.ask(QUESTION, {}, [])))
    assert steps(talk.again({}, saved, gr.EventData(None, given))) == [(gr.skip(),) * 3]


@pytest.mark.parametrize("wording", ["", " ", "x" * 5000])
def test_a_wording_that_cannot_be_searched_for_is_refused_in_the_chat(briefing: Briefing, wording: str) -> None:
    talk = chat.Chat(briefing, Queue.of(briefing.settings.serve))
    _, saved = last(steps(talk.ask(QUESTION, {}, [])))
    message, saved = last(steps(talk.again({}, saved, event(number=1, searched_for=wording))))
    assert message.startswith("That question cannot be asked: the question ")
    assert (saved[1]["kind"], saved[1]["question"]) == ("error", QUESTION)


def test_turns_are_numbered_on(briefing: Briefing) -> None:
    talk = chat.Chat(briefing, Queue.of(briefing.settings.serve))
    _, saved = last(steps(talk.ask(QUESTION, {}, [])))
    message, saved = last(steps(talk.ask(QUESTION, {}, saved)))
    assert [turn["number"] for turn in saved] == [1, 2]
    assert "Ask again" in message


def test_nothing_happens_without_a_question(briefing: Briefing) -> None:
    assert steps(chat.Chat(briefing, Queue.of(briefing.settings.serve)).ask(" \n ", {}, [])) == [(gr.skip(),) * 3]


def test_a_kept_conversation_is_shown_and_the_linked_question_asked(briefing: Briefing) -> None:
    talk = chat.Chat(briefing, Queue.of(briefing.settings.serve))
    _, saved = last(steps(talk.ask(QUESTION, {}, [])))
    assert len(steps(talk.begin("", {}, saved))) == 1
    _, saved = last(steps(talk.begin("Who is the mayor of Paris?", {}, saved)))
    assert [turn["kind"] for turn in saved] == ["answered", "not_in_corpus"]


def test_a_question_that_is_asked_when_the_server_is_back_goes_on_with_its_conversation(briefing: Briefing) -> None:
    talk = chat.Chat(briefing, Queue.of(briefing.settings.serve))
    _, saved = last(steps(talk.ask(KAMATH, {}, [])))
    _, saved = last(steps(talk.begin("What did he say?", {}, saved, begins=False)))
    assert saved[1]["searched_for"] == "What did K. V. Kamath say?"


def test_another_conversation_is_opened_as_the_browser_kept_it(briefing: Briefing) -> None:
    talk = chat.Chat(briefing, Queue.of(briefing.settings.serve))
    message, saved = last(steps(talk.ask(QUESTION, {}, [])))
    assert last([talk.open(event(turns=saved))]) == (message, saved)
    for altered in (None, 3, [{**saved[0], "cards": []}]):
        assert talk.open(event(turns=altered))[1:] == ([], [])
    assert talk.open(gr.EventData(None, {}))[1:] == ([], [])


def test_a_question_is_put_to_the_articles_that_the_filter_admits(briefing: Briefing) -> None:
    wanted = {"sources": ["Morning Post"], "tags": [], "since": "2020-01-01", "until": None}
    message, saved = last(steps(chat.Chat(briefing, Queue.of(briefing.settings.serve)).ask(QUESTION, wanted, [])))
    assert {card["article_id"] for card in saved[0]["cards"]} == {"2020-03-09-railway-postponed.md"}
    assert saved[0]["only"] == "Morning Post, from 1 Jan 2020"
    assert saved[0]["link"] == [["source", "Morning Post"], ["since", "2020-01-01"]]
    assert "Only Morning Post, from 1 Jan 2020" in message


@pytest.mark.parametrize(
    "wanted",
    [3, ["x"], {"sources": "Morning Post"}, {"since": "yesterday"}, {"path": "/"}, {"tags": ["x" * 501]}],
)
def test_a_filter_may_be_anything_and_is_refused_in_words(briefing: Briefing, wanted: object) -> None:
    message, saved = last(steps(chat.Chat(briefing, Queue.of(briefing.settings.serve)).ask(QUESTION, wanted, [])))
    assert message.startswith("That question cannot be asked: the filter is not understood; set it again")
    assert saved[0]["kind"] == "error"


def test_dates_in_the_wrong_order_are_told(briefing: Briefing) -> None:
    wanted = {"since": "2020-01-02", "until": "2020-01-01"}
    message, _ = last(steps(chat.Chat(briefing, Queue.of(briefing.settings.serve)).ask(QUESTION, wanted, [])))
    assert message.startswith("That question cannot be asked: since 2020-01-02 is after until 2020-01-01")


def test_a_filter_is_told_in_words() -> None:
    wanted = chat.Filter(sources=("A", "B"), tags=("x",), until=date(2020, 1, 2))
    assert wanted.words == "A or B, tagged x, until 2 Jan 2020"
    assert wanted.link == (("source", "A"), ("source", "B"), ("tag", "x"), ("until", "2020-01-02"))
    assert chat.Filter().words == ""


def test_a_question_too_long_is_refused_in_the_chat(briefing: Briefing) -> None:
    message, saved = last(steps(chat.Chat(briefing, Queue.of(briefing.settings.serve)).ask("x" * 5000, {}, [])))
    assert message.startswith("That question cannot be asked: the question has 5,000 characters")
    assert len(saved[0]["question"]) == briefing.settings.reader.question_chars


def test_half_a_surrogate_pair_is_no_accident(briefing: Briefing) -> None:
    _, saved = last(steps(chat.Chat(briefing, Queue.of(briefing.settings.serve)).ask("\ud800 railway", {}, [])))
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
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(briefing, "ask", fail)
    message, _ = last(steps(chat.Chat(briefing, Queue.of(briefing.settings.serve)).ask(QUESTION, {}, [])))
    assert words in message
    assert "/srv" not in message
    assert str(error) in caplog.text


def test_a_bad_question_is_no_error_of_ours(briefing: Briefing, caplog: pytest.LogCaptureFixture) -> None:
    steps(chat.Chat(briefing, Queue.of(briefing.settings.serve)).ask("x" * 5000, {}, []))
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert chat.friendly(QuestionError("it is empty")) == "That question cannot be asked: it is empty"


def few(briefing: Briefing) -> chat.Chat:
    """Return a chat that answers one question at a time and lets one more wait."""
    serve = briefing.settings.serve.model_copy(update={"workers": 1, "max_waiting": 1})
    briefing.settings = briefing.settings.model_copy(update={"serve": serve})
    return chat.Chat(briefing, Queue.of(briefing.settings.serve))


def test_one_too_many_is_asked_to_come_back(briefing: Briefing) -> None:
    talk, gate = few(briefing), threading.Event()

    async def third() -> Steps:
        for _ in range(2):
            talk.queue.submit(lambda: gate.wait(20) and None)
        try:
            return [step async for step in talk.ask(QUESTION, {}, [])]
        finally:
            gate.set()

    message, saved = last(awaited(third))
    assert message.startswith("Too many people are asking at the moment. Please ask again in a minute.")
    assert saved[0]["kind"] == "error"


def test_one_who_waits_is_told_how_many_are_before(briefing: Briefing, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, ask = threading.Event(), briefing.ask

    def slow(*given: Any, **named: Any) -> Answer:  # noqa: ANN401 (hands on what the page gives)
        assert gate.wait(20)
        return ask(*given, **named)

    monkeypatch.setattr(briefing, "ask", slow)

    async def both() -> tuple[list[str], list[str]]:
        talk = few(briefing)
        told: tuple[list[str], list[str]] = ([], [])

        async def follow(words: list[str]) -> None:
            async for _, shown, _ in talk.ask(QUESTION, {}, []):
                words.append(said(shown))
                if "5 s" in words[-1] or len(told[0]) > 12:
                    gate.set()

        await asyncio.gather(follow(told[0]), follow(told[1]))
        return told

    first, second = awaited(both)
    assert first[0] == second[0] == "Searching…"
    assert "Searching 6 articles, reading the best passages… 2 s" in first
    assert "Waiting: 1 question is before yours…" in second
    assert first[-1].startswith("The Development Bank") and second[-1].startswith("The Development Bank")


def test_the_titles_of_a_refusal_are_those_of_its_generation(
    briefing: Briefing, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = briefing.ask
    folder = briefing.settings.corpus.folder

    def meanwhile(*given: Any, **named: Any) -> Answer:  # noqa: ANN401 (hands on what the page gives)
        answer = ask(*given, **named)
        for file in folder.glob("*.md"):
            file.write_text(file.read_text(encoding="utf-8").replace("title: ", "title: New "), encoding="utf-8")
        briefing.refresh()
        return answer

    monkeypatch.setattr(briefing, "ask", meanwhile)
    _, saved = last(
        steps(chat.Chat(briefing, Queue.of(briefing.settings.serve)).ask("Who painted the railway blue?", {}, []))
    )
    assert saved[0]["generation"] != briefing.generation.name
    assert saved[0]["cards"]
    assert not [card["title"] for card in saved[0]["cards"] if card["title"].startswith("New ")]
