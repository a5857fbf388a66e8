"""Fitted linear scores: names, weights and thresholds that can be looked at (`qa/weights/*.json`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import exp
from typing import Any


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear score over named features; of a probability's log-odds also the threshold that was chosen for it."""

    bias: float
    weights: Mapping[str, float]
    threshold: float = 0.5

    def __call__(self, features: Mapping[str, float]) -> float:
        """Return the score."""
        return self.bias + sum(weight * features[name] for name, weight in self.weights.items())

    def probability(self, features: Mapping[str, float]) -> float:
        """Return the score, taken as log-odds, as a probability."""
        return 1 / (1 + exp(-max(-30.0, min(30.0, self(features)))))


def linear(part: str) -> Linear:
    """Return a fitted score: `sentence`, `answered`, `subject`; of spans: `choice`, `span_answered`, `span_subject`."""
    return Linear(**shipped(part))


@cache
def shipped(part: str) -> dict[str, Any]:
    """Return what the file of weights has for a part."""
    name = "spans.json" if part.startswith(("span_", "choice")) else "sentences.json"
    file = resources.files("qa") / "weights" / name
    values: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return values[part]
