"""Ask a file of questions, and compare the answers with what is expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qa.briefing import Briefing
from qa.corpus.pinned import PinnedQuestion, parse_question
from qa.errors import DatasetError
from qa.evaluation.datasets import json_lines
from qa.evaluation.statistics import says
from qa.types import Answer, Article, Hit, Verdict

FIRST = 3  # hits within which the passage counts as found


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question.

    `evidence_rank` is the rank of the first hit that holds evidence; `cited_right` whether the first citation
    holds evidence or an answer, `answer_right` whether beside that the text gives an accepted answer, where the
    question lists any; None where there is nothing to find.
    """

    id: str
    question: str
    expected: Verdict
    verdict: Verdict
    confidence: float
    evidence_rank: int | None
    cited_right: bool | None
    answer_right: bool | None
    verbatim: bool
    text: str


def read_questions(file: Path) -> list[PinnedQuestion]:
    """Read a file of questions, one JSON object a line.

    The fields are those of `parse_question`; `id` is the line number unless it is given.

    Raises `DatasetError` with the line.
    """
    questions = []
    for number, values in json_lines(file):
        try:
            questions.append(parse_question(values, str(number)))
        except (KeyError, TypeError, ValueError) as exc:
            raise DatasetError(f"{file}, line {number}: not a question: {exc!r}; see `briefing eval --help`") from exc
    if not questions:
        raise DatasetError(f"{file} holds no question")
    return questions


def ask_all(briefing: Briefing, questions: Sequence[PinnedQuestion]) -> list[Outcome]:
    """Ask every question and compare. Raises `DatasetError` for evidence that is not in its article."""
    articles = {article.id: article for article in briefing.articles()}
    for question in questions:
        for evidence in question.evidence:
            article = articles.get(evidence.article)
            if article is None or evidence.quote not in article.text:
                raise DatasetError(f"question {question.id}: {evidence.quote[:60]!r} is not in {evidence.article}")
    return [_outcome(question, briefing.ask(question.question), articles) for question in questions]


def _outcome(question: PinnedQuestion, answer: Answer, articles: dict[str, Article]) -> Outcome:
    rank = next((hit.rank for hit in answer.hits if _holds(hit, question)), None)
    first = answer.citations[0] if answer.citations else None
    right = first is not None and (
        any(
            e.quote in first.quote or first.quote in e.quote for e in question.evidence if e.article == first.article_id
        )
        or any(a.casefold() in first.quote.casefold() for a in question.answers)
    )
    known = bool(question.evidence or question.answers)
    return Outcome(
        id=question.id,
        question=question.question,
        expected=question.verdict,
        verdict=answer.verdict,
        confidence=answer.confidence,
        evidence_rank=rank,
        cited_right=right if known else None,
        answer_right=right and (not question.answers or says(answer.text, question.answers)) if known else None,
        verbatim=all(articles[c.article_id].text[c.start : c.end] == c.quote for c in answer.citations),
        text=answer.text,
    )


def _holds(hit: Hit, question: PinnedQuestion) -> bool:
    return any(e.article == hit.passage.article_id and e.quote in hit.passage.text for e in question.evidence)


def summary(outcomes: Sequence[Outcome]) -> dict[str, float | int]:
    """Return counts and shares over the outcomes."""
    present = [o for o in outcomes if o.expected is Verdict.ANSWERED]
    absent = [o for o in outcomes if o.expected is not Verdict.ANSWERED]
    return {
        "questions": len(outcomes),
        "with_answer": len(present),
        f"passage_in_first_{FIRST}": sum(o.evidence_rank is not None and o.evidence_rank <= FIRST for o in present),
        "first_citation_right": sum(bool(o.cited_right) for o in present),
        "answered_right": sum(bool(o.answer_right) for o in present),
        "answered_wrong": sum(o.verdict is Verdict.ANSWERED and not o.answer_right for o in present),
        "refused_though_present": sum(o.verdict is not Verdict.ANSWERED for o in present),
        "without_answer": len(absent),
        "answered_though_absent": sum(o.verdict is Verdict.ANSWERED for o in absent),
        "verdict_exact": sum(o.verdict is o.expected for o in outcomes),
        "answers_verbatim": sum(o.verbatim for o in outcomes),
    }
