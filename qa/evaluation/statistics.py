"""Figures of merit of answers, probabilities and scores."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def normalised(text: str) -> list[str]:
    """Return the words of an answer as SQuAD compares them (Rajpurkar et al. 2016)."""
    kept = "".join(c for c in text.lower() if c not in string.punctuation)
    return re.sub(r"\b(?:a|an|the)\b", " ", kept).split()


def exact(text: str, answers: Sequence[str]) -> float:
    """Return 1 for one of the answers, else 0."""
    return float(any(normalised(text) == normalised(a) for a in answers))


def says(text: str, answers: Sequence[str]) -> bool:
    """Return whether a text gives one of the answers: it contains it word for word, or is at least half of it.

    Words are compared as `normalised` has them. Half an answer counts so that "Yanzhi" is right for "Wang Yanzhi";
    another number never does: "6 billion" is no run of words of "12 billion".
    """
    own = normalised(text)
    return any(
        bool(accepted) and (_has_run(own, accepted) or (2 * len(own) >= len(accepted) and _has_run(accepted, own)))
        for accepted in map(normalised, answers)
    )


def _has_run(words: Sequence[str], run: Sequence[str]) -> bool:
    return bool(run) and any(words[i : i + len(run)] == run for i in range(len(words) - len(run) + 1))


def f1(text: str, answers: Sequence[str]) -> float:
    """Return the best F1 of words against the answers; 0 where there are none."""
    return max((_f1(normalised(text), normalised(a)) for a in answers), default=0.0)


def _f1(a: list[str], b: list[str]) -> float:
    common = sum((Counter(a) & Counter(b)).values())
    return 2 * common / (len(a) + len(b)) if common else float(a == b)


def calibration_error(probabilities: NDArray[np.float64], labels: NDArray[np.bool_], bins: int = 10) -> float:
    """Return the expected calibration error over equal-width bins (Guo et al. 2017)."""
    edges = np.clip((probabilities * bins).astype(int), 0, bins - 1)
    error = 0.0
    for each in range(bins):
        inside = edges == each
        if inside.any():
            error += inside.mean() * abs(probabilities[inside].mean() - labels[inside].mean())
    return float(error)


def auroc(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve: how often a yes scores above a no, ties counting half."""
    values = np.concatenate([scores[labels], scores[~labels]])
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]  # mean rank of equal values
    n, m = int(labels.sum()), int((~labels).sum())
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m)) if n and m else float("nan")
