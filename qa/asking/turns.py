"""What was said before: the last turns of a conversation, cut to what can matter and never be slow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from qa.errors import QuestionError
from qa.types import Answer

MAX_TURNS = 8  # turns looked at: what is further back is hardly ever meant
MAX_CHARS = 1200  # characters of one question, answer or quotation looked at
MAX_CITED = 6  # citations of one answer looked at

MAX_SAID = 8000  # characters of one answer that another is not to repeat

History = Sequence[tuple[str, Answer | str]]
"""Earlier questions, each with its `Answer` or just the text of it, oldest first."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange: the question as it was searched for, what was answered, and the titles of what was cited."""

    question: str
    answer: str
    titles: tuple[str, ...] = ()
    said: str = ""  # the answer's own characters, so that sentences can be found in it
    typed: str = ""  # the question as it was typed


def turns_of(history: History) -> list[Turn]:
    """Return the last turns of a history, oldest first, each cut to a bounded length.

    Raises `QuestionError` where an entry is not a pair of a question and an answer.
    """
    if isinstance(history, str) or not isinstance(history, Sequence):
        raise QuestionError("history must be a list of (question, answer) pairs, oldest first")
    return [_turn(entry) for entry in history[-MAX_TURNS:]]


def _turn(entry: object) -> Turn:
    if isinstance(entry, str) or not isinstance(entry, Sequence) or len(entry) != 2:
        raise QuestionError(f"an entry of history must be a (question, answer) pair, not {repr(entry)[:80]}")
    question, answer = entry
    if not isinstance(question, str) or not isinstance(answer, (str, Answer)):
        raise QuestionError("an entry of history must hold the question's text, and an Answer or its text")
    if isinstance(answer, str):
        return Turn(_cut(question), _cut(answer), said=answer[:MAX_SAID], typed=_cut(question))
    cited = list(islice(answer.citations, MAX_CITED))
    quotes = dict.fromkeys(_cut(citation.quote) for citation in cited)
    titles = dict.fromkeys(_cut(citation.title) for citation in cited)
    said = "\n".join(citation.quote for citation in cited)  # a refusal says nothing that can be meant later
    asked = _cut(answer.trace.searched_for or question)
    return Turn(asked, " ".join(quotes)[:MAX_CHARS], tuple(titles), said[:MAX_SAID], _cut(question))


def _cut(text: str) -> str:
    """Return the start of a text, on one line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[:MAX_CHARS]).split())
