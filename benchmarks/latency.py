"""How long a question takes, by the number of passages: p50 and p95 of `retrieve`, memory, time to open.

    python benchmarks/latency.py [--articles FOLDER] [--sizes 1000 10000 100000] [--work FOLDER]

The articles are made: words of real ones (`--articles`, by default the bundled corpus) at Zipf's frequencies, with a
vocabulary that grows by Heaps' law. Their vectors are made too (sums of random vectors of their words), because
encoding a million passages takes days; a question is encoded by the real model as well, so that its time counts. The
rest is the real thing: files, build, index, `Briefing.retrieve`. Each size is built and asked in processes of their
own. `cpu` and the parts after it are milliseconds of processor, which other programs on the machine disturb less;
p50 and p95 are what a clock shows. `--work` keeps corpora and indexes for the next run. A million passages take hours
to build and 12 GB of disk: by hand.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from startup import ROOT, processor, seconds

from qa.briefing import Briefing
from qa.encoder import SentenceEncoder
from qa.search.bm25 import Lexical
from qa.search.query import Query
from qa.settings import CorpusSettings, IndexSettings, Settings

WORDS_A_PASSAGE, PASSAGES_AN_ARTICLE = 88, 5  # 600 characters: passages of at most 900 end with a paragraph
TABLE, DIMENSION = 1 << 15, 384  # random vectors of words, shared by hash; of the length of the bundled model's
HEAPS, POWER = 30, 0.55  # different words = HEAPS * words ** POWER, as in English news
QUESTIONS, WARM_UP = 200, 20


class MadeEncoder:
    """Sums of random vectors of words; a question is encoded by the real model too, for its time."""

    name, fingerprint, dimension, unrelated = "made", "made-1", DIMENSION, 0.0

    def __init__(self) -> None:
        self._table = np.random.default_rng(0).normal(size=(TABLE, DIMENSION)).astype(np.float32)
        self._real = SentenceEncoder()

    def encode_passages(self, texts: Sequence[str], progress: object = None) -> Any:  # noqa: ANN401
        """Return (n, d) float32, rows of unit norm."""
        found = np.empty((len(texts), DIMENSION), dtype=np.float32)
        for i, text in enumerate(texts):
            found[i] = self._table[[hash(word) % TABLE for word in text.lower().split()] or [0]].sum(axis=0)
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        return found

    def encode_question(self, question: str) -> Any:  # noqa: ANN401
        """Return (d,) float32, unit norm."""
        self._real.encode_question(question)
        return self.encode_passages([question])[0]

    def encode_questions(self, questions: Sequence[str]) -> Any:  # noqa: ANN401
        """Return (n, d) float32, rows of unit norm."""
        return np.stack([self.encode_question(question) for question in questions])


def vocabulary(folder: Path, words: int) -> list[str]:
    """Return the words of a folder's articles by frequency, then made ones, as many as Heaps' law gives."""
    found = Counter[str]()
    for file in sorted(folder.rglob("*")):
        if file.suffix in (".md", ".txt"):
            found.update(word for word in file.read_text(encoding="utf-8").split() if word.isalpha())
        elif file.name == "corpus.jsonl":
            with file.open(encoding="utf-8") as lines:
                for line in lines:
                    found.update(word for word in json.loads(line)["text"].split() if word.isalpha())
    if not found:
        sys.exit(f"{folder} holds no articles (.md, .txt or corpus.jsonl)")
    real = [word for word, _ in found.most_common()]
    needed = int(HEAPS * words**POWER)
    made = (f"{real[i % len(real)].lower()}{real[i // len(real) % len(real)][::-1].lower()}" for i in range(needed))
    return [*real, *made][:needed]


def sentences(words: list[str], count: int, seed: int) -> Iterator[str]:
    """Yield sentences of 8 to 25 words at the frequencies of Zipf and Mandelbrot, `count` words in all."""
    rng = np.random.default_rng(seed)
    cumulative = np.cumsum(1 / (np.arange(len(words)) + 2.7))
    drawn = np.searchsorted(cumulative, rng.random(count) * cumulative[-1])
    at = 0
    while at < count:
        length = int(rng.integers(8, 26))
        yield " ".join(words[i] for i in drawn[at : at + length]).capitalize() + "."
        at += length


def write_corpus(folder: Path, articles: Path, passages: int) -> None:
    """Write the text files of about `passages` passages."""
    total = passages * WORDS_A_PASSAGE
    words = vocabulary(articles, total)
    for number in range(-(-passages // PASSAGES_AN_ARTICLE)):
        file = folder / f"{number // 1000:04}" / f"{number:07}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        some = list(sentences(words, WORDS_A_PASSAGE * PASSAGES_AN_ARTICLE, number))
        paragraphs = ["".join(f"{each} " for each in some[i : i + 5]) for i in range(0, len(some), 5)]
        file.write_text(f"{some[0][:60]}\n\n" + "\n\n".join(paragraphs), encoding="utf-8")


def questions(corpus: Path, count: int) -> list[str]:
    """Return questions of three to nine words out of one sentence each."""
    files = sorted(corpus.rglob("*.txt"))
    rng = np.random.default_rng(1)
    asked = []
    for i in rng.integers(0, len(files), count):
        lines = files[i].read_text(encoding="utf-8").split(". ")
        held = lines[int(rng.integers(0, len(lines)))].lower().strip(". \n").split()
        chosen = rng.permutation(len(held))[: int(rng.integers(3, 10))]
        asked.append(f"what about {' '.join(held[j] for j in sorted(chosen))}?")
    return asked


def settings(folder: Path) -> Settings:
    """Return settings over the corpus and the index in a folder."""
    return Settings(
        corpus=CorpusSettings(folder=folder / "corpus"),
        index=IndexSettings(folder=folder / "index", keep_generations=1),
    )


def peak_mb() -> float:
    """Return the most memory this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def build(folder: Path) -> dict[str, float]:
    """Build the index and return seconds and memory."""
    took = seconds(lambda: Briefing.open(settings=settings(folder), encoder=MadeEncoder()))
    return {"build_s": took, "build_mb": peak_mb()}


