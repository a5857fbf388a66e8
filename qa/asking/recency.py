"""The newest account first: which readings answer with like certainty, which of them leads, which are superseded.

Recency plays only among rivals: readings of several articles that answer the same, about as surely as the best one, and
only where a question asks how things are. One about the past ("originally", "was to") turns it round; one that names a
time prefers what is of that time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from qa.asking.times import Period
from qa.asking.values import Said, same_value
from qa.reader.fitted import linear
from qa.text.question import KINDS, kind_of, wants_sentence
from qa.types import Article, Reading

NEAR, NEAR_SENTENCE = 4.0, 1.25  # how far below the best score a rival may be: with a short answer, and without one
ABOUT_AS_MUCH = 0.5  # share of what the best reading's surroundings hold of the question that a rival's must hold
SAME_TIME = timedelta(days=60)  # between accounts of two sources that differ, rather than one superseding the other

PAST = re.compile(
    r"\b(?:did|was|were|had)\b|"
    r"^\s*(?:who|what|which [\w-]+|whose [\w-]+) (?:[a-z]+ed|won|built|bought|sold|made|paid|led|"
    r"took|became|gave|wrote|said|held|won|lost|left|got|went|came|began|fell|rose|met|told|drew|dug|grew|sent|spent)\b",
    re.I,
)
NOW = re.compile(r"\b(?:now|today|currently|nowadays|at present|these days|so far)\b", re.I)
# A question that goes back behind what superseded something.
FIRST_ACCOUNT = re.compile(
    r"\b(?:original(?:ly)?|initial(?:ly)?|at first|first (?:planned|said|expected|announced|estimated)|at the outset|"
    r"to begin with|in the beginning|used to|previous(?:ly)?|(?:was|were) (?:once |first )?to\b)",
    re.I,
)
UP_TO = re.compile(r"\b(?:before|until|till|prior to|up to) (?:the )?(?P<time>[\w’'-]+(?: [\w’'-]+){0,3})\W*$", re.I)
FROM_ON = r"(?:from|since|as of|as from|starting|beginning|after|on)"
# Words that end what stands beside them: "former minister X", "X has stepped down".
ENDED_BEFORE = re.compile(
    r"(?:\b(?:former|ex|outgoing|late|dismiss(?:ed|es)|sack(?:ed|s)|fire[sd]|oust(?:ed|s)|replac(?:ed|es)|succeed(?:ed|s)|"
    r"tak(?:es|en|ing) over from|took over from|in place of|instead of|predecessor)\b)\W+(?:[\w’'-]+\W+){0,3}$",
    re.I,
)
ENDED_AFTER = re.compile(
    r"^\W*(?:has |have |had |is |was |will |,[^,.]{0,40}, )*(?:resign|step(?:s|ped|ping)? (?:down|back)|quit\b|retire|"
    r"(?:been )?(?:dismissed|sacked|fired|ousted|replaced|voted out|succeeded)|leav(?:es|ing)\b|left\b|died\b|"
    r"g[ai]ve[sn]? up)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Accounts:
    """Readings with the newest account first. The first `rivals` of them answer with like certainty, and of these the
    first `current` are of the latest account; all are, where recency does not play.
    """

    readings: tuple[Reading, ...]
    rivals: int = 0
    current: int = 0


def newest_first(
    question: str, readings: Sequence[Reading], articles: Mapping[str, Article], periods: Sequence[Period] = ()
) -> Accounts:
    """Return the readings of a question, best first, with the newest of those with like certainty in front."""
    readings = [reading for reading in readings if not _begins_then(question, reading, articles)]
    found = _rivals(question, readings, articles)
    if len(found) < 2:
        return Accounts(tuple(found + [r for r in readings if r not in found]) if found else tuple(readings))
    ordered, current = _ordered(question, found, articles, periods)
    rest = [reading for reading in readings if reading not in found]
    return Accounts((*ordered, *rest), len(found), current)


def _begins_then(question: str, reading: Reading, articles: Mapping[str, Article]) -> bool:
    """Return whether a sentence tells how things are from a time on, where a question asks how they were before it."""
    before = UP_TO.search(question)
    if before is None:
        return False
    text = articles[reading.hit.passage.article_id].text[reading.start : reading.end]
    return bool(re.search(rf"\b{FROM_ON} (?:the )?{re.escape(before['time'])}\b", text, re.I))


def _ordered(
    question: str, found: list[Reading], articles: Mapping[str, Article], periods: Sequence[Period]
) -> tuple[list[Reading], int]:
    def day(reading: Reading) -> date:
        return articles[reading.hit.passage.article_id].published or date.min

    by_date = sorted(found, key=lambda r: (-day(r).toordinal(), -r.score))
    if periods:
        inside = [r for r in found if any(_of(period, r, articles) for period in periods)]
        return ([*inside, *(r for r in found if r not in inside)] if inside else found), len(inside) or len(found)
    if FIRST_ACCOUNT.search(question):
        oldest = sorted(found, key=lambda r: (day(r) == date.min, day(r), -r.score))
        return oldest, 1
    if not _asks_how_it_is(question):
        return found, len(found)
    lead = by_date[0]
    current = [r for r in by_date if r is lead or _at_the_same_time(r, lead, articles)]
    return [*current, *(r for r in by_date if r not in current)], len(current)


def _at_the_same_time(reading: Reading, lead: Reading, articles: Mapping[str, Article]) -> bool:
    """Return whether a reading belongs to the latest account: of its time, and another source's, or the same value."""
    one, other = (articles[r.hit.passage.article_id] for r in (reading, lead))
    if one.published is None or other.published is None:
        return one.published is other.published
    if other.published - one.published > SAME_TIME:
        return False
    return one.source != other.source or same_value(said_in(reading, articles), said_in(lead, articles))


