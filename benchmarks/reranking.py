"""What reranking by the reader's relevance is worth, and what it costs.

    python benchmarks/reranking.py DATA [--questions 300]

nDCG@10 of whole documents, without and with, and the time of a question. SQuAD is its articles that the reader was not
trained on. Sets whose queries are statements (SciFact's claims, TIME's topics) are not reranked; `--all` reranks them
all the same.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import qa.search.rerank  # noqa: E402 (the script runs from anywhere)
from benchmarks.startup import processor  # noqa: E402
from qa.briefing import Briefing  # noqa: E402
from qa.evaluation.datasets import read_beir, unseen_squad  # noqa: E402
from qa.evaluation.retrieval import DEPTH, documents, estimate, metrics  # noqa: E402
from qa.settings import IndexSettings, Settings  # noqa: E402
from qa.types import Article, Corpus  # noqa: E402

SETS = ("nq_open_oracle", "clapnq_dev", "time_magazine", "scifact")
Judged = list[tuple[str, Mapping[str, int]]]  # questions with the grades of documents


def sets(data: Path) -> Iterator[tuple[str, tuple[Article, ...], Judged]]:
    """Yield name, articles and judged questions of each set that is there."""
    squad = unseen_squad(data)
    yield squad.name, squad.articles, [(a.text, {a.article: 1}) for a in squad.asked]
    for name in SETS:
        if (data / name).is_dir():
            held = read_beir(data / name)
            yield name, held.articles, [(held.queries[q], grades) for q, grades in held.qrels.items()]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of the data sets")
    parser.add_argument("--questions", type=int, default=300, help="of each set, evenly taken")
    parser.add_argument("--all", action="store_true", help="rerank statements too")
    options = parser.parse_args()
    if not (options.data / "squad_v1.1_dev").is_dir():
        parser.error(f"{options.data} has no squad_v1.1_dev; name the folder of the data sets")
    if options.all:
        qa.search.rerank.is_question = lambda _: True
    print(processor())
    print(f"{'set':24} {'questions':>9} {'plain':>24} {'reranked':>24} {'difference':>18} {'ms plain, reranked':>20}")
    for name, articles, judged in sets(options.data):
        asked = judged[:: max(1, len(judged) // options.questions)][: options.questions]
        with tempfile.TemporaryDirectory() as folder:
            briefing = Briefing(Settings(index=IndexSettings(folder=Path(folder))))
            briefing.index(Corpus(articles))
            briefing.retrieve(asked[0][0], rerank=True)  # the network loads
            measure(name, briefing, asked)


def measure(name: str, briefing: Briefing, asked: Judged) -> None:
    """Ask every question both ways and print a row."""
    scores: dict[bool, list[float]] = {False: [], True: []}
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for question, grades in asked:
        briefing.encoder.encode_question(question)  # remembered, so that neither way pays for it
        for rerank in (False, True):
            started = time.perf_counter()
            hits = briefing.retrieve(question, k=DEPTH, collapse=False, rerank=rerank)
            seconds[rerank].append(time.perf_counter() - started)
            scores[rerank].append(metrics(documents(hits), grades)["ndcg@10"])
    plain, better = (estimate(np.array(scores[rerank])) for rerank in (False, True))
    change = estimate(np.array(scores[True]) - np.array(scores[False]))
    took = ", ".join(f"{1e3 * float(np.median(seconds[rerank])):.1f}" for rerank in (False, True))
    print(
        f"{name:24} {len(asked):9} "
        + " ".join(f"{f'{e.value:.3f} ({e.low:.3f}–{e.high:.3f})':>24}" for e in (plain, better))
        + f" {f'{change.value:+.3f} ({change.low:+.3f}–{change.high:+.3f})':>18} {took:>20}",
        flush=True,
    )


if __name__ == "__main__":
    main()
