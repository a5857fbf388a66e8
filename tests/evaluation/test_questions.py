from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from qa.briefing import Briefing
from qa.corpus.pinned import Evidence, PinnedQuestion
from qa.errors import DatasetError
from qa.evaluation.datasets import read_beir
from qa.evaluation.questions import ask_all, read_questions, summary
from qa.evaluation.statistics import calibration_error, says
from qa.types import Verdict

LOAN = "2016-06-29-railway-loan.md"
FINANCES = "The Development Bank finances the northern railway with a loan of 400 billion roubles."


def question(text: str, verdict: Verdict = Verdict.ANSWERED, quote: str = FINANCES) -> PinnedQuestion:
    evidence = (Evidence(LOAN, quote),) if verdict is Verdict.ANSWERED else ()
    return PinnedQuestion("q", text, verdict, evidence, ())


def test_questions_are_read_with_their_defaults(tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text('\n{"question": "a"}\n{"id": "x", "question": "b", "verdict": "related"}\n')
    assert read_questions(file) == [
        PinnedQuestion("2", "a", Verdict.ANSWERED, (), ()),
        PinnedQuestion("x", "b", Verdict.RELATED, (), ()),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "not JSON Lines"),
        ("[]", "line 1: not a JSON object"),
        ("{}", "line 1: not a question"),
        ('{"question": "a"}\n{"question": "b", "verdict": "maybe"}', "line 2"),
        ('{"question": "a", "evidence": [1]}', "line 1"),
        ("", "no question"),
    ],
)
def test_bad_question_files_are_named_with_their_line(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text(text)
    with pytest.raises(DatasetError, match=told) as caught:
        read_questions(file)
    assert str(file) in str(caught.value)


def test_absent_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nowhere"):
        read_questions(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="nowhere"):
        read_beir(tmp_path / "nowhere")


def test_outcomes(briefing: Briefing) -> None:
    asked = [
        question("Who finances the northern railway?"),
        question("Who finances the northern railway?", quote="Construction is to begin in 2018"),
        question("Who finances the northern railway?", Verdict.RELATED),
        question("Zebras and giraffes?", Verdict.NOT_IN_CORPUS),
        question("Zebras and giraffes?"),
    ]
    outcomes = ask_all(briefing, asked)
    assert [o.verdict for o in outcomes] == [*[Verdict.ANSWERED] * 3, *[Verdict.NOT_IN_CORPUS] * 2]
    assert [o.cited_right for o in outcomes] == [True, False, None, None, False]
    assert outcomes[0].evidence_rank == 1
    assert summary(outcomes) == {
        "questions": 5,
        "with_answer": 3,
        "passage_in_first_3": sum(o.evidence_rank in (1, 2, 3) for o in outcomes),
        "first_citation_right": 1,
        "answered_right": 1,
        "answered_wrong": 1,
        "refused_though_present": 1,
        "without_answer": 2,
        "answered_though_absent": 1,
        "verdict_exact": 3,
        "answers_verbatim": 5,
    }


def test_evidence_that_is_not_in_its_article_is_told(briefing: Briefing) -> None:
    with pytest.raises(DatasetError, match="'words never written' is not in 2016-06-29-railway-loan.md"):
        ask_all(briefing, [question("a", quote="words never written")])


def write_beir(folder: Path) -> Path:
    (folder / "qrels").mkdir(parents=True)
    documents = [{"_id": "d2", "title": "T", "text": "two"}, {"_id": "d1", "text": "one"}, {"_id": "d3", "text": " "}]
    queries = [{"_id": "q1", "text": "a", "metadata": {"answers": ["x"]}}, {"_id": "q2", "text": "b"}]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, documents)))
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td2\t0\nq2\td2\t0\n")
    return folder


def test_beir_form_is_read(tmp_path: Path) -> None:
    dataset = read_beir(write_beir(tmp_path / "set"))
    assert [(a.id, a.text, a.title) for a in dataset.articles] == [("d1", "one", ""), ("d2", "two", "T")]
    assert (dataset.queries, dataset.qrels) == ({"q1": "a", "q2": "b"}, {"q1": {"d1": 1}})
    assert dataset.metadata == {"q1": {"answers": ["x"]}, "q2": {}}


def test_beir_without_judgements_is_told(tmp_path: Path) -> None:
    folder = write_beir(tmp_path / "set")
    (folder / "qrels" / "test.tsv").unlink()
    with pytest.raises(DatasetError, match="qrels"):
        read_beir(folder)


def test_calibration_error() -> None:
    labels = np.array([True, False, True, True])
    assert calibration_error(np.array([1.0, 0.0, 1.0, 1.0]), labels) == 0
    assert calibration_error(np.array([0.75, 0.75, 0.75, 0.75]), labels) == pytest.approx(0)
    assert calibration_error(np.array([0.0, 1.0, 0.0, 0.0]), labels) == 1
    assert calibration_error(np.array([0.95, 0.95, 0.55, 0.55]), labels) == pytest.approx(0.5 * 0.45 + 0.5 * 0.45)


@pytest.mark.parametrize(
    "line",
    [
        '{"question": "a", "answers": "Paris"}',
        '{"question": "a", "answers": [""]}',
        '{"question": "a", "evidence": [{"article": "a.md", "quote": " "}]}',
        '{"question": " "}',
    ],
)
def test_lines_that_would_be_right_whatever_is_answered_are_refused(tmp_path: Path, line: str) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text(line)
    with pytest.raises(DatasetError, match="line 1"):
        read_questions(file)


def test_answers_alone_are_enough_to_judge_by(briefing: Briefing) -> None:
    asked = PinnedQuestion("q", "Who finances the northern railway?", Verdict.ANSWERED, (), ("Development Bank",))
    (outcome,) = ask_all(briefing, [asked])
    assert (outcome.cited_right, outcome.evidence_rank) == (True, None)


def test_an_answer_beside_the_right_citation_is_wrong(briefing: Briefing) -> None:
    asked = PinnedQuestion(
        "q", "Who finances the northern railway?", Verdict.ANSWERED, (Evidence(LOAN, FINANCES),), ("The Railway Fund",)
    )
    (outcome,) = ask_all(briefing, [asked])
    assert (outcome.cited_right, outcome.answer_right) == (True, False)
    figures = summary([outcome])
    assert (figures["first_citation_right"], figures["answered_right"], figures["answered_wrong"]) == (1, 0, 1)


@pytest.mark.parametrize(
    ("text", "accepted", "right"),
    [
        ("about $6 billion", ["$6 billion"], True),
        ("$12 billion", ["$6 billion"], False),
        ("Yanzhi", ["Wang Yanzhi"], True),
        ("The fund", ["Novatek", "the Novatek group"], False),
        ("The Novatek group holds it.", ["Novatek"], True),
        ("16 June", ["6 June"], False),
        ("six", ["the six-month EURIBOR rate"], False),
        ("", ["Novatek"], False),
        ("the", ["the"], False),
        ("770 km", [], False),
    ],
)
def test_which_answers_are_accepted(text: str, accepted: list[str], right: bool) -> None:
    assert says(text, accepted) is right


def test_broken_beir_files_are_told(tmp_path: Path) -> None:
    folder = write_beir(tmp_path / "set")
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1 d1 1\n")
    with pytest.raises(DatasetError, match=r"test\.tsv"):
        read_beir(folder)
    folder = write_beir(tmp_path / "other")
    (folder / "corpus.jsonl").write_text('{"text": "no id"}')
    with pytest.raises(DatasetError, match="other"):
        read_beir(folder)
