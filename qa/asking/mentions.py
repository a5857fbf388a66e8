"""Who and what a conversation has spoken of: names, noun phrases and years, with cues for what they are.

Cues, not knowledge: a title before a name makes a person, "Bank" in it an organisation. They are features of the
fitted choice in `antecedents.py`, so that a wrong cue costs little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa.asking.turns import Turn
from qa.text.quantities import CALENDAR_WORDS, YEAR
from qa.text.terms import STOPWORDS

MAX_WORDS = 7  # of a mention: a longer one is no name
MAX_MENTIONS = 300  # of a conversation

WORD = r"[^\W\d_][\w’'&.-]*\w|[^\W\d_]"
CAPITAL = r"(?:[A-Z]\.)+|[a-z]?[A-Z\u00c0-\u00dd\u0400-\u042f][\w’'&-]*(?:\.(?=[A-Z]))?"
LINK = r"(?:of|the|de|von|van|and|for|du|la|le|&)"
NAME = re.compile(rf"(?<!\w)(?:{CAPITAL}|\d+[A-Z]\w*)(?:\s+(?:{LINK}\s+){{0,2}}(?:{CAPITAL}|\d{{1,4}}\b)){{0,6}}")
QUOTED = re.compile(r"[\"“«]([^\"”»]{2,80})[\"”»]")
YEAR_WORD = re.compile(rf"\b{YEAR}\b")
PHRASE = re.compile(
    r"\b(?:the|an?|this|that|these|those|his|her|their|its|some|first|second|last|next)\s+((?:[^\W\d_][\w’'-]*\s*){1,6})",
    re.I,
)
PREPOSITION = re.compile(r"\s+of\s+(?:the\s+)?([\w’'-]+(?:\s+[A-Z][\w’'-]*)*)")
PLURAL_END = re.compile(r"(?:[^s’']s|people|men|children|series)$", re.I)
PERSON_BEFORE = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Sir|Lady|Lord|King|Queen|Prince|Princess|General|Captain|President|Premier|Minister|"
    r"Chancellor|Senator|Governor|director|adviser|chief|chairman|chair|head|leader|executive|singer|actor|actress|"
    r"writer|author|by|with)\.?,?\s+)$",
    re.I,
)
PERSON_AFTER = re.compile(
    r"\W{1,2}(?:said|says|told|was born|named|announced|spoke|argued|wrote|who|, the \w+ (?:of|minister|president))\b"
)
ORGANISATION = re.compile(
    r"\b(?:Bank|Group|Fund|Company|Corporation|Inc|Co|Ltd|Union|Organi[sz]ation|Agency|University|College|School|"
    r"Ministry|Commission|Council|Committee|Party|Railways?|Institute|Cent(?:er|re)|Records|Band|Association|"
    r"Holdings|Army|Club|Team|Court|House|Government|[A-Z]{2,})\b"
)
PLACE_BEFORE = re.compile(r"\b(?:in|at|near|from|to|into|outside|around|across)\s+(?:the\s+)?$", re.I)
TITLE_WORDS = re.compile(
    r"^(?:[A-Z][\w-]*\s+){0,4}(?:Mr|Mrs|Ms|Dr|Sir|President|Premier|Minister|Chancellor|Secretary-General|Secretary|"
    r"Governor|Senator|General|Captain|King|Queen|Prince|Princess)\.?\s+(?=[A-Z][\w’'-]*\s+[A-Z]|[A-Z])"
)
ADJECTIVE = re.compile(r"[A-Z]\w+(?:an|ese|ish|ern|ic)")
BE = re.compile(r"\s+(?:is|are|was|were|has|have|had|will|would|can|could|may|might|must|should)\b")
PARENTHESIS = re.compile(r"\s*\([^)]*\)\s*$")
NOT_NAMES = STOPWORDS | frozenset(
    "i yes no many several one two three another although though however according despite since later early "
    "anything something nothing mr mrs ms dr also may might must never ever still yet even".split()
)
# What ends a noun phrase that a determiner opened.
ENDS = NOT_NAMES | frozenset(
    "said says told made took went got came became began get go come make take want happen happened know think "
    "like called named while whose per within without against among upon via".split()
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A stretch of the conversation that a later question may mean; `ago` counts turns back, the last one is 1."""

    text: str
    kind: str  # name, quoted, phrase, year
    ago: int
    part: str  # question, answer, title
    first: bool  # nothing but small words stands before it in its text
    whole: bool  # it is all of its text
    person: bool
    place: bool

    the: bool  # "the" stood before it

    @property
    def shown(self) -> str:
        """Its text, with the article it had."""
        return f"the {self.text}" if self.the else self.text

    @property
    def organisation(self) -> bool:
        """Whether its words name an organisation."""
        return bool(ORGANISATION.search(self.text)) and not self.person

    @property
    def plural(self) -> bool:
        """Whether it reads as several."""
        return " and " in self.text or " & " in self.text or bool(PLURAL_END.search(self.text))

    @property
    def words(self) -> tuple[str, ...]:
        """Its words in lower case."""
        return words(self.text)


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text in lower case, possessive endings taken off."""
    return tuple(re.findall(r"\w+", re.sub(r"[’']s\b", "", text.lower())))


def mentions(turns: Sequence[Turn]) -> list[Mention]:
    """Return the mentions of a conversation, the last turn's first."""
    found: list[Mention] = []
    for ago, turn in enumerate(reversed(turns), start=1):
        parts = [("answer", turn.answer), ("question", turn.question), *(("title", title) for title in turn.titles)]
        for part, text in parts:
            found += mentions_in(text, ago, part)
            if len(found) >= MAX_MENTIONS:
                return found[:MAX_MENTIONS]
    return found


