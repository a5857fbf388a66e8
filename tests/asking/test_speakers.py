"""Who said what."""

from __future__ import annotations

from pathlib import Path

import pytest

import qa
from qa.asking.request import request_of
from qa.asking.speakers import attributions, said_by
from qa.search import Filters
from tests.fakes import FakeEncoder

TEXT = """\
The dam at Orrin will be raised by four metres, engineer Sten Vik said on Monday. "We need the water," he added.

The farmers want money first, said the head of their union, Marta Lowe. Her neighbour, Paul Reed, told reporters that
his fields had been wet since May. According to geologist Ann Oak, the rock holds. Ann Oak, who came from Port Ems,
denied that the dam leaks. The water stands at forty metres and rises every day. The council decides in June, it said.
"""


@pytest.fixture
def dam(tmp_path: Path) -> qa.Briefing:
    (tmp_path / "corpus").mkdir()
    front = '---\ntitle: "Dam at Orrin to be raised"\nsource: Valley Post\npublished: 2024-05-02\n---\n\n'
    (tmp_path / "corpus" / "dam.md").write_text(front + TEXT, encoding="utf-8")
    return qa.Briefing.open(tmp_path / "corpus", tmp_path / "index", encoder=FakeEncoder())


def test_statements_have_their_speakers(dam: qa.Briefing) -> None:
    (article,) = dam.articles()
    found = {
        article.text[a.place.start : a.place.end].split(".")[0][:25]: a.who
        for a in attributions(article, dam.generation)
    }
    assert found == {
        "The dam at Orrin will be ": "engineer Sten Vik",
        '"We need the water," he a': "engineer Sten Vik",
        "The farmers want money fi": "the head of their union, Marta Lowe",
        "Her neighbour, Paul Reed,": "Her neighbour, Paul Reed",
        "According to geologist An": "geologist Ann Oak",
        "Ann Oak, who came from Po": "Ann Oak",
    }


def test_what_somebody_said_is_cited_word_for_word(dam: qa.Briefing) -> None:
    answer = dam.ask("What did Sten Vik say?")
    (article,) = dam.articles()
    assert [article.text[c.start : c.end] for c in answer.citations] == [c.quote for c in answer.citations]
    assert [c.quote for c in answer.citations] == [
        "The dam at Orrin will be raised by four metres, engineer Sten Vik said on Monday.",
        '"We need the water," he added.',
    ]
    first = answer.citations[0]
    assert first.answer_start is not None
    assert first.quote[first.answer_start - first.start :].startswith("engineer Sten Vik")


def test_a_speaker_by_office_and_on_a_subject(dam: qa.Briefing) -> None:
    assert "wet since May" in dam.ask("What did the neighbour say about the fields?").citations[0].quote
    assert "the rock holds" in dam.ask("What did Ann Oak say about the rock?").citations[0].quote


def test_who_said_it_is_named(dam: qa.Briefing) -> None:
    request = request_of("Who said that the fields had been wet since May?")
    answer = said_by(request, dam.snapshot, Filters())
    assert answer is not None
    assert answer.text.startswith("Her neighbour, Paul Reed\n")
    assert said_by(request_of("Who said that penguins can fly?"), dam.snapshot, Filters()) is None


def test_nobody_is_made_to_say_anything(dam: qa.Briefing) -> None:
    assert said_by(request_of("What did Carla Stone say?"), dam.snapshot, Filters()) is None
