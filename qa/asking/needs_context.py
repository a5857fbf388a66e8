"""Whether a question without a pronoun still leans on the conversation: "Was anyone injured?", "What did it cost?"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import exp

from qa.asking.antecedents import shipped
from qa.asking.mentions import Mention, named_in, words
from qa.asking.turns import Turn
from qa.text.terms import terms

OTHER = frozenset(
    "else other others another more also too besides still again next later after anyone anything".split()
)
OPENS = frozenset("and but so or then also because".split())
THIS_THING = re.compile(r"\b(?:this|these|those|such|that(?=\W*$| [a-z]))\b")
THE_THING = re.compile(r"\bthe\s+([a-z][\w’'-]*)", re.I)
Features = dict[str, float]
# From here on no change of subject was taken for a follow-up, among all pairs of a question with another's dialogue in
# the half of tests/data/dialogues.jsonl that was tuned on.
SURE = 0.8


def features(question: str, turns: Sequence[Turn], found: Sequence[Mention]) -> Features:
    """Return what speaks for and against a question's leaning on what was said before."""
    tokens = words(question)
    heard = {word for mention in found for word in mention.words} | set(terms(" ".join(t.question for t in turns)))
    asked = terms(question)
    names = set(named_in(question))
    named = {word for name in names for word in words(name)}
    known = sum(term in heard for term in asked) / max(1, len(asked))
    definite = THE_THING.findall(question)
    return {
        "bias": 1.0,
        "terms": min(len(asked), 8) / 8,
        "few_terms": float(len(asked) <= 1),
        "names": min(2, len(names)) / 2,
        "name_known": float(bool(named & heard)),
        "name_new": float(bool(named - heard)),
        "known": known,
        "other": float(bool(OTHER & set(tokens))),
        "opens": float(tokens[:1] != () and tokens[0] in OPENS),
        "this_thing": float(bool(THIS_THING.search(question))),
        "the_thing": min(2, len(definite)) / 2,
        "of": float("of" in tokens),
        "first": float(len(turns) == 1),
    }


def probability(values: Features, weights: Mapping[str, float]) -> float:
    """Return the probability that a question leans on what was said before."""
    score = sum(weights.get(name, 0.0) * value for name, value in values.items())
    return 1 / (1 + exp(-max(-30.0, min(30.0, score))))


def leans(question: str, turns: Sequence[Turn], found: Sequence[Mention]) -> tuple[bool, bool]:
    """Return whether a question without a pronoun needs the conversation's subject, and whether that is a guess."""
    weights = shipped()["leans"]
    likely = probability(features(question, turns, found), weights)
    return likely >= weights["threshold"], likely < SURE
