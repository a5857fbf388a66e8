"""The span reader: a short answer inside its sentence, found by a trained network.

The sentence reader says which part of each passage comes nearest; a window of whole sentences around it is read by
one small network (`qa.reader.model`) in one batch, whatever the size of the corpus. Spans of all windows compete by a
linear score over what the network says of span and passage and what retrieval and the sentence reader say
(`qa/weights/spans.json`, fitted by `training/fit_spans.py`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qa.reader.bounds import clean_span
from qa.reader.fitted import Linear, linear
from qa.reader.network import Found, Network, WindowReading
from qa.reader.rows import Told, row_at, told
from qa.text.abbreviations import definitions, in_words_of
from qa.text.question import KINDS, Question
from qa.text.sentences import HEADING, sentences
from qa.types import Hit, Reading, Span

if TYPE_CHECKING:
    from qa.index import Generation
    from qa.types import Reader

WINDOW_CHARS = 500  # of a passage, around its best sentence: about 110 tokens, as in training
WINDOWS = 8  # read at most


@dataclass(frozen=True, slots=True)
class Window:
    """A run of whole sentences of a hit, offsets in its article, and its best reading by the sentence reader."""

    hit: Hit
    start: int
    end: int
    text: str
    best: Reading
    row: Told | None = None  # of a window that is one row of a table; `text` is then that of the row


class SpanReader:
    """Reads windows of the passages with the network, spans first to last by score."""

    def __init__(self, network: Network, base: Reader, generation: Generation, score: Linear | None = None) -> None:
        self._network, self._base, self._generation, self._score = network, base, generation, score
        self._articles = generation.articles

    def read(self, question: str, hits: Sequence[Hit]) -> list[Reading]:
        """Return sentences that hold a span, best first; sentences alone where no span can be had."""
        plain = self._plain(question, hits)
        windows = [self._told(question, window) for window in _windows(plain, hits)[:WINDOWS]]
        read = self._said(question, windows)
        readings = self._candidates(question, windows, read, plain)
        if not readings:
            return plain
        score = self._score or linear("choice")
        scored = [replace(r, score=score(r.features)) for r in readings]
        return sorted(scored, key=lambda r: -r.score)  # stable: ties in reading order

    def relevance(self, question: str, hits: Sequence[Hit]) -> dict[str, float]:
        """Return what the network says of the relevance of each hit's best window, as logits by passage id."""
        windows = _windows(self._plain(question, hits), hits)
        read = self._said(question, windows)
        return {w.hit.passage.id: said.relevant for w, said in zip(windows, read, strict=True)}

    def _told(self, question: str, window: Window) -> Window:
        """Return a window whose best reading is a row of a table as that row alone, told by its header."""
        article = self._articles[window.hit.passage.article_id]
        found = row_at(article, window.best.start)
        row = told(Question.of(question, self._generation.store), article, window.best.start) if found else None
        return replace(window, start=window.best.start, end=window.best.end, text=row.text, row=row) if row else window

    def spans_in(self, question: str, texts: Sequence[str]) -> list[WindowReading]:
        """Return what the network finds in texts that need not stand in any article."""
        return self._network.read([(question, "", text) for text in texts])

    def _said(self, question: str, windows: Sequence[Window]) -> list[WindowReading]:
        """Return what the network says of each window, asked in the window's own words."""
        known = definitions(question, self._generation)
        texts = [(in_words_of(f"{self._title(w)} {w.text}", question, known), self._title(w), w.text) for w in windows]
        return self._network.read(texts)

    def _plain(self, question: str, hits: Sequence[Hit]) -> list[Reading]:
        """Return the sentences of the hits; passages of short sentences alone, which lost to the others, come last."""
        plain = self._base.read(question, hits)
        read = {reading.hit.passage.id for reading in plain}
        return plain + [r for hit in hits if hit.passage.id not in read for r in self._base.read(question, [hit])]

    def _title(self, window: Window) -> str:
        return self._articles[window.hit.passage.article_id].title

    def _candidates(
        self, question: str, windows: Sequence[Window], read: Sequence[WindowReading], plain: Sequence[Reading]
    ) -> list[Reading]:
        asked = Question.of(question, self._generation.store)
        by_place = {(r.hit.passage.article_id, r.end): r for r in plain}
        found: list[Reading] = []
        for window, said in zip(windows, read, strict=True):
            for span in said.spans:
                placed = _placed(window, span)
                if placed is None:
                    continue
                sentence, (start, end) = placed
                base = by_place.get((window.hit.passage.article_id, sentence[1]), window.best)
                answer = self._articles[window.hit.passage.article_id].text[start:end]
                features = {
                    **base.features,
                    "sentence_score": base.score,
                    "above_null": span.above_null,
                    "probability": span.probability,
                    "answerable": said.answerable,
                    "relevant": said.relevant,
                    "span_shows": _shows(asked, answer),
                    "span_words": math.log1p(len(answer.split())),
                }
                found.append(Reading(window.hit, *sentence, 0.0, features, start, end))
        return found


def _windows(plain: Sequence[Reading], hits: Sequence[Hit]) -> list[Window]:
    """Return a window for each hit around its best sentence, in the order of the hits."""
    best: dict[str, Reading] = {}
    for reading in plain:  # best first
        best.setdefault(reading.hit.passage.id, reading)
    return [_window(best[hit.passage.id]) for hit in hits if hit.passage.id in best]


def _window(best: Reading) -> Window:
    passage = best.hit.passage
    spans = [(passage.start + a, passage.start + b) for a, b in sentences(passage.text)]
    first = last = next(i for i, (_, b) in enumerate(spans) if b >= best.end)
    while True:  # the shorter neighbour first: more sentences come in
        sides = []
        if first > 0:
            sides.append((spans[last][1] - spans[first - 1][0], first - 1, last))
        if last + 1 < len(spans):
            sides.append((spans[last + 1][1] - spans[first][0], first, last + 1))
        fitting = [side for side in sides if side[0] <= WINDOW_CHARS]
        if not fitting:
            break
        _, first, last = min(fitting)
    start, end = spans[first][0], spans[last][1]
    return Window(best.hit, start, end, passage.text[start - passage.start : end - passage.start], best)


def _placed(window: Window, span: Found) -> tuple[Span, Span] | None:
    """Return the sentences that hold a span and the cleaned span, offsets in the article.

    None for mere punctuation, and for what stands in a heading: it names what is told, it does not tell it.
    """
    start, end = clean_span(window.text, (span.start, span.end))
    if end <= start:
        return None
    if window.row is not None:
        cell = window.row.placed(start, end)
        return ((window.start, window.end), cell) if cell else None
    spans = sentences(window.text)
    touched = [(a, b) for a, b in spans if a < end and b > start]
    if not touched or any(HEADING.match(window.text, a) for a, _ in touched):
        return None
    a, b = touched[0][0], touched[-1][1]
    at = window.start
    return (at + a, at + b), (at + max(a, start), at + min(b, end))


def _shows(asked: Question, answer: str) -> float:
    """Whether the span itself is of the kind that is asked for; 0.5 where no kind is known."""
    if asked.kind is None:
        return 0.5
    return float(bool(KINDS[asked.kind].shows.search(answer)))
