"""Pinned questions: what a briefing must answer, and from which article.

They stand in `pinned.toml` in the corpus folder (tables `[[question]]`) or, for evaluation, one JSON object a line.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qa.errors import DatasetError
from qa.types import Answer, Verdict

FILE_NAME = "pinned.toml"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A run of an article's text that carries the answer."""

    article: str
    quote: str


@dataclass(frozen=True, slots=True)
class PinnedQuestion:
    """A question with the verdict it must get and, if answered, where the answer stands and how it reads."""

    id: str
    question: str
    verdict: Verdict
    evidence: tuple[Evidence, ...]
    answers: tuple[str, ...]


def parse_question(values: Mapping[str, Any], default_id: str) -> PinnedQuestion:
    """Return the question of a record.

    Fields: `question`; `verdict` (`answered`, `related`, `not_in_corpus`); for answered ones `evidence`, a list of
    `{"article": id, "quote": verbatim text}`, and `answers`, a list of strings; `id`.

    Raises `KeyError`, `TypeError` or `ValueError` for a record that is none.
    """
    evidence = tuple(Evidence(_text(e["article"]), _text(e["quote"])) for e in values.get("evidence", ()))
    answers = values.get("answers", [])
    if not isinstance(answers, list):
        raise TypeError(f"answers must be a list, not {answers!r}")
    verdict = Verdict(values.get("verdict", "answered"))
    asked = _text(values["question"])
    return PinnedQuestion(str(values.get("id", default_id)), asked, verdict, evidence, tuple(map(_text, answers)))


def read_pinned(corpus: Path) -> list[PinnedQuestion]:
    """Read `pinned.toml` of a corpus folder; an empty list where there is none.

    Raises `DatasetError` with the file and the question that is not as it should be.
    """
    file = corpus / FILE_NAME
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8")).get("question", [])
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise DatasetError(f"{file} cannot be read: {exc}; mend it, or take it away") from exc
    if not isinstance(tables, list):
        raise DatasetError(f"{file}: `question` must be tables, [[question]]")
    questions = []
    for number, table in enumerate(tables, start=1):
        try:
            questions.append(parse_question(table, str(number)))
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise DatasetError(f"{file}, question {number}: not a pinned question: {exc!r}") from exc
    return questions


def fault(pinned: PinnedQuestion, answer: Answer) -> str | None:
    """Return what is wrong with an answer to a pinned question, None if nothing is.

    An answered question must cite one of the articles of its evidence; any other must not be answered.
    """
    if pinned.verdict is not Verdict.ANSWERED:
        return f"answered, and should be {pinned.verdict}" if answer.verdict is Verdict.ANSWERED else None
    wanted = {evidence.article for evidence in pinned.evidence}
    cited = [citation.article_id for citation in answer.citations]
    if answer.verdict is not Verdict.ANSWERED:
        return f"{answer.verdict}, and should be answered{_from(wanted)}"
    if wanted and not wanted & set(cited):
        return f"answered from {', '.join(dict.fromkeys(cited))}, and should be{_from(wanted)}"
    return None


def _from(articles: set[str]) -> str:
    return f" from {' or '.join(sorted(articles))}" if articles else ""


def _text(value: object) -> str:
    """Return a text that is not blank: a blank quote or answer is found everywhere."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{value!r} is no text")
    return value
