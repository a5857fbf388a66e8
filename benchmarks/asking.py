"""How long a warm `ask` takes, by stage: encode the question, retrieve, choose sentences, read with the network, rest.

    python benchmarks/asking.py [--index FOLDER] [--reader spans|sentences]

Asks the questions of the tests, each once: the vectors of questions are remembered. With --index any index is asked,
as it is (`briefing eval FOLDER` leaves some behind). Stages do not overlap: time spent in an inner one is taken off
the outer one. Milliseconds, p50 and p95, with the processor: machines differ.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import qa.briefing  # noqa: E402 (the script runs from anywhere)
from benchmarks.startup import processor  # noqa: E402
from qa.evaluation.questions import read_questions  # noqa: E402
from qa.reader import Network, SentenceReader  # noqa: E402
from qa.search import Search  # noqa: E402
from qa.settings import Settings  # noqa: E402

FILES = ("questions.jsonl", "questions_hard.jsonl")
STAGES = ("encode question", "retrieve", "choose sentences", "read with the network", "rest", "whole")


class Clock:
    """Adds up the time of stages that may lie inside each other."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)
        self._inner: list[float] = []

    def timed(self, stage: str, action: Callable[..., Any]) -> Callable[..., Any]:
        """Return the action with its time, less that of stages inside it, added to a stage."""

        def run(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 (wraps anything)
            began = time.perf_counter()
            self._inner.append(0.0)
            try:
                return action(*args, **kwargs)
            finally:
                took = time.perf_counter() - began
                self.spent[stage] += took - self._inner.pop()
                if self._inner:
                    self._inner[-1] += took

        return run


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", type=Path, help="an index to ask as it is; by default that of the bundled briefing")
    parser.add_argument("--reader", choices=("spans", "sentences"), help="by default that of the settings")
    args = parser.parse_args()
    settings = Settings()
    if args.reader:
        settings = settings.model_copy(update={"reader": settings.reader.model_copy(update={"model": args.reader})})
    index, update = (args.index, "never") if args.index else (ROOT / "index", "auto")
    briefing = qa.Briefing.open(ROOT / "corpus", index, update=update, settings=settings)
    clock = Clock()
    briefing.encoder.encode_question = clock.timed("encode question", briefing.encoder.encode_question)
    Search.hits = clock.timed("retrieve", Search.hits)  # type: ignore[method-assign]
    SentenceReader.read = clock.timed("choose sentences", SentenceReader.read)
    Network.read = clock.timed("read with the network", Network.read)
    ask = clock.timed("rest", briefing.ask)
    ask("warm up")
    questions = [q.question for name in FILES for q in read_questions(ROOT / "tests" / "data" / name)]
    rows = []
    for question in questions:
        clock.spent.clear()
        ask(question)
        rows.append([clock.spent[stage] for stage in STAGES[:-1]] + [sum(clock.spent.values())])
    taken = 1e3 * np.array(rows)  # (questions, stages)
    print(f"{processor()}; {len(briefing.generation.passages):,} passages, {len(questions)} questions")
    for stage, column in zip(STAGES, taken.T, strict=True):
        print(f"{stage:24} p50 {np.percentile(column, 50):7.1f} ms   p95 {np.percentile(column, 95):7.1f} ms")


if __name__ == "__main__":
    main()
