"""The span reader: a short answer inside its sentence, found by a trained network.

The sentence reader says which part of each passage comes nearest; a window of whole sentences around it is read by
one small network (`qa.span_model`) in one batch, whatever the size of the corpus. Spans of all windows compete by a
linear score over what the network says of span and passage and what retrieval and the sentence reader say
(`qa/weights/spans.json`, fitted by `training/fit_spans.py`).
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from qa.analysis import sentences, terms
from qa.encoder import model_folder
from qa.question import KINDS, Question
from qa.reader import Linear, linear
from qa.settings import BUNDLED_MODEL
from qa.spans import snap
from qa.types import Article, Hit, Reading, Span

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from qa.span_model import Outputs, Pair, SpanModel
    from qa.types import Reader, Store

WEIGHTS = "reader.safetensors"
SHA256 = "44aa094b0becf9a871d5807e665b8fbbb4fed9b00ccc0a7dc265b93121a93fb1"  # of the shipped file
WINDOW_CHARS = 500  # of a passage, around its best sentence: about 110 tokens, as in training
MAX_TOKENS = 288
WINDOWS = 8  # read at most
MAX_ANSWER = 30  # tokens
PER_WINDOW = 3  # spans considered


def weights_file() -> Path | None:
    """Return the shipped weights; None where the package has none."""
    file = Path(str(resources.files("qa") / "weights" / WEIGHTS))
    return file if file.is_file() else None


@dataclass(frozen=True, slots=True)
class Window:
    """A run of whole sentences of a hit, offsets in its article, and its best reading by the sentence reader."""

    hit: Hit
    start: int
    end: int
    text: str
    best: Reading


@dataclass(frozen=True, slots=True)
class Found:
    """A span in a window: offsets in the window's text, logits above those of "no answer", and its probability."""

    start: int
    end: int
    above_null: float
    probability: float


@dataclass(frozen=True, slots=True)
class WindowReading:
    """What the network says of a window: spans, best first, and two logits."""

    spans: tuple[Found, ...]
    answerable: float
    relevant: float


class Network:
    """The trained network, loaded at the first use; safe from several threads."""

    def __init__(self, weights: Path | None = None, sha256: str | None = None) -> None:
        self._weights = weights
        self._sha256 = sha256 if weights else SHA256
        self._lock = threading.Lock()
        self._loaded: tuple[SpanModel, Tokenizer] | None = None

    def read(self, texts: Sequence[tuple[str, str, str]]) -> list[WindowReading]:
        """Read (question, title, passage) triples in one batch. Raises `ModelError` for weights that cannot be used."""
        if not texts:
            return []
        import torch

        from qa.span_model import Batch, make_pairs

        model, tokenizer = self._model()
        pairs = make_pairs(tokenizer, texts, MAX_TOKENS)
        with torch.inference_mode():
            out = model(Batch.of(pairs))
        return [_reading(out, row, pair, texts[row][2]) for row, pair in enumerate(pairs)]

    def _model(self) -> tuple[SpanModel, Tokenizer]:
        with self._lock:
            if self._loaded is None:
                from qa.span_model import load_model, load_tokenizer

                folder = model_folder(BUNDLED_MODEL)
                weights = self._weights or Path(str(resources.files("qa") / "weights" / WEIGHTS))
                self._loaded = load_model(folder, weights, self._sha256), load_tokenizer(folder)
            return self._loaded


def _reading(out: Outputs, row: int, pair: Pair, text: str) -> WindowReading:
    n = len(pair.spans)
    if n == 0:
        return WindowReading((), float(out.answerable[row]), float(out.relevant[row]))
    start, end = (x[row, pair.first : pair.first + n].numpy() for x in (out.start, out.end))  # (n,)
    null = float(out.start[row, 0] + out.end[row, 0])
    scores = start[:, None] + end[None, :]  # (n, n), first token by last token
    length = np.arange(n)[None, :] - np.arange(n)[:, None]
    within = np.searchsorted([b for _, b in sentences(text)], [a for a, _ in pair.spans], side="right")  # (n,)
    possible = (length >= 0) & (length < MAX_ANSWER) & (within[:, None] == within[None, :])  # inside one sentence
    scores = np.where(possible, scores, -np.inf)
    peak = max(null, float(scores.max()))
    total = math.exp(null - peak) + float(np.exp(scores - peak).sum())
    found: list[Found] = []
    for first, last in _apart(scores):
        score = float(scores[first, last])
        span = (pair.spans[first][0], pair.spans[last][1])
        found.append(Found(*span, score - null, math.exp(score - peak) / total))
    return WindowReading(tuple(found), float(out.answerable[row]), float(out.relevant[row]))


