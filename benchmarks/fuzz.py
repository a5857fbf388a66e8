"""Mutated files of every format: each must be indexed, or rejected by name, and nothing may break.

    python benchmarks/fuzz.py [--files 1000] [--seed 0] [--keep FOLDER]

Files are made by code from small samples (tests/corpus/mutations.py), the same for the same seed, and indexed with a
fake encoder. Prints a table by format and the causes of rejection; exits with 1 when a file is unaccounted for.
"""

from __future__ import annotations

import argparse
import collections
import logging
import re
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from startup import processor  # noqa: E402

from qa.briefing import Briefing  # noqa: E402
from qa.settings import CorpusSettings, IndexSettings, Settings  # noqa: E402
from qa.types import Receipt  # noqa: E402
from tests.corpus.mutations import mutated  # noqa: E402
from tests.fakes import FakeEncoder  # noqa: E402


def file_of(article_id: str) -> str:
    """Return the name of the file that an article, or a rejection, is about."""
    return article_id.partition("#")[0]


def unaccounted(names: set[str], receipt: Receipt) -> set[str]:
    """Return the files that are neither indexed nor rejected by name."""
    return names - {file_of(i) for i in receipt.added} - {file_of(problem.id) for problem in receipt.rejected}


def main() -> None:
    """Fuzz and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="an empty folder to keep the files in")
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as temporary:
        corpus, index = given.keep or Path(temporary, "corpus"), Path(temporary, "index")
        corpus.mkdir(exist_ok=True)
        names = set()
        for seed in range(given.seed, given.seed + given.files):
            name, data = mutated(seed)
            (corpus / name).write_bytes(data)
            names.add(name)
        settings = Settings(corpus=CorpusSettings(folder=corpus), index=IndexSettings(folder=index))
        started = time.perf_counter()
        receipt = Briefing(settings, FakeEncoder()).refresh()
        seconds = time.perf_counter() - started
    missing = unaccounted(names, receipt)
    report(names, receipt, seconds)
    print(f"{len(names)} files, {len(missing)} unaccounted for{': ' if missing else ''}{', '.join(sorted(missing))}")
    sys.exit(bool(missing))


def report(names: set[str], receipt: Receipt, seconds: float) -> None:
    """Print the tables."""
    indexed = {file_of(i) for i in receipt.added}
    rejected = {file_of(problem.id) for problem in receipt.rejected}
    print(processor())
    print(f"{'format':10}{'files':>8}{'indexed':>10}{'rejected':>10}{'in part':>10}")
    for suffix in sorted({Path(name).suffix for name in names}):
        of = {name for name in names if Path(name).suffix == suffix}
        counts = (len(of), len(of & indexed - rejected), len(of & rejected - indexed), len(of & indexed & rejected))
        print(f"{suffix:10}{counts[0]:8}{counts[1]:10}{counts[2]:10}{counts[3]:10}")
    print(f"{len(receipt.added)} articles, {receipt.passages} passages, {seconds:.1f} s\n")
    causes = collections.Counter(re.sub(r"[\d,]+|'[^']*'|\([^)]*\)", "…", p.cause)[:100] for p in receipt.rejected)
    for cause, count in causes.most_common(40):
        print(f"{count:6}  {cause}")


if __name__ == "__main__":
    main()
