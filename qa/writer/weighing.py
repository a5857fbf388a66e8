"""Whether what a model proposes answers better than what we have: its word counts as one vote beside the reader's.

The reader says how likely each of its readings answers. A reading that the model chose, too, gains a constant in
log-odds: more where both mark the same words, less where only the sentence is the same. What the reader does not find
gains nothing, so that a refusal that it is sure of stands whatever the model says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, log

from qa.reader import Findings, SpanReader, answer_from, linear
from qa.reader.verdict import verdict_features, verdict_of
from qa.settings import ReaderSettings
from qa.text.statements import statement
from qa.types import Answer, Article, Reading, Span, Verdict, WrittenSentence

SAME_WORDS = 1.0  # log-odds for a reading whose words the model gives as the answer
SAME_SENTENCE = 0.3  # for one in a sentence that the model quotes
CLEAR = 0.0  # logits above "no answer" from which the reader finds one in a text
EDGE = 1e-6


@dataclass(frozen=True, slots=True)
class Proposed:
    """A stretch of an article that a model chose, and the answer in it, if it gave one: offsets in the article."""

    article_id: str
    span: Span
    answer: Span | None


@dataclass(frozen=True, slots=True)
class Weighed:
    """A reading that the model supports, and how likely it answers, both considered."""

    reading: Reading
    confidence: float


def weighed(readings: Sequence[Reading], proposals: Sequence[Proposed]) -> Weighed | None:
    """Return the most likely reading that a proposal supports; None where none is supported."""
    supported = [
        Weighed(_marked(reading, proposed), _raised(_chance(reading), _bonus(reading, proposed)))
        for proposed in proposals
        for reading in readings
        if _same_sentence(reading, proposed)
    ]
    return max(supported, key=lambda each: each.confidence, default=None)


def stated(
    readings: Sequence[Reading],
    shown: Iterable[tuple[WrittenSentence, Sequence[tuple[str, Span]]]],
    articles: Mapping[str, Article],
) -> Weighed | None:
    """Return the most likely reading whose answer a shown sentence states, from a stretch that carries it."""
    found = []
    for sentence, places in shown:
        said = statement(sentence.text).terms
        for reading in readings:
            if not any(_same_sentence(reading, Proposed(article, span, None)) for article, span in places):
                continue
            if reading.answer_start is None:
                found.append(Weighed(reading, _raised(_chance(reading), SAME_SENTENCE)))
            elif _answer_terms(reading, articles) <= said:
                found.append(Weighed(reading, _raised(_chance(reading), SAME_WORDS)))
    return max(found, key=lambda each: each.confidence, default=None)


def answers(best: Weighed, settings: ReaderSettings) -> bool:
    """Return whether a weighed reading is likely enough to be shown."""
    features = verdict_features(best.reading)
    return verdict_of(best.confidence, features, settings, _fitted(best.reading)) is Verdict.ANSWERED


def better(best: Weighed, ours: Answer, settings: ReaderSettings) -> bool:
    """Return whether a weighed reading should replace our answer, or our refusal."""
    if not answers(best, settings):
        return False
    return ours.verdict is not Verdict.ANSWERED or best.confidence > ours.confidence


def answer_with(best: Weighed, readings: Sequence[Reading], ours: Answer, articles: Mapping[str, Article]) -> Answer:
    """Return the answer whose first citation is the weighed reading: ours, only surer, where it is that already."""
    confidence = round(best.confidence, 4)
    if ours.verdict is Verdict.ANSWERED and _is_cited(best.reading, ours):
        return replace(ours, confidence=confidence)
    others = [reading for reading in readings if not _overlap(reading, best.reading)]
    findings = Findings(ours.trace.searched_for, ours.hits, [best.reading, *others], articles, ours.generation)
    made = answer_from(findings, ReaderSettings(answered_from=0), ours.trace.milliseconds)
    return replace(
        without_numbers(ours),
        text=made.text,
        verdict=made.verdict,
        confidence=confidence,
        citations=made.citations,
    )


def without_numbers(ours: Answer) -> Answer:
    """Return our answer without what counts on the numbers of its citations."""
    return replace(ours, agreement=None, earlier=(), dates=(), timeline=())


def _is_cited(reading: Reading, ours: Answer) -> bool:
    first = ours.citations[0]
    same = first.article_id == reading.hit.passage.article_id
    return same and first.start < reading.end and reading.start < first.end


def contradicted(question: str, sentence: str, source: str, reader: object) -> bool:
    """Return whether the trained reader, asked the question, finds another answer in a sentence than in its source."""
    if not isinstance(reader, SpanReader):
        return False
    one, other = (
        [frozenset(statement(text[s.start : s.end]).terms) for s in said.spans if s.above_null > CLEAR]
        for text, said in zip((sentence, source), reader.spans_in(question, (sentence, source)), strict=True)
    )
    return bool(one and other) and not any(one[0] & found for found in other)


def _chance(reading: Reading) -> float:
    return linear(f"{_fitted(reading)}answered").probability(verdict_features(reading))


def _fitted(reading: Reading) -> str:
    return "span_" if reading.answer_start is not None else ""


def _raised(chance: float, bonus: float) -> float:
    """Return a probability with a bonus in log-odds."""
    chance = min(max(chance, EDGE), 1 - EDGE)
    return 1 / (1 + exp(-(log(chance / (1 - chance)) + bonus)))


def _same_sentence(reading: Reading, proposed: Proposed) -> bool:
    a, b = proposed.span
    return reading.hit.passage.article_id == proposed.article_id and reading.start < b and a < reading.end


def _same_words(reading: Reading, proposed: Proposed) -> bool:
    if proposed.answer is None or reading.answer_start is None or reading.answer_end is None:
        return False
    return reading.answer_start < proposed.answer[1] and proposed.answer[0] < reading.answer_end


def _bonus(reading: Reading, proposed: Proposed) -> float:
    return SAME_WORDS if _same_words(reading, proposed) else SAME_SENTENCE


def _marked(reading: Reading, proposed: Proposed) -> Reading:
    """Return the reading with the model's answer marked, if that lies in its sentence."""
    if proposed.answer is None or not (reading.start <= proposed.answer[0] < proposed.answer[1] <= reading.end):
        return reading
    if reading.answer_start is None:  # a reader of sentences: its features are not those of spans
        return reading
    return replace(reading, answer_start=proposed.answer[0], answer_end=proposed.answer[1])


def _answer_terms(reading: Reading, articles: Mapping[str, Article]) -> frozenset[str]:
    """Return the terms of a reading's short answer."""
    return statement(articles[reading.hit.passage.article_id].text[reading.answer_start : reading.answer_end]).terms


def _overlap(one: Reading, other: Reading) -> bool:
    same = one.hit.passage.article_id == other.hit.passage.article_id
    return same and one.start < other.end and other.start < one.end
