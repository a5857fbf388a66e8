"""The comparison with peers, without the peers: rankings by document, metrics, table, and the process of a peer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import peers
from benchmarks.peers import PEERS, Peer, PeerError, Row
from qa.evaluation.datasets import BeirSet, read_beir

# An adapter of the standard library: words in common, a chunk on each side of two spaces, ties in order of the file.
FAKE = """
def load(model):
    assert model.endswith("model")

    def index(documents):
        chunks = [
            (d["id"], set(half.lower().split()))
            for d in documents
            for half in f"{d['title']} {d['text']}".split("  ")
        ]

        def search(question, depth):
            words = set(question.lower().split())
            return [id for id, _ in sorted(chunks, key=lambda chunk: -len(chunk[1] & words))][:depth]

        return len(chunks), {"forward": search, "backward": lambda *asked: search(*asked)[::-1]}

    return index
"""


@pytest.fixture
def dataset(tmp_path: Path) -> BeirSet:
    folder = tmp_path / "tiny"
    (folder / "qrels").mkdir(parents=True)
    documents = [
        {"_id": "rail", "title": "Rail", "text": "the bank pays the railway  a loan for the trains"},
        {"_id": "gas", "title": "Gas", "text": "the pipeline carries gas  and it leaks"},
        {"_id": "bank", "title": "Bank", "text": "a bank was founded  in the north"},
    ]
    queries = [
        {"_id": "q1", "text": "bank pays railway loan"},
        {"_id": "q2", "text": "gas leaks"},
        {"_id": "q3", "text": "what"},
    ]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, documents)), encoding="utf-8")
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)), encoding="utf-8")
    (folder / "qrels" / "test.tsv").write_text("q\tc\ts\nq1\trail\t1\nq2\tgas\t2\nq2\tbank\t1\n", encoding="utf-8")
    return read_beir(folder)


def fake(tmp_path: Path, code: str = FAKE) -> Peer:
    adapter = tmp_path / "use_fake.py"
    adapter.write_text(code, encoding="utf-8")
    return Peer("Fake", adapter, tmp_path / "fake.txt")


def row(title: str, *ndcg: float) -> Row:
    values = np.array(ndcg)
    return Row(title, dict.fromkeys(peers.METRICS, values), 1.25, 1e3 * values, 512.0, 3000, {})


def test_a_document_ranks_by_its_best_chunk(tmp_path: Path, dataset: BeirSet) -> None:
    found = peers.run(fake(tmp_path), Path(sys.executable), peers.task(dataset, None, 100))
    assert found["chunks"] == 6
    forward = found["ways"]["forward"]["ranks"]
    assert forward == {"q1": ["rail", "bank", "gas"], "q2": ["gas", "bank", "rail"]}  # q3 is not judged
    assert found["ways"]["backward"]["ranks"]["q1"] == ["gas", "bank", "rail"]
    assert len(found["ways"]["forward"]["seconds"]) == 2
    assert found["peak_bytes"] > 1e6


def test_depth_counts_chunks_and_queries_are_the_first_judged(tmp_path: Path, dataset: BeirSet) -> None:
    found = peers.run(fake(tmp_path), Path(sys.executable), peers.task(dataset, 1, 1))
    assert found["ways"]["forward"]["ranks"] == {"q1": ["rail"]}


def test_a_sample_keeps_what_is_judged(dataset: BeirSet) -> None:
    def kept(queries: int | None, documents: int) -> list[str]:
        return [article.id for article in peers.sample(dataset, queries, documents).articles]

    assert kept(1, 1) == ["rail"]
    assert kept(1, 2) == ["bank", "rail"]
    assert kept(None, 1) == ["bank", "gas", "rail"]
    assert peers.sample(dataset, 1, 1).qrels == dataset.qrels


def test_each_way_has_a_row(tmp_path: Path, dataset: BeirSet) -> None:
    found, failures = peers.compare(dataset, {fake(tmp_path): Path(sys.executable)}, None, 100)
    assert failures == []
    assert [each.title for each in found] == ["Fake, forward", "Fake, backward"]
    assert found[0].scores["hit@1"].tolist() == [1.0, 1.0]
    assert found[1].scores["hit@1"].tolist() == [0.0, 0.0]
    assert found[1].scores["mrr@10"].tolist() == [1 / 3, 1 / 2]


def test_the_table_compares_question_by_question() -> None:
    table = peers.table([row("A", 0.5, 1.0, 0.0), row("B", 0.75, 1.0, 0.5)]).splitlines()
    assert table[0].startswith("|  | ndcg@10 | hit@1 | mrr@10 | recall@5 | ndcg@10, less B | index s |")
    assert table[2] == "| A | 0.500 | 0.500 | 0.500 | 0.500 | -0.250 ± 0.283 | 1.2 | 500.0 / 950.0 | 512 | 3,000 |"
    assert table[3] == "| B | 0.750 | 0.750 | 0.750 | 0.750 |  | 1.2 | 750.0 / 975.0 | 512 | 3,000 |"


def test_a_peer_that_fails_is_named_and_the_others_go_on(tmp_path: Path, dataset: BeirSet) -> None:
    (tmp_path / "bad").mkdir()
    bad = fake(tmp_path / "bad", "def load(model):\n    raise ValueError('no such thing')\n")
    found, failures = peers.compare(dataset, dict.fromkeys([bad, fake(tmp_path)], Path(sys.executable)), None, 100)
    assert len(found) == 2
    assert len(failures) == 1
    assert "Fake failed" in failures[0]
    assert "no such thing" in failures[0]


def test_a_peer_that_reaches_for_the_network_is_refused(tmp_path: Path, dataset: BeirSet) -> None:
    code = "import socket\ndef load(model):\n    socket.create_connection(('127.0.0.1', 9), 1)\n"
    with pytest.raises(PeerError, match="the network is refused"):
        peers.run(fake(tmp_path, code), Path(sys.executable), peers.task(dataset, None, 100))


def test_pins_that_cannot_be_installed_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 1, "", "No matching distribution found")

    monkeypatch.setattr("benchmarks.peers.venv.create", lambda *_, **__: None)
    monkeypatch.setattr("benchmarks.peers.subprocess.run", fail)
    ready, failures = peers.environments(["txtai", "briefing"], tmp_path)
    assert ready == {PEERS["briefing"]: Path(sys.executable)}
    assert failures == ["no environment for txtai: No matching distribution found"]


@pytest.mark.slow
def test_an_environment_is_made_once_for_its_pins(tmp_path: Path) -> None:
    pins = tmp_path / "none.txt"
    pins.write_text("# nothing\n", encoding="utf-8")
    python = peers.environment(pins, tmp_path)
    prefix = subprocess.run([python, "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True, check=True)
    assert Path(prefix.stdout.strip()) == python.parent.parent
    made = python.stat().st_ctime_ns
    assert peers.environment(pins, tmp_path) == python
    assert python.stat().st_ctime_ns == made
    pins.write_text("# something else\n", encoding="utf-8")
    assert peers.environment(pins, tmp_path) != python


@pytest.mark.parametrize("name", PEERS)
def test_every_peer_has_its_files_and_pins(name: str) -> None:
    peer = PEERS[name]
    assert "def load(model: str) -> Index:" in peer.adapter.read_text(encoding="utf-8")
    if peer.pins:
        pinned = [line for line in peer.pins.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        assert all("==" in line for line in pinned)
        assert "torch==2.13.0" in pinned


@pytest.mark.slow
def test_briefing_qa_itself_runs_as_a_peer(dataset: BeirSet) -> None:
    found, failures = peers.compare(dataset, {PEERS["briefing"]: Path(sys.executable)}, None, 100)
    assert failures == []
    (measured,) = found
    assert measured.title == "Briefing QA"
    assert {query: ranks[0] for query, ranks in measured.ranks.items()} == {"q1": "rail", "q2": "gas"}
