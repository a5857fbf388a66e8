"""What the reader learns from: questions with windows of whole sentences around the answer, and negatives.

Sources are files in SQuAD form. Everything is drawn from one random generator, so a seed gives the same examples.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import bm25s
import numpy as np
from numpy.typing import NDArray

from qa.text.sentences import sentences
from qa.text.terms import terms

SHINGLE = 8  # words
LEAK = 0.2  # share of a paragraph's shingles that a reported text may hold
UNTITLED = ("Amazon_", "Filtered_", "Wiki1k:", "Quiz:")  # titles that say nothing
TRIES = 40  # draws of negatives for a question
CHARS = (200, 400, 650, 900, 1100)  # of a window; about 45, 90, 145, 205, 250 tokens; passages have up to 1020
BUDGETS = {"qamr": (0.6, 0.3, 0.1, 0.0, 0.0), "": (0.05, 0.15, 0.25, 0.35, 0.2)}  # how often each, by source

Target = tuple[int, int, float]  # start, end (code points of the passage), weight; together 1


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a paragraph; no answers where the paragraph does not answer it."""

    text: str
    answers: tuple[tuple[int, str], ...]  # start in the paragraph, text
    sure: bool = True  # False: labelled by machine; trained on unless an earlier reader is sure of something else


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of an article, and the questions on it."""

    article: str
    text: str
    asked: tuple[Asked, ...]
    heading: str = ""  # title to put in front where it is not the article's name

    @property
    def title(self) -> str:
        """Title to put in front, "" where it says nothing."""
        return (
            self.heading
            if self.heading or self.article.startswith(UNTITLED)
            else unquote(self.article).replace("_", " ")
        )


@dataclass(frozen=True, slots=True)
class Example:
    """A question, a passage, and what the reader should say of them; None: it is not trained to say anything."""

    question: str
    title: str
    passage: str
    targets: tuple[Target, ...]  # none: no answer
    answerable: bool
    relevant: bool | None


def read_squad(file: Path) -> list[Paragraph]:
    """Read a file in SQuAD form."""
    found = []
    for article in json.loads(file.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            asked = tuple(
                Asked(q["question"].strip(), tuple((a["answer_start"], a["text"]) for a in q["answers"]))
                for q in paragraph["qas"]
                if q["question"].strip() and all(a["text"].strip() for a in q["answers"])
            )
            found.append(Paragraph(article["title"], paragraph["context"], asked))
    return found


def shingles(text: str) -> set[tuple[str, ...]]:
    """Return the runs of `SHINGLE` words of a text, lower case."""
    words = re.findall(r"\w+", text.casefold())
    return {tuple(words[i : i + SHINGLE]) for i in range(max(1, len(words) - SHINGLE + 1))}


def without_leaks(paragraphs: Iterable[Paragraph], reported: Iterable[str]) -> list[Paragraph]:
    """Return the paragraphs of which less than `LEAK` stands in a reported text."""
    known = {shingle for text in reported for shingle in shingles(text)}
    kept = []
    for paragraph in paragraphs:
        own = shingles(paragraph.text)
        if len(own & known) < LEAK * len(own):
            kept.append(paragraph)
    return kept


def occurrences(text: str, answer: str) -> list[int]:
    """Return where an answer occurs as whole words."""
    left = r"(?<!\w)" if answer[:1].isalnum() else ""
    right = r"(?!\w)" if answer[-1:].isalnum() else ""
    return [m.start() for m in re.finditer(left + re.escape(answer) + right, text)]


def targets(paragraph: Paragraph, asked: Asked) -> tuple[Target, ...]:
    """Return the distinct answer spans of a question, weighted by how many people gave them.

    Files that say only where the answer occurs first leave open which occurrence was meant: it is the one whose
    sentence has most of the question's terms; equals share the weight.
    """
    wanted = set(terms(asked.text))
    weights: defaultdict[tuple[int, int], float] = defaultdict(float)
    for start, answer in asked.answers:
        places = occurrences(paragraph.text, answer) or [start]
        overlap = [len(wanted & _terms_around(paragraph.text, place)) for place in places]
        best = [place for place, n in zip(places, overlap, strict=True) if n == max(overlap)]
        for place in best:
            weights[place, place + len(answer)] += 1 / len(best) / len(asked.answers)
    return tuple((start, end, weight) for (start, end), weight in weights.items())


def apart(paragraph: Paragraph, asked: Asked) -> float:
    """Return the share of the question's terms in a paragraph that stand outside the answer's sentence, 0..1."""
    wanted = set(terms(asked.text)) & set(terms(paragraph.text))
    own = {t for start, _, _ in targets(paragraph, asked) for t in _terms_around(paragraph.text, start)}
    return len(wanted - own) / max(1, len(wanted))


def _terms_around(text: str, place: int) -> set[str]:
    return {t for start, end in sentences(text) if start <= place < end for t in terms(text[start:end])}


def window(spans: Sequence[tuple[int, int]], core: int, chars: int, rng: np.random.Generator) -> tuple[int, int]:
    """Return (start, end) of a run of whole sentences around sentence `core`, at most `chars` long if it can be."""
    first = last = core
    while True:
        sides = []
        if first > 0 and spans[last][1] - spans[first - 1][0] <= chars:
            sides.append(-1)
        if last + 1 < len(spans) and spans[last + 1][1] - spans[first][0] <= chars:
            sides.append(1)
        if not sides:
            return spans[first][0], spans[last][1]
        if sides[int(rng.integers(len(sides)))] < 0:
            first -= 1
        else:
            last += 1


@dataclass
class Source:
    """The questions of one file, drawn in a shuffled order, again and again."""

    name: str
    paragraphs: list[Paragraph]
    seed: int
    drawn: int = 0
    _order: NDArray[np.int64] = field(init=False, repr=False)
    _items: list[tuple[Paragraph, Asked]] = field(init=False, repr=False)
    _epoch: int = field(init=False, default=-1)

    def __post_init__(self) -> None:
        self._items = [(p, a) for p in self.paragraphs for a in p.asked]

    def __len__(self) -> int:
        return len(self._items)

    def draw(self) -> tuple[Paragraph, Asked]:
        """Return the next question with its paragraph."""
        epoch, place = divmod(self.drawn, len(self._items))
        if epoch != self._epoch:
            self._order = np.random.default_rng([self.seed, epoch]).permutation(len(self._items))
            self._epoch = epoch
        self.drawn += 1
        return self._items[int(self._order[place])]


class Negatives:
    """Passages of a source that look like the answer's and do not hold it: BM25's best, the same article's, any."""

    def __init__(self, paragraphs: Sequence[Paragraph]) -> None:
        self._paragraphs = list(paragraphs)
        self._by_article: dict[str, list[Paragraph]] = {}
        for paragraph in self._paragraphs:
            self._by_article.setdefault(paragraph.article, []).append(paragraph)
        self._bm25 = bm25s.BM25()
        self._bm25.index([terms(f"{p.title} {p.text}") for p in self._paragraphs], show_progress=False)

    def draw(self, paragraph: Paragraph, asked: Asked, n: int, rng: np.random.Generator) -> list[Paragraph]:
        """Return up to n other paragraphs without any of the answers: two in three ranked high for the question."""
        answers = [answer.casefold() for _, answer in asked.answers]
        near = [p for p in self._best(asked.text) if _is_negative(p, paragraph, answers)][:8]
        same = [p for p in self._by_article[paragraph.article] if _is_negative(p, paragraph, answers)]
        found: list[Paragraph] = []
        for _ in range(TRIES):  # an answer such as "I" is held by every paragraph
            if len(found) == n:
                break
            kind = rng.random()
            pool = near if kind < 0.65 and near else same if kind < 0.85 and same else self._paragraphs
            chosen = pool[int(rng.integers(len(pool)))]
            if _is_negative(chosen, paragraph, answers):
                found.append(chosen)
        return found

    def _best(self, question: str, k: int = 20) -> list[Paragraph]:
        wanted = [t for t in terms(question) if t in self._bm25.vocab_dict]
        if not wanted:
            return []
        scores = self._bm25.get_scores(wanted)
        return [self._paragraphs[i] for i in np.argsort(-scores, kind="stable")[:k]]


def _is_negative(candidate: Paragraph, paragraph: Paragraph, answers: Sequence[str]) -> bool:
    return candidate.text != paragraph.text and not any(answer in candidate.text.casefold() for answer in answers)
