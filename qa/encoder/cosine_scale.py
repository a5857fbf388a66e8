"""Cosines of models whose vectors lie in a narrow cone, brought to the scale of those that do not.

Some models (E5, the older BGE) give texts that have nothing to do with each other a cosine of .7. Fused with BM25 on
such a scale the vectors would decide little, and a verdict fitted on another would be wrong. What unrelated texts get
is measured once, with the model's own prompts, and taken to be nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from qa.types import Encoder, Scores

    Cosines = TypeVar("Cosines", float, Scores)

# Questions, and passages that answer them in this order; to each other's they are unrelated.
QUESTIONS = (
    "Who built the old lighthouse?",
    "How much does a kilo of coffee cost?",
    "When did the orchestra first play abroad?",
    "Why do whales sing?",
    "Which vaccine was tested on children?",
    "What did the court say about the tax?",
)
PASSAGES = (
    "The lighthouse on the northern cliff was put up by two brothers from the village.",
    "Roasters pay about nine dollars for a kilo of beans, twice as much as three years ago.",
    "The orchestra's first concert in another country was in Vienna in the spring of 1954.",
    "Males sing to be heard by females over hundreds of kilometres, biologists believe.",
    "The trial gave a new measles vaccine to four hundred pupils of twelve schools.",
    "Judges found that the levy on sugar does not break the constitution.",
)
MOST = 0.95  # bounds the stretch for a model that cannot tell texts apart


def unrelated_cosine(encoder: Encoder) -> float:
    """Return the mean cosine of questions with passages that have nothing to do with them, 0 to `MOST`."""
    cosines = encoder.encode_questions(QUESTIONS) @ encoder.encode_passages(PASSAGES).T  # (questions, passages)
    apart = cosines[~np.eye(len(QUESTIONS), dtype=bool)]
    return float(np.clip(apart.mean(), 0.0, MOST))


def widened(cosines: Cosines, unrelated: float) -> Cosines:
    """Return cosines such that `unrelated` is 0, and 1 stays 1; their order stays as it is."""
    return (cosines - unrelated) / (1 - unrelated) if unrelated else cosines
