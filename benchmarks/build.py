"""What it costs to build and to update an index, by its size.

    python benchmarks/build.py FOLDER [FOLDER …] [--passages 1000 10000 50000] [--real-up-to 1000]

FOLDER holds real text: a corpus.jsonl of documents (BEIR form), or articles. Where it is shorter than wanted it is
gone through again, each time under other first words, so that no passage occurs twice. Above --real-up-to passages a
fast fake encoder stands in for the model (the tests' one): what is then measured is all else. For each size: the
seconds of a first build, of an update after ten articles were edited, and of one after nothing changed; the most
memory that the process held; the bytes on disk. Each size runs in a process of its own.
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.startup import processor  # noqa: E402 (the script runs from anywhere)
from qa.briefing import Briefing  # noqa: E402
from qa.corpus import read_corpus  # noqa: E402
from qa.evaluation.datasets import read_beir  # noqa: E402
from qa.settings import IndexSettings, Settings  # noqa: E402
from qa.text.passages import split  # noqa: E402
from qa.types import Article, Corpus  # noqa: E402
from tests.fakes import FakeEncoder  # noqa: E402

EDITED = 10


def texts(folders: list[Path]) -> list[Article]:
    """Return the articles of all folders."""
    found: list[Article] = []
    for folder in folders:
        if not folder.is_dir():
            sys.exit(f"no folder {folder}: name one with a corpus.jsonl, or with articles")
        beir = (folder / "corpus.jsonl").is_file()
        found += read_beir(folder).articles if beir else read_corpus(folder).articles
    return found


def endless(articles: list[Article]) -> Iterator[Article]:
    """Yield the articles again and again, each time under other first words."""
    for edition in itertools.count():
        for n, article in enumerate(articles):
            yield replace(article, id=f"{edition:04}/{n:06}.md", text=f"Edition {edition}. {article.text}")


def of_size(articles: list[Article], passages: int) -> Corpus:
    """Return a corpus of about so many passages."""
    chosen: list[Article] = []
    count = 0
    for article in endless(articles):
        chosen.append(article)
        count += sum(1 for _ in split(article, 900, 120))
        if count >= passages:
            return Corpus(tuple(chosen))
    raise AssertionError


def measure(folders: list[Path], passages: int, real: bool) -> dict[str, float]:
    """Build and update an index of so many passages; return seconds and bytes."""
    corpus = of_size(texts(folders), passages)
    edited = tuple(
        replace(article, text=article.text + " So it was told.") if n < EDITED else article
        for n, article in enumerate(corpus.articles)
    )
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(index=IndexSettings(folder=Path(folder)))
        briefing = Briefing(settings, None if real else FakeEncoder(dimension=384))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        figures: dict[str, float] = {}
        for name, state in (("build", corpus), ("update", Corpus(edited)), ("nothing", Corpus(edited))):
            started = time.perf_counter()
            receipt = briefing.index(state)
            figures |= {f"{name} s": time.perf_counter() - started, f"{name} encoded": receipt.encoded}
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        files = (file for file in briefing.generation.folder.rglob("*") if file.is_file())
        disk = sum(file.stat().st_size for file in files)
        return figures | {
            "passages": receipt.passages,
            "articles": len(corpus.articles),
            "text MB": sum(len(article.text) for article in corpus.articles) / 1e6,
            "memory MB": after / 1024,
            "of it before MB": before / 1024,
            "disk MB": disk / 1e6,
        }


def main() -> None:
    """Read the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--passages", type=int, nargs="+", default=[1_000, 10_000, 50_000])
    parser.add_argument("--real-up-to", type=int, default=1_000)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        (size,) = args.passages
        sys.stdout.write(json.dumps(measure(args.folders, size, size <= args.real_up_to)))
        return
    sys.stdout.write(f"{processor()}\n\n| passages | encoder | articles | build s | update of {EDITED} s (encoded) ")
    sys.stdout.write("| nothing changed s | memory MB (before) | disk MB |\n|---|---|---|---|---|---|---|---|\n")
    for size in args.passages:
        command = [sys.executable, __file__, *map(str, args.folders), "--one", "--passages", str(size)]
        run = subprocess.run([*command, "--real-up-to", str(args.real_up_to)], stdout=subprocess.PIPE, check=True)
        f = json.loads(run.stdout)
        encoder = "model" if size <= args.real_up_to else "fake"
        sys.stdout.write(
            f"| {f['passages']:,} | {encoder} | {f['articles']:,} | {f['build s']:.1f} "
            f"| {f['update s']:.1f} ({f['update encoded']}) | {f['nothing s']:.2f} "
            f"| {f['memory MB']:.0f} ({f['of it before MB']:.0f}) | {f['disk MB']:.0f} |\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
