"""Probabilities and thresholds of a fitted verdict."""

from __future__ import annotations

import numpy as np
import pytest

from qa.reader import Linear
from training.verdict import best_threshold, evenly, probabilities


def test_probabilities_are_logistic() -> None:
    model = Linear(1.0, {"a": 2.0})
    np.testing.assert_allclose(probabilities(model, [{"a": -0.5}, {"a": 0.0}]), [0.5, 1 / (1 + np.exp(-1))])


@pytest.mark.parametrize(("cost", "expected"), [(0.4, (0.21, 0.4)), (3, (0.61, 0.8))])
def test_a_dearer_wrong_yes_raises_the_threshold(cost: float, expected: tuple[float, float]) -> None:
    p, labels = np.array([0.1, 0.205, 0.405, 0.605, 0.805]), np.array([False, False, True, False, True])
    low, high = expected
    assert low <= best_threshold(p, labels, np.ones(5), cost) <= high


def test_slack_takes_the_middle_of_a_flat_valley() -> None:
    p, labels = np.array([0.1, 0.805]), np.array([False, True])
    assert best_threshold(p, labels, np.ones(2), 1) == 0.11  # the first of all that cost nothing
    assert best_threshold(p, labels, np.ones(2), 1, slack=0.01) == 0.45  # the middle of .11 to .80


def test_even_weights_give_both_answers_one_half() -> None:
    weights = evenly(np.array([True, False, False, False]))
    np.testing.assert_allclose(weights, [0.5, 1 / 6, 1 / 6, 1 / 6])
