"""What a text states, as far as words tell: its numbers, its names, and what is negated, conditional or only said.

Made for comparing a sentence with the one that it was made from. All comparisons are between two texts read alike, so
that what one reading misses, the other misses too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from qa.text.quantities import MONTH_NAMES, SCALE, SYMBOLS
from qa.text.terms import THOUSANDS, terms

NEGATIONS = frozenset(
    "not cannot no never none nobody nothing neither nor without nowhere hardly barely scarcely".split()
)
MODALS = frozenset("will would shall should may might can could must".split())
CONDITIONS = frozenset("if unless whether".split())
# Verbs and phrases after which a statement is someone's, or only wished for; compared by stem.
ATTITUDES = frozenset(
    term
    for word in (
        "say said tell told claim argue believe think thought expect doubt deny fear hope allege suspect warn suggest "
        "predict estimate forecast propose plan want refuse reject fail accuse according report reportedly insist "
        "assume promise threaten intend consider seek ask answer reply announce add explain offer agree aim "
        "supposed likely unlikely possible possibly perhaps probably rumour alleged so-called dispute contest"
    ).split()
    for term in terms(word)
)
# What stands before a number and says more than the number: kinds that must agree.
QUALIFIERS = {
    "more": "over above exceeding beyond least minimum".split(),
    "less": "under below most maximum".split(),
    "about": "about around roughly approximately nearly almost some estimated circa".split(),
    "before": ["before", "until", "till"],
    "after": ["after", "since"],
}
COMPARED = {"more": "more", "less": "less", "fewer": "less"}  # before "than"
_KINDS = {word: kind for kind, words in QUALIFIERS.items() for word in words}
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
NUMBERS = {word: n for n, word in enumerate(_ONES)} | {word: 10 * n for n, word in enumerate(_TENS, start=2)}
SCALES = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12, "mn": 6, "bn": 9, "tn": 12}
CURRENCIES = {"$": "dollars", "€": "euros", "£": "pounds", "¥": "yen"}
UNITS = {"km": "kilometres", "cm": "centimetres", "mm": "millimetres", "kg": "kilograms"}
MONTHS = frozenset(term for name in MONTH_NAMES for term in terms(name))
SHORT_MONTHS = {name[:3].lower(): name for name in MONTH_NAMES} | {"sept": "September"}

QUOTES = str.maketrans({mark: '"' for mark in "“”„‟«»"} | {mark: "'" for mark in "‘’‚‛`´"})
CONTRACTED = {"wo": "will", "ca": "can", "sha": "shall"}  # before n't
_NOT = re.compile(r"\b([^\W\d_]+)n't\b", re.I)
_PER_CENT = re.compile(r"\bper cent\b|(?<=\d)\s?%", re.I)
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.){2,}")
_MONEY = re.compile(rf"([{SYMBOLS}])\s?(\d+(?:[.,]\d+)*(?:\s?(?:{SCALE}|tn)\b)?)", re.I)
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b", re.I)
_GLUED = re.compile(r"(?<=\d)(?=[^\W\d_])")
_SHORT_MONTH = re.compile(
    r"\b(jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?(?=\s*\d)|(?<=\d\s)(sept?)\b\.?", re.I
)
_MONTH_FIRST = re.compile(rf"\b({'|'.join(MONTH_NAMES)}) (\d{{1,2}})\b(?:,(?= ?\d{{4}}))?")
_TOKEN = re.compile(r"\d+(?:\.\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*|[\w]+|[^\w\s]")
_BREAKS = frozenset(',;:.!?()[]—–"')
_BREAKING = frozenset("but while whereas although though because".split())


@dataclass(frozen=True, slots=True)
class Word:
    """A word or number of a text. `term` is its stem, the number as digits, or "" for a function word."""

    raw: str  # as written, lower case
    term: str
    clause: int
    capital: bool  # written with a capital where a sentence does not begin
    opening: bool  # the first word of its sentence
    number: Decimal | None = None
    qualifier: str = ""  # a key of QUALIFIERS, of a number


@dataclass(frozen=True, slots=True)
class Statement:
    """A text, taken apart: its words with what separates clauses left out."""

    words: tuple[Word, ...]

    @property
    def content(self) -> tuple[Word, ...]:
        """The words that are no function words."""
        return tuple(word for word in self.words if word.term)

    @property
    def terms(self) -> frozenset[str]:
        """The terms of the content words."""
        return frozenset(word.term for word in self.words if word.term)

    def scoped(self, cues: frozenset[str]) -> frozenset[str]:
        """Return the terms in the scope of a cue: the three content words behind it in its clause."""
        return frozenset(term for scope in self.scopes(cues) for term in scope)

    def scopes(self, cues: frozenset[str]) -> list[tuple[str, ...]]:
        """Return the terms in the scope of each cue, in text order."""
        return [
            tuple(w.term for w in self.words[i + 1 :] if w.term and w.clause == word.clause)[:3]
            for i, word in enumerate(self.words)
            if word.raw in cues
        ]

    def outside(self, cues: frozenset[str]) -> frozenset[str]:
        """Return the terms that occur outside the scope of every cue, too."""
        covered: set[int] = set()
        for i, word in enumerate(self.words):
            if word.raw in cues:
                behind = [j for j in range(i + 1, len(self.words)) if self.words[j].term]
                covered.update([j for j in behind if self.words[j].clause == word.clause][:3])
        return frozenset(word.term for i, word in enumerate(self.words) if word.term and i not in covered)


def plain(text: str) -> str:
    """Return a text with one kind of quotation mark, without thousands separators, units and months written out."""
    text = unicodedata.normalize("NFKC", text).translate(QUOTES)
    text = _NOT.sub(lambda m: f"{CONTRACTED.get(m[1].lower(), m[1])} not", text)
    text = _PER_CENT.sub(" percent", text)
    text = _DOTTED.sub(lambda m: m[0].replace(".", "") + " ", text)
    text = _MONEY.sub(lambda m: f"{m[2]} {CURRENCIES[m[1]]}", text)
    text = _GLUED.sub(" ", _ORDINAL.sub("", THOUSANDS.sub("", text)))
    text = _SHORT_MONTH.sub(lambda m: SHORT_MONTHS[(m[1] or m[2]).lower()], text)
    return _MONTH_FIRST.sub(r"\2 \1", text)


@lru_cache(maxsize=4096)
def statement(text: str) -> Statement:
    """Return a text taken apart."""
    return Statement(tuple(_numbers(list(_words(plain(text))))))


def _words(text: str) -> Iterator[Word]:
    clause, opening = 0, True
    for token in _TOKEN.findall(text):
        if not token[0].isalnum():
            clause += token in _BREAKS
            opening = opening or token in ".!?"
            continue
        raw = token.casefold()
        clause += raw in _BREAKING
        if token[0].isdigit() and token.replace(".", "").isdecimal():
            yield Word(token, "", clause, False, opening, number=_value(token))
        else:
            named = token[0].isupper() and not opening
            raw = token if named and raw == "may" else raw  # the month, not the verb
            for term in _terms_of(raw):
                yield Word(raw, term, clause, named, opening)
        opening = False


def _terms_of(raw: str) -> Sequence[str]:
    return ("",) if raw in _KINDS else terms(UNITS.get(raw, raw)) or ("",)


def _value(digits: str) -> Decimal | None:
    return Decimal(digits) if digits.count(".") <= 1 else None


def _numbers(words: Sequence[Word]) -> Iterator[Word]:
    """Yield the words with each number as one: spelt out or in digits, its scale multiplied in, its qualifier seen."""
    i = 0
    while i < len(words):
        value, after = _number_at(words, i)
        if value is None:
            yield words[i]
            i += 1
            continue
        first = words[i]
        term = format(value.normalize(), "f")
        yield Word(first.raw, term, first.clause, False, first.opening, value, _qualifier(words, i))
        i = after


def _number_at(words: Sequence[Word], i: int) -> tuple[Decimal | None, int]:
    word, after = words[i], i + 1
    value = word.number
    if value is None and word.raw in NUMBERS:
        value = Decimal(NUMBERS[word.raw])
        if word.raw in _TENS and after < len(words) and words[after].raw in _ONES[1:10]:
            value, after = value + NUMBERS[words[after].raw], after + 1
    if value is None:
        return None, after
    while after < len(words) and words[after].raw in SCALES and words[after].clause == word.clause:
        value, after = value.scaleb(SCALES[words[after].raw]), after + 1
    return value, after


def _qualifier(words: Sequence[Word], i: int) -> str:
    before = [word.raw for word in words[max(0, i - 3) : i] if word.clause == words[i].clause]
    if before[-1:] == ["than"] and len(before) > 1:
        return COMPARED.get(before[-2], "")
    found = [_KINDS[raw] for raw in before[-2:] if raw in _KINDS]
    return found[-1] if found else ""