def ask(folder: Path) -> dict[str, float]:
    """Open the index, ask, and return milliseconds, seconds and memory."""
    encoder = MadeEncoder()
    encoder.encode_question("warm up")
    before = peak_mb()
    started = time.perf_counter()
    briefing = Briefing.open(settings=settings(folder), encoder=encoder, update="never")
    opened = time.perf_counter() - started
    asked = questions(folder / "corpus", QUESTIONS + WARM_UP)
    for each in asked[:WARM_UP]:
        briefing.retrieve(each)
    asked = asked[WARM_UP:]
    whole, processed = [], []
    for each in asked:
        busy = time.process_time()
        whole.append(1e3 * seconds(lambda each=each: briefing.retrieve(each)))  # type: ignore[misc]
        processed.append(1e3 * (time.process_time() - busy))
    store = briefing.generation.store
    parts: dict[str, list[float]] = {"encode": [], "dense": [], "bm25": [], "sentences": []}
    for each in asked:
        query, wanted = encoder.encode_passages([each])[0], Query.of(each, briefing.generation).wanted
        rows = store.dense_top(query, 190, None)[0]
        actions = {
            "encode": lambda each=each: encoder.encode_question(each + "?"),
            "dense": lambda query=query: store.dense_top(query, 100, None),
            "bm25": lambda wanted=wanted: Lexical.of(wanted, store),
            "sentences": lambda query=query, rows=rows: store.sentence_scores(query, rows),
        }
        for name, action in actions.items():
            busy = time.process_time()
            action()
            parts[name].append(1e3 * (time.process_time() - busy))
    return {
        "passages": len(store),
        "open_s": opened,
        "p50": statistics.median(whole),
        "p95": statistics.quantiles(whole, n=20)[-1],
        "cpu": statistics.median(processed),
        **{name: statistics.median(each) for name, each in parts.items()},
        "mb": peak_mb(),
        "mb_before": before,
        "index_mb": sum(file.stat().st_size for file in (folder / "index").rglob("*") if file.is_file()) / 2**20,
    }


def measured(step: str, folder: Path) -> dict[str, float]:
    """Run a step in a process of its own, so that its memory is its own."""
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    command = [sys.executable, __file__, "--step", step, "--work", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=Path, default=ROOT / "corpus", help="where the words come from")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--work", type=Path, help="folder in which corpora and indexes stay")
    parser.add_argument("--step", choices=["build", "ask"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        print(json.dumps({"build": build, "ask": ask}[options.step](options.work)))
        return
    print(f"{processor()}; load {os.getloadavg()[0]:.1f}; made texts and vectors, real index; milliseconds")
    names = ("encode", "dense", "bm25", "sentences", "open_s", "mb", "mb_before", "index_mb", "build_s", "build_mb")
    print(f"{'passages':>9} {'p50':>7} {'p95':>7} {'cpu':>7} " + " ".join(f"{name:>9}" for name in names))
    with tempfile.TemporaryDirectory() as temporary:
        for size in options.sizes:
            folder = (options.work or Path(temporary)) / str(size)
            if not (folder / "corpus").is_dir():
                write_corpus(folder / "corpus", options.articles, size)
            found = measured("build", folder) | measured("ask", folder)
            print(
                f"{found['passages']:>9.0f} {found['p50']:>7.1f} {found['p95']:>7.1f} {found['cpu']:>7.1f} "
                + " ".join(f"{found[name]:>9.1f}" for name in names),
                flush=True,
            )


if __name__ == "__main__":
    main()
