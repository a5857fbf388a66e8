"""What of a proposed text its passages carry. Knows nothing of who, or what, proposed it.

A quotation must stand in its passage, exact or differing in white space and quotation marks alone; what is shown is the
passage's own slice. A written sentence, or each of its clauses, must be carried by one to three neighbouring sentences
of one cited passage: every content word, number with what it counts, date and name must stand there, names and numbers
in the same order; nothing may be negated, certain or unconditional there and not here, nor the other way round; and who
says so may not be left out. What fails is dropped, with the cause, and the nearest sentence of its passages is offered
in its place. A sentence in other words than its source is therefore dropped, true or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from qa.text.sentences import sentences
from qa.text.statements import (
    ATTITUDES,
    CONDITIONS,
    MODALS,
    MONTHS,
    NEGATIONS,
    QUOTES,
    Statement,
    Word,
    plain,
    statement,
)
from qa.types import Span

WINDOW = 3  # neighbouring sentences that may carry one written sentence together
MOST_CHARS = 600  # of a written sentence
FEWEST_WORDS = 2  # content words of a quotation or a sentence: fewer say nothing that could be checked
BEHIND = 3  # content words behind a number among which stands what it counts
IN_ORDER = 0.6  # share of the content words that must come in the order of the source, unless one is in the passive
NEAREST = 0.3  # share of a dropped sentence's words that the sentence offered in its place must hold
MARKS = "\"'"
EDGES = " \t\r\n" + MARKS
SPOKEN = re.compile(r'"([^"]{12,})"')
CLAUSES = re.compile(r";\s+|,?\s+(?:while|whereas|but)\s+|,\s+and\s+")
OWN_SUBJECT = re.compile(r"[A-Z]|(?:the|an?|this|these|those|its?|their|they|he|she)\b")


@dataclass(frozen=True, slots=True)
class Carried:
    """A written sentence and what carries it: (number of a passage, start and end in its text), best first."""

    text: str
    by: tuple[tuple[int, Span], ...]


@dataclass(frozen=True, slots=True)
class Uncarried:
    """A written sentence that is not carried, why, and the nearest sentence of its passages, if one comes near."""

    text: str
    cause: str
    nearest: tuple[int, Span] | None


def aligned(quotation: str, text: str) -> Span | None:
    """Return where a quotation stands in a text: exact, or up to white space and quotation marks; None if nowhere."""
    wanted, _ = _canonical(quotation)
    wanted = wanted.strip(EDGES)
    held, offsets = _canonical(text)
    if not wanted:
        return None
    for match in re.finditer(re.escape(wanted), held):
        start, end = match.span()
        if not (_inside_word(held, start) or _inside_word(held, end)):
            return offsets[start], offsets[end - 1] + 1
    return None


def _inside_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


def _canonical(text: str) -> tuple[str, list[int]]:
    """Return a text with single blanks and one kind of quotation mark, and the offset of each of its characters."""
    characters: list[str] = []
    offsets: list[int] = []
    for offset, character in enumerate(text.translate(QUOTES)):
        character = " " if character.isspace() else character
        if character == " " and characters[-1:] == [" "]:
            continue
        characters.append("'" if character in MARKS else character)
        offsets.append(offset)
    return "".join(characters), offsets


def widened(span: Span, text: str) -> Span:
    """Return the whole sentences of a text that a span touches."""
    touched = [(a, b) for a, b in sentences(text) if a < span[1] and b > span[0]]
    return (touched[0][0], touched[-1][1]) if touched else span


def verified(written: str, cited: Sequence[int], passages: Sequence[str]) -> Carried | Uncarried:
    """Return a sentence with what carries it among the passages that it cites (numbers from 1), or why none does."""
    known = [number for number in dict.fromkeys(cited) if 1 <= number <= len(passages)]
    text = " ".join(written.split())
    cause = _unfit(text, cited, known)
    if cause is None:
        carried = _carried(text, known, passages)
        if not isinstance(carried, str):
            return Carried(text, carried)
        cause = carried
    return Uncarried(text[:MOST_CHARS], cause, nearest(text[:MOST_CHARS], known, passages))


def _unfit(text: str, cited: Sequence[int], known: Sequence[int]) -> str | None:
    if len(text) > MOST_CHARS:
        return f"longer than {MOST_CHARS} characters"
    if not known:
        return "it cites a passage that there is not" if cited else "it cites no passage"
    if len(statement(text).content) < FEWEST_WORDS:
        return "it says too little to be checked"
    return None


def _carried(text: str, cited: Sequence[int], passages: Sequence[str]) -> tuple[tuple[int, Span], ...] | str:
    """Return what carries a sentence as a whole or, failing that, each of its clauses; else the cause."""
    whole = _carrier(text, cited, passages)
    if not isinstance(whole, str):
        return (whole,)
    parts = [part for part in CLAUSES.split(text) if part]
    if len(parts) < 2:
        return whole
    found: list[tuple[int, Span]] = []
    subject = _first_name(parts[0])
    for part in parts:
        if len(statement(part).content) < FEWEST_WORDS:
            return whole
        carrier = _carrier(part if OWN_SUBJECT.match(part) else f"{subject} {part}", cited, passages)
        if isinstance(carrier, str):
            return carrier
        found.append(carrier)
    return tuple(dict.fromkeys(found))


def _first_name(text: str) -> str:
    """Return the first run of capitalised words, without the words before it."""
    match = re.search(r"(?<!^)\b[A-Z][\w'’.-]*(?:\s[A-Z][\w'’.-]*)*|^(?:[A-Z][\w'’.-]*\s){2,}", text)
    return match[0] if match else ""


def _carrier(text: str, cited: Sequence[int], passages: Sequence[str]) -> tuple[int, Span] | str:
    """Return the shortest run of sentences of a cited passage that carries a text, or what the nearest one lacks."""
    claim = statement(text)
    causes: list[tuple[int, str]] = []
    for size in range(1, WINDOW + 1):
        for number in cited:
            for span in _windows(passages[number - 1], size):
                source = passages[number - 1][span[0] : span[1]]
                cause = fault(claim, source)
                if cause is None:
                    return number, span
                causes.append((len(claim.terms - statement(source).terms), cause))
    return min(causes, key=lambda pair: pair[0])[1] if causes else "its passage has no sentence"


def _windows(passage: str, size: int) -> Iterator[Span]:
    spans = sentences(passage)
    for first in range(len(spans) - size + 1):
        yield spans[first][0], spans[first + size - 1][1]


def nearest(text: str, cited: Sequence[int], passages: Sequence[str]) -> tuple[int, Span] | None:
    """Return the sentence of the cited passages that shares most with a text; None where none comes near."""
    wanted = statement(text).terms
    scored = [
        (len(wanted & statement(passages[number - 1][a:b]).terms) / max(1, len(wanted)), (number, (a, b)))
        for number in cited
        for a, b in sentences(passages[number - 1])
    ]
    best = max(scored, key=lambda pair: pair[0], default=None)
    return best[1] if best and best[0] >= NEAREST else None


def fault(claim: Statement, source: str) -> str | None:
    """Return what a claim says that its source does not carry; None where it carries all of it."""
    held = statement(source)
    checks = (_numbers, _names, _novel, _turned, _order)
    cause = next((cause for check in checks if (cause := check(claim, held))), None)
    return cause or _unsaid(claim, source)


def _numbers(claim: Statement, held: Statement) -> str | None:
    words, others = claim.content, held.content
    for i, word in enumerate(words):
        if word.number is None:
            continue
        if not any(_same_number(words, i, others, j) for j, other in enumerate(others) if other.number == word.number):
            return f"the number {word.raw} does not stand so in its citation"
    return None


def _same_number(words: Sequence[Word], i: int, others: Sequence[Word], j: int) -> bool:
    """Whether two equal numbers count the same: what follows, the month beside it, what qualifies it."""
    if words[i].qualifier != others[j].qualifier:
        return False
    months = MONTHS & {word.term for word in (*words[max(0, i - 1) : i], *words[i + 1 : i + 2])}
    beside = {word.term for word in (*others[max(0, j - 2) : j], *others[j + 1 : j + 3])}
    if not months <= beside:
        return False
    counted = next((w.term for w in words[i + 1 : i + 2] if w.clause == words[i].clause and w.number is None), None)
    behind = {word.term for word in others[j + 1 : j + 1 + BEHIND]}
    return counted is None or counted in MONTHS or counted in behind


def _names(claim: Statement, held: Statement) -> str | None:
    terms = [word.term for word in held.content]
    common = {word.raw for word in held.words if not word.capital and not word.opening}
    for run in _runs(claim, _always_capital(held)):
        words = list(run)
        while words and not _stands(words, terms):
            if words[0].raw in common:
                words.pop(0)
            elif words[-1].raw in common:
                words.pop()
            else:
                return f"the name {' '.join(word.raw for word in run)} does not stand so in its citation"
    return None


def _always_capital(held: Statement) -> frozenset[str]:
    """Return terms of a source that are written with capitals only: names, however the claim writes them."""
    lower = {word.term for word in held.words if not word.capital and not word.opening}
    return frozenset(word.term for word in held.words if word.capital and word.term) - lower


def _runs(claim: Statement, names: frozenset[str]) -> Iterator[list[Word]]:
    """Yield runs of neighbouring words that are names, or may be: the first word of a sentence may."""
    run: list[Word] = []
    for word in claim.words:
        named = bool(word.term) and word.number is None and (word.capital or word.opening or word.term in names)
        if run and (not named or word.clause != run[-1].clause):
            yield run
            run = []
        if named:
            run.append(word)
    if run:
        yield run


def _stands(words: Sequence[Word], terms: Sequence[str]) -> bool:
    wanted = [word.term for word in words]
    return any(terms[i : i + len(wanted)] == wanted for i in range(len(terms) - len(wanted) + 1))


def _novel(claim: Statement, held: Statement) -> str | None:
    """Return the words that the source does not have."""
    novel = [word.raw for word in claim.content if word.term not in held.terms]
    return f"its citation does not say {', '.join(dict.fromkeys(novel))}" if novel else None


def _turned(claim: Statement, held: Statement) -> str | None:
    """Return whether the claim negates, makes certain, or conditions otherwise than the source."""
    for name, cues in (("negated", NEGATIONS), ("not certain", MODALS), ("conditional", CONDITIONS)):
        there = held.scoped(cues)
        lost = claim.outside(cues) & there - held.outside(cues)
        if lost:
            return f"{', '.join(sorted(lost))}: {name} in its citation"
        if any(scope[0] not in there if scope else not held.scopes(cues) for scope in claim.scopes(cues)):
            return f"it is {name}, its citation is not"
    return None


def _order(claim: Statement, held: Statement) -> str | None:
    """Return whether names and numbers, or most words, come in another order than in the source."""
    names = _always_capital(held)
    facts = [word.term for word in claim.content if word.number is not None or word.term in names]
    there = [word.term for word in held.content]
    if _in_order(facts, there) < len(facts):
        return "names or numbers stand in another order in its citation"
    wanted = [word.term for word in claim.content]
    passive = _has_by(claim) != _has_by(held)
    if not passive and _in_order(wanted, there) < IN_ORDER * len(wanted):
        return "its words stand in another order in its citation"
    return None


def _has_by(text: Statement) -> bool:
    return any(word.raw == "by" for word in text.words)


def _in_order(wanted: Sequence[str], there: Sequence[str]) -> int:
    """Return the length of the longest common subsequence."""
    row = [0] * (len(there) + 1)
    for term in wanted:
        before = row[:]
        for j, other in enumerate(there, start=1):
            row[j] = before[j - 1] + 1 if term == other else max(before[j], row[j - 1])
    return row[-1]


def _unsaid(claim: Statement, source: str) -> str | None:
    """Return whether the claim leaves out that someone says, doubts or plans what it states."""
    pieces = [source[a:b] for a, b in sentences(source)]
    parts = [statement(piece).terms for piece in pieces]
    for i, piece in enumerate(pieces):
        own = parts[i].difference(*(part for j, part in enumerate(parts) if j != i))
        if not claim.terms & own:
            continue
        if CONDITIONS & {w.raw for w in statement(piece).words} and not CONDITIONS & {w.raw for w in claim.words}:
            return "it is conditional in its citation"
        for head in _heads(piece, claim):
            if not head & claim.terms:
                return f"it leaves out who or what its citation has it from ({', '.join(sorted(head))})"
    return None


def _heads(sentence: str, claim: Statement) -> Iterable[frozenset[str]]:
    """Yield sets of terms, one of each of which must be kept: attitudes, what stands before "that", the speaker."""
    told = statement(sentence)
    for term in told.terms & ATTITUDES:
        yield frozenset((term,))
    content = told.words
    for i, word in enumerate(content):
        if word.raw in ("that", "whether") and i and content[i - 1].term and content[i - 1].clause == word.clause:
            before, behind = _split(content, i)
            if claim.terms & (behind - before):
                yield frozenset((content[i - 1].term,))
    for match in SPOKEN.finditer(plain(sentence)):
        outside = statement(plain(sentence).replace(match[0], " ")).terms
        if claim.terms & (statement(match[1]).terms - outside):
            yield outside or frozenset(("",))


def _split(words: Sequence[Word], at: int) -> tuple[frozenset[str], frozenset[str]]:
    return (
        frozenset(word.term for word in words[:at] if word.term),
        frozenset(word.term for word in words[at:] if word.term),
    )
