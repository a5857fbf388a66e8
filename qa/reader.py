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

from qa.analysis import sentences, terms
from qa.types import Encoder, Hit, Reading, Store

SHORT = 4  # terms: shorter pieces are headings and fragments, which answer nothing
MAX_SENTENCES = 64  # read for one question: bounds the time whatever the passages are like
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
            r"\bhow (?!(?:do|does|did|is|are|was|were|can|could|will|would|has|have|come)\b)\w+|\b(?:percentage|share|number) of\b"
            r"|\b(?:what|which) (?:is|are|was|were)? ?(?:the )?(?:cost|price|length|size|capacity|amount|rate|age|height|weight)\b",
            re.I,
        ),
        re.compile(rf"\d|\b(?:{NUMBER_WORDS})\b", re.I),
    ),
    "who": (re.compile(r"\bwho(?:m|se)?\b", re.I), re.compile(r"(?<!^)(?<![.!?] )\b[A-Z][\w’'-]+|^[A-Z]\w+ [A-Z]\w+")),
    "where": (
        re.compile(r"\bwhere\b|\b(?:what|which) (?:city|country|town|place|state|region)\b", re.I),
        re.compile(r"\b(?:in|at|near|from|to|on|of|across|between|through)\b (?:the )?(?:\w+ )?[A-Z]"),
    ),
    "why": (
        re.compile(r"\bwhy\b|\bwhat (?:reason|cause)", re.I),
        re.compile(r"\b(?:because|since|due|reasons?|owing|so that|in order|caused?|as a result|therefore|blamed?)\b", re.I),
    ),
}
NAME = re.compile(r"\b(?:[A-Z][\w’'-]*|\d[\d.,]*)")


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear score over named features."""

    bias: float
    weights: Mapping[str, float]

    def __call__(self, features: Mapping[str, float]) -> float:
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

    def features(self, hit: Hit, text: str, title: str, cosine: float) -> dict[str, float]:
        """Return what is known about a sentence as an answer, each about 0..1."""
        own = set(terms(text))
        around = own | set(terms(hit.passage.text)) | set(terms(title))
        shows = EXPECTED[self.expected][1] if self.expected else None
        new = text if self.expected != "who" else _without(text, self.terms)
        return {
            "cosine": cosine,
            "passage_cosine": hit.trace.dense_score,
            "passage_score": hit.score,
            "passage_first": 1.0 / hit.rank,
            "held": self.share(own),
            "held_around": self.share(around),
            "expected": float(shows is not None),
            "shows_expected": float(shows is not None and bool(shows.search(new))),
            "adds": min(1.0, len(own - set(self.terms)) / 12),
            "unknown": self.unknown,
            "names_missing": len(self.names - around) / len(self.names) if self.names else 0.0,
            "names_elsewhere": len(self.names - own) / len(self.names) if self.names else 0.0,
        }


def _without(text: str, asked: Mapping[str, float]) -> str:
    """Return a sentence without the question's own words, so that only a new name counts as one."""
    return re.sub(r"[\w’'-]+", lambda m: "" if set(terms(m[0])) & set(asked) else m[0], text)


class SentenceReader:
    """Reads passages sentence by sentence with the encoder that found them."""

    def __init__(self, encoder: Encoder, store: Store) -> None:
        self._encoder = encoder
        self._store = store
        self._score = linear("sentence")

    def read(self, question: str, hits: Sequence[Hit], titles: Mapping[str, str]) -> list[Reading]:
        """Return the sentences of the hits with their scores, best first; ties in reading order.

        `titles` maps article id to title.
        """
        asked = Question.of(question, self._store)
        spans = _spans(hits)
        if not spans:
            return []
        texts = [hit.passage.text[start:end] for hit, start, end in spans]
        vectors = self._encoder.encode_passages(texts)  # (s, d)
        cosines = vectors @ self._encoder.encode_question(question)  # (s,)
        readings = []
        for (hit, start, end), text, cosine in zip(spans, texts, cosines, strict=True):
            features = asked.features(hit, text, titles[hit.passage.article_id], float(cosine))
            offset = hit.passage.start
            readings.append(Reading(hit, offset + start, offset + end, self._score(features), features))
        best = sorted(range(len(readings)), key=lambda i: (-readings[i].score, i))
        return _distinct([readings[i] for i in best])


def _spans(hits: Sequence[Hit]) -> list[tuple[Hit, int, int]]:
    spans = [(hit, start, end) for hit in hits for start, end in sentences(hit.passage.text)]
    kept = [span for span in spans if _quotable(span[0].passage.text[span[1] : span[2]])]
    return (kept or spans)[:MAX_SENTENCES]


def _quotable(text: str) -> bool:
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
