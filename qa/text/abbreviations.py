"""Abbreviations that articles define, as in "China Development Bank (CDB)" (Schwartz and Hearst 2003)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from qa.text.terms import terms

if TYPE_CHECKING:
    from qa.index import Generation

WORD = re.compile(r"[^\W_]+")
SHORT = range(2, 9)  # letters of an abbreviation
LONG = range(2, 8)  # words of its long form
SEARCHED, SEARCHED_LOWER = 2000, 200  # passages looked through for the definition of a word in capitals, of another
REACH = 120  # characters before "(CDB)" in which the long form stands


def in_words_of(passage: str, question: str, known: Mapping[str, str]) -> str:
    """Return the question with each abbreviation or long form in the way in which the passage has it, if it has one."""
    for short, long in known.items():
        forms = _pattern(re.escape(short)), _pattern(r"\W+".join(map(re.escape, WORD.findall(long))))
        for form, said, other in ((*forms, long), (*forms[::-1], short)):
            if said.search(passage) and not form.search(passage):
                question = form.sub(lambda _, other=other: other, question)  # type: ignore[misc]
    return question


def definitions(question: str, generation: Generation) -> dict[str, str]:
    """Return the abbreviations, with their long forms, that the corpus defines and the question has either of."""
    words = WORD.findall(question)
    found = {word: long for word in words if len(word) in SHORT and (long := _long_form(word, generation))}
    for short, asked in _initials(words):
        if short not in found and (long := _long_form(short, generation)) and terms(long) == asked:
            found[short] = long
    return found


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b{words}\b", re.I)


def _initials(words: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the initials of each run of words, with and without its function words, and the run's terms."""
    held = [terms(word) for word in words]
    for start in range(len(words)):
        for end in range(start + LONG.start, min(start + LONG.stop, len(words) + 1)):
            if held[start] and held[end - 1]:
                run = list(zip(words[start:end], held[start:end], strict=True))
                asked = [term for _, own in run for term in own]
                for short in {"".join(w[0] for w, _ in run): 0, "".join(w[0] for w, own in run if own): 0}:
                    yield short.upper(), asked


def _long_form(short: str, generation: Generation) -> str | None:
    """Return the long form of an abbreviation from the first passage that defines it."""
    stem = terms(short)
    if len(stem) != 1:
        return None
    marks = {f"({short})", f"({short.upper()})"}
    rows, _ = generation.store.postings(stem[0])
    for row in rows[: SEARCHED if short.isupper() else SEARCHED_LOWER]:
        text = generation.passages[row].text
        for mark in marks:
            place = text.find(mark)
            if place >= 0 and (long := long_form(short, text[max(0, place - REACH) : place])):
                return long
    return None


def long_form(short: str, before: str) -> str | None:
    """Return the shortest run of words at the end of `before` that an abbreviation abbreviates, or None.

    Its letters must follow each other in the run, and the first must begin a word (Schwartz and Hearst 2003).
    """
    place, letters, text = len(before), short.casefold(), before.casefold()
    if len(text) != len(before):  # folding has moved the places
        return None
    for i in range(len(letters) - 1, -1, -1):
        place = _before(text, letters[i], place, begins_word=i == 0)
        if place < 0:
            return None
    found = before[place:].strip()
    words = WORD.findall(found)
    return found if 2 <= len(words) <= min(len(letters) + 5, 2 * len(letters)) else None


def _before(text: str, letter: str, end: int, begins_word: bool) -> int:
    """Return the last place of a letter before `end`, at the beginning of a word if it must; -1 if there is none."""
    place = text.rfind(letter, 0, end)
    while begins_word and place > 0 and text[place - 1].isalnum():
        place = text.rfind(letter, 0, place)
    return place
