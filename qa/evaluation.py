"""Evaluation: question files over a briefing, BEIR-form folders, and the metrics of both."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from qa.briefing import Briefing
from qa.errors import DatasetError
from qa.pinned import PinnedQuestion, parse_question
from qa.types import Answer, Article, Hit, Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST = 3  # hits within which the passage counts as found


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question.

    `evidence_rank` is the rank of the first hit that holds evidence; `cited_right` whether the first citation
    holds evidence or an answer; None where there is nothing to find.
    """

    id: str
    question: str
    expected: Verdict
    verdict: Verdict
    confidence: float
    evidence_rank: int | None
    cited_right: bool | None
    verbatim: bool
    text: str


def read_questions(file: Path) -> list[PinnedQuestion]:
    """Read a file of questions, one JSON object a line.

    The fields are those of `parse_question`; `id` is the line number unless it is given.

    Raises `DatasetError` with the line.
    """
    questions = []
    for number, values in _json_lines(file):
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
    return Outcome(
        id=question.id,
        question=question.question,
        expected=question.verdict,
        verdict=answer.verdict,
        confidence=answer.confidence,
        evidence_rank=rank,
        cited_right=right if question.evidence or question.answers else None,
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
        "refused_though_present": sum(o.verdict is not Verdict.ANSWERED for o in present),
        "without_answer": len(absent),
        "answered_though_absent": sum(o.verdict is Verdict.ANSWERED for o in absent),
        "verdict_exact": sum(o.verdict is o.expected for o in outcomes),
        "answers_verbatim": sum(o.verbatim for o in outcomes),
    }


@dataclass(frozen=True, slots=True)
class BeirSet:
    """A retrieval set in BEIR form."""

    articles: tuple[Article, ...]
    titles: dict[str, str]  # document -> title, "" without one
    queries: dict[str, str]
    metadata: dict[str, dict[str, Any]]  # query -> metadata
    qrels: dict[str, dict[str, int]]  # query -> document -> grade above 0


def read_beir(folder: Path) -> BeirSet:
    """Read `corpus.jsonl`, `queries.jsonl` and `qrels/*.tsv`; `qrels` has the judged queries alone.

    Raises `DatasetError` naming the file.
    """
    if not folder.is_dir():
        raise DatasetError(f"no folder of evaluation data at {folder.absolute()}; name one that is in BEIR form")
    try:
        return _beir(folder)
    except (KeyError, ValueError, TypeError) as exc:
        raise DatasetError(f"{folder} is not in BEIR form: {exc!r}") from exc


def _beir(folder: Path) -> BeirSet:
    documents = [values for _, values in _json_lines(folder / "corpus.jsonl")]
    qrels = _qrels(folder / "qrels")
    asked = [values for _, values in _json_lines(folder / "queries.jsonl")]
    if len({str(d["_id"]) for d in documents}) < len(documents):
        raise ValueError("corpus.jsonl has several documents of one _id")
    articles = (Article(str(d["_id"]), str(d["text"]), str(d.get("title") or "")) for d in documents)
    return BeirSet(
        articles=tuple(sorted((a for a in articles if a.text.strip()), key=lambda a: a.id)),
        titles={str(d["_id"]): str(d.get("title") or "") for d in documents},
        queries={str(q["_id"]): str(q["text"]) for q in asked},
        metadata={str(q["_id"]): q.get("metadata") or {} for q in asked},
        qrels=qrels,
    )


def _qrels(folder: Path) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {}
    for file in sorted(folder.glob("*.tsv")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines()[1:], start=2):
            try:
                query, document, grade = line.split("\t")
                value = int(grade)
            except ValueError as exc:
                raise DatasetError(f"{file}, line {number}: not `query-id, corpus-id, score` with tabs") from exc
            if value > 0:
                qrels.setdefault(query, {})[document] = value
    if not qrels:
        raise DatasetError(f"{folder} holds no judgements (*.tsv: query-id, corpus-id, score)")
    return qrels


def calibration_error(probabilities: NDArray[np.float64], labels: NDArray[np.bool_], bins: int = 10) -> float:
    """Return the expected calibration error over equal-width bins (Guo et al. 2017)."""
    edges = np.clip((probabilities * bins).astype(int), 0, bins - 1)
    error = 0.0
    for each in range(bins):
        inside = edges == each
        if inside.any():
            error += inside.mean() * abs(probabilities[inside].mean() - labels[inside].mean())
    return float(error)


def _json_lines(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        with file.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, start=1):
                if line.strip():
                    values = json.loads(line)
                    if not isinstance(values, dict):
                        raise DatasetError(f"{file}, line {number}: not a JSON object")
                    yield number, values
    except OSError as exc:
        raise DatasetError(f"{file} cannot be read: {exc.strerror}") from exc
    except ValueError as exc:
        raise DatasetError(f"{file} is not JSON Lines in UTF-8: {exc}") from exc
