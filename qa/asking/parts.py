"""Several questions in one: "Who leads the jury and when does it decide?"."""

from __future__ import annotations

import re

from qa.text.question import is_question

MOST = 3  # questions that are answered one by one
SHORTEST = 3  # words of the first question

ASKS = r"(?:who|whom|whose|what|when|where|why|which|how)"
HELPS = r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should)"
# A question word, or a verb with its subject: "and is it open", not "and is owned by".
JOINT = re.compile(
    rf"[?;]\s+(?:and |also |then )?(?={ASKS}\b|{HELPS}\b)"
    rf"|,?\s+and\s+(?:also\s+|then\s+)?(?=(?:(?:by|for|from|in|at|with|to|on|since|until)\s+)?{ASKS}\b)"
    rf"|,?\s+and\s+(?={HELPS}\s+(?:it|he|she|they|there|the|this|that|these|those|(?-i:[A-Z]))\b)",
    re.I,
)
LEFT_OPEN = re.compile(rf"\b(?:{ASKS}|between|both|what|that|and|or)$", re.I)


def parts_of(question: str) -> tuple[str, ...]:
    """Return the questions that a question is made of; empty where it is one."""
    pieces = [piece.strip(" ?;,") for piece in JOINT.split(question.strip())]
    pieces = [piece for piece in pieces if piece]
    first = pieces[0] if pieces else ""
    if not 2 <= len(pieces) <= MOST or len(first.split()) < SHORTEST:
        return ()
    if not is_question(f"{first}") or LEFT_OPEN.search(first):
        return ()
    return tuple(f"{piece[0].upper()}{piece[1:]}?" for piece in pieces)
