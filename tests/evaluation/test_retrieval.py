"""Retrieval measured on BEIR folders: metrics against ir-measures, figures against rankings made by hand."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import ir_measures
import numpy as np
import pytest
from ir_measures import RR, R, Success, nDCG
from typer.testing import CliRunner

import qa.evaluation.retrieval
from qa.cli import app
from qa.errors import DatasetError
from qa.evaluation.datasets import read_beir
from qa.evaluation.retrieval import (
    cache_folder,
    documents,
    estimate,
    judged,
    measure,
    metrics,
    misspelt,
    open_set,
    report,
)
from qa.settings import Settings
from tests.fakes import FakeEncoder

NAMES = {"ndcg@10": nDCG @ 10, "mrr@10": RR @ 10, "recall@5": R @ 5, "recall@20": R @ 20, "hit@1": Success @ 1}


def test_metrics_equal_ir_measures() -> None:
    rng = random.Random(3)
    for _ in range(200):
        pool = [f"d{i}" for i in range(40)]
        grades = {d: rng.randint(1, 3) for d in rng.sample(pool, rng.randint(1, 15))}
        found = rng.sample(pool, rng.randint(0, 30))
        run = {"q": {document: float(-rank) for rank, document in enumerate(found)}}
        expected = ir_measures.calc_aggregate(NAMES.values(), {"q": grades}, run) if found else {}
        assert metrics(found, grades) == pytest.approx({n: expected.get(m, 0.0) for n, m in NAMES.items()}, abs=1e-9)


def test_estimate_is_the_mean_with_an_interval_that_covers_it_95_times_in_100() -> None:
    rng = np.random.default_rng(1)
    estimates = [estimate(rng.binomial(1, 0.7, 100).astype(float)) for _ in range(200)]
    assert 180 <= sum(e.low <= 0.7 <= e.high for e in estimates) <= 199
    values = rng.random(50)
    assert estimate(values).value == round(float(values.mean()), 4)
    assert estimate(values) == estimate(values)
    assert estimate(values, seed=1) != estimate(values)
    assert estimate(np.ones(9)) == qa.evaluation.retrieval.Estimate(1, 1, 1)


QUESTIONS = {
    "q1": "Who sold helium and neon?",
    "q2": "Where does the railway end?",
    "q3": "Which bank lends?",
    "q4": "An unjudged question?",
}
TEXTS = {
    "d:1": "The plant sold helium.",
    "d2": "The railway ends at the river.",
    "d3": "A bank lends money.",
    "d4": "Wheat and rye.",
    "d5": "A bank lends money.",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five documents, two of them alike, and three judged questions."""
    folder = tmp_path / "set"
    (folder / "qrels").mkdir(parents=True)
    documents = [{"_id": i, "title": "T", "text": text} for i, text in TEXTS.items()]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, documents)))
    (folder / "queries.jsonl").write_text("\n".join(json.dumps({"_id": i, "text": t}) for i, t in QUESTIONS.items()))
    judgements = ["q1\td:1\t2", "q1\tgone\t1", "q2\td2\t1", "q3\td3\t1", "q3\td5\t1", "q9\td2\t1"]
    (folder / "qrels" / "test.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *judgements]))
    return folder


def quiet(stage: str, done: int, total: int) -> None:
    """Take the progress and say nothing."""


def test_figures_are_those_of_the_rankings(folder: Path, tmp_path: Path) -> None:
    dataset, briefing = open_set(folder, Settings(), tmp_path / "index", quiet, FakeEncoder())
    measured = measure(briefing, dataset, judged(dataset), quiet)
    assert list(measured) == ["bm25", "dense", "hybrid"]
    for each in measured.values():
        assert (each.ranks["q1"][0], each.ranks["q2"][0], each.ranks["q3"][:2]) == ("d:1", "d2", ("d3", "d5"))
        lost = 2 / (2 + 1 / np.log2(3))  # the document that is not there
        figures = {name: e.value for name, e in each.metrics.items()}
        assert figures == pytest.approx(
            {"ndcg@10": (lost + 2) / 3, "mrr@10": 1, "recall@5": 2.5 / 3, "recall@20": 2.5 / 3, "hit@1": 1}, abs=1e-4
        )
        assert 0 < each.latency.p50 <= each.latency.p95


def test_report_has_the_promised_shape(folder: Path, tmp_path: Path) -> None:
    dataset, briefing = open_set(folder, Settings(), tmp_path / "index", quiet, FakeEncoder())
    found: dict[str, Any] = report(briefing, dataset, 2, (1, 0), quiet)
    assert (found["questions"], found["documents"], found["passages"]) == (2, 5, 5)
    assert (found["typos"]["per_question"], found["typos"]["seed"]) == (1, 0)
    for retrievers in (found["retrievers"], found["typos"]["retrievers"]):
        assert list(retrievers) == ["bm25", "dense", "hybrid"]
        for figures in retrievers.values():
            assert list(figures) == [*NAMES, "latency_ms"]
            assert all(list(figures[name]) == ["value", "low", "high"] for name in NAMES)
            assert all(figures[n]["low"] <= figures[n]["value"] <= figures[n]["high"] for n in NAMES)
    assert json.loads(json.dumps(found)) == found


def test_limit_takes_the_first_judged_questions_of_the_file(folder: Path) -> None:
    dataset = read_beir(folder)
    assert list(judged(dataset)) == ["q1", "q2", "q3"]
    assert judged(dataset, 2) == {"q1": QUESTIONS["q1"], "q2": QUESTIONS["q2"]}


def test_document_ranks_by_its_best_passage(folder: Path, tmp_path: Path) -> None:
    _, briefing = open_set(folder, Settings(), tmp_path / "index", quiet, FakeEncoder())
    hits = briefing.retrieve("bank helium", k=100, collapse=False)
    assert sorted(documents(hits)) == sorted(TEXTS)
    assert documents([*hits, *hits[::-1]]) == documents(hits)
    place = documents(hits).index("d3")
    assert documents(hits)[place + 1] == "d5"  # its copy has its score


def test_second_run_encodes_no_passage_again(folder: Path, tmp_path: Path) -> None:
    encoder = FakeEncoder()
    open_set(folder, Settings(), tmp_path / "index", quiet, encoder)
    encoded = encoder.encoded
    assert encoded > 0
    open_set(folder, Settings(), tmp_path / "index", quiet, encoder)
    assert encoder.encoded == encoded


def test_cache_folder_is_one_for_each_place_and_content(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    first, other = cache_folder(folder), cache_folder(copy)
    assert len({first, other}) == 2
    assert cache_folder(folder) == first
    (folder / "corpus.jsonl").write_text('{"_id": "a", "text": "b"}')
    assert cache_folder(folder) != first
    assert first.name.startswith("set-")


def test_typing_errors_are_one_in_a_word_of_content_and_the_same_for_the_same_seed() -> None:
    asked = {f"q{n}": "Which bank in St. Petersburg lends to the 2018 railway?" for n in range(300)}
    noisy = misspelt(asked, 1, 0)
    assert noisy == misspelt(asked, 1, 0) != misspelt(asked, 1, 1)
    assert misspelt({"q7": asked["q7"]}, 1, 0) == {"q7": noisy["q7"]}
    for text in noisy.values():
        words = text.split()
        assert (words[0], words[2:4], words[6:9]) == ("Which", ["in", "St."], ["to", "the", "2018"])
    lengths = {len(text) - len(asked["q0"]) for text in noisy.values()}
    assert lengths == {-1, 0, 1}
    assert len(set(noisy.values())) > 50
    assert misspelt({"q": "Who is he?"}, 3, 0) == {"q": "Who is he?"}


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("corpus.jsonl", '{"text": "no id"}', "_id"),
        ("corpus.jsonl", '{"_id": "a", "text": "x"}\n{"_id": "a", "text": "y"}', "several documents of one _id"),
        ("corpus.jsonl", "{", "corpus.jsonl"),
        ("queries.jsonl", '{"_id": "other", "text": "x"}', "no question of queries.jsonl is judged"),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1 d1 1\n", "line 2"),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\n", "no judgements"),
    ],
)
def test_malformed_folders_are_told(folder: Path, tmp_path: Path, file: str, text: str, told: str) -> None:
    (folder / file).write_text(text)
    with pytest.raises(DatasetError, match=told) as caught:
        open_set(folder, Settings(), tmp_path / "index", quiet, FakeEncoder())
    assert str(folder) in str(caught.value)


def test_absent_file_is_told(folder: Path, tmp_path: Path) -> None:
    (folder / "queries.jsonl").unlink()
    with pytest.raises(DatasetError, match=r"queries\.jsonl cannot be read"):
        open_set(folder, Settings(), tmp_path / "index", quiet, FakeEncoder())


@pytest.mark.slow
def test_command_prints_the_figures(folder: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["eval", str(folder), "--index", str(tmp_path / "i"), "--json"])
    found = json.loads(run.stdout)
    assert found["retrievers"]["hybrid"]["hit@1"] == {"value": 1, "low": 1, "high": 1}
    table = CliRunner().invoke(
        app, ["eval", str(folder), "--index", str(tmp_path / "i"), "--limit", "1", "--typos", "1"]
    )
    assert "1 questions, 5 documents, 5 passages" in table.stdout
    assert "with 1 typing errors a question (seed 0)" in table.stdout
    assert table.stdout.count("hybrid") == 2


def test_command_wants_a_folder_or_questions_not_both(tmp_path: Path) -> None:
    for arguments in ([], ["folder", "--questions", "file"]):
        run = CliRunner().invoke(app, ["eval", *arguments])
        assert run.exit_code == 2
        assert "either a folder" in run.output
