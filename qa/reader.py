"""The sentence reader: which sentence of the retrieved passages answers best.

Every sentence gets a few features that can be looked at (how near its vector is to the question's, which
of the question's terms it holds, whether it has the kind of thing that is asked for) and a linear score over
them. The weights are in `qa/weights/sentences.json`, fitted by `training/fit_sentences.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

from qa.analysis import terms
from qa.passages import encoded_text
from qa.types import Encoder, Hit, Reading, Store

if TYPE_CHECKING:
    from qa.index import Generation

SHORT = 4  # terms: shorter pieces are headings and fragments, which answer nothing
MAX_SENTENCE_CHARS = 1500  # a longer "sentence" is a table or a list; it cannot be a quotation

MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
NUMBER_WORDS = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|billion|half"
# What is asked for, by the words of the question, and how a sentence shows that it has it.
EXPECTED: dict[str, tuple[re.Pattern[str], re.Pattern[str]]] = {
    "date": (
        re.compile(r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|time)\b|\bhow (?:old|recently)\b", re.I),
        re.compile(rf"\b(?:1[5-9]|20)\d\d\b|\b(?:{MONTHS})\b|\b\w+day\b|\b\d+(?:st|nd|rd|th)?[- ]centur", re.I),
    ),
    "quantity": (
        re.compile(
            r"\bhow (?!(?:do|does|did|is|are|was|were|can|could|will|would|has|have|come)\b)\w+"
            r"|\b(?:percentage|share|number) of\b"
            r"|\b(?:what|which) (?:(?:is|are|was|were) )?(?:the )?"
            r"(?:cost|price|length|size|capacity|amount|rate|age|height|weight)\b",
            re.I,
        ),
        re.compile(rf"\d|\b(?:{NUMBER_WORDS})\b", re.I),
    ),
    "who": (re.compile(r"\bwho(?:m|se)?\b", re.I), re.compile(r"\b[A-Z]")),
    "where": (
        re.compile(r"\bwhere\b|\b(?:what|which) (?:city|country|town|place|state|region)\b", re.I),
        re.compile(r"\b(?:in|at|near|from|to|on|of|across|between|through)\b (?:the )?(?:\w+ )?[A-Z]"),
    ),
    "why": (
        re.compile(r"\bwhy\b|\bwhat (?:reason|cause)", re.I),
        re.compile(
            r"\b(?:because|since|due|reasons?|owing|so that|in order|caused?|as a result|therefore|blamed?)\b", re.I
        ),
    ),
}
CALENDAR = re.compile(rf"(?:{MONTHS}|\w+day)\W*")
FULL_NAME = re.compile(r"[A-Z][\w’'-]*(?: (?:(?:of|and|for|the|de|von) ){0,2}[A-Z][\w’'-]*)*")
NAME = re.compile(r"\b(?:[A-Z][\w’'-]*|\d[\d.,]*)")


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear score over named features."""

    bias: float
    weights: Mapping[str, float]

    def __call__(self, features: Mapping[str, float]) -> float:
        """Return the score."""
        return self.bias + sum(weight * features[name] for name, weight in self.weights.items())


@cache
def shipped(part: str) -> dict[str, object]:
    """Return a part of the fitted weights: `sentence`, `answered`, `subject`."""
    file = resources.files("qa") / "weights" / "sentences.json"
    values: dict[str, dict[str, object]] = json.loads(file.read_text(encoding="utf-8"))
    return values[part]