def mentions_in(text: str, ago: int = 1, part: str = "answer") -> list[Mention]:
    """Return the mentions of one text, in order of where they start."""
    found = {(start, end): kind for start, end, kind in _spans(text)}
    phrases = [span for span, kind in found.items() if kind == "phrase" and _noun_ends(text, span)]
    spans = [(span, found[span]) for span in sorted(found) if not _within(span, found[span], phrases)]
    return [_mention(text, start, end, kind, (ago, part)) for (start, end), kind in spans]


def _describes(after: str) -> bool:
    """Return whether a name describes the noun that follows it: "Tashkent" in "Tashkent summit"."""
    word = re.match(r"\s+([a-z][\w’'-]*)", after)
    return word is not None and word[1] not in ENDS


def named_in(text: str) -> list[str]:
    """Return the names, quoted titles and years of a text, also those that only describe a noun."""
    return [text[start:end] for start, end, kind in _spans(text) if kind != "phrase"]


def _noun_ends(text: str, span: tuple[int, int]) -> bool:
    """Return whether a phrase surely ends in its noun; at the start of a sentence it may end in the verb."""
    before, after = text[: span[0]].rstrip(" \"'“"), text[span[1] :]
    determiner = text[span[0] : span[1]].split(maxsplit=1)[0].lower()
    if determiner in ("this", "that", "these", "those"):
        return False
    return bool(before and before[-1] not in ".!?:") or bool(BE.match(after))


def _within(span: tuple[int, int], kind: str, phrases: Sequence[tuple[int, int]]) -> bool:
    """Return whether a name only describes the noun of a phrase: "Russian" in "the Russian ban"."""
    return kind == "name" and any(start < span[0] and span[1] < end for start, end in phrases)


def _mention(text: str, start: int, end: int, kind: str, where: tuple[int, str]) -> Mention:
    before, after = text[max(0, start - 40) : start], text[end : end + 40]
    title = TITLE_WORDS.match(text[start:end])
    person = kind == "name" and bool(title or PERSON_BEFORE.search(before) or PERSON_AFTER.match(after))
    piece = text[start + (title.end() if title else 0) : end]
    if kind == "name":
        piece = re.sub(r"[’']s?$", "", piece)
    elif kind == "phrase":
        piece = piece[:1].lower() + piece[1:]  # "The airliner", at the start of a sentence
    return Mention(
        text=piece,
        kind=kind,
        ago=where[0],
        part=where[1],
        first=not [w for w in words(text[:start]) if w not in NOT_NAMES],
        whole=end - start >= len(PARENTHESIS.sub("", text).strip()) and _heading_like(text),
        person=person and not ORGANISATION.search(piece),
        the=kind == "name" and title is None and bool(re.search(r"\bthe\s+$", before, re.I)) and not _describes(after),
        place=kind == "name" and bool(PLACE_BEFORE.search(before)) and not set(words(piece)) & CALENDAR_WORDS,
    )


