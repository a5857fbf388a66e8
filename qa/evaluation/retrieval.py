"""Measure retrieval on a BEIR-form folder: BM25, dense and hybrid side by side.

A document ranks by its best passage. nDCG has linear gain, as trec_eval's `ndcg_cut`; every figure is a mean over
questions, with a 95 % interval by percentile bootstrap over them (Efron and Tibshirani 1993).
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from qa.briefing import Briefing
from qa.errors import DatasetError
from qa.evaluation.datasets import BeirSet, read_beir
from qa.search.query import Query
from qa.settings import Settings
from qa.text.abbreviations import WORD
from qa.text.terms import STOPWORDS
from qa.types import Corpus, Encoder, Hit, Mode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qa.types import Progress

MODES: tuple[Mode, ...] = get_args(Mode)[::-1]  # bm25, dense, hybrid
DEPTH = 100  # passages fetched, so that 20 documents come together
RESAMPLES = 1000
RANKED = 20  # documents kept of a ranking
LETTERS = "abcdefghijklmnopqrstuvwxyz"
MISSPELT = 4  # letters from which a word may get a typing error


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of one question, its encoding included."""

    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What one retriever reached."""

    metrics: Mapping[str, Estimate]
    latency: Latency
    ranks: Mapping[str, tuple[str, ...]]  # question -> documents, best first

    def as_json(self) -> dict[str, dict[str, float]]:
        """Return the figures by name."""
        figures = {name: {"value": e.value, "low": e.low, "high": e.high} for name, e in self.metrics.items()}
        return figures | {"latency_ms": {"p50": self.latency.p50, "p95": self.latency.p95}}


def open_set(
    folder: Path, settings: Settings, index: Path | None, progress: Progress, encoder: Encoder | None = None
) -> tuple[BeirSet, Briefing]:
    """Read a BEIR folder and bring its index in step; `index` defaults to a cache folder of the user.

    The set comes back without its articles: the index holds them. Raises `DatasetError` or as `Briefing.index` does.
    """
    dataset = read_beir(folder)
    if not any(query in dataset.queries for query in dataset.qrels):
        raise DatasetError(
            f"{folder}: no question of queries.jsonl is judged in qrels; the two belong to different sets"
        )
    placed = settings.index.model_copy(update={"folder": index or cache_folder(folder)})
    briefing = Briefing(settings.model_copy(update={"index": placed}), encoder)
    briefing.index(Corpus(dataset.articles), progress)
    return replace(dataset, articles=()), briefing


def cache_folder(folder: Path) -> Path:
    """Return where the index of a BEIR folder is kept: one folder for each place and content."""
    from platformdirs import user_cache_path

    with (folder / "corpus.jsonl").open("rb") as stream:
        content = hashlib.file_digest(stream, "sha256").hexdigest()
    key = hashlib.sha256(f"{folder.resolve()}\n{content}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return user_cache_path("briefing-qa", appauthor=False) / "eval" / f"{folder.resolve().name}-{key}"


def judged(dataset: BeirSet, limit: int | None = None) -> dict[str, str]:
    """Return the first `limit` questions that have judgements, in order of the file."""
    found = {query: text for query, text in dataset.queries.items() if query in dataset.qrels and text.strip()}
    return dict(list(found.items())[:limit])


def measure(
    briefing: Briefing, dataset: BeirSet, questions: Mapping[str, str], progress: Progress
) -> dict[Mode, Measured]:
    """Ask every question of each retriever and return what each reached."""
    briefing.retrieve(next(iter(questions.values())))  # the model loads
    ranks: dict[Mode, dict[str, tuple[str, ...]]] = {mode: {} for mode in MODES}
    seconds: dict[Mode, list[float]] = {mode: [] for mode in MODES}
    for done, (query, text) in enumerate(questions.items(), start=1):
        looked_up = Query.of(text, briefing.generation).text
        started = time.perf_counter()
        briefing.encoder.encode_question(looked_up)  # remembered, so that both who need it share the cost
        encoding = time.perf_counter() - started
        for mode in MODES:
            started = time.perf_counter()
            rerank = None if mode == "hybrid" else False  # as the settings say
            hits = briefing.retrieve(text, k=DEPTH, collapse=False, mode=mode, rerank=rerank)
            seconds[mode].append(time.perf_counter() - started + (0 if mode == "bm25" else encoding))
            ranks[mode][query] = documents(hits)
        progress("asking", done, len(questions))
    return {mode: _measured(ranks[mode], seconds[mode], dataset) for mode in MODES}


def documents(hits: Sequence[Hit]) -> tuple[str, ...]:
    """Return the documents of the hits, each at its best passage."""
    return tuple(dict.fromkeys(hit.passage.article_id for hit in hits))[:RANKED]


def _measured(ranks: Mapping[str, tuple[str, ...]], seconds: Sequence[float], dataset: BeirSet) -> Measured:
    scores = [metrics(found, dataset.qrels[query]) for query, found in ranks.items()]
    estimates = {name: estimate(np.array([each[name] for each in scores])) for name in scores[0]}
    p50, p95 = (round(1e3 * float(np.percentile(seconds, p)), 1) for p in (50, 95))
    return Measured(estimates, Latency(p50, p95), ranks)


def metrics(found: Sequence[str], grades: Mapping[str, int]) -> dict[str, float]:
    """Return the metrics of one ranking; `grades` has the relevant documents, all above 0."""
    gains = np.array([grades.get(document, 0) for document in found[:10]], dtype=float)
    ideal = np.array(sorted(grades.values(), reverse=True)[:10], dtype=float)
    first = next((rank for rank, gain in enumerate(gains, start=1) if gain > 0), None)
    return {
        "ndcg@10": _dcg(gains) / _dcg(ideal),
        "mrr@10": 1 / first if first else 0.0,
        "recall@5": sum(document in grades for document in found[:5]) / len(grades),
        "recall@20": sum(document in grades for document in found[:20]) / len(grades),
        "hit@1": float(first == 1),
    }


def _dcg(gains: NDArray[np.float64]) -> float:
    return float((gains / np.log2(np.arange(2, len(gains) + 2))).sum())


def estimate(values: NDArray[np.float64], seed: int = 0) -> Estimate:
    """Return the mean with its 95 % percentile bootstrap interval; the same for the same values and seed."""
    rng = np.random.default_rng(seed)
    means = [values[rng.integers(0, len(values), len(values))].mean() for _ in range(RESAMPLES)]
    low, high = np.percentile(means, [2.5, 97.5])
    return Estimate(round(float(values.mean()), 4), round(float(low), 4), round(float(high), 4))


def misspelt(questions: Mapping[str, str], typos: int, seed: int) -> dict[str, str]:
    """Return the questions with typing errors, the same for the same seed, whatever other questions there are."""
    noisy = {}
    for query, text in questions.items():
        rng = random.Random(f"{seed} {query}")
        for _ in range(typos):
            text = _with_typo(text, rng)
        noisy[query] = text
    return noisy


def _with_typo(text: str, rng: random.Random) -> str:
    """Swap, drop, double or replace one letter in a word of content; the text as it is if it has none."""
    words = [m for m in WORD.finditer(text) if len(m[0]) >= MISSPELT and m[0].isalpha()]
    words = [m for m in words if m[0].casefold() not in STOPWORDS]
    if not words:
        return text
    word = rng.choice(words)
    i = word.start() + rng.randrange(len(word[0]) - 1)
    kind = rng.choice(("swap", "drop", "double", "substitute"))
    changed = {
        "swap": text[i + 1] + text[i],
        "drop": text[i + 1],
        "double": text[i] + text[i : i + 2],
        "substitute": rng.choice(LETTERS) + text[i + 1],
    }
    return text[:i] + changed[kind] + text[i + 2 :]


def report(
    briefing: Briefing, dataset: BeirSet, limit: int | None, noise: tuple[int, int] | None, progress: Progress
) -> dict[str, Any]:
    """Return all figures as plain data; `noise` is (typing errors a question, seed), or None for none."""
    questions = judged(dataset, limit)
    clean = measure(briefing, dataset, questions, progress)
    manifest = briefing.generation.manifest
    found: dict[str, Any] = {
        "retrievers": {mode: measured.as_json() for mode, measured in clean.items()},
        "questions": len(questions),
        "documents": manifest.articles,
        "passages": manifest.passages,
        "model": manifest.model,
    }
    if noise:
        typed = measure(briefing, dataset, misspelt(questions, *noise), progress)
        noisy = {mode: measured.as_json() for mode, measured in typed.items()}
        found["typos"] = {"per_question": noise[0], "seed": noise[1], "retrievers": noisy}
    return found
