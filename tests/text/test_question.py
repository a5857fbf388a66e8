"""What questions ask for."""

from __future__ import annotations

import pytest

from qa.briefing import Briefing
from qa.text.question import Question, is_question, normalised, share, wants_list, wants_sentence
from qa.types import Store


@pytest.fixture
def store(briefing: Briefing) -> Store:
    """The store of the small corpus, for term statistics."""
    return briefing.generation.store


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("When did gas begin to flow?", "date"),
        ("In what year was it founded?", "date"),
        ("How old is the bank?", "date"),
        ("What share of the railway is Chinese?", "share"),
        ("How large a share do they own?", "share"),
        ("How much does the bridge cost?", "money"),
        ("What did the fund pay for it?", "money"),
        ("How long is the railway?", "measure"),
        ("How long will the train take to Kazan?", "measure"),
        ("How long did the talks on the bridge last?", "measure"),
        ("What is the capacity of the plant?", "measure"),
        ("How many kilometres?", "number"),
        ("how much gas will flow", "number"),
        ("Who finances the railway?", "name"),
        ("Whose loan is it?", "name"),
        ("Which banks take part?", "name"),
        ("Where is the seat?", "place"),
        ("In which city is it?", "place"),
        ("Why was it postponed?", "reason"),
        ("How did the bank react?", None),
        ("What is a bond?", None),
        ("Somewhere over the rainbow", None),
    ],
)
def test_kind_of_answer_that_is_asked_for(store: Store, question: str, kind: str | None) -> None:
    assert Question.of(question, store).kind == kind


@pytest.mark.parametrize(
    ("kind", "shows", "lacks"),
    [
        ("date", "It opened in December.", "It opened late."),
        ("date", "It opened in 1986.", "It has 19860 seats."),
        ("share", "About 80 percent are Chinese.", "About 80 are Chinese."),
        ("money", "It costs $6 billion.", "It costs much."),
        ("money", "A sum of 400 billion roubles is named.", "A sum is named; 400 came."),
        ("measure", "It is 770 km long.", "It has 770 stops."),
        ("measure", "Inflation is at 3.2 percent.", "Inflation is at a peak."),
        ("number", "It has twelve stops.", "It has stops."),
        ("place", "Its seat is in Shanghai.", "Its seat is in a tower."),
        ("reason", "It stopped because of the cost.", "It stopped."),
    ],
)
def test_sentence_shows_the_kind_or_lacks_it(kind: str, shows: str, lacks: str) -> None:
    asked = Question({}, 0.0, frozenset(), kind)
    assert (asked.shown_by(shows), asked.shown_by(lacks)) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("text", "strength"),
    [
        ("The Development Bank lends.", 0.0),  # the question's own name
        ("A loan comes from the Silk Road Fund.", 1.0),
        ("A loan comes from CDB.", 1.0),
        ("A loan comes from Novatek.", 0.5),
        ("Loans come in March.", 0.0),
        ("it lends.", 0.0),
    ],
)
def test_new_names_are_what_a_who_question_asks_for(store: Store, text: str, strength: float) -> None:
    assert Question.of("Who, with the Development Bank, lends?", store).shown_by(text) == strength


def test_numbers_of_the_question_are_no_answer(store: Store) -> None:
    asked = Question.of("How many stops did it have in 2016?", store)
    assert asked.shown_by("It had stops in 2016.") == 0
    assert asked.shown_by("It had 15 stops in 2016.") == 1


def test_question_is_weighted_terms_names_and_unknown_words(store: Store) -> None:
    asked = Question.of("Did Mikhail Orlov praise the Amur penguin?", store)
    assert list(asked.terms) == ["mikhail", "orlov", "prais", "amur", "penguin"]
    total = sum(store.idf(term) for term in asked.terms)
    assert asked.terms["amur"] == pytest.approx(store.idf("amur") / total)
    assert sum(asked.terms.values()) == pytest.approx(1)
    assert asked.unknown == pytest.approx(2 * store.idf("penguin") / total)
    assert asked.names == {"mikhail", "orlov", "amur"}
    assert share(asked.terms, {"amur", "river"}) == pytest.approx(asked.terms["amur"])


def test_question_without_terms_has_no_weight(store: Store) -> None:
    assert Question.of("Who is it?", store) == Question({}, 0, frozenset(), "name")
    assert normalised({}) == {}


@pytest.mark.parametrize(
    "question",
    [
        "Is it publicly known?",
        "and was it there",
        "Why does it lend?",
        "how did it lend",
        "What is the Silk Road Economic Belt?",
        "what is sibur",
        "Who is Igor Sechin?",
    ],
)
def test_yes_no_why_how_and_definitions_want_a_sentence(question: str) -> None:
    assert wants_sentence(question)


@pytest.mark.parametrize(
    "question",
    [
        "How long is the contract?",
        "who is the chairman of the bank",
        "What is the length of the bridge?",
        "What is China's job in it?",
        "Which bank lends?",
    ],
)
def test_other_questions_want_a_few_words(question: str) -> None:
    assert not wants_sentence(question)


@pytest.mark.parametrize(
    ("question", "several"),
    [
        ("Which countries belong to the union?", True),
        ("which three projects", True),
        ("from which Russian regions does China accept wheat", True),
        ("name all the banks", True),
        ("Which bank handles the clearing?", False),
        ("which business", False),
        ("What does the bank do?", False),
    ],
)
def test_several_things_are_asked_for_by_a_plural(question: str, several: bool) -> None:
    assert wants_list(question) is several


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("who finances the railway", True),
        ("In which year did it open", True),
        ("Is it built", True),
        ("the railway opens when?", True),
        ("and where is it", True),
        ("what's a bond", True),
        ("railway loans", False),
        ("KENNEDY'S PRESSURE ON NGO DINH DIEM", False),
        ("The bank, which lends to the railway, is Chinese", False),
        ("", False),
    ],
)
def test_questions_are_told_from_statements(text: str, asks: bool) -> None:
    assert is_question(text) is asks