def _apart(scores: NDArray[np.float32]) -> list[Span]:
    """Return the tokens of the best spans that do not overlap."""
    left = scores.copy()
    chosen: list[Span] = []
    while len(chosen) < PER_WINDOW and np.isfinite(left).any():
        first, last = divmod(int(left.argmax()), left.shape[1])
        chosen.append((first, last))
        left[: last + 1, first:] = -np.inf  # begins before its end and ends after its beginning: overlaps
    return chosen


class SpanReader:
    """Reads windows of the passages with the network, spans first to last by score."""

    def __init__(
        self,
        network: Network,
        base: Reader,
        articles: Mapping[str, Article],
        store: Store,
        score: Linear | None = None,
    ) -> None:
        self._network, self._base, self._articles, self._store = network, base, articles, store
        self._score = score

    def read(self, question: str, hits: Sequence[Hit]) -> list[Reading]:
        """Return sentences that hold a span, best first; sentences alone where no span can be had."""
        plain = self._plain(question, hits)
        windows = _windows(plain, hits)[:WINDOWS]
        read = self._network.read([(question, self._title(w), w.text) for w in windows])
        asked = Question.of(question, self._store)
        readings = self._candidates(asked, windows, read, plain)
        if not readings:
            return plain
        score = self._score or linear("choice")
        scored = [replace(r, score=score(r.features)) for r in readings]
        return sorted(scored, key=lambda r: -r.score)  # stable: ties in reading order

    def _plain(self, question: str, hits: Sequence[Hit]) -> list[Reading]:
        """Return the sentences of the hits; passages of short sentences alone, which lost to the others, come last."""
        plain = self._base.read(question, hits)
        read = {reading.hit.passage.id for reading in plain}
        return plain + [r for hit in hits if hit.passage.id not in read for r in self._base.read(question, [hit])]

    def relevance(self, question: str, hits: Sequence[Hit]) -> list[float]:
        """Return the logit of the relevance of each hit's passage, in the order of the hits."""
        texts = [(question, self._articles[h.passage.article_id].title, h.passage.text) for h in hits]
        return [r.relevant for r in self._network.read(texts)]

    def _title(self, window: Window) -> str:
        return self._articles[window.hit.passage.article_id].title

    def _candidates(
        self, asked: Question, windows: Sequence[Window], read: Sequence[WindowReading], plain: Sequence[Reading]
    ) -> list[Reading]:
        best_relevant = max((r.relevant for r in read), default=0.0)
        best_answerable = max((r.answerable for r in read), default=0.0)
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
                    "behind_relevant": best_relevant - said.relevant,
                    "behind_answerable": best_answerable - said.answerable,
                    "span_shows": _shows(asked, answer),
                    "span_asked": _asked_again(asked, answer),
                    "span_words": math.log1p(len(answer.split())),
                    "rank": 1 / window.hit.rank,
                }
                found.append(Reading(window.hit, *sentence, 0.0, features, start, end))
        return _with_agreement(found, self._articles)


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
    """Return the sentences that hold a span and the snapped span, offsets in the article; None for mere punctuation."""
    start, end = snap(window.text, (span.start, span.end))
    if end <= start:
        return None
    spans = sentences(window.text)
    touched = [(a, b) for a, b in spans if a < end and b > start]
    if not touched:
        return None
    a, b = touched[0][0], touched[-1][1]
    at = window.start
    return (at + a, at + b), (at + max(a, start), at + min(b, end))


def _shows(asked: Question, answer: str) -> float:
    """Whether the span itself is of the kind that is asked for; 0.5 where no kind is known."""
    if asked.kind is None:
        return 0.5
    return float(bool(KINDS[asked.kind].shows.search(answer)))


def _asked_again(asked: Question, answer: str) -> float:
    """Return the share of the span's terms that the question has itself."""
    own = set(terms(answer))
    return len(own & asked.terms.keys()) / len(own) if own else 0.0


def _with_agreement(readings: Sequence[Reading], articles: Mapping[str, Article]) -> list[Reading]:
    """Add to each reading the probability of the same answer in other passages."""
    said = [_plain(articles[r.hit.passage.article_id].text[r.answer_start : r.answer_end]) for r in readings]
    sums: Counter[str] = Counter()
    for text, reading in zip(said, readings, strict=True):
        sums[text] += reading.features["probability"]  # type: ignore[assignment]
    return [
        replace(r, features={**r.features, "agreement": min(1.0, sums[text] - r.features["probability"])})
        for text, r in zip(said, readings, strict=True)
    ]


def _plain(text: str) -> str:
    return " ".join(terms(text)) or text.casefold()
