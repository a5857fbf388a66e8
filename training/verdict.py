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
    p: NDArray[np.float64],
    labels: NDArray[np.bool_],
    weights: NDArray[np.float64],
    cost: float,
    slack: float = 0.0,
) -> float:
    """Return the threshold, in steps of 0.01, at which wrong yeses, each `cost` times a wrong no, cost least.

    With slack, the middle of those that cost at most that share more: of a flat valley it moves less from one sample
    to the next than the lowest point.
    """
    costs = np.array([cost * weights[~labels & (p >= t)].sum() + weights[labels & (p < t)].sum() for t in STEPS])
    near = STEPS[costs <= costs.min() * (1 + slack)] if slack else STEPS[[int(np.argmin(costs))]]
    return round(float(near[(len(near) - 1) // 2]), 2)


def evenly(labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return weights under which the yeses count as much as the noes."""
    weights: NDArray[np.float64] = np.where(labels, 0.5 / max(1, labels.sum()), 0.5 / max(1, (~labels).sum()))
    return weights
