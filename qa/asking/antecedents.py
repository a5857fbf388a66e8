"""Which mention a pronoun, a noun such as "the album", or an open question means.

A linear score over features that can be looked at, one set of weights for each class of pronoun, fitted on
dialogues with human rewritings by `training/fit_conversation.py`; the weights are in `qa/weights/conversation.json`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import log1p

from qa.asking.mentions import Mention, words
from qa.asking.turns import Turn

# Pronouns by class. What "this" and "that" mean is seldom a mention (two times in ten in the dialogues): they stay.
PRONOUNS = {
    "he": frozenset("he him his himself".split()),
    "she": frozenset("she her hers herself".split()),
    "they": frozenset("they them their theirs themselves".split()),
    "it": frozenset("it its itself".split()),
}
CLASSES = (*PRONOUNS, "topic")  # "topic": what a question without a pronoun is about
Features = dict[str, float]
# What the dialogues cannot teach, because "he" and "she" there mean the person that the page is about, hardly ever
# one of several things: whom a title or "said" makes a person.
PRIORS = {kind: {"person": 1.5, "organisation": -2.0, "place": -1.5} for kind in ("he", "she")}

SHE_OR_HE = re.compile(r"\b(?:he|she|his|her|him)\b", re.I)
ASKS_NAME = re.compile(r"\b(?:who(?:m|se)?|(?:which|what) \w+s?)\b", re.I)
LEANING = frozenset("his her their its this that these those".split())  # "his position" leans on something itself


@cache
def shipped() -> Mapping[str, Mapping[str, float]]:
    """Return the fitted weights: for each class, feature to weight; `stands_alone` has the decision's."""
    file = resources.files("qa") / "weights" / "conversation.json"
    values: dict[str, dict[str, float]] = json.loads(file.read_text(encoding="utf-8"))
    return values


def candidates(found: Sequence[Mention], question: str, turns: Sequence[Turn]) -> list[tuple[Mention, Features]]:
    """Return the distinct mentions that a question may mean, each under its fullest name, with their features.

    Whether the conversation says "he" or "she" tells what its subject is.
    """
    groups: dict[tuple[str, ...], list[Mention]] = {}
    for mention in sorted(found, key=lambda m: -len(m.words)):
        if not mention.words:
            continue
        full = next((key for key in groups if _shortens(mention, groups[key][0])), mention.words)
        groups.setdefault(full, []).append(mention)
    spoken = " ".join(f"{turn.question} {turn.answer}" for turn in turns)
    context = _Context(
        asked=frozenset(words(question)),
        heard=Counter(word for mention in found for word in set(mention.words)),
        persons=bool(SHE_OR_HE.search(spoken)),
        last=frozenset(words(turns[-1].question)) if turns else frozenset(),
        answered=frozenset(words(turns[-1].answer)) if turns else frozenset(),
        names_wanted=bool(turns and ASKS_NAME.search(turns[-1].question)),
    )
    return [(group[0], _features(group, context)) for group in groups.values()]


@dataclass(frozen=True, slots=True)
class _Context:
    """What the features of every mention are measured against."""

    asked: frozenset[str]  # words of the question
    heard: Mapping[str, int]  # word to the number of mentions that hold it
    persons: bool  # whether "he" or "she" was said
    last: frozenset[str]  # words of the previous question
    answered: frozenset[str]  # words of the previous answer
    names_wanted: bool  # whether the previous question asked for a name


def _shortens(mention: Mention, full: Mention) -> bool:
    """Return whether one mention is a shorter form of another: "Putin" of "Vladimir Putin"."""
    if mention.words == full.words:
        return True
    named = mention.kind == full.kind == "name"
    return named and len(full.words) <= 4 and mention.words in (full.words[:1], full.words[-1:])


def _features(group: Sequence[Mention], context: _Context) -> Features:
    last = min(group, key=lambda m: m.ago)
    full = group[0]
    held = set(full.words)
    asked_last = any(m.ago == 1 and m.part == "question" for m in group)
    heading = any(m.whole and m.part != "answer" for m in group)
    oldest = any(m.ago == max(g.ago for g in group) and m.part == "question" for m in group)
    return {
        "bias": 1.0,
        "last_question": float(asked_last),
        "last_answer": float(any(m.ago == 1 and m.part == "answer" for m in group)),
        "names_asked": float(
            context.names_wanted
            and full.kind == "name"
            and not held & context.last
            and any(m.ago == 1 and m.part == "answer" for m in group)
        ),
        "new_name": float(full.kind == "name" and not held & context.last and last.ago == 1),
        "in_question": float(any(m.part == "question" for m in group)),
        "in_title": float(any(m.part == "title" for m in group)),
        "heading": float(heading),
        "heading_person": float(heading and context.persons),
        "oldest_person": float(oldest and context.persons),
        "leaning": float(full.words[0] in LEANING),
        "heading_answer": float(any(m.whole and m.part == "answer" for m in group)),
        "recency": 1 / last.ago,
        "oldest": float(oldest),
        "times": log1p(len(group)),
        "first": float(any(m.first for m in group if m.ago == last.ago)),
        "name": float(full.kind == "name"),
        "naming": float(full.kind == "phrase" and any(word[0].isupper() for word in full.text.split()[1:])),
        "taken_up": float(asked_last and full.words[-1] in context.answered),
        "quoted": float(full.kind == "quoted"),
        "year": float(full.kind == "year"),
        "person": float(any(m.person for m in group)),
        "organisation": float(full.organisation),
        "place": float(any(m.place for m in group)),
        "plural": float(full.plural),
        "words": min(7, len(full.words)) / 7,
        "two_words": float(full.kind == "name" and len(full.words) in (2, 3)),
        "asked": len(held & context.asked) / len(held),
        "heard": log1p(max(context.heard[word] for word in held)),
    }


def scored(
    pairs: Sequence[tuple[Mention, Features]], kind: str, weights: Mapping[str, Mapping[str, float]] | None = None
) -> list[tuple[float, Mention]]:
    """Return the mentions with their scores for a class, best first; ties by the later, then by the text."""
    given, prior = (weights or shipped())[kind], PRIORS.get(kind, {})
    ranked = [
        (sum((given.get(name, 0.0) + prior.get(name, 0.0)) * value for name, value in f.items()), m) for m, f in pairs
    ]
    return sorted(ranked, key=lambda pair: (-pair[0], pair[1].ago, pair[1].text))
