"""From hits and readings to an answer: choice, citations, verdict.

The text of an answer is a slice of the quotation, or all of it, so it never says what the citation does not:
the short answer that the reader marked, or the whole sentence where a few words do not answer (why, how, yes or
no). Where two articles give different values, both are said. Whether there is an answer at all is decided by two
small logistic models over the best reading's features (`answered`: does it answer; `subject`: is the question's
subject in the corpus), fitted and measured by `training/fit_sentences.py` for whole sentences and by
`training/fit_spans.py` for short answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qa.reader.fitted import linear
from qa.reader.verdict import verdict_features, verdict_of
from qa.settings import ReaderSettings
from qa.text.question import KINDS, VALUES, kind_of, wants_list, wants_sentence
from qa.text.sentences import sentences
from qa.text.tables import header_at
from qa.text.terms import terms
from qa.types import Answer, AnswerTrace, Article, Citation, Hit, Reading, Verdict

# A sentence that opens like this leans on the one before it; the quotation then takes both.
LEANS = re.compile(
    r"(?:It|Its|He|She|His|Her|They|Their|Them|This|That|These|Those|Both|Such|Neither|There|But|And|So|Then|Also)\b"
)
SEVERAL = re.compile(r",|;|\b(?:and|or)\b")  # a list, not one of its items
DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
SAME = 0.7  # share of terms from which two quotations say the same
NEAR = 2.0  # how far below the best score, in log-odds, a further citation may be

TEXTS = {
    Verdict.RELATED: "The briefing gives no sure answer to this. The nearest passages are listed.",
    Verdict.NOT_IN_CORPUS: "This is not in the briefing.",
}


@dataclass(frozen=True, slots=True)
class Findings:
    """All that an answer is made of."""

    question: str
    hits: Sequence[Hit]
    readings: Sequence[Reading]  # best first
    articles: Mapping[str, Article]
    generation: str
    rivals: int = 0  # readings in front that answer with like certainty: each is cited
    current: int = 0  # of these, those of the latest account: each value is said


def answer_from(findings: Findings, settings: ReaderSettings, milliseconds: Mapping[str, float]) -> Answer:
    """Return the answer that the findings allow, or the refusal that they call for."""
    best = findings.readings[0] if findings.readings else None
    features = verdict_features(best) if best else {}
    fitted = "span_" if best and best.answer_start is not None else ""
    confidence = linear(f"{fitted}answered").probability(features) if best else 0.0
    verdict = verdict_of(confidence, features, settings, fitted)
    citations = _citations(findings, settings.citations) if verdict is Verdict.ANSWERED else ()
    return Answer(
        question=findings.question,
        text=_text(findings, citations) if citations else TEXTS[verdict],
        verdict=verdict,
        confidence=round(confidence, 4),
        citations=citations,
        hits=tuple(findings.hits),
        generation=findings.generation,
        trace=AnswerTrace(findings.question, milliseconds, {name: round(v, 4) for name, v in features.items()}),
    )


def overview_from(findings: Findings, chosen: Sequence[Reading], milliseconds: Mapping[str, float]) -> Answer:
    """Return the chosen sentences as one answer: each cited, and numbered in the text."""
    citations = tuple(cite(number, reading, findings.articles) for number, reading in enumerate(chosen, start=1))
    return Answer(
        question=findings.question,
        text="\n".join(f"{citation.quote} [{citation.number}]" for citation in citations),
        verdict=Verdict.ANSWERED,
        confidence=round(min(1.0, chosen[0].features["held"]), 4),
        citations=citations,
        hits=tuple(findings.hits),
        generation=findings.generation,
        trace=AnswerTrace(findings.question, milliseconds, {}),
    )


def about(findings: Findings, text: str) -> Answer:
    """Return a reply that speaks of the briefing itself: nothing was searched for to answer it, nothing is cited."""
    return Answer(
        question=findings.question,
        text=text,
        verdict=Verdict.ABOUT,
        confidence=1.0,
        citations=(),
        hits=tuple(findings.hits),
        generation=findings.generation,
        trace=AnswerTrace("", {}, {}),
    )


def _text(findings: Findings, citations: Sequence[Citation]) -> str:
    """Return the short answer, with the other value where another article gives one; or the whole quotation."""
    question, short = findings.question, _short(citations[0])
    if short is None or wants_sentence(question) or (wants_list(question) and not SEVERAL.search(short)):
        return citations[0].quote
    others = citations[1 : findings.current] if findings.rivals else citations[1:]
    other = next((_short(c) for c in others if _differs(findings, citations[0], c)), None)
    return f"{short}; {other}" if other else short


def _short(citation: Citation) -> str | None:
    if citation.answer_start is None or citation.answer_end is None:
        return None
    return citation.quote[citation.answer_start - citation.start : citation.answer_end - citation.start]


def _differs(findings: Findings, one: Citation, other: Citation) -> bool:
    """Whether another article gives another value: digits of the kind asked for, none of them in common, in a sentence
    about the same.
    """
    asked = kind_of(findings.question)
    a, b = _short(one), _short(other)
    if asked not in VALUES or a is None or b is None or one.article_id == other.article_id:
        return False
    shows = KINDS[asked].shows
    apart = not set(DIGITS.findall(a)) & set(DIGITS.findall(b))
    if not apart or not all(DIGITS.search(text) for text in (a, b)):
        return False
    if findings.rivals:  # that they speak of the same was seen to
        return True
    return all(shows.search(text) for text in (a, b)) and _alike(findings.question, one, other)


def _alike(question: str, one: Citation, other: Citation) -> bool:
    wanted = set(terms(question))
    held, also = wanted & set(terms(one.quote)), wanted & set(terms(other.quote))
    return bool(held) and held == also


def _citations(findings: Findings, most: int) -> tuple[Citation, ...]:
    """Return the best reading as the first citation, and others near it that say something else."""
    best = findings.readings[0]
    chosen: list[Reading] = []
    for place, reading in enumerate(findings.readings):
        if len(chosen) == most or (place >= findings.rivals and reading.score < best.score - NEAR):
            break
        if not any(_same(reading, other, findings.articles) for other in chosen):
            chosen.append(reading)
    return tuple(cite(number, reading, findings.articles) for number, reading in enumerate(chosen, start=1))


def _same(one: Reading, other: Reading, articles: Mapping[str, Article]) -> bool:
    a, b = (set(terms(articles[r.hit.passage.article_id].text[r.start : r.end])) for r in (one, other))
    same_article = one.hit.passage.article_id == other.hit.passage.article_id
    confirms = not same_article and one.answer_start is not None and other.answer_start is not None
    size = max(len(a), len(b)) if confirms else min(len(a), len(b))  # another article that says it too is worth citing
    overlap = len(a & b) / max(1, size)
    return overlap >= SAME or (same_article and one.start < other.end and other.start < one.end)


def cite(number: int, reading: Reading, articles: Mapping[str, Article]) -> Citation:
    """Return a reading as a citation; where its first sentence leans on the one before it, with that one."""
    passage = reading.hit.passage
    article = articles[passage.article_id]
    start = _context_start(reading, article.text)
    quote = article.text[start : reading.end]
    header = header_at(article.text, start)
    read = passage.text[reading.start - passage.start : reading.end - passage.start]
    if not read.strip() or not quote.endswith(read):  # the words that were read, against those at their offsets
        raise AssertionError(f"citation {number}: {article.id} does not say at {reading.start} what was read there")
    return Citation(
        number=number,
        article_id=article.id,
        title=article.title,
        source=article.source,
        url=article.url,
        published=article.published,
        start=start,
        end=reading.end,
        quote=quote,
        answer_start=reading.answer_start,
        answer_end=reading.answer_end,
        page=article.page_at(start),
        passage=passage,
        by_ocr=article.by_ocr(start),
        header=article.text[slice(*header)] if header else "",
    )


def _context_start(reading: Reading, text: str) -> int:
    """Return where the quotation begins: at the sentence before, if this one leans on it."""
    if not LEANS.match(text, reading.start):
        return reading.start
    passage = reading.hit.passage
    before = [start for start, end in sentences(passage.text) if passage.start + end <= reading.start]
    start = passage.start + before[-1] if before else reading.start
    crosses_paragraph = re.search(r"\n[ \t\r]*\n", text[start : reading.start])
    return reading.start if crosses_paragraph else start
