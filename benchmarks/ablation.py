"""What each part of the hybrid score is worth, and whether its weights hold on sets that they were not chosen on.

    python benchmarks/ablation.py DATA [--sets NAME …] [--limit 1000] [--cache FOLDER] [--json]

DATA holds folders in BEIR form. Each set gives `--limit` judged questions, drawn by the hash of their id; half of them
(by another hash) are for choosing, the other half confirm. Every variant ranks the same candidates, which the
product's own `Candidates` finds and scores, so nothing but the fusion differs. Printed: nDCG@10 on both halves of each
set, the mean over the sets, and the difference of the confirming halves to the product's row, with its standard error.
Then, leaving one set out at a time: the best weights of a grid on the choosing halves of all other sets, and what they
reach on the one left out. Indexes are kept in the cache, so that a second run encodes nothing but questions.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from qa.evaluation.retrieval import judged, metrics, open_set  # noqa: E402 (the script runs from anywhere)
from qa.search.hybrid import Candidates  # noqa: E402
from qa.search.query import Query  # noqa: E402
from qa.settings import RetrievalSettings, load_settings  # noqa: E402

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qa.types import Store

    Floats = NDArray[np.float32]

PRODUCT = ".8 cosine + sentence + BM25+ share + .16 pairs (the product)"
SHIPPED = RetrievalSettings().weights
GRID = tuple(
    itertools.product((0, 0.5, 0.8, 1, 1.2), (0, 0.5, 1, 1.5), (0.5, 0.75, 1, 1.25), (0, 0.08, 0.16, 0.24))
)  # cosine, sentence, BM25, pairs


def _bm25(terms: list[str], store: Store) -> NDArray[np.float32]:
    """Return the score of every passage by BM25 as Lucene has it."""
    scores = np.zeros(len(store), dtype=np.float32)
    for term in terms:
        rows, weights = store.postings(term)
        scores[rows] += np.float32(store.idf(term)) * weights
    return scores


@dataclass(frozen=True)
class Case:
    """One question: its candidates' scores, their documents, and what is relevant."""

    documents: tuple[str, ...]
    grades: Mapping[str, int]
    confirms: bool
    dense: Floats  # (c,) and so the others
    sentence: Floats
    plus: Floats  # BM25+ as a share of its bound
    plain: Floats  # BM25 without a floor, as a share too
    pairs: Floats
    dense_rank: Floats  # from 1; inf beyond the list
    bm25_rank: Floats


def hashed(text: str, salt: str) -> int:
    """Return a number that depends on a text alone."""
    return zlib.crc32(f"{salt} {text}".encode())


def cases(folder: Path, limit: int, cache: Path | None) -> list[Case]:
    """Ask a set and return what was found."""
    index = cache / folder.name if cache else None
    dataset, briefing = open_set(folder, load_settings(), index, lambda *_: None)
    questions = judged(dataset)
    chosen = sorted(questions, key=lambda query: hashed(query, "drawn"))[:limit]
    return [_case(query, questions[query], dataset.qrels[query], briefing) for query in chosen]


def _case(query: str, text: str, grades: Mapping[str, int], briefing) -> Case:  # noqa: ANN001 (a Briefing)
    generation, settings = briefing.generation, RetrievalSettings()
    asked = Query.of(text, generation)
    unrelated = briefing.encoder.unrelated
    found = Candidates.of(asked, briefing.encoder.encode_question(asked.text), generation, settings, None, unrelated)
    return Case(
        documents=tuple(generation.passages[row].article_id for row in found.rows),
        grades=grades,
        confirms=bool(hashed(query, "half") % 2),
        dense=found.dense,
        sentence=found.sentence,
        plus=found.bm25 / np.float32(found.lexical.bound),
        plain=_bm25([w.said for w in asked.wanted], generation.store)[found.rows] / np.float32(found.lexical.weight),
        pairs=found.pairs,
        dense_rank=np.array([found.dense_ranks.get(int(row), np.inf) for row in found.rows]),
        bm25_rank=np.array([found.bm25_ranks.get(int(row), np.inf) for row in found.rows]),
    )


def stretched(x: Floats) -> Floats:
    """Return scores from 0 to 1 over the candidates (min-max)."""
    return (x - x.min()) / (x.max() - x.min()) if x.max() > x.min() else np.ones_like(x)


def over_top(x: Floats) -> Floats:
    """Return scores over the best of them."""
    return x / x.max() if x.max() > 0 else np.zeros_like(x)


def mixed(dense: float, sentence: float, bm25: float, pairs: float) -> Callable[[Case], Floats]:
    """Return the product's score with other weights."""
    return lambda c: dense * c.dense + sentence * c.sentence + bm25 * c.plus + pairs * c.pairs


