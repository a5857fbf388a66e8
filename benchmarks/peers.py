"""Briefing QA beside what a user would pick instead: quality, speed and memory on the same sets.

    python benchmarks/peers.py DATA [--sets NAME …] [--queries N] [--peers NAME …] [--json FILE]

DATA holds folders in BEIR form. Every peer gets the same documents and questions and the weights of the same encoder,
and runs as its own documentation has it (benchmarks/peers/use_*.py say which page), one after another on this
machine, each in a process and a virtual environment of its own. The environments are made by the first run, from the
pins in benchmarks/peers/*.txt; that needs a package index, and nothing else needs a network: a peer that tries to
reach one is refused.

A document ranks by its best chunk; every peer is asked for the same number of chunks (--depth), so that ten documents
come together. Milliseconds are those of a question that asks for ten results, its encoding included, over the first
two hundred. Seconds of indexing begin when the encoder is loaded; memory is the most that the process held (resident
set). The peers keep their index in memory, Briefing QA also writes it to disk. A Markdown table is printed, and with
--json all figures and rankings are written.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.startup import processor  # noqa: E402 (the script runs from anywhere)
from qa.encoder import model_folder  # noqa: E402
from qa.errors import BriefingError  # noqa: E402
from qa.evaluation.datasets import BeirSet, read_beir  # noqa: E402
from qa.evaluation.retrieval import judged, metrics  # noqa: E402
from qa.settings import BUNDLED_MODEL  # noqa: E402

if TYPE_CHECKING:
    from numpy.typing import NDArray

HERE = Path(__file__).with_suffix("")  # adapters and pins
SETS = ("squad_v1.1_dev", "time_magazine", "scifact")
METRICS = ("ndcg@10", "hit@1", "mrr@10", "recall@5")
QUIET = {  # no network, no telemetry, no progress
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "LANGSMITH_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
RESULTS = 10  # of a question whose time is taken
TAIL = 2000  # characters of a failed process that are shown


class PeerError(Exception):
    """A peer whose environment cannot be made, or that fails."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One of those compared: its adapter, and the pins of its environment (None: this Python)."""

    title: str
    adapter: Path
    pins: Path | None = None

    @classmethod
    def of(cls, name: str, title: str) -> Peer:
        """Return the peer whose files carry a name."""
        return cls(title, HERE / f"use_{name}.py", HERE / f"{name}.txt")


