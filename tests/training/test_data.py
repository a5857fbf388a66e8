"""What the reader learns from, on made-up paragraphs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.text.sentences import sentences
from training.augment import alter
from training.data import (
    Asked,
    Negatives,
    Paragraph,
    Source,
    occurrences,
    read_squad,
    targets,
    window,
    without_leaks,
)
from training.mixture import SHARES, Mixture

BANK = (
    "The bank was founded in 2014. It lends to railways. In 2016 the bank sold a bond in Shanghai. "
    "Buyers came from China. The bank of Kazan bought half of it."
)
RIVER = "The Amur rose in 2013. Anton Orlov measured it at Khabarovsk. The river fell again in October 2013."


def paragraph(text: str, *asked: tuple[str, str], article: str = "Some_bank") -> Paragraph:
    """Return a paragraph with questions whose answers are at their first occurrence."""
    items = tuple(Asked(q, ((text.index(a), a),) if a else ()) for q, a in asked)
    return Paragraph(article, text, items)


def test_squad_form_is_read(tmp_path: Path) -> None:
    qas = [
        {"question": " When? ", "answers": [{"text": "2014", "answer_start": 24}]},
        {"question": "Why?", "answers": [], "is_impossible": True},
        {"question": "  ", "answers": []},
        {"question": "Blank?", "answers": [{"text": " ", "answer_start": 3}]},
    ]
    file = tmp_path / "x.json"
    file.write_text(json.dumps({"data": [{"title": "A_b", "paragraphs": [{"context": BANK, "qas": qas}]}]}))
    (only,) = read_squad(file)
    assert (only.title, only.text) == ("A b", BANK)
    assert only.asked == (Asked("When?", ((24, "2014"),)), Asked("Why?", ()))


def test_titles_that_say_nothing_are_left_out() -> None:
    assert [Paragraph(t, "", ()).title for t in ("Amazon_Reviews_1", "Marxism%E2%80%93Leninism")] == [
        "",
        "Marxism–Leninism",
    ]


def test_answers_occur_as_whole_words() -> None:
    assert occurrences("The bank, banker, bank.", "bank") == [4, 18]
    assert occurrences("$12 or 12%", "12") == [1, 7]


def test_occurrence_is_the_one_in_the_sentence_nearest_to_the_question() -> None:
    asked = Asked("What sold a bond in Shanghai?", ((BANK.index("bank"), "bank"),))
    ((start, end, weight),) = targets(paragraph(BANK), asked)
    assert (start, BANK[start:end], weight) == (BANK.index("bank sold"), "bank", 1.0)


def test_equal_occurrences_and_people_share_the_weight() -> None:
    asked = Asked("Zebra?", ((RIVER.index("2013"), "2013"), (RIVER.index("Anton"), "Anton Orlov")))
    found = {(RIVER[a:b], a): w for a, b, w in targets(paragraph(RIVER), asked)}
    assert found == {
        ("2013", RIVER.index("2013")): 0.25,
        ("2013", RIVER.rindex("2013")): 0.25,
        ("Anton Orlov", RIVER.index("Anton")): 0.5,
    }


@given(st.integers(0, 4), st.integers(1, 200), st.integers(0, 20))
def test_window_is_whole_sentences_around_the_core(core: int, chars: int, seed: int) -> None:
    spans = sentences(BANK)
    start, end = window(spans, core, chars, np.random.default_rng(seed))
    assert start in [a for a, _ in spans] and end in [b for _, b in spans]
    assert start <= spans[core][0] < spans[core][1] <= end
    assert end - start <= max(chars, spans[core][1] - spans[core][0])


def test_near_duplicates_of_reported_texts_are_dropped() -> None:
    copy = paragraph("Some say that " + BANK, ("When?", "2014"))
    other = paragraph(RIVER, ("When?", "2013"))
    assert without_leaks([copy, other], [BANK]) == [other]


def test_negatives_do_not_hold_the_answer() -> None:
    asked = paragraph(BANK, ("Where did the bank sell a bond?", "Shanghai"))
    pool = [
        asked,
        paragraph("The bank sold a bond in SHANGHAI too."),
        paragraph("The bank sold a bond in Kazan."),
        paragraph(RIVER, article="Amur"),
        paragraph("A bond is a loan."),
    ]
    negatives = Negatives(pool)
    drawn = [p for seed in range(20) for p in negatives.draw(asked, asked.asked[0], 2, np.random.default_rng(seed))]
    assert len(drawn) == 40
    assert not any("shanghai" in p.text.casefold() for p in drawn)
    near = sum(p.text == "The bank sold a bond in Kazan." for p in drawn)
    assert near > sum(p.article == "Amur" for p in drawn)  # ranked high, drawn more often


@pytest.mark.timeout(20)
def test_answer_that_every_paragraph_holds_has_no_negatives() -> None:
    asked = paragraph("I am a bank.", ("Who are you?", "I"))
    negatives = Negatives([asked, paragraph("It is a river."), paragraph("Kazan it is.", article="Kazan")])
    assert negatives.draw(asked, asked.asked[0], 2, np.random.default_rng(0)) == []


@pytest.mark.parametrize(
    ("question", "passage"),
    [
        ("Where did Anton Orlov measure it?", RIVER),
        ("What happened to the Amur in 2013?", RIVER),
        ("What did the bank sell first in Shanghai?", BANK),
        ("How many of the 30 ships sank?", "Of 30 ships one sank."),
        ("Did the bank lend?", BANK),
    ],
)
def test_altered_questions_differ_and_their_new_words_are_not_in_the_passage(question: str, passage: str) -> None:
    changed = {
        alter(question, passage, ["Boris Petrov", "Volga", "Anton Orlov"], np.random.default_rng(s)) for s in range(30)
    }
    changed.discard(None)
    assert changed
    for text in changed:
        assert text is not None and text != question
        new = set(text.rstrip("?").split()) - set(question.rstrip("?").split()) - {"not", "never"}
        assert not any(word in passage.split() for word in new)


def mixture(seed: int) -> Mixture:
    """Return a mixture of all sources over the same two paragraphs."""
    bank = paragraph(BANK, ("Where did the bank sell a bond?", "Shanghai"), ("Why did Anton Orlov leave?", ""))
    river = paragraph(RIVER, ("Who measured the Amur?", "Anton Orlov"), article="Amur")
    hill = paragraph("Hills are high. Snow lies on them for long.", ("What lies on hills?", "Snow"), article="Hill")
    sources = {name: Source(name, [bank, river, hill], seed) for name in SHARES}
    return Mixture(sources, np.random.default_rng(seed))


def test_same_seed_same_lesson_another_seed_another() -> None:
    one, two, other = ([m.draw(i / 60) for i in range(60)] for m in (mixture(3), mixture(3), mixture(4)))
    assert one == two != other


def test_lesson_goes_on_from_its_state() -> None:
    first = mixture(3)
    for _ in range(30):
        first.draw(0.5)
    second = mixture(3)
    second.restore(json.loads(json.dumps(first.state())))
    assert [first.draw(0.5) for _ in range(30)] == [second.draw(0.5) for _ in range(30)]


def test_examples_say_where_the_answer_stands() -> None:
    drawn = mixture(5)
    units = [drawn.draw(i / 300) for i in range(300)]
    answers = {"Where did the bank sell a bond": "Shanghai", "Who measured the Amur": "Anton Orlov"}
    answers["What lies on hills"] = "Snow"
    for unit in units:
        for place, example in enumerate(unit):
            said = {example.passage[a:b] for a, b, _ in example.targets}
            expected = answers.get(example.question.rstrip("?"))
            if example.answerable:
                assert said == {expected}
                assert sum(w for _, _, w in example.targets) == pytest.approx(1)
            else:
                assert not said
            if len(unit) > 1:
                assert example.relevant is (place == 0) is example.answerable
            if place:
                assert expected is not None and expected not in example.passage
    assert any(len(unit) > 1 for unit in units)
    assert any(not unit[0].answerable and unit[0].question.startswith("Why did Anton") for unit in units)