VARIANTS: dict[str, Callable[[Case], Floats]] = {
    "BM25 (Lucene)": lambda c: c.plain,
    "BM25+": lambda c: c.plus,
    "dense": lambda c: c.dense,
    "nearest sentence": lambda c: c.sentence,
    "RRF, k 60": lambda c: 1 / (60 + c.dense_rank) + 1 / (60 + c.bm25_rank),
    "two lists, min-max, a missing score 0": lambda c: (
        stretched(c.dense) * np.isfinite(c.dense_rank) + over_top(c.plain) * np.isfinite(c.bm25_rank)
    ),
    "union, min-max cosine + BM25 / max": lambda c: stretched(c.dense) + over_top(c.plain),
    "the same + .6 sentence (before)": lambda c: stretched(c.dense) + over_top(c.plain) + 0.6 * c.sentence,
    "cosine + .5 BM25+ share, no min-max": mixed(1, 0, 0.5, 0),
    "cosine + sentence + BM25+ share": mixed(1, 1, 1, 0),
    "cosine + sentence + BM25+ share + .2 pairs (before)": mixed(1, 1, 1, 0.2),
    PRODUCT: mixed(*SHIPPED),
    "the same, BM25 without floor": lambda c: 0.8 * c.dense + c.sentence + c.plain + 0.16 * c.pairs,
    "the same, no sentence": mixed(0.8, 0, 1, 0.16),
    "the same, no cosine of the passage": mixed(0, 1, 1, 0.16),
    "the same, BM25 .75": mixed(0.8, 1, 0.75, 0.16),
    "the same, BM25 1.25": mixed(0.8, 1, 1.25, 0.16),
    "the same, no pairs": mixed(0.8, 1, 1, 0),
    "the same, pairs .3": mixed(0.8, 1, 1, 0.3),
}


def ndcg(case: Case, score: Callable[[Case], Floats]) -> float:
    """Return nDCG@10 of one question; equal scores in order of passage."""
    order = np.argsort(-np.round(score(case), 6), kind="stable")
    found = list(dict.fromkeys(case.documents[i] for i in order[:200]))
    return metrics(found, case.grades)["ndcg@10"]


def table(sets: Mapping[str, list[Case]]) -> list[dict[str, object]]:
    """Return one row a variant."""
    reached = {
        name: {s: np.array([ndcg(c, score) for c in each]) for s, each in sets.items()}
        for name, score in VARIANTS.items()
    }
    halves = {s: np.array([c.confirms for c in each]) for s, each in sets.items()}
    rows = []
    for name, values in reached.items():
        row: dict[str, object] = {
            "variant": name,
            "mean": round(float(np.mean([v.mean() for v in values.values()])), 4),
        }
        for s, v in values.items():
            less = (v - reached[PRODUCT][s])[halves[s]]
            row[s] = {
                "chosen": round(float(v[~halves[s]].mean()), 4),
                "confirmed": round(float(v[halves[s]].mean()), 4),
                "difference": round(float(less.mean()), 4),
                "error": round(float(less.std() / len(less) ** 0.5), 4),
            }
        rows.append(row)
    return rows


def left_out(sets: Mapping[str, list[Case]]) -> list[dict[str, object]]:
    """Return, for each set, the weights that are best on the others and what they reach on it."""
    reached = {
        weights: {s: np.array([ndcg(c, mixed(*weights)) for c in each]) for s, each in sets.items()} for weights in GRID
    }
    choosing = {s: np.array([not c.confirms for c in each]) for s, each in sets.items()}
    rows = []
    for s in sets:
        others = [other for other in sets if other != s]
        best = max(GRID, key=lambda w: float(np.mean([reached[w][o][choosing[o]].mean() for o in others])))
        own = max(GRID, key=lambda w: float(reached[w][s].mean()))
        rows.append(
            {
                "left out": s,
                "weights (cosine, sentence, BM25, pairs)": best,
                "reached": round(float(reached[best][s].mean()), 4),
                "product": round(float(reached[SHIPPED][s].mean()), 4),
                "best of the grid on itself": round(float(reached[own][s].mean()), 4),
            }
        )
    return rows


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", nargs="+", default=None)
    parser.add_argument("--limit", type=int, default=1000)
    parser.add_argument("--cache", type=Path, default=None)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if not given.data.is_dir():
        parser.error(f"no folder of data at {given.data}; name one that holds folders in BEIR form")
    names = given.sets or sorted(each.parent.name for each in given.data.glob("*/corpus.jsonl"))
    sets = {name: cases(given.data / name, given.limit, given.cache) for name in names}
    rows, outside = table(sets), left_out(sets)
    if given.json:
        print(json.dumps({"variants": rows, "left_out": outside}))
        return
    print(f"{'nDCG@10: chosen / confirmed half':55}", *(f"{name[:16]:>17}" for name in names), "   mean")
    for row in rows:
        cells = (f"{row[s]['chosen']:.3f} / {row[s]['confirmed']:.3f}" for s in names)  # type: ignore[index]
        print(f"{row['variant']:55}", *(f"{cell:>17}" for cell in cells), f"  {row['mean']:.3f}")
    print("\nconfirmed half, less the product: points ± standard error")
    for row in rows:
        cells = (f"{100 * row[s]['difference']:+.2f} ± {100 * row[s]['error']:.2f}" for s in names)  # type: ignore[index]
        print(f"{row['variant']:55}", *(f"{cell:>17}" for cell in cells))
    print()
    for row in outside:
        print(*(f"{name} {value}" for name, value in row.items()), sep=", ")


if __name__ == "__main__":
    main()
