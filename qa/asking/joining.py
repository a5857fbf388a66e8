"""Several answers as one: texts one below the other, citations numbered through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qa.types import Answer, AnswerPart, AnswerTrace, Citation, Verdict


def joined(question: str, questions: Sequence[str], answers: Sequence[Answer]) -> Answer:
    """Return the answers to several questions as one, answered where any of them is; the least confidence counts."""
    citations: list[Citation] = []
    parts: list[AnswerPart] = []
    for asked, answer in zip(questions, answers, strict=True):
        own = [replace(c, number=len(citations) + i) for i, c in enumerate(answer.citations, start=1)]
        parts.append(AnswerPart(asked, answer.text, answer.verdict, answer.confidence, tuple(c.number for c in own)))
        citations += own
    answered = [answer for answer in answers if answer.verdict is Verdict.ANSWERED]
    return Answer(
        question=question,
        text="\n".join(answer.text for answer in answers),
        verdict=Verdict.ANSWERED if answered else answers[0].verdict,
        confidence=min(answer.confidence for answer in answered or answers),
        citations=tuple(citations),
        hits=tuple({hit.passage.id: hit for answer in answers for hit in answer.hits}.values()),
        generation=answers[0].generation,
        trace=AnswerTrace(question, _together(answers), {}),
        parts=tuple(parts),
    )


def _together(answers: Sequence[Answer]) -> dict[str, float]:
    names = dict.fromkeys(name for answer in answers for name in answer.trace.milliseconds)
    return {name: round(sum(a.trace.milliseconds.get(name, 0.0) for a in answers), 1) for name in names}
