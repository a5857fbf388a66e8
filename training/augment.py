"""Questions altered by rule so that their passage no longer answers them: the reader learns to say no."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

NAME = re.compile(r"(?<!^)(?<![.?!] )\b[A-Z][\w’'-]+(?: (?:of |the |de )?[A-Z][\w’'-]+)*")
YEAR = re.compile(r"\b(?:1[0-9]|20)\d\d\b")
NUMBER = re.compile(r"(?<![\w.,])\d{1,3}(?![\w.,])")
BE = re.compile(r"\b(is|are|was|were|did|does|do|can|could|will|would|has|have)\b", re.I)
OPPOSITES = """
    first last, largest smallest, biggest smallest, highest lowest, most least, more less, increase decrease,
    increased decreased, rise fall, rose fell, north south, northern southern, east west, eastern western, before
    after, early late, earlier later, oldest youngest, old new, best worst, begin end, began ended, start stop,
    started stopped, win lose, won lost, open close, opened closed, accept reject, accepted rejected, support
    oppose, supported opposed, allow forbid, allowed forbidden, maximum minimum, positive negative, good bad, like
    dislike, liked disliked, buy sell, bought sold, hot cold, high low, long short, large small, internal external,
    public private, rich poor, strong weak, male female, men women, born killed, arrive leave, arrived left, create
    destroy, created destroyed, major minor, upper lower, top bottom, majority minority, advantage disadvantage,
    gained lost
"""
OPPOSITE = {a: b for pair in OPPOSITES.split(",") for a, b in (pair.split(), pair.split()[::-1])}
WORD = re.compile(r"[a-z]+")


def names(text: str) -> list[str]:
    """Return the capitalised names of a text, sentence openings aside."""
    return [match[0] for match in NAME.finditer(text)]


def alter(question: str, passage: str, others: Sequence[str], rng: np.random.Generator) -> str | None:
    """Return the question, changed so that the passage does not answer it; None where no rule fits.

    `others` are names of the same kind, from elsewhere. One of: another name, year, number, an opposite, a negation.
    """
    ways = [way for way in (_name, _year, _number, _opposite, _opposite) if rng.random() < 0.9] + [_negation]
    for way in ways:
        changed = way(question, passage, others, rng)
        if changed and changed != question:
            return changed
    return None


def _replace(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


def _pick(matches: list[re.Match[str]], rng: np.random.Generator) -> re.Match[str] | None:
    return matches[int(rng.integers(len(matches)))] if matches else None


def _name(question: str, passage: str, others: Sequence[str], rng: np.random.Generator) -> str | None:
    match = _pick([m for m in NAME.finditer(question) if m[0] in passage], rng)
    if match is None:
        return None
    known = question.casefold() + " " + passage.casefold()
    fitting = [o for o in others if len(o.split()) == len(match[0].split()) and o.casefold() not in known]
    return _replace(question, match, fitting[int(rng.integers(len(fitting)))]) if fitting else None


def _year(question: str, passage: str, _: Sequence[str], rng: np.random.Generator) -> str | None:
    match = _pick(list(YEAR.finditer(question)), rng)
    if match is None:
        return None
    year = str(int(match[0]) + int(rng.choice([-1, 1])) * int(rng.integers(1, 25)))
    return None if year in passage else _replace(question, match, year)


def _number(question: str, passage: str, _: Sequence[str], rng: np.random.Generator) -> str | None:
    match = _pick(list(NUMBER.finditer(question)), rng)
    if match is None:
        return None
    number = str(int(match[0]) + int(rng.integers(1, 9)))
    return None if re.search(rf"(?<!\d){number}(?!\d)", passage) else _replace(question, match, number)


def _opposite(question: str, passage: str, _: Sequence[str], rng: np.random.Generator) -> str | None:
    match = _pick([m for m in WORD.finditer(question) if m[0] in OPPOSITE], rng)
    if match is None or re.search(rf"\b{OPPOSITE[match[0]]}\b", passage, re.I):
        return None
    return _replace(question, match, OPPOSITE[match[0]])


def _negation(question: str, _: str, __: Sequence[str], rng: np.random.Generator) -> str | None:
    if rng.random() < 0.6 or re.search(r"\b(?:not|never|n't)\b", question):
        return None
    match = BE.search(question)
    if match is None:
        return None
    word = str(rng.choice(["not", "never"]))
    after = (
        re.match(r" (?:the |an? )?[\w’'-]+", question[match.end() :])
        if match[0].lower() in ("did", "does", "do")
        else None
    )
    place = match.end() + (after.end() if after else 0)
    return f"{question[:place]} {word}{question[place:]}"
