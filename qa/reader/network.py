"""The trained network at work: (question, title, passage) triples in, spans and verdicts out."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from qa.encoder import model_folder
from qa.settings import BUNDLED_MODEL
from qa.text.sentences import sentences
from qa.types import Span

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from qa.reader.model import Outputs, Pair, SpanModel

WEIGHTS = "reader.safetensors"
SHA256 = "daee4ca8effd5fb11e5cad6dbde621d0927bf149e4171f812fbca8fd09b9dd83"  # of the shipped file
MAX_TOKENS = 384  # of question, title and passage, in training as in use: the longest passage is read whole
MAX_ANSWER = 30  # tokens
PER_WINDOW = 3  # spans considered


def weights_file() -> Path | None:
    """Return the shipped weights; None where the package has none."""
    file = Path(str(resources.files("qa") / "weights" / WEIGHTS))
    return file if file.is_file() else None


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

        from qa.reader.model import PairBatch, make_pairs

        model, tokenizer = self._model()
        pairs = make_pairs(tokenizer, texts, MAX_TOKENS)
        with torch.inference_mode():
            out = model(PairBatch.of(pairs))
        return [_reading(out, row, pair, texts[row][2]) for row, pair in enumerate(pairs)]

    def _model(self) -> tuple[SpanModel, Tokenizer]:
        with self._lock:
            if self._loaded is None:
                from qa.reader.int8 import pays, quantize
                from qa.reader.model import load_model, load_tokenizer

                folder = model_folder(BUNDLED_MODEL)
                weights = self._weights or Path(str(resources.files("qa") / "weights" / WEIGHTS))
                model = load_model(folder, weights, self._sha256)
                self._loaded = quantize(model) if pays() else model, load_tokenizer(folder)
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