def _heading_like(text: str) -> bool:
    """Return whether a text is a heading or a bare name: it does not open like a question, no sign ends it."""
    first = text.split(maxsplit=1)[0].lower().strip("’'\"")
    return (first in ("the", "a", "an") or first not in NOT_NAMES) and not re.search(
        r"[.?!,;:]", PARENTHESIS.sub("", text)
    )


def _spans(text: str) -> Iterator[tuple[int, int, str]]:
    bare = PARENTHESIS.sub("", text)
    if 0 < len(bare.split()) <= MAX_WORDS and bare[:1].isupper() and _heading_like(bare):
        yield 0, len(bare), "name"
    for match in NAME.finditer(text):
        yield from _name_spans(text, match)
    for match in QUOTED.finditer(text):
        yield match.start(1), match.end(1), "quoted"
    for match in YEAR_WORD.finditer(text):
        yield match.start(), match.end(), "year"
    for match in PHRASE.finditer(text):
        end = _phrase_end(text, match)
        if end:
            yield match.start(), end, "phrase"


def _name_spans(text: str, match: re.Match[str]) -> Iterator[tuple[int, int, str]]:
    start, end = match.span()
    while (
        start < end and not set(words(text[start:end])) <= CALENDAR_WORDS
    ):  # "When Putin", "The Silk Road Fund", "In June"
        word = re.match(r"\S+\s*", text[start:end])
        if word is None or word[0].strip(" .’'").lower() not in NOT_NAMES | CALENDAR_WORDS:
            break
        start += word.end()
    piece = text[start:end]
    if not piece.strip() or set(words(piece)) <= CALENDAR_WORDS | {"of", "in"} or len(piece.split()) > MAX_WORDS:
        return
    if ADJECTIVE.fullmatch(piece.strip()) and _describes(text[end : end + 40]):
        return
    lone = " " not in piece and not text[:start].strip(" \"“'(")  # any word is capitalised at the start
    if lone and text[start:end].lower() in NOT_NAMES:
        return
    yield start, end, "name"
    if " and " in piece:  # perhaps two names
        left, right = piece.split(" and ", 1)
        yield start, start + len(left), "name"
        yield end - len(right), end, "name"


def _phrase_end(text: str, match: re.Match[str]) -> int | None:
    """Return where a noun phrase ends: before the first word that cannot belong to it."""
    end, capital = match.start(1), False
    for word in re.finditer(r"[\w’'-]+", match[1]):
        inside = word[0] == "of" and NAME.match(match[1], word.end() + 1) and text[end - 1 : end].isalpha() and capital
        capital = word[0][0].isupper() or bool(inside)
        if inside:
            continue
        if word[0].lower() in ENDS or (end > match.start(1) and re.search(r"(?:ed|ly)$", word[0])):
            break
        end = match.start(1) + word.end()
    if end == match.start(1) or not text[end - 1].islower() or text[match.start(1) : end].split()[-1][0].isupper():
        return None  # nothing, or a name, which has its own span
    if (
        re.search(r"\b(?:do|does|did|would|will|can|could|should|may|might|must)\s+$", text[: match.start()], re.I)
        and " " in text[match.start(1) : end]
    ):
        shorter = text.rindex(" ", match.start(1), end)  # "did the railway lend": the last word is the verb
        if text[match.start(1) : shorter].split()[-1][0].isupper():
            return None  # "did the EU prolong": a name and the verb
        end = shorter if text[shorter - 1].islower() and not text[match.start(1) : shorter].istitle() else end
    of = PREPOSITION.match(text, end)
    return of.end() if of and of[1].lower() not in ENDS else end
