"""What a question asks for: its weighted terms, its names, and the kind of thing that would answer it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass

from qa.text.quantities import CURRENCY, MEASURE, MONTHS, SYMBOLS, YEAR
from qa.text.terms import terms
from qa.types import Store

NUMBER = (
    r"(?:\d[\d.,]*|"
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|half)\b)"
)
MONEY = rf"(?:[{SYMBOLS}]\s?\d|\d[^.]{{0,20}}\b(?:{CURRENCY})\b)"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of answer: how questions ask for it, and how a sentence shows that it has it."""

    asks: re.Pattern[str]
    shows: re.Pattern[str]


def _kind(asks: str, shows: str, ignore_case: bool = True) -> Kind:
    return Kind(re.compile(asks, re.I), re.compile(shows, re.I if ignore_case else 0))


# The first kind whose words the question has is the one.
KINDS: dict[str, Kind] = {
    "date": _kind(
        r"\b(?:when|since when|until when)\b|\b(?:what|which) (?:year|date|day|month|time)\b|\bhow (?:old|recently)\b",
        rf"\b{YEAR}\b|\b(?:{MONTHS})\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b"
        r"|\d(?:st|nd|rd|th)? centur",
    ),
    "share": _kind(
        r"\b(?:what|which|how (?:big|large|great|high) an?) (?:percentage|percent|share|proportion|fraction)\b"
        r"|\bby how much\b|\b(?:interest|growth) rate\b",
        rf"{NUMBER}[^.]{{0,15}}(?:%|percent|per cent)|%|\b(?:half|third|quarter|fifth|tenth)\b",
    ),
    "money": _kind(
        r"\b(?:how much|what)\b(?!.*\bfor\W*$).*\b(?:costs?|prices?|worth|pay|paid|pays|lend|lent|loans?|spend|spent|"
        r"invest\w*|budget|sums?|value|raise[ds]?|earn\w*|owe[ds]?|buy|bought|sell|sold|fund\w*|expensive)\b"
        r"|\bhow expensive\b",
        MONEY,
    ),
    "measure": _kind(
        r"\bhow (?:long|far|fast|high|wide|big|large|heavy|deep|tall|hot|cold|quick|quickly|broad|thick|strong)\b"
        r"|\bwhat (?:is|are|was|were) the (?:length|height|width|size|weight|speed|capacity|distance|depth|range)\b",
        rf"{NUMBER}[\s-]*(?:(?:million|billion|thousand)\s)?(?:{MEASURE}|%|percent\b|per cent\b)",
    ),
    "number": _kind(r"\bhow (?:many|much)\b|\bwhat (?:number|amount|quantity)\b", NUMBER),
    "name": _kind(
        r"\bwho(?:m|se)?\b|\bwhich (?:company|bank|firm|minister|president|country|countries|banks)\b", r"[A-Z]", False
    ),
    "place": _kind(
        r"\bwhere\b|\b(?:what|which) (?:city|town|place|state|region|river|port|province)\b",
        r"\b(?:in|at|near|from|to|on|of|across|between|through|outside)\s(?:the\s)?(?:[\w-]+\s)?[A-Z]",
        False,
    ),
    "reason": _kind(
        r"\bwhy\b|\bwhat (?:reason|cause|prevent|led|made|makes|drove)|\bfor what reason|\bhow did \w+ explain",
        r"\b(?:because|since|due|reasons?|owing|so that|in order|caus\w+|as a result|therefore|blam\w+|too|"
        r"cannot|unable|explain\w*|thanks|fear\w*)\b",
    ),
}
VALUES = ("date", "share", "money", "measure", "number")  # two articles can give different ones
# Questions that a few words do not answer: yes or no; why and how; what or who something is.
OPENING = r"\s*(?:(?:and|so|but)\s+)?"
YES_NO = re.compile(
    rf"{OPENING}(?:is|are|was|were|does|do|did|can|could|will|would|has|have|had|should|may|might|must|"
    r"isn't|aren't|didn't|doesn't)\b",
    re.I,
)
# "who …", "what's …", "in which year …", "since when …"; not "… who …", which tells.
ASKS = re.compile(
    rf"{OPENING}(?:(?:in|on|at|by|from|for|to|of|with|since|until|till|after|before|during|under|into|about)"
    r"\s+)?(?:who|whom|whose|what|when|where|why|which|how)\b",
    re.I,
)
EXPLAIN = re.compile(
    r"\bwhy\b|\bexplain\b|"
    r"\bhow (?:come|to|do|does|did|is|are|was|were|can|could|will|would|has|have|had|should)\b",
    re.I,
)
DEFINE = re.compile(
    r"\s*(?:(?:what|who)\s+(?:is|are|was|were)|what's|who's)\s+(?:the\s+|an?\s+)?"
    r"(?!(?:it|he|she|they|this|that)\b|\S+['’]s\b)[^\W\d][\w-]*(?:\s+(?!of\b|in\b|on\b|at\b|for\b|to\b|by\b)[\w-]+){0,4}\s*\??\s*",
    re.I,
)
LIST = re.compile(
    r"\b(?:which|what)\s+(?:(?:two|three|four|five|six|several|\d+)\s+(?:[\w-]+\s+)?)?(?:(?-i:[A-Z])[\w-]+\s+)?"
    r"(?!is\b|was\b|does\b|has\b|this\b|[\w-]*(?:ss|us|is)\b)[\w-]{3,}s\b|\b(?:name|list)\s+(?:all|the|some)\b",
    re.I,
)
CALENDAR = re.compile(rf"(?:{MONTHS}|\w+day)\W*")
FULL_NAME = re.compile(r"[A-Z][\w’'-]*(?: (?:(?:of|and|for|the|de|von) ){0,2}[A-Z][\w’'-]*)*")
NAME = re.compile(r"\b(?:[A-Z][\w’'-]*|\d[\d.,]*)")


