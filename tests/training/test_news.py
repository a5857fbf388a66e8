"""News quizzes and generated questions, on made-up pages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qa.reader import Network
from qa.reader.network import Found, WindowReading
from training.agreement import LabelAgreement
from training.data import Asked, Paragraph, apart
from training.news import Quiz, early_and_late, news_collection, read_generated, read_quizzes

BRIDGE = "The bridge at Kerm opened on Monday. It cost 40 million crowns."


def line(key: str, week: str) -> str:
    """Return a line of a file of quizzes, each with a page of its own."""
    return json.dumps(
        {
            "id": key,
            "date": week,
            "question": "What did the bridge at Kerm cost?",
            "answer": "40 million crowns",
            "others": ["2 million crowns"],
            "positives": [{"title": "", "text": BRIDGE}, {"title": f"Opened {key}", "text": f"{BRIDGE} Cars came."}],
            "negatives": [{"title": "Ferry", "text": f"The ferry to Kerm stopped in {key}."}],
        }
    )


@pytest.fixture
def quizzes(tmp_path: Path) -> list[Quiz]:
    weeks = ["2024/01/05", "2024-01-12", "2024/01/19", "2024-01-26", "2024/01/26"]
    file = tmp_path / "quiz.jsonl"
    file.write_text("\n".join(line(f"q{n}", week) for n, week in enumerate(weeks)), encoding="utf-8")
    return read_quizzes(file)


def test_last_weeks_are_kept_aside_whole(quizzes: list[Quiz]) -> None:
    early, late = early_and_late(quizzes)
    assert [q.week for q in early] == ["2024-01-05", "2024-01-12", "2024-01-19"]
    assert [q.key for q in late] == ["q3", "q4"]


def test_windows_are_paragraphs_and_only_explanations_are_sure(quizzes: list[Quiz]) -> None:
    explained, page, near = quizzes[0].paragraphs()
    assert (explained.title, page.title, near.title) == ("", "Opened q0", "Ferry")
    assert [a.sure for p in (explained, page) for a in p.asked] == [True, False]
    assert page.asked[0].answers == ((BRIDGE.index("40"), "40 million crowns"),)
    assert near.asked == ()
    assert {p.article for p in (explained, page, near)} == {"Quiz:q0"}


def test_collection_has_pages_without_explanations(quizzes: list[Quiz]) -> None:
    collection = news_collection(quizzes)
    texts = {a.id: a.text for a in collection.articles}
    assert len(collection.articles) == 10
    assert BRIDGE not in texts.values()
    for asked, quiz in zip(collection.asked, quizzes, strict=True):
        assert texts[asked.article] == quiz.positives[1].text
        assert (asked.group, asked.own) == (quiz.week, frozenset([asked.article]))


def test_generated_labels_are_not_sure(tmp_path: Path) -> None:
    qas = [{"question": "When?", "answers": [{"text": "Monday", "answer_start": 29}]}]
    file = tmp_path / "x.json"
    file.write_text(json.dumps({"data": [{"title": "Kerm", "paragraphs": [{"context": BRIDGE, "qas": qas}]}]}))
    (only,) = read_generated(file)
    assert only.asked == (Asked("When?", ((29, "Monday"),), sure=False),)


@pytest.mark.parametrize(
    ("found", "probability", "kept"), [("Monday", 0.9, True), ("crowns", 0.9, False), ("crowns", 0.5, True)]
)
def test_labels_are_dropped_where_the_reader_is_sure_of_something_else(
    monkeypatch: pytest.MonkeyPatch, found: str, probability: float, kept: bool
) -> None:
    start = BRIDGE.index(found)
    span = Found(start, start + len(found), 3.0, probability)
    monkeypatch.setattr(Network, "read", lambda *_: [WindowReading((span,), 1.0, 1.0)])
    asked = Asked("When did it open?", ((BRIDGE.index("Monday"), "Monday"),), sure=False)
    assert LabelAgreement()(Paragraph("Kerm", BRIDGE, (asked,)), asked) is kept


def test_evidence_in_another_sentence_is_told_apart() -> None:
    near = Asked("When did the bridge at Kerm open?", ((BRIDGE.index("Monday"), "Monday"),))
    far = Asked("What did the bridge at Kerm cost?", ((BRIDGE.index("40"), "40 million crowns"),))
    paragraph = Paragraph("Kerm", BRIDGE, (near, far))
    assert apart(paragraph, near) == 0
    assert apart(paragraph, far) == pytest.approx(2 / 3)
