"""From readings to an answer: verdict, choice, citations that are slices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

import qa.reader.answer
import qa.reader.fitted
from qa.reader.answer import Findings, answer_from
from qa.settings import ReaderSettings
from qa.text.sentences import sentences
from qa.types import Answer, Article, Hit, Reading, Verdict
from tests.texts import HOSTILE, hit_on

BANK = Article(
    "bank.md",
    "The Development Bank was founded in Fortaleza. It lends to railways.\n\nIts capital is 100 billion dollars.",
    "Bank",
    "Morning Post",
    "https://example.org/bank",
    date(2016, 7, 21),
)
GAS = Article("gas.md", "Gas flows through the eastern pipeline. The contract covers thirty years.", "Gas")

Weigh = Callable[..., None]


@pytest.fixture(autouse=True)
def weigh(monkeypatch: pytest.MonkeyPatch) -> Weigh:
    """Weights of one feature each, and a function that sets the thresholds."""

    def set_thresholds(answered: float = 0.5, subject: float = 0.5) -> None:
        parts = {
            "answered": {"bias": 0.0, "weights": {"a": 1.0}, "threshold": answered},
            "subject": {"bias": 0.0, "weights": {"b": 1.0}, "threshold": subject},
            "span_answered": {"bias": 1.0, "weights": {"a": 1.0}, "threshold": answered},
            "span_subject": {"bias": 1.0, "weights": {"b": 1.0}, "threshold": subject},
        }
        monkeypatch.setattr(qa.reader.fitted, "shipped", parts.__getitem__)

    set_thresholds()
    return set_thresholds


def reading(
    article: Article, text: str, score: float = 1.0, hit: Hit | None = None, a: float = 9.0, b: float = 9.0
) -> Reading:
    """Return a reading of a stretch of an article."""
    start = article.text.index(text)
    return Reading(hit or hit_on(article), start, start + len(text), score, {"a": a, "b": b})


def answered(*readings: Reading, citations: int = 3, answered_from: float | None = None) -> Answer:
    """Return the answer that these readings, best first, allow."""
    articles = {article.id: article for article in (BANK, GAS)}
    hits = tuple(dict.fromkeys(r.hit for r in readings)) if readings else (hit_on(GAS),)
    findings = Findings("Question?", hits, readings, articles, "gen-1")
    return answer_from(findings, ReaderSettings(citations=citations, answered_from=answered_from), {"read": 1.0})


def quotes(found: Answer) -> list[str]:
    """Return the quotations."""
    return [citation.quote for citation in found.citations]


def test_answer_is_the_quotation_and_the_citation_says_where_it_stands() -> None:
    best = reading(GAS, "The contract covers thirty years.")
    found = answered(best)
    assert (found.text, found.verdict) == ("The contract covers thirty years.", Verdict.ANSWERED)
    assert (found.question, found.generation, found.hits) == ("Question?", "gen-1", (best.hit,))
    citation = found.citations[0]
    assert (citation.number, citation.article_id, citation.start, citation.end) == (1, "gas.md", 40, 73)
    assert (citation.answer_start, citation.answer_end, citation.page) == (None, None, None)
    assert citation.passage == best.hit.passage


def test_citation_carries_the_metadata_of_its_article() -> None:
    citation = answered(reading(BANK, "The Development Bank was founded in Fortaleza.")).citations[0]
    assert (citation.title, citation.source, citation.url, citation.published) == (
        "Bank",
        "Morning Post",
        "https://example.org/bank",
        date(2016, 7, 21),
    )


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        (0.0, -9.0, Verdict.ANSWERED),  # probability 0.5 is from the threshold on
        (-0.01, 0.0, Verdict.RELATED),
        (-0.01, -0.01, Verdict.NOT_IN_CORPUS),
    ],
)
def test_verdict_follows_both_thresholds(a: float, b: float, verdict: Verdict) -> None:
    assert answered(reading(GAS, "Gas flows", a=a, b=b)).verdict is verdict


def test_shipped_threshold_counts_unless_one_is_set(weigh: Weigh) -> None:
    weigh(answered=0.8)
    best = reading(GAS, "Gas flows", a=1.0)
    assert answered(best).verdict is Verdict.RELATED
    assert answered(best, answered_from=0.7).verdict is Verdict.ANSWERED
    assert answered(best, answered_from=0.74).verdict is Verdict.RELATED
    assert answered(best, answered_from=0.0).verdict is Verdict.ANSWERED


@pytest.mark.parametrize(("a", "confidence"), [(1.0, 1 / (1 + exp(-1))), (-2.0, 1 / (1 + exp(2))), (900, 1), (-900, 0)])
def test_confidence_is_the_probability(a: float, confidence: float) -> None:
    found = answered(reading(GAS, "Gas flows", a=a))
    assert found.confidence == pytest.approx(confidence, abs=5e-5)
    assert 0 <= found.confidence <= 1


@pytest.mark.parametrize(
    ("b", "text"),
    [
        (9.0, "The briefing gives no sure answer to this. The nearest passages are listed."),
        (-9.0, "This is not in the briefing."),
    ],
)
def test_refusal_has_hits_and_no_citation(b: float, text: str) -> None:
    found = answered(reading(GAS, "Gas flows", a=-9.0, b=b))
    assert (found.text, found.citations) == (text, ())
    assert [hit.passage.article_id for hit in found.hits] == ["gas.md"]


def test_nothing_read_is_not_in_the_corpus_whatever_the_threshold() -> None:
    found = answered(answered_from=0.0)
    assert (found.verdict, found.confidence, found.citations) == (Verdict.NOT_IN_CORPUS, 0.0, ())


def test_verdict_is_of_the_best_reading_alone() -> None:
    best, second = reading(GAS, "Gas flows", a=-9.0), reading(BANK, "The Development Bank", score=0.9)
    assert answered(best, second).verdict is Verdict.RELATED


def test_further_citations_are_near_and_say_something_else() -> None:
    readings = [
        reading(BANK, "The Development Bank was founded in Fortaleza.", 5.0),
        reading(BANK, "Development Bank was founded in Fortaleza.", 4.9),  # the same place
        reading(GAS, "Gas flows through the eastern pipeline.", 4.0),
        reading(GAS, "The contract covers thirty years.", 3.0),  # exactly NEAR below
        reading(BANK, "Its capital is 100 billion dollars.", 2.99),  # too far below
    ]
    found = answered(*readings, citations=5)
    assert quotes(found) == [
        "The Development Bank was founded in Fortaleza.",
        "Gas flows through the eastern pipeline.",
        "The contract covers thirty years.",
    ]
    assert [citation.number for citation in found.citations] == [1, 2, 3]
    assert quotes(answered(*readings, citations=2)) == quotes(found)[:2]
    assert quotes(answered(*readings, citations=1)) == quotes(found)[:1]


def test_same_words_in_another_article_are_not_cited_again() -> None:
    copy = Article("copy.md", "Gas flows through the eastern pipeline, they say.", "Copy")
    readings = [reading(GAS, "Gas flows through the eastern pipeline."), reading(copy, copy.text, 0.9)]
    findings = Findings("Q", [r.hit for r in readings], readings, {"gas.md": GAS, "copy.md": copy}, "gen-1")
    assert quotes(answer_from(findings, ReaderSettings(), {})) == ["Gas flows through the eastern pipeline."]


def test_sentence_that_leans_takes_the_one_before_along() -> None:
    found = answered(reading(BANK, "It lends to railways."))
    assert found.text == "The Development Bank was founded in Fortaleza. It lends to railways."
    assert (found.citations[0].start, found.citations[0].end) == (0, 68)


def test_sentence_that_leans_across_a_paragraph_stands_alone() -> None:
    assert answered(reading(BANK, "Its capital is 100 billion dollars.")).text == "Its capital is 100 billion dollars."


def test_sentence_that_leans_at_the_beginning_of_its_passage_stands_alone() -> None:
    hit = hit_on(BANK, BANK.text.index("It lends"))
    assert answered(reading(BANK, "It lends to railways.", hit=hit)).text == "It lends to railways."


@pytest.mark.parametrize("word", ["Italy", "Shell", "Hebei", "Thessaly", "Theirs"])
def test_word_that_only_begins_like_a_pronoun_does_not_lean(word: str) -> None:
    article = Article("a.md", f"The bank lends. {word} pays well.", "T")
    best = reading(article, f"{word} pays well.")
    findings = Findings("Q", [best.hit], [best], {"a.md": article}, "gen-1")
    assert answer_from(findings, ReaderSettings(), {}).text == f"{word} pays well."


def test_trace_holds_times_and_features() -> None:
    trace = answered(reading(GAS, "Gas flows", score=0.123456, a=1.0)).trace
    assert (trace.searched_for, trace.milliseconds) == ("Question?", {"read": 1.0})
    assert trace.features == {"a": 1.0, "b": 9.0, "score": 0.1235}


def spanned(article: Article, sentence: str, short: str, score: float = 1.0, a: float = 9.0) -> Reading:
    """Return a reading with a short answer."""
    found = reading(article, sentence, score, a=a)
    start = article.text.index(short, found.start)
    return replace(found, answer_start=start, answer_end=start + len(short))


def asked(question: str, *readings: Reading) -> Answer:
    """Return the answer to a question from these readings, best first."""
    articles = {a.id: a for a in (BANK, GAS, OLD_COST, NEW_COST)}
    findings = Findings(question, tuple(r.hit for r in readings), readings, articles, "gen-1")
    return answer_from(findings, ReaderSettings(), {})


OLD_COST = Article("old.md", "The railway costs 400 billion roubles. It is long.", "Cost")
NEW_COST = Article("new.md", "Now the railway costs 1.7 trillion roubles.", "Cost")


def test_short_answer_is_the_text_and_is_marked_in_its_whole_sentence() -> None:
    found = asked(
        "Where was the bank founded?", spanned(BANK, "The Development Bank was founded in Fortaleza.", "Fortaleza")
    )
    (citation,) = found.citations
    assert (found.text, citation.quote) == ("Fortaleza", "The Development Bank was founded in Fortaleza.")
    assert BANK.text[citation.answer_start : citation.answer_end] == "Fortaleza"


def test_short_answer_of_a_sentence_that_leans_stays_marked() -> None:
    found = asked("To what does it lend?", spanned(BANK, "It lends to railways.", "railways"))
    (citation,) = found.citations
    assert citation.quote == "The Development Bank was founded in Fortaleza. It lends to railways."
    assert (found.text, BANK.text[citation.answer_start : citation.answer_end]) == ("railways", "railways")


@pytest.mark.parametrize(
    "question",
    ["Does the bank lend to railways?", "Is it so?", "Why does it lend?", "how did it lend", "And was it there?"],
)
def test_yes_why_and_how_are_answered_by_the_sentence(question: str) -> None:
    assert asked(question, spanned(GAS, "The contract covers thirty years.", "thirty years")).text == (
        "The contract covers thirty years."
    )


@pytest.mark.parametrize("question", ["How long is the contract?", "how many years?", "Who was it?", "how much"])
def test_short_questions_get_short_answers(question: str) -> None:
    found = asked(question, spanned(GAS, "The contract covers thirty years.", "thirty years"))
    assert found.text == "thirty years"


def test_one_thing_is_not_given_where_several_are_asked_for() -> None:
    best = spanned(GAS, "The contract covers thirty years.", "thirty")
    assert asked("Which years does it cover?", best).text == "The contract covers thirty years."
    trade = Article("old.md", "They buy oil, gas and coal there.", "Trade")
    both = spanned(trade, trade.text, "oil, gas and coal")
    findings = Findings("Which goods do they buy?", (both.hit,), (both,), {"old.md": trade}, "g")
    assert answer_from(findings, ReaderSettings(), {}).text == "oil, gas and coal"


def test_articles_that_differ_are_both_said_each_with_its_citation() -> None:
    old = spanned(OLD_COST, "The railway costs 400 billion roubles.", "400 billion roubles")
    new = spanned(NEW_COST, "Now the railway costs 1.7 trillion roubles.", "1.7 trillion roubles", 0.9)
    found = asked("How much does the railway cost?", old, new)
    assert found.text == "400 billion roubles; 1.7 trillion roubles"
    assert [c.quote[c.answer_start - c.start : c.answer_end - c.start] for c in found.citations] == [  # type: ignore[operator]
        "400 billion roubles",
        "1.7 trillion roubles",
    ]
    assert asked("What did they say?", old, new).text == "400 billion roubles"  # no value was asked for


def test_articles_that_agree_are_one_answer_with_two_citations() -> None:
    agreeing = Article("new.md", "Experts put what the railway costs at 400 billion in sum.", "Cost")
    one = spanned(OLD_COST, "The railway costs 400 billion roubles.", "400 billion roubles")
    other = spanned(agreeing, agreeing.text, "400 billion", 0.9)
    articles = {"old.md": OLD_COST, "new.md": agreeing}
    findings = Findings("What does the railway cost?", (one.hit, other.hit), (one, other), articles, "g")
    found = answer_from(findings, ReaderSettings(), {})
    assert (found.text, len(found.citations)) == ("400 billion roubles", 2)


def test_verdict_of_a_short_answer_has_its_own_weights() -> None:
    best = spanned(GAS, "The contract covers thirty years.", "thirty years", a=0.5)
    assert asked("How long?", best).confidence == pytest.approx(1 / (1 + exp(-1.5)), abs=5e-5)
    assert answered(reading(GAS, "The contract covers thirty years.", a=0.5)).confidence == pytest.approx(
        1 / (1 + exp(-0.5)), abs=5e-5
    )


LEANING = st.lists(
    st.one_of(HOSTILE, st.sampled_from(["It lends. ", "This is it. ", "But why? ", "\n\nThey left. ", "So it was"])),
    max_size=6,
).map("".join)


@given(LEANING, st.integers(0, 40))
def test_every_quotation_is_a_slice_of_its_article(text: str, passage_start: int) -> None:
    article = Article("a.md", text, "T")
    hit = hit_on(article, min(passage_start, len(text)))
    readings = [
        Reading(hit, hit.passage.start + start, hit.passage.start + end, 1.0, {"a": 9.0, "b": 9.0})
        for start, end in sentences(hit.passage.text)
    ]
    for one in readings:
        found = answer_from(Findings("Q", [hit], [one], {"a.md": article}, "gen-1"), ReaderSettings(), {})
        citation = found.citations[0]
        assert article.text[citation.start : citation.end] == citation.quote == found.text
        assert hit.passage.start <= citation.start <= one.start < one.end == citation.end
