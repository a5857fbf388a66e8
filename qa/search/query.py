"""What a question asks the index for: its terms, and the other alternatives in which passages may say them.

A term that no passage holds may be misspelt: it then stands for the indexed terms nearest to it. An abbreviation and
its long form stand for each other where an article defines them, as in "China Development Bank (CDB)" (Schwartz and
Hearst 2003).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from rapidfuzz import process
from rapidfuzz.distance import OSA

from qa.text.abbreviations import definitions
from qa.text.terms import terms

if TYPE_CHECKING:
    from qa.index import Generation
    from qa.types import Store

Alternative = tuple[str, ...]
"""Indexed terms that a passage must hold all of."""

SHORTEST_WORD, LONG_WORD = 4, 8  # letters of a word from which one typing error, or two, are looked for
SPELLINGS = 3  # terms that a misspelt word may stand for


@dataclass(frozen=True, slots=True)
class QueryTerm:
    """A term of the question, its weight, and the alternatives to say it; none when the corpus has none."""

    term: str
    idf: float
    alternatives: tuple[Alternative, ...]

    @property
    def said(self) -> str:
        """The term as passages have it, if they do."""
        return self.alternatives[0][0] if self.alternatives and len(self.alternatives[0]) == 1 else self.term


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked up: `text` by the vectors, `wanted` by BM25, and `pairs` of neighbouring terms."""

    text: str
    wanted: tuple[QueryTerm, ...]
    pairs: Mapping[tuple[str, str], float]  # to their weight, the mean of their idf

    @classmethod
    def of(cls, question: str, generation: Generation) -> Query:
        """Analyse a question against the corpus of a generation."""
        store = generation.store
        sequence = terms(question)
        words = list(dict.fromkeys(sequence))
        alternatives = {word: _spelled(word, store) for word in words}
        text = question
        for short, long in definitions(question, generation).items():
            term, phrase = terms(short), tuple(terms(long))
            if term and term[0] in alternatives:
                alternatives[term[0]] += (phrase,)
                text = re.sub(rf"\b{re.escape(short)}\b", lambda m, long=long: f"{long} ({m[0]})", text, flags=re.I)  # type: ignore[misc]
            else:
                for word in phrase:
                    alternatives[word] += (tuple(term),)
        wanted = {word: QueryTerm(word, _idf(word, alternatives[word], store), alternatives[word]) for word in words}
        neighbours = ((wanted[a], wanted[b]) for a, b in pairwise(sequence))
        return cls(text, tuple(wanted.values()), {(a.said, b.said): (a.idf + b.idf) / 2 for a, b in neighbours})


def _spelled(word: str, store: Store) -> tuple[Alternative, ...]:
    return ((word,),) if store.knows(word) else tuple((each,) for each in spellings(word, store))


def spellings(word: str, store: Store) -> tuple[str, ...]:
    """Return up to `SPELLINGS` indexed terms that a misspelt one may stand for, nearest and most frequent first.

    They are one edit away (insertion, deletion, substitution, swap of neighbours), two from `LONG_WORD` letters on, and
    begin with the first letter of the word, or with its second (a swap).
    """
    if len(word) < SHORTEST_WORD or not word.isalpha():
        return ()
    edits = 2 if len(word) >= LONG_WORD else 1
    known = {term: n for first in sorted({word[0], word[1]}) for term, n in store.terms(first).items()}
    near = [term for term in known if abs(len(term) - len(word)) <= edits and term.isalpha()]
    found = process.extract(word, near, scorer=OSA.distance, score_cutoff=edits, limit=None)
    ordered = sorted((distance, -known[term], term) for term, distance, _ in found)
    return tuple(term for distance, _, term in ordered if distance == ordered[0][0])[:SPELLINGS]


def _idf(word: str, alternatives: tuple[Alternative, ...], store: Store) -> float:
    """Return the weight of a term: its own, or that of the term it stands for."""
    return store.idf(word if store.knows(word) or not alternatives or len(alternatives[0]) > 1 else alternatives[0][0])
