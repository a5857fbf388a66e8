"""An overview of a subject: verbatim sentences that say different things about it.

Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998) over the sentence vectors that the index holds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qa.text.terms import terms
from qa.types import Encoder, Hit, Reading

if TYPE_CHECKING:
    from qa.index import Generation
    from qa.types import Vector

PASSAGES = 15  # read for an overview
FEWEST, MOST = 3, 6  # sentences of an overview
NOVELTY = 0.35  # weight of being unlike what is chosen, against being about the subject
NEAR_COPY = 0.85  # cosine from which two sentences say the same
SHARED = 0.7  # share of the shorter one's terms from which they do, too
ABOUT = 0.25  # a sentence must be this much about the subject: cosine, plus the share of its terms that it holds
HELD = 0.5  # weight of the subject's terms that a sentence, or its article's title, must hold
SHORT, LONG = 5, 600  # terms and characters: outside are headings and tables

_ASKS = re.compile(
    r"(?:(?:so|and|ok(?:ay)?|please),? )*(?:"
    r"what do (?:we|you) know (?:about|of)|what is known (?:about|of)|"
    r"what (?:can|could) you (?:tell|say)(?: me| us)? about|"
    r"(?:(?:can|could|would) you )?(?:please )?tell (?:me|us)"
    r"(?: (?:more|something|everything|all|a bit|a little))*(?: (?:you know|there is))? about|"
    r"(?:give (?:me|us) )?(?:an? |the )?(?:overview|summary) (?:of|on)|summari[sz]e|what do the articles say about"
    r") (?P<subject>.+?)\W*",
    re.I,
)


def subject_of(question: str) -> str | None:
    """Return what an overview is wanted of ("what do we know about X?"), or None."""
    match = _ASKS.fullmatch(" ".join(question.split()))
    return match["subject"] if match else None


@dataclass(frozen=True, slots=True)
class _Sentence:
    reading: Reading
    vector: Vector  # (d,)
    terms: frozenset[str]


def choose_sentences(
    subject: str, hits: Sequence[Hit], generation: Generation, encoder: Encoder, said: str = ""
) -> list[Reading]:
    """Return 3 to 6 sentences about a subject, the most telling first; fewer than 3 where the hits hold no more.

    Sentences that `said` holds already are left out. Empty where no sentence speaks of the subject.
    """
    weights = {term: generation.store.idf(term) for term in terms(subject)}
    total = sum(weights.values())
    if not total:
        return []
    query = encoder.encode_question(subject)
    pool = [s for hit in hits for s in _sentences(hit, generation, query, weights, said)]
    chosen: list[_Sentence] = []
    while pool and len(chosen) < MOST:
        best = max(pool, key=lambda s: (_marginal(s, chosen), -s.reading.hit.rank, -s.reading.start))
        if len(chosen) >= FEWEST and _marginal(best, chosen) <= 0:
            break
        chosen.append(best)
        pool = [s for s in pool if not _says_the_same(s, best)]
    return [sentence.reading for sentence in chosen]


def _says_the_same(one: _Sentence, other: _Sentence) -> bool:
    common = len(one.terms & other.terms) / min(len(one.terms), len(other.terms))
    return common >= SHARED or float(one.vector @ other.vector) >= NEAR_COPY


def _marginal(sentence: _Sentence, chosen: Sequence[_Sentence]) -> float:
    """Return the marginal relevance: about the subject, less likeness to what is chosen."""
    likeness = max((float(sentence.vector @ other.vector) for other in chosen), default=0.0)
    return (1 - NOVELTY) * sentence.reading.score - NOVELTY * likeness


def _sentences(
    hit: Hit, generation: Generation, query: Vector, weights: dict[str, float], said: str
) -> list[_Sentence]:
    passage, row = hit.passage, generation.rows[hit.passage.id]
    (vectors,) = generation.store.sentence_vectors(np.array([row], dtype=np.int64))  # (s, d)
    title = set(terms(generation.articles[passage.article_id].title))
    total = sum(weights.values())
    found = []
    for (start, end), vector in zip(generation.sentences[row], vectors, strict=True):
        text = passage.text[start:end]
        own = set(terms(text))
        if len(own) < SHORT or len(text) > LONG or text.startswith("#") or text in said:
            continue
        held = sum(weight for term, weight in weights.items() if term in own) / total
        around = sum(weight for term, weight in weights.items() if term in own | title) / total
        score = float(vector @ query) / 2 + held / 2
        if around >= HELD and score >= ABOUT:
            reading = Reading(hit, passage.start + start, passage.start + end, score, {"held": around})
            found.append(_Sentence(reading, vector, frozenset(own)))
    return found