def linear(part: str) -> Linear:
    """Return a fitted linear score."""
    values = shipped(part)
    return Linear(**{name: values[name] for name in ("bias", "weights")})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Question:
    """What a question asks for: weighted terms, names and numbers, and the kind of answer."""

    terms: Mapping[str, float]  # term -> its weight, all together 1
    unknown: float  # weight of terms that no passage holds
    names: frozenset[str]  # terms of capitalised words and numbers, the first word aside
    expected: str | None  # a key of EXPECTED

    @classmethod
    def of(cls, question: str, store: Store) -> Question:
        """Analyse a question against a store's term statistics."""
        words = list(dict.fromkeys(terms(question)))
        total = sum(store.idf(word) for word in words) or 1.0
        weights = {word: store.idf(word) / total for word in words}
        names = {t for m in NAME.finditer(question) if m.start() > 0 for t in terms(m[0])}
        expected = next((kind for kind, (asks, _) in EXPECTED.items() if asks.search(question)), None)
        unknown = sum(weight for word, weight in weights.items() if not store.knows(word))
        return cls(weights, unknown, frozenset(names), expected)

    def share(self, held: set[str]) -> float:
        """Return the weight, 0..1, of the question's terms that are among `held`."""
        return sum(weight for term, weight in self.terms.items() if term in held)

    def features(self, hit: Hit, text: str, around: set[str], cosine: float) -> dict[str, float]:
        """Return what is known about a sentence as an answer, each about 0..1.

        `around` holds the terms of its passage and of the article's title.
        """
        own = set(terms(text))
        return {
            "cosine": cosine,
            "passage_cosine": hit.trace.dense_score,
            "passage_score": hit.score,
            "passage_first": 1.0 / hit.rank,
            "held": self.share(own),
            "held_around": self.share(around),
            "expected": float(self.expected is not None),
            "shows_expected": self._shows(text),
            "adds": min(1.0, len(own - set(self.terms)) / 12),
            "unknown": self.unknown,
            "names_missing": len(self.names - around) / len(self.names) if self.names else 0.0,
            "names_elsewhere": len(self.names - own) / len(self.names) if self.names else 0.0,
        }

    def _shows(self, text: str) -> float:
        """Return how well a sentence shows the kind of thing that is asked for, 0..1."""
        if self.expected is None or not EXPECTED[self.expected][1].search(text):
            return 0.0
        return self._shows_name(text) if self.expected == "who" else 1.0

    def _shows_name(self, text: str) -> float:
        """Return 1 for a name of several words that the question does not have, 0.5 for one of one word."""
        strength = 0.0
        for match in FULL_NAME.finditer(text):
            words = match[0].split()
            new = [w for w in words if not self.terms.keys() & set(terms(w)) and not CALENDAR.fullmatch(w)]
            if len(new) > 1 or (new and new[0].isupper() and len(new[0]) > 1):
                return 1.0
            if new and match.start() > 0:  # the first word of a sentence is always capitalised
                strength = 0.5
        return strength


class SentenceReader:
    """Reads the passages of one generation sentence by sentence, by vectors that the generation holds."""

    def __init__(self, encoder: Encoder, generation: Generation) -> None:
        self._encoder = encoder
        self._generation = generation
        self._score = linear("sentence")

    def read(self, question: str, hits: Sequence[Hit]) -> list[Reading]:
        """Return the sentences of the hits with their scores, best first; ties in reading order."""
        generation = self._generation
        asked = Question.of(question, generation.store)
        rows = np.array([generation.rows[hit.passage.id] for hit in hits], dtype=np.int64)
        cosines = generation.store.sentence_scores(self._encoder.encode_question(question), rows)
        readings = []
        for hit, row, scores in zip(hits, rows, cosines, strict=True):
            around = set(terms(encoded_text(generation.articles[hit.passage.article_id].title, hit.passage)))
            for (start, end), cosine in zip(generation.sentences[row], scores, strict=True):
                features = asked.features(hit, hit.passage.text[start:end], around, float(cosine))
                offset = hit.passage.start
                readings.append(Reading(hit, offset + start, offset + end, self._score(features), features))
        quotable = [r for r in readings if _quotable(r)] or readings
        best = sorted(range(len(quotable)), key=lambda i: (-quotable[i].score, i))
        return _distinct([quotable[i] for i in best])


def _quotable(reading: Reading) -> bool:
    passage = reading.hit.passage
    text = passage.text[reading.start - passage.start : reading.end - passage.start]
    return len(text) <= MAX_SENTENCE_CHARS and not text.startswith("#") and len(terms(text)) >= SHORT


def _distinct(readings: list[Reading]) -> list[Reading]:
    """Drop a sentence met again in the overlap of two passages."""
    seen: set[tuple[str, int]] = set()
    kept = []
    for reading in readings:
        key = (reading.hit.passage.article_id, reading.end)
        if key not in seen:
            seen.add(key)
            kept.append(reading)
    return kept
