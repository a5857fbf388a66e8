"""Forty questions of a newsreader over articles that supersede, dispute and continue each other. A development set."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import qa

DATA = Path(__file__).resolve().parents[1] / "data" / "asking"
LEAST = 36  # answered as expected; one of slack, since processors round vectors differently


def as_expected(row: dict[str, Any], answer: qa.Answer) -> bool:
    """Return whether an answer is as a line of questions.jsonl wants it.

    `first` and `never` are patterns for its text and first quotation, `both` stand in text or quotations, `earlier` is
    said to have been said before, `article` is a pattern for the first citation.
    """
    head = f"{answer.text} ¶ {answer.citations[0].quote if answer.citations else ''}"
    shown = " ¶ ".join([answer.text, *(citation.quote for citation in answer.citations)])
    verdict = row.get("verdict", "answered|about" if "first" in row or "both" in row else ".*")
    return all(
        (
            re.search(row.get("first", ""), head),
            "never" not in row or not re.search(row["never"], head),
            all(text in shown for text in row.get("both", ())),
            re.fullmatch(verdict, answer.verdict),
            "article" not in row or (answer.citations and re.search(row["article"], answer.citations[0].article_id)),
            "earlier" not in row or any(row["earlier"] in said.value for said in answer.earlier),
        )
    )


@pytest.mark.slow
def test_questions_of_a_newsreader(tmp_path: Path) -> None:
    briefing = qa.Briefing.open(DATA / "corpus", tmp_path / "index", settings=qa.Settings())
    rows = [json.loads(line) for line in (DATA / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 40
    failed = []
    for row in rows:
        as_of = date.fromisoformat(row["as_of"]) if "as_of" in row else None
        answer = briefing.ask(row["question"], as_of=as_of)
        if not as_expected(row, answer):
            failed.append(f"{row['question']} -> {answer.verdict} {answer.text[:80]!r}")
        for citation in answer.citations:
            assert briefing.article(citation.article_id).text[citation.start : citation.end] == citation.quote
    assert len(rows) - len(failed) >= LEAST, "\n".join(failed)
