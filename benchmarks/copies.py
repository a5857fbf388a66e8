"""What `qa.text.near_copies` folds and what it keeps apart.

    python benchmarks/copies.py corpus [--others FOLDER]

Passages, whole articles and single sentences of the corpus are edited as agencies and typists edit (those must be
found), and changed in one fact as forms are that are filled in again (those must be kept apart). Every pair of
different passages, and of the texts of `--others` (a BEIR folder: corpus.jsonl), is merely related. Seeded.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from qa.corpus import read_corpus
from qa.text.near_copies import THRESHOLD, _jaccard, _Sketch, are_copies
from qa.text.passages import split
from qa.text.sentences import sentences

Edit = Callable[[str, random.Random], tuple[str, str]]
Change = Callable[[str, random.Random], str | None]

MONTHS = "January February March April May June July August September October November December Monday Friday".split()
NAMES = ("Brazil", "Ivanov", "Siemens", "Kenya")
ROUNDS = 3  # edits of each kind for each text


def _pieces(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


def _misspell(text: str, rng: random.Random, times: int) -> str:
    words = re.findall(r"\w+|\W+", text)
    long = [i for i, word in enumerate(words) if word.isalpha() and len(word) >= 5]
    for i in rng.sample(long, min(times, len(long))):
        word, at = words[i], rng.randrange(1, len(words[i]) - 1)
        swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        words[i] = rng.choice([swapped, word[:at] + word[at + 1 :], word[: at + 1] + word[at:]])
    return "".join(words)


def _dateline(rng: random.Random) -> str:
    place, agency = rng.choice(["MOSCOW", "BEIJING", "NEW YORK"]), rng.choice(["Reuters", "Xinhua", "TASS", "AP"])
    return f"{place}, {rng.choice(MONTHS[:12])} {rng.randrange(1, 29)} ({agency}) - "


def _cut(text: str, rng: random.Random) -> str:
    pieces = _pieces(text)
    return text.replace(rng.choice(pieces), "", 1) if len(pieces) > 2 else text


def _shifted(text: str) -> tuple[str, str]:
    pieces = _pieces(text)
    if len(pieces) < 5:
        return text, text
    return text[: text.rfind(pieces[-1])], text[len(pieces[0]) :]


EDITS: dict[str, Edit] = {
    "dateline changed": lambda text, rng: (_dateline(rng) + text, _dateline(rng) + text),
    "agency put in front": lambda text, rng: (text, f"({rng.choice(['Reuters', 'Xinhua'])}) - {text}"),
    "a sentence cut": lambda text, rng: (text, _cut(text, rng)),
    "three typos": lambda text, rng: (text, _misspell(text, rng, 3)),
    "1 % of words misspelt": lambda text, rng: (text, _misspell(text, rng, max(1, len(text.split()) // 100))),
    "dateline, cut and 2 typos": lambda text, rng: (
        _dateline(rng) + text,
        _dateline(rng) + _misspell(_cut(text, rng), rng, 2),
    ),
    "window moved by a sentence": lambda text, _: _shifted(text),
}


def _swap(pattern: str, other: Callable[[str, random.Random], str]) -> Change:
    def change(text: str, rng: random.Random) -> str | None:
        found = list(re.finditer(pattern, text))
        if not found:
            return None
        one = rng.choice(found)
        return text[: one.start()] + other(one[0], rng) + text[one.end() :]

    return change


CHANGES: dict[str, Change] = {
    "another number": _swap(r"\d+", lambda old, rng: str(int(old) + rng.randrange(1, 9))),
    "every number another": lambda text, rng: re.sub(r"\d+", lambda m: str(int(m[0]) + rng.randrange(1, 9)), text),
    "another month or day": _swap(
        rf"\b(?:{'|'.join(MONTHS)})\b", lambda old, rng: rng.choice([m for m in MONTHS if m != old])
    ),
    "another name": _swap(r"(?<=[a-z,] )[A-Z][a-z]{3,}", lambda _, rng: rng.choice(NAMES)),
    "a not put in": _swap(r"\b(?:will|is|was|has|are|were)\b", lambda old, _: f"{old} not"),
}


def _table(texts: Sequence[str], kind: str) -> None:
    rng = random.Random(0)
    print(f"{len(texts)} {kind}")
    for name, edit in EDITS.items():
        pairs = [edit(text, rng) for text in texts for _ in range(ROUNDS)]
        likeness = sorted(_jaccard(_Sketch(a), _Sketch(b)) for a, b in pairs)
        found = sum(are_copies(a, b) for a, b in pairs)
        print(
            f"  found  {found:4} of {len(pairs):4} {found / len(pairs):6.1%}  {name:28}"
            f" Jaccard 1 % {likeness[len(likeness) // 100]:.2f}, median {likeness[len(likeness) // 2]:.2f}"
        )
    for name, change in CHANGES.items():
        changed = [(text, change(text, rng)) for text in texts for _ in range(ROUNDS)]
        different = [(a, b) for a, b in changed if b is not None and b != a]
        folded = sum(are_copies(a, b) for a, b in different)
        near = sum(_jaccard(_Sketch(a), _Sketch(b)) >= THRESHOLD for a, b in different)
        print(f"  folded {folded:4} of {len(different):4} {'':6}  {name:28} by Jaccard alone {near}")


def _related(texts: Sequence[str], kind: str) -> None:
    sketches = [_Sketch(text) for text in texts]
    pairs = itertools.combinations(range(len(texts)), 2)
    likeness = sorted(((_jaccard(sketches[i], sketches[j]), i, j) for i, j in pairs), reverse=True)
    folded = [(i, j) for value, i, j in likeness if value >= THRESHOLD and are_copies(texts[i], texts[j])]
    print(f"{len(likeness)} pairs of {kind}: folded {len(folded)}, highest Jaccard", end="")
    print("".join(f" {value:.2f}" for value, _, _ in likeness[:5]))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--others", type=Path, action="append", default=[], help="a BEIR folder; may be repeated")
    args = parser.parse_args()
    articles = read_corpus(args.corpus).articles
    passages = [passage.text for article in articles for passage in split(article)]
    _table([text for text in passages if len(text) > 300], "passages")
    _table([article.text for article in articles], "articles")
    _table([piece for text in passages for piece in _pieces(text) if len(piece) > 80], "sentences")
    _related(passages, "passages")
    for folder in args.others:
        file = folder / "corpus.jsonl"
        if not file.is_file():
            parser.error(f"{file} is not there; name a folder in BEIR form")
        with file.open(encoding="utf-8") as stream:
            _related([json.loads(line)["text"] for line in itertools.islice(stream, 2000)], folder.name)


if __name__ == "__main__":
    main()