@dataclass(frozen=True, slots=True)
class Question:
    """A question, analysed against the term statistics of a store."""

    terms: Mapping[str, float]  # term -> its weight, all together 1
    unknown: float  # weight of terms that no passage holds
    names: frozenset[str]  # terms of capitalised words and numbers, the first word aside
    kind: str | None  # a key of KINDS

    @classmethod
    def of(cls, question: str, store: Store) -> Question:
        """Analyse a question."""
        words = list(dict.fromkeys(terms(question)))
        weights = normalised({word: store.idf(word) for word in words})
        names = {t for m in NAME.finditer(question) if m.start() > 0 for t in terms(m[0])}
        unknown = sum(weight for word, weight in weights.items() if not store.knows(word))
        return cls(weights, unknown, frozenset(names), kind_of(question))

    def shown_by(self, text: str) -> float:
        """Return how well a sentence shows the kind of thing that is asked for, 0..1; what the question says itself
        does not count.
        """
        if self.kind is None:
            return 0.0
        if self.kind == "name":
            return self._new_name(text)
        if self.kind in VALUES:
            text = NAME.sub(lambda m: "" if m[0][0].isdigit() and set(terms(m[0])) & self.names else m[0], text)
        return float(bool(KINDS[self.kind].shows.search(text)))

    def _new_name(self, text: str) -> float:
        """Return 1 for a name of several words that the question does not have, 0.5 for one of one word."""
        strength = 0.0
        for match in FULL_NAME.finditer(text):
            words = match[0].split()
            new = [w for w in words if not self.terms.keys() & set(terms(w)) and not CALENDAR.fullmatch(w)]
            if len(new) > 1 or (new and new[0].isupper() and len(new[0]) > 1):
                return 1.0
            if new and match.start() > 0:  # the first word of a sentence is always capitalised
                strength = 0.5
        return strength


def kind_of(question: str) -> str | None:
    """Return the kind of answer that is asked for, a key of `KINDS`; None where it is not known."""
    return next((name for name, kind in KINDS.items() if kind.asks.search(question)), None)


def is_question(text: str) -> bool:
    """Return whether a text asks something, and is no statement, headline or list of keywords."""
    return bool(text.rstrip().endswith("?") or YES_NO.match(text) or ASKS.match(text))


def wants_sentence(question: str) -> bool:
    """Return whether a few words cannot answer: a yes or no, a reason, a way, a definition is asked for."""
    return bool(YES_NO.match(question) or EXPLAIN.search(question) or DEFINE.fullmatch(question))


def wants_list(question: str) -> bool:
    """Return whether several things are asked for: "which three projects"."""
    return bool(LIST.search(question))


def normalised(weights: Mapping[str, float]) -> dict[str, float]:
    """Return weights that are together 1."""
    total = sum(weights.values()) or 1.0
    return {name: weight / total for name, weight in weights.items()}


def share(weights: Mapping[str, float], held: Set[str]) -> float:
    """Return the weight, 0..1, of the terms that are among `held`."""
    return sum(weight for term, weight in weights.items() if term in held)
