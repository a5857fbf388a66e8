"""The figures of the reader, on made-up sets and against an oracle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from qa.errors import DatasetError
from qa.evaluation.datasets import (
    beir_collection,
    is_held_out,
    is_held_out_to_report,
    is_reported,
    squad_collection,
    unseen_squad,
)
from qa.evaluation.reading import evaluate_reader
from qa.evaluation.statistics import auroc, exact, f1
from qa.settings import ReaderSettings, Settings
from tests.fakes import FakeEncoder


@pytest.mark.parametrize(
    ("text", "answers", "score"),
    [
        ("the Development Bank", ["Development bank!"], 1.0),
        ("Development Bank", ["bank", "a bank of Kazan"], 2 / 3),
        ("railways", ["bank"], 0.0),
        ("The", ["a"], 1.0),
        ("anything", [], 0.0),
    ],
)
def test_f1_is_that_of_squad(text: str, answers: list[str], score: float) -> None:
    assert f1(text, answers) == pytest.approx(score)
    assert exact(text, answers) == float(score == 1.0)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30))
def test_auroc_is_that_of_scikit_learn(pairs: list[tuple[int, bool]]) -> None:
    scores, labels = np.array([float(s) for s, _ in pairs]), np.array([label for _, label in pairs])
    found = auroc(scores, labels)
    if labels.all() or not labels.any():
        assert np.isnan(found)
    else:
        assert found == pytest.approx(roc_auc_score(labels, scores))


def reported_title(number: int, reported: bool = True) -> str:
    """Return the number-th title of the reported or the fitted part."""
    titles = (f"Bank {n}" for n in range(1000))
    return [t for _, t in zip(range(200), titles, strict=False) if is_reported(t) == reported][number]


def write_beir(folder: Path, rows: list[tuple[str, str, str, dict[str, Any]]]) -> None:
    """Write a set of (title, text, question, metadata), a document a question."""
    folder.mkdir(parents=True)
    (folder / "qrels").mkdir()
    documents = [{"_id": f"d{n}", "title": title, "text": text} for n, (title, text, _, _) in enumerate(rows)]
    queries = [{"_id": f"q{n}", "text": q, "metadata": m} for n, (_, _, q, m) in enumerate(rows)]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, documents)))
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    lines = ["query-id\tcorpus-id\tscore", *(f"q{n}\td{n}\t1" for n in range(len(rows)))]
    (folder / "qrels" / "test.tsv").write_text("\n".join(lines))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of small sets of the four kinds."""
    places = ("Shanghai", "Kazan", "Fortaleza", "Moscow", "Svobodny")
    rows: list[tuple[str, str, str, dict[str, Any]]] = [
        (
            reported_title(n),
            f"The seat of bank number {n} is in {place}. Many people of the town like it very much.",
            f"Where is the seat of bank number {n}?",
            {"answers": [place]},
        )
        for n, place in enumerate(places)
    ]
    rows.append((reported_title(0, False), "Nobody reads this one.", "Who reads this one?", {"answers": ["Nobody"]}))
    write_beir(tmp_path / "nq_open_oracle", rows)
    write_beir(tmp_path / "squad_v1.1_dev", rows[1:])
    refused = [
        (t, x, q, {"answerable": n % 2 == 0, "answers": [p], "passage": [f"d{n}"]})
        for n, ((t, x, q, _), p) in enumerate(zip(rows, places, strict=False))
    ]
    write_beir(tmp_path / "clapnq_dev", refused)
    titles = [f"Held {n}" for n in range(1000)]
    held = next(title for title in titles if is_held_out_to_report(title))
    fitted = next(title for title in titles if is_held_out(title) and not is_held_out_to_report(title))
    trained = next(title for title in titles if not is_held_out(title))
    qas = [
        {"question": "Where does the pipeline end?", "answers": [{"text": "China", "answer_start": 26}]},
        {"question": "Where does the railway end?", "answers": []},
    ]
    paragraph = {"context": "The long pipeline ends in China. It carries gas through the whole of Siberia.", "qas": qas}
    articles = [{"title": title, "paragraphs": [paragraph]} for title in (held, fitted, trained, reported_title(1))]
    (tmp_path / "reader_training").mkdir()
    (tmp_path / "reader_training" / "squad_v2.0_dev.json").write_text(json.dumps({"data": articles}))
    return tmp_path


def test_kept_out_articles_alone_are_read_from_squad(data: Path) -> None:
    collection = squad_collection(data / "reader_training" / "squad_v2.0_dev.json")
    held = [a for a in collection.articles if is_held_out(collection.groups[a.id])]
    assert list(collection.articles) == held
    assert [a.reported for a in collection.asked[:4]] == [True, True, False, False]
    assert [a.answers for a in collection.asked[:2]] == [("China",), ()]


def test_articles_that_training_saw_are_left_out(data: Path) -> None:
    assert reported_title(1) not in {a.title for a in unseen_squad(data).articles}
    assert len(unseen_squad(data).articles) == 4


def test_unanswerable_questions_have_no_answers(data: Path) -> None:
    assert [bool(a.answers) for a in beir_collection(data / "clapnq_dev").asked] == [True, False, True, False, True]


@pytest.mark.usefixtures("fixed_weights")
def test_all_figures_of_made_up_sets(data: Path, tmp_path: Path) -> None:
    settings = Settings(reader=ReaderSettings(model="sentences"))
    found = evaluate_reader(data, tmp_path / "work", FakeEncoder(), settings, 100)
    asked = found["nq_open_oracle, asked"]
    assert (asked["questions"], asked["first_citation_right"]) == (5, 1.0)
    given = found["clapnq_dev, passage given"]
    assert (given["questions"], given["with_answer"]) == (5, 3)
    foreign = found["nq_open_oracle, asked; absent: passage taken away"]
    assert (foreign["questions"], foreign["with_answer"]) == (10, 5)
    curve = foreign["curve"]
    assert isinstance(curve, list)
    assert [p["answered_though_absent"] for p in curve] == sorted(
        (p["answered_though_absent"] for p in curve), reverse=True
    )
    assert found["citations"]["given"] == found["citations"]["verbatim"] != 0


def test_absent_data_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no folder of evaluation data at .*nq_open_oracle"):
        evaluate_reader(tmp_path, tmp_path / "work", FakeEncoder(), Settings(), 10)
