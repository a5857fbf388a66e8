"""Votes: what is written down, and what is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qa.briefing import Briefing
from qa.web.page import feedback, view


def turn(briefing: Briefing, question: str = "Who finances the northern railway?") -> dict[str, object]:
    """Return a turn as a browser sends it."""
    answer = briefing.ask(question)
    return view.turn_of(answer, 1, briefing.generation.articles).model_dump(mode="json")


def test_a_vote_is_one_line(briefing: Briefing, tmp_path: Path) -> None:
    box = feedback.Feedback(tmp_path / "votes.jsonl", question_chars=2000)
    given = turn(briefing)
    assert box.vote({"turn": given, "helpful": True})
    assert box.vote({"turn": given, "helpful": None})
    first, second = (json.loads(line) for line in box.file.read_text(encoding="utf-8").splitlines())
    citation = briefing.ask("Who finances the northern railway?").citations[0]
    assert first.pop("time") <= second["time"]
    citations = first.pop("citations")
    assert citations[0] == {"article": citation.article_id, "start": citation.start, "end": citation.end}
    assert first == {
        "helpful": True,
        "question": "Who finances the northern railway?",
        "searched_for": "",
        "only": "",
        "verdict": "answered",
        "confidence": given["confidence"],
        "generation": briefing.generation.name,
    }
    assert second["helpful"] is None


@pytest.mark.parametrize("given", [None, 3, [], {}, {"turn": {}, "helpful": True}, {"helpful": True}, "x" * 100])
def test_anything_else_is_not_written(tmp_path: Path, given: object) -> None:
    box = feedback.Feedback(tmp_path / "votes.jsonl", question_chars=2000)
    assert not box.vote(given)
    assert not box.file.exists()


def test_what_is_written_of_a_vote_is_bounded(briefing: Briefing, tmp_path: Path) -> None:
    box = feedback.Feedback(tmp_path / "votes.jsonl", question_chars=2000)
    card = {**view.ChatTurn.model_validate(turn(briefing)).cards[0].model_dump(mode="json"), "article_id": "a" * 99_999}
    large = {
        **turn(briefing),
        "question": "q" * 99_999,
        "generation": "g" * 9999,
        "searched_for": "s" * 99_999,
        "only": "o" * 9999,
        "cards": [card] * 99,
    }
    assert box.vote({"turn": large, "helpful": False})
    assert len(box.file.read_text(encoding="utf-8")) < 20_000


def test_the_file_grows_no_further_than_its_limit(
    briefing: Briefing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(feedback, "MAX_BYTES", 600)
    box = feedback.Feedback(tmp_path / "votes.jsonl", question_chars=2000)
    written = [box.vote({"turn": turn(briefing), "helpful": True}) for _ in range(4)]
    assert written[0] and not written[-1]
    assert box.file.stat().st_size <= 600
    assert "is full" in caplog.text


def test_a_file_that_cannot_be_written_is_logged(
    briefing: Briefing, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    box = feedback.Feedback(tmp_path / "no" / "votes.jsonl", question_chars=2000)
    assert not box.vote({"turn": turn(briefing), "helpful": True})
    assert "could not be written" in caplog.text
