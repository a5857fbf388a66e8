from __future__ import annotations

from pathlib import Path

import pytest

from qa.doctor.pins import check_pins
from qa.types import Article

ARTICLES = {"a.md": Article("a.md", "The bank lends money.", "A")}


def found(folder: Path, text: str) -> list[tuple[str, str]]:
    (folder / "pinned.toml").write_text(text)
    findings = list(check_pins(folder, ARTICLES))
    assert {(finding.id, finding.severity.value) for finding in findings} <= {("pinned.toml", "attention")}
    return [(finding.code, finding.problem) for finding in findings]


def pinned(question: str, evidence: str) -> str:
    return f'[[question]]\nquestion = "{question}"\nevidence = [{evidence}]\n'


def test_evidence_that_is_there_and_evidence_that_is_not(tmp_path: Path) -> None:
    text = (
        pinned("Who lends?", '{ article = "a.md", quote = "The bank lends" }')
        + pinned("Who else?", '{ article = "a.md", quote = "lends" }, { article = "gone.md", quote = "x" }')
        + pinned("How much?", '{ article = "a.md", quote = "a lot of money" }')
        + '[[question]]\nquestion = "Unanswered?"\nverdict = "not_in_corpus"\n'
    )
    assert found(tmp_path, text) == [
        ("pinned", "the pinned question 'Who else?' must cite gone.md, which is not there"),
        ("pinned", "the pinned question 'How much?' quotes 'a lot of money', which is not in a.md"),
    ]


def test_no_file_is_fine(tmp_path: Path) -> None:
    assert list(check_pins(tmp_path, ARTICLES)) == []


@pytest.mark.parametrize(
    "text", ["[[question", "[[question]]\nevidence = []", "question = 1", 'question = ["x"]', '[question]\nx = "y"']
)
def test_file_that_is_no_list_of_questions(tmp_path: Path, text: str) -> None:
    ((code, problem),) = found(tmp_path, text)
    assert code == "pinned-unreadable"
    assert "pinned.toml" in problem