def _of(period: Period, reading: Reading, articles: Mapping[str, Article]) -> bool:
    """Return whether a reading's sentence names a time, or its article is of it."""
    article = articles[reading.hit.passage.article_id]
    years = re.findall(r"\d{4}", period.words)
    text = article.text[reading.start : reading.end]
    return period.holds(article.published) or any(year in text for year in years)


def _rivals(question: str, readings: Sequence[Reading], articles: Mapping[str, Article]) -> list[Reading]:
    """Return the best reading of each article that answers about as surely as the best one, best first."""
    if not readings:
        return []
    whole = wants_sentence(question) and kind_of(question) != "name"
    named = kind_of(question) == "name" and _asks_how_it_is(question)
    lasting = [r for r in readings if not (named and _ended(r, articles))] or list(readings)
    best = lasting[0]
    found: dict[str, Reading] = {}
    for reading in lasting:
        article_id = reading.hit.passage.article_id
        if article_id not in found and (reading is best or _is_rival(question, reading, best, whole)):
            found[article_id] = reading
    return list(found.values())


def _asks_how_it_is(question: str) -> bool:
    return NOW.search(question) is not None or not PAST.search(question)


def _is_rival(question: str, reading: Reading, best: Reading, whole: bool) -> bool:
    features, kind = reading.features, kind_of(question)
    if reading.answer_start is None or features.get("above_null", 0.0) <= 0:
        return False
    if reading.score < best.score - (NEAR_SENTENCE if whole else NEAR):
        return False
    if features.get("held_around", 0.0) < ABOUT_AS_MUCH * best.features.get("held_around", 0.0):
        return False
    if kind in KINDS and features.get("span_shows", 0.0) < best.features.get("span_shows", 0.0):
        return False
    answered = linear("span_answered")
    return answered.probability({**features, "score": reading.score}) >= answered.threshold


def _ended(reading: Reading, articles: Mapping[str, Article]) -> bool:
    """Return whether the sentence says of its short answer that it is no longer so."""
    if reading.answer_start is None or reading.answer_end is None:
        return False
    text = articles[reading.hit.passage.article_id].text
    before, after = text[reading.start : reading.answer_start], text[reading.answer_end : reading.end]
    return bool(ENDED_BEFORE.search(before) or ENDED_AFTER.search(after))


def said_in(reading: Reading, articles: Mapping[str, Article]) -> Said:
    """Return the short answer of a reading, or its sentence, with the date of its article."""
    article = articles[reading.hit.passage.article_id]
    short = reading.answer_start is not None and reading.answer_end is not None
    start, end = (reading.answer_start, reading.answer_end) if short else (reading.start, reading.end)
    return Said(article.text[start:end], article.published)