PEERS = {
    "haystack": Peer.of("haystack", "Haystack"),
    "langchain": Peer.of("langchain", "LangChain"),
    "txtai": Peer.of("txtai", "txtai"),
    "briefing": Peer("Briefing QA", HERE / "use_briefing.py"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """What one way of one peer reached on one set."""

    title: str
    scores: Mapping[str, NDArray[np.float64]]  # metric -> (questions,)
    index_seconds: float
    question_ms: NDArray[np.float64]  # (timed questions,)
    peak_mb: float
    chunks: int
    ranks: Mapping[str, list[str]]  # question -> documents, best first

    def as_json(self) -> dict[str, Any]:
        """Return the figures and rankings as plain data."""
        return {
            "metrics": {name: float(values.mean()) for name, values in self.scores.items()},
            "index_seconds": self.index_seconds,
            "question_ms": {f"p{p}": float(np.percentile(self.question_ms, p)) for p in (50, 95)},
            "peak_mb": self.peak_mb,
            "chunks": self.chunks,
            "ranks": self.ranks,
        }


def table(found: Sequence[Row]) -> str:
    """Return rows as a Markdown table; the last one is who the others are compared with, question by question."""
    head = (
        "",
        *METRICS,
        f"{METRICS[0]}, less {found[-1].title}",
        "index s",
        "question ms p50 / p95",
        "peak MB",
        "chunks",
    )
    lines = [head, ["---"] * len(head), *(_cells(row, found[-1]) for row in found)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cells(row: Row, other: Row) -> list[str]:
    apart = row.scores[METRICS[0]] - other.scores[METRICS[0]]
    error = apart.std(ddof=1) / len(apart) ** 0.5 if len(apart) > 1 else math.nan
    p50, p95 = np.percentile(row.question_ms, (50, 95))
    return [
        row.title,
        *(f"{row.scores[name].mean():.3f}" for name in METRICS),
        "" if row is other else f"{apart.mean():+.3f} ± {1.96 * error:.3f}",  # 95 %, normal
        f"{row.index_seconds:.1f}",
        f"{p50:.1f} / {p95:.1f}",
        f"{row.peak_mb:.0f}",
        f"{row.chunks:,}",
    ]


def environment(pins: Path | None, folder: Path) -> Path:
    """Return the Python of an environment with these pins, made in the folder on first use.

    Raises `PeerError` when pip fails.
    """
    if pins is None:
        return Path(sys.executable)
    wanted = pins.read_bytes()
    place = folder / f"{pins.stem}-{hashlib.sha256(wanted).hexdigest()[:12]}"
    python, done = place / "bin" / "python", place / "installed"
    if not done.is_file():
        sys.stderr.write(f"installing {pins.name} in {place}\n")
        venv.create(place, clear=True, with_pip=True)
        called = subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--requirement", pins], capture_output=True, text=True
        )
        if called.returncode:
            raise PeerError(f"no environment for {pins.stem}: {called.stderr[-TAIL:]}")
        done.touch()
    return python


def task(dataset: BeirSet, queries: int | None, depth: int) -> dict[str, Any]:
    """Return what every peer is given: documents, the first judged questions, and the encoder's folder."""
    return {
        "model": str(model_folder(BUNDLED_MODEL)),
        "results": RESULTS,
        "depth": depth,
        "documents": [{"id": a.id, "title": a.title, "text": a.text} for a in dataset.articles],
        "queries": [{"id": query, "text": text} for query, text in judged(dataset, queries).items()],
    }


def sample(dataset: BeirSet, queries: int | None, documents: int) -> BeirSet:
    """Return a set with fewer documents: those judged for the first questions, and the first others up to a number."""
    needed = {document for query in judged(dataset, queries) for document in dataset.qrels[query]}
    others = [article.id for article in dataset.articles if article.id not in needed]
    kept = needed.union(others[: max(0, documents - len(needed))])
    return replace(dataset, articles=tuple(article for article in dataset.articles if article.id in kept))


def run(peer: Peer, python: Path, given: Mapping[str, Any]) -> dict[str, Any]:
    """Run a peer over a task in a process of its own and return what its worker wrote. Raises `PeerError`."""
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        asked, result = Path(folder) / "task.json", Path(folder) / "result.json"
        asked.write_text(json.dumps(given), encoding="utf-8")
        called = subprocess.run(
            [python, HERE / "worker.py", peer.adapter, asked, result],
            env={**os.environ, **QUIET, "PYTHONPATH": "" if peer.pins else str(ROOT)},
            capture_output=True,
            text=True,
        )
        if called.returncode:
            raise PeerError(f"{peer.title} failed: {called.stderr[-TAIL:]}")
        found: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        return found


def rows(peer: Peer, found: Mapping[str, Any], qrels: Mapping[str, Mapping[str, int]]) -> list[Row]:
    """Return a row for each way of a peer."""
    return [
        Row(
            title=f"{peer.title}, {way}" if len(found["ways"]) > 1 else peer.title,
            scores=_scores([metrics(ranked, qrels[query]) for query, ranked in measured["ranks"].items()]),
            index_seconds=found["index_seconds"],
            question_ms=1e3 * np.array(measured["seconds"]),
            peak_mb=found["peak_bytes"] / 1e6,
            chunks=found["chunks"],
            ranks=measured["ranks"],
        )
        for way, measured in found["ways"].items()
    ]


def _scores(each: Sequence[Mapping[str, float]]) -> dict[str, NDArray[np.float64]]:
    return {name: np.array([scores[name] for scores in each]) for name in METRICS}


def compare(
    dataset: BeirSet, peers: Mapping[Peer, Path], queries: int | None, depth: int
) -> tuple[list[Row], list[str]]:
    """Run all peers over one set, each with its Python; return their rows and why those that failed have none."""
    given = task(dataset, queries, depth)
    found: list[Row] = []
    failures = []
    for peer, python in peers.items():
        try:
            found += rows(peer, run(peer, python, given), dataset.qrels)
        except PeerError as exc:
            failures.append(str(exc))
    return found, failures


def environments(names: Sequence[str], folder: Path) -> tuple[dict[Peer, Path], list[str]]:
    """Return the peers of these names with their Pythons, and why those without one have none."""
    ready: dict[Peer, Path] = {}
    failures = []
    for name in names:
        try:
            ready[PEERS[name]] = environment(PEERS[name].pins, folder)
        except PeerError as exc:
            failures.append(str(exc))
    return ready, failures


def load_average() -> str:
    """Return how busy the machine is."""
    return f"load {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores"


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of folders in BEIR form")
    parser.add_argument("--sets", nargs="+", default=SETS, help="names of folders in DATA")
    parser.add_argument("--queries", type=int, help="the first so many judged questions of each set")
    parser.add_argument("--documents", type=int, help="those judged, and others up to so many; all by default")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS), help="Briefing QA comes last")
    parser.add_argument("--depth", type=int, default=100, help="chunks that each retriever is asked for")
    parser.add_argument("--environments", type=Path, default=Path.home() / ".cache" / "briefing-qa" / "peers")
    parser.add_argument("--json", type=Path, help="file for all figures and rankings")
    return parser.parse_args()


def main() -> None:
    """Measure and print; end with 1 if a peer could not be measured."""
    args = arguments()
    try:
        sets = {name: read_beir(args.data / name) for name in args.sets}
    except BriefingError as exc:
        sys.exit(f"{exc}; DATA is a folder of them, named by --sets")
    peers, failures = environments(sorted(args.peers, key=list(PEERS).index), args.environments)
    print(f"{processor()}", flush=True)
    written: dict[str, Any] = {"processor": processor(), "sets": {}}
    for name, full in sets.items():
        dataset = sample(full, args.queries, args.documents) if args.documents else full
        before = load_average()
        found, failed = compare(dataset, peers, args.queries, args.depth)
        failures += [f"{name}: {each}" for each in failed]
        questions = len(found[0].ranks) if found else 0
        size = f"{len(dataset.articles):,} of {len(full.articles):,} documents, {questions:,} questions"
        print(f"\n**{name}**: {size}; {before} before, {load_average()} after\n")
        print(table(found) if found else "nothing was measured", flush=True)
        written["sets"][name] = {row.title: row.as_json() for row in found}
        if args.json:
            args.json.write_text(json.dumps(written | {"failures": failures}), encoding="utf-8")
    if failures:
        sys.exit("\nnot measured:\n" + "\n".join(failures))


if __name__ == "__main__":
    main()
