"""Fit what makes a follow-up question stand alone, on half of CANARD's development dialogues.

    python training/fit_conversation.py DATA --write

DATA is a folder with `conversation/canard_dev.json` (CANARD, CC BY-SA 4.0: history, question, human rewriting). Its
dialogues are split in two by the hash of their id; this file reads the first half only, `benchmarks/conversation.py`
reports on the other. Without --write nothing is changed.

The human rewriting tells what a pronoun means: the words that stand in its place. A dialogue counts twice, with its
page's title (as if an article of that title were cited) and without, so that the weights do not hang on titles.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.conversation import Row, read_canard  # noqa: E402
from qa.asking.antecedents import PRONOUNS, Features, candidates  # noqa: E402
from qa.asking.mentions import words  # noqa: E402
from qa.asking.needs_context import features  # noqa: E402
from qa.asking.rewrite import Conversation, without_pronouns  # noqa: E402
from qa.asking.turns import Turn, turns_of  # noqa: E402

WEIGHTS = ROOT / "qa" / "weights" / "conversation.json"
ARTICLES = frozenset(("the", "a", "an"))
MEANT = 0.5  # word F1 from which a mention counts as what was meant
UNCLEAR = 0.4  # from here up to the best, a mention is neither right nor wrong


def f1(one: list[str], other: list[str]) -> float:
    """Return the F1 of two bags of words, articles aside."""
    a, b = (Counter(w for w in side if w not in ARTICLES) for side in (one, other))
    common = sum((a & b).values())
    return 2 * common / (sum(a.values()) + sum(b.values())) if common else 0.0


def put_in(question: str, rewrite: str) -> list[tuple[str, list[str]]]:
    """Return what a human put into a question: (class, words)."""
    q, r = list(words(question)), list(words(rewrite))
    pronouns = any(set(q) & p for p in PRONOUNS.values())
    found = []
    for tag, i, j, k, m in SequenceMatcher(None, q, r, autojunk=False).get_opcodes():
        if tag == "replace" and j - i <= 2:
            found += [(kind, r[k:m]) for kind, p in PRONOUNS.items() if set(q[i:j]) & p]
        elif tag == "insert" and not pronouns:
            found.append(("topic", r[k:m]))
    return found


def versions(row: Row) -> list[list[Turn]]:
    """Return a row's turns, with the titles and without."""
    turns = turns_of(row.turns)
    return [turns, turns[1:]] if len(row.turns) <= len(turns) and len(turns) > 1 else [turns]


def antecedents(rows: list[Row]) -> dict[str, tuple[list[Features], list[int]]]:
    """Return, by class, the features of candidates and whether they are what the human put in."""
    data: dict[str, tuple[list[Features], list[int]]] = {}
    for row in rows:
        for kind, new in put_in(row.question, row.rewrite):
            for turns in versions(row):
                talk = Conversation.of(turns)
                pairs = candidates(talk.found, row.question, turns)
                fits = [f1(list(mention.words), new) for mention, _ in pairs]
                best = max(fits, default=0.0)
                if best < MEANT:
                    continue
                x, y = data.setdefault(kind, ([], []))
                kept = [i for i, fit in enumerate(fits) if fit == best or fit < UNCLEAR]
                x += [pairs[i][1] for i in kept]
                y += [int(fits[i] == best) for i in kept]
    return data


def fit(x: list[Features], y: list[int], strength: float, balanced: bool = False) -> dict[str, float]:
    """Return logistic weights by feature name."""
    names = list(x[0])
    matrix = np.array([[row[name] for name in names] for row in x])
    model = LogisticRegression(
        C=strength, fit_intercept=False, max_iter=3000, class_weight="balanced" if balanced else None
    )
    model.fit(matrix, y)
    return {name: round(float(w), 3) for name, w in zip(names, model.coef_[0], strict=True)}


def leaning(rows: list[Row]) -> dict[str, float]:
    """Return the weights of the decision whether a question without a pronoun leans on what was said."""
    x, y = [], []
    for row in rows:
        for turns in versions(row):
            if not without_pronouns(row.question, turns):
                continue
            x.append(features(row.question, turns, Conversation.of(turns).found))
            y.append(int(words(row.question) != words(row.rewrite)))
    weights = fit(x, y, 1.0, balanced=True)
    print(f"leans: {len(y)} questions without a pronoun, {sum(y)} of them lean")
    return weights | {"threshold": 0.5}


def main() -> None:
    """Fit, show and perhaps write the weights."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    rows = [row for row in read_canard(arguments.data) if not row.held_out]
    values = {}
    for kind, (x, y) in sorted(antecedents(rows).items()):
        values[kind] = fit(x, y, 0.5)
        print(f"{kind}: {sum(y)} meant among {len(y)}")
    values["leans"] = leaning(rows)
    if arguments.write:
        WEIGHTS.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
