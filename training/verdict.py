"""What both fits of a verdict need: probabilities of a linear model, and the threshold that costs least."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from qa.reader import Linear

STEPS = np.arange(0.05, 0.96, 0.01)


def probabilities(model: Linear, rows: Sequence[Mapping[str, float]]) -> NDArray[np.float64]:
    """Return the probability of each row of features."""
    logits = np.array([model(row) for row in rows], dtype=np.float64)
    found: NDArray[np.float64] = 1 / (1 + np.exp(-logits))
    return found


def best_threshold(
    p: NDArray[np.float64], labels: NDArray[np.bool_], weights: NDArray[np.float64], cost: float
) -> float:
    """Return the threshold, in steps of 0.01, at which wrong yeses, each `cost` times a wrong no, cost least."""
    costs = [cost * weights[~labels & (p >= t)].sum() + weights[labels & (p < t)].sum() for t in STEPS]
    return round(float(STEPS[int(np.argmin(costs))]), 2)


def evenly(labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return weights under which the yeses count as much as the noes."""
    weights: NDArray[np.float64] = np.where(labels, 0.5 / max(1, labels.sum()), 0.5 / max(1, (~labels).sum()))
    return weights
