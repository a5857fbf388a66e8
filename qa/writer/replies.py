"""A reply of a model, parsed: quotations and a short answer from JSON, or sentences with the passages they cite."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError

from qa.errors import WriterError
from qa.writer.prompts import MOST_QUOTATIONS, NONE

MOST_SENTENCES = 5
MOST_PIECES = 20  # sentences looked at: verification costs time, too
THINK, THOUGHT_END = "<think>", "</think>"  # some models think aloud first
THOUGHT = re.compile(rf"\s*{THINK}.*?{THOUGHT_END}", re.S)
FENCED = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*", re.S)
CITED = re.compile(r"(?:\s*\[\d{1,3}(?:\s*,\s*\d{1,3})*\])+(?:\s?[.!?])?")
UNFINISHED = re.compile(r"\s*(?:\[[\d,\s]*)?")
NUMBER = re.compile(r"\d+")
BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")


class Quotation(BaseModel):
    """What a model quotes, and the number of the passage it says to have it from."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    passage: int
    text: str


class Extraction(BaseModel):
    """A short answer and the quotations that hold it; both empty where the model finds none."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    answer: str
    quotations: tuple[Quotation, ...]


@dataclass(frozen=True, slots=True)
class WrittenDraft:
    """A sentence as written, and the numbers of the passages that it cites."""

    text: str
    cited: tuple[int, ...]


def extraction_of(reply: str) -> Extraction:
    """Return what a reply proposes. Raises `WriterError` for anything but the JSON that was asked for."""
    text = THOUGHT.sub("", reply, count=1).strip()
    fenced = FENCED.fullmatch(text)
    try:
        found = Extraction.model_validate_json(fenced[1] if fenced else text, strict=True)
    except (ValidationError, RecursionError, ValueError) as exc:
        raise WriterError("the model's reply is not the JSON that it was asked for") from exc
    return found.model_copy(update={"quotations": found.quotations[:MOST_QUOTATIONS]})


class SentenceParser:
    """Cuts a reply into sentences with their citations while it comes in."""

    def __init__(self) -> None:
        self._buffer = ""
        self._thinking: bool | None = None  # None until the first words tell

    def feed(self, piece: str) -> Iterator[WrittenDraft]:
        """Yield the sentences that a further piece of the reply completes."""
        self._buffer += piece
        if self._thinks():
            return
        while match := CITED.search(self._buffer):
            behind = self._buffer[match.end() :]
            if UNFINISHED.fullmatch(behind):
                return  # more numbers, or the full stop, may follow
            self._buffer = behind
            yield from _draft(match, before=match.string[: match.start()])

    def rest(self, complete: bool) -> Iterator[WrittenDraft]:
        """Yield what is left at the end of the reply; not a sentence that the limit cut off."""
        if self._thinks():
            return
        match = CITED.search(self._buffer)
        if match:
            yield from _draft(match, before=self._buffer[: match.start()])
            self._buffer = self._buffer[match.end() :]
        text = BULLET.sub("", self._buffer).strip()
        if text and complete and text.strip(" .!").upper() != NONE:
            yield WrittenDraft(text, ())

    def _thinks(self) -> bool:
        """Return whether the model still thinks aloud, or may begin to; what it thought is left out."""
        head = self._buffer.lstrip()
        if self._thinking is None and not (len(head) < len(THINK) and THINK.startswith(head)):
            self._thinking = head.startswith(THINK)
        if self._thinking and THOUGHT_END in self._buffer:
            self._buffer, self._thinking = self._buffer.partition(THOUGHT_END)[2], False
        return self._thinking is not False


def _draft(match: re.Match[str], before: str) -> Iterator[WrittenDraft]:
    """Yield the sentence before its citations; of several lines the last is the one that they belong to."""
    *uncited, own = [line for line in (BULLET.sub("", raw).strip() for raw in before.splitlines()) if line] or [""]
    for line in uncited:
        if line.strip(" .!").upper() != NONE:
            yield WrittenDraft(line, ())
    end = match[0].strip()[-1]
    own += end if end in ".!?" and not own.endswith((".", "!", "?")) else ""
    if own.strip(".!? "):
        yield WrittenDraft(own, tuple(int(number) for number in NUMBER.findall(match[0])))
