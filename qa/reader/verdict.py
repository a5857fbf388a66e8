"""Whether there is an answer at all.

Two small logistic models over the best reading's features decide it (`answered`: does it answer; `subject`: is the
question's subject in the corpus), fitted and measured by `training/fit_sentences.py` for whole sentences and by
`training/fit_spans.py` for short answers.
"""

from __future__ import annotations

from collections.abc import Mapping

from qa.reader.fitted import linear
from qa.settings import ReaderSettings
from qa.types import Reading, Verdict


def verdict_features(best: Reading) -> dict[str, float]:
    """Return what the verdict goes by: the best reading's features and its score."""
    return {**best.features, "score": best.score}


def verdict_of(confidence: float, features: Mapping[str, float], settings: ReaderSettings, fitted: str) -> Verdict:
    """Return the verdict; `fitted` is the prefix of the models: "span_" for short answers, "" for sentences."""
    threshold = settings.answered_from
    if threshold is None:
        threshold = linear(f"{fitted}answered").threshold
    if features and confidence >= threshold:
        return Verdict.ANSWERED
    subject = linear(f"{fitted}subject")
    if features and subject.probability(features) >= subject.threshold:
        return Verdict.RELATED
    return Verdict.NOT_IN_CORPUS
