"""The sentence reader: which sentence of the retrieved passages answers best.

Every sentence gets a few features that can be looked at and a linear score over them. Two of them are
local to the question: what all the candidates have in common (the subject, which the passages were found by) says
nothing about which of them answers, so terms weigh by how few candidates hold them, and vectors are compared
after the candidates' mean is taken off. The weights are in `qa/weights/sentences.json`, fitted by
`training/fit_sentences.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log1p
from typing import TYPE_CHECKING

import numpy as np

from qa.encoder.cosine_scale import widened
from qa.reader.fitted import Linear, linear
from qa.reader.rows import may_answer
from qa.text.passages import encoded_text, with_header
from qa.text.question import Question, normalised, share
from qa.text.sentences import HEADING
from qa.text.terms import terms
from qa.types import Encoder, Hit, Reading

if TYPE_CHECKING:
    from qa.index import Generation
    from qa.types import Scores, Vector, Vectors

SHORT = 4  # terms: shorter pieces are headings and fragments, which answer nothing
MAX_SENTENCE_CHARS = 1500  # a longer "sentence" is a table or a list; it cannot be a quotation


@dataclass(frozen=True, slots=True)
class Sentence:
    """A candidate: a sentence of a hit, offsets in its article."""

    hit: Hit
    start: int
    end: int
    text: str  # a row of a table below its header
    terms: frozenset[str]
    around: frozenset[str]  # terms of its passage and of the article's title
    vector: Vector


class SentenceReader:
    """Reads the passages of one generation sentence by sentence, by vectors that the generation holds."""

    def __init__(self, encoder: Encoder, generation: Generation, score: Linear | None = None) -> None:
        self._encoder = encoder
        self._generation = generation
        self._score = score or linear("sentence")

    def read(self, question: str, hits: Sequence[Hit]) -> list[Reading]:
        """Return the sentences of the hits with their scores, best first; ties in reading order."""
        asked = Question.of(question, self._generation.store)
        held = [sentence for hit in hits for sentence in self._sentences(hit) if not HEADING.match(sentence.text)]
        found = [sentence for sentence in held if self._may_answer(asked, sentence)]
        candidates = _distinct([sentence for sentence in found if _quotable(sentence)] or found)
        if not candidates:
            return []
        features = _features(asked, self._encoder.encode_question(question), self._encoder.unrelated, candidates)
        scores = [self._score(each) for each in features]
        best = sorted(range(len(candidates)), key=lambda i: (-scores[i], i))
        return [
            Reading(candidates[i].hit, candidates[i].start, candidates[i].end, scores[i], features[i]) for i in best
        ]

    def _may_answer(self, asked: Question, sentence: Sentence) -> bool:
        article = self._generation.articles[sentence.hit.passage.article_id]
        return may_answer(asked, article, sentence.start)

    def _sentences(self, hit: Hit) -> list[Sentence]:
        generation, passage = self._generation, hit.passage
        row = generation.rows[passage.id]
        (vectors,) = generation.store.sentence_vectors(np.array([row], dtype=np.int64))
        spans = generation.sentences[row]
        texts = [with_header(passage, span) for span in spans]
        held = [frozenset(terms(text)) for text in texts]
        around = frozenset(terms(encoded_text(generation.articles[passage.article_id].title, passage)))
        return [
            Sentence(
                hit=hit,
                start=passage.start + start,
                end=passage.start + end,
                text=texts[i],
                terms=held[i],
                around=around,
                vector=vectors[i],
            )
            for i, (start, end) in enumerate(spans)
        ]


def _features(
    asked: Question, query: Vector, unrelated: float, candidates: Sequence[Sentence]
) -> list[dict[str, float]]:
    """Return what is known about each sentence as an answer, each about 0..1."""
    vectors = np.stack([sentence.vector for sentence in candidates])  # (s, d)
    cosines = widened((vectors * query).sum(axis=1), unrelated)  # (s,)
    apart = _apart(vectors, query)
    rare = _rarity(asked, candidates)
    names = max(1, len(asked.names))
    return [
        {
            "cosine": float(cosines[i]),
            "cosine_apart": float(apart[i]),
            "passage_cosine": s.hit.trace.dense_score,
            "passage_score": s.hit.score,
            "held": share(asked.terms, s.terms),
            "held_rare": share(rare, s.terms),
            "held_around": share(asked.terms, s.around),
            "expected": float(asked.kind is not None),
            "shows_expected": asked.shown_by(s.text),
            "adds": min(1.0, len(s.terms - asked.terms.keys()) / 12),
            "unknown": asked.unknown,
            "names_missing": len(asked.names - s.around) / names,
            "names_elsewhere": len(asked.names - s.terms) / names,
        }
        for i, s in enumerate(candidates)
    ]


def _apart(vectors: Vectors, query: Vector) -> Scores:
    """Return the cosine of each sentence to the question after the sentences' mean is taken off both."""
    mean = vectors.mean(axis=0)  # (d,)
    rest, wanted = vectors - mean, query - mean
    lengths = np.sqrt((rest * rest).sum(axis=1)) * np.sqrt((wanted * wanted).sum())
    scores: Scores = (rest * wanted).sum(axis=1) / np.maximum(lengths, 1e-6)
    return scores


def _rarity(asked: Question, candidates: Sequence[Sentence]) -> dict[str, float]:
    """Return the question's terms, weighted by how few of the sentences hold them, together 1."""
    frequency = Counter(term for sentence in candidates for term in sentence.terms & asked.terms.keys())
    n = len(candidates)
    return normalised({t: log1p((n - frequency[t] + 0.5) / (frequency[t] + 0.5)) for t in asked.terms})


def _quotable(sentence: Sentence) -> bool:
    text = sentence.text
    return len(text) <= MAX_SENTENCE_CHARS and len(sentence.terms) >= SHORT


def _distinct(candidates: list[Sentence]) -> list[Sentence]:
    """Drop a sentence met again in the overlap of two passages."""
    first: dict[tuple[str, int], Sentence] = {}
    for sentence in candidates:
        first.setdefault((sentence.hit.passage.article_id, sentence.end), sentence)
    return list(first.values())
