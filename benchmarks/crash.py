"""Kill builds with SIGKILL at random moments, and see after each that the index is the old one or the new one, whole.

    python benchmarks/crash.py --kills 100

Each round edits the corpus and lets a process of its own bring the index in step, which is killed at a random fraction
of the time that a build was measured to take. Then the index is opened as it is, without repair: its articles must be
those of the old or of the new state, every vector that of its passage, and a question about the state must be
answered from it. The encoder is the tests' fast one; everything else is the product.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from qa.briefing import Briefing  # noqa: E402 (the script runs from anywhere)
from qa.settings import CorpusSettings, IndexSettings, Settings  # noqa: E402
from tests.fakes import FakeEncoder  # noqa: E402

ARTICLES, PARAGRAPHS = 60, 12
READY = "ready"


def settings_of(root: Path) -> Settings:
    """Return the settings of a run's folder."""
    return Settings(corpus=CorpusSettings(folder=root / "corpus"), index=IndexSettings(folder=root / "index"))


def write_state(corpus: Path, state: int) -> None:
    """Write the corpus of a state: two thirds of the articles differ from the state before."""
    shutil.rmtree(corpus, ignore_errors=True)
    corpus.mkdir(parents=True)
    for n in range(ARTICLES):
        told = state if n % 3 else 0
        paragraphs = [
            f"Paragraph {p} of article {n} tells of state {told}, at some length. " * 4 for p in range(PARAGRAPHS)
        ]
        (corpus / f"{n:03}.md").write_text("\n\n".join(paragraphs), encoding="utf-8")


def state_of(root: Path) -> int:
    """Return the state that the index holds; an `AssertionError` tells why it is none, or not whole."""
    briefing = Briefing(settings_of(root), FakeEncoder())
    briefing.serve_current()
    assert briefing.warning is None, briefing.warning
    generation = briefing.generation
    assert len(generation.articles) == ARTICLES
    states = {int(a.text.split("state ")[1].split(",")[0]) for n, a in enumerate(generation.articles.values()) if n % 3}
    assert len(states) == 1, f"mixed states {states}"
    texts = [f"{generation.articles[p.article_id].title}\n{p.text}" for p in generation.passages]
    stored = generation.store.vectors(np.arange(len(texts), dtype=np.int64))
    np.testing.assert_array_equal(stored, FakeEncoder().encode_passages(texts))
    (state,) = states
    hit = briefing.retrieve(f"Which article tells of state {state}?", k=1)[0]
    assert f"state {state}," in hit.passage.text or "state 0," in hit.passage.text
    return state


def start_build(root: Path) -> subprocess.Popen[str]:
    """Start a build in a process of its own and return when it is about to begin."""
    child = subprocess.Popen(
        [sys.executable, __file__, "--build", str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip() == READY
    return child


def measured_build(root: Path) -> float:
    """Let a build run to its end; return its seconds."""
    child = start_build(root)
    started = time.perf_counter()
    assert child.wait() == 0
    return time.perf_counter() - started


def run(kills: int, seed: int, root: Path) -> Counter[str]:
    """Kill that many builds; return how often the index was found in the old state, in the new one, or lost."""
    rng = random.Random(seed)
    outcomes: Counter[str] = Counter()
    write_state(root / "corpus", 1)
    measured_build(root)
    write_state(root / "corpus", 2)
    seconds = measured_build(root)
    old = 2
    for _ in range(kills):
        new = old + 1
        write_state(root / "corpus", new)
        child = start_build(root)
        time.sleep(seconds * (rng.uniform(0, 1.1) if rng.random() < 0.5 else rng.uniform(0.7, 1.1)))
        child.send_signal(signal.SIGKILL)
        child.wait()
        outcomes[_outcome(root, old, new)] += 1
        old = state_of(root)
    write_state(root / "corpus", old + 1)
    measured_build(root)
    assert state_of(root) == old + 1
    assert not list((root / "index").glob(".building-*")), "half-built folders were not swept away"
    return outcomes


def _outcome(root: Path, old: int, new: int) -> str:
    try:
        state = state_of(root)
    except Exception as exc:
        sys.stderr.write(f"lost: {exc!r}\n")
        return "lost"
    half_built = any((root / "index").glob(".building-*"))
    return {old: "old, half-built folder left" if half_built else "old", new: "new"}.get(state, "lost")


def build(root: Path) -> None:
    """Bring the index of a run's folder in step, after saying so."""
    briefing = Briefing(settings_of(root), FakeEncoder())
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    briefing.refresh()


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--build", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.build:
        build(args.build)
        return
    with tempfile.TemporaryDirectory() as root:
        started = time.perf_counter()
        outcomes = run(args.kills, args.seed, Path(root))
    sys.stdout.write(f"{args.kills} builds killed in {time.perf_counter() - started:.0f} s\n")
    for outcome, count in sorted(outcomes.items()):
        sys.stdout.write(f"{count:5} {outcome}\n")
    sys.stdout.write(f"{outcomes['lost']:5} lost\n")
    sys.exit(1 if outcomes["lost"] else 0)


if __name__ == "__main__":
    main()
