"""The store against oracles of a few lines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from qa.errors import IndexCorruptError
from qa.store import LocalStore, StoreWriter

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]


def stored(
    folder: Path,
    vectors: Floats,
    terms: Sequence[Sequence[str]] | None = None,
    sentences: Sequence[Floats] | None = None,
) -> LocalStore:
    """Write a store and open it again; by default every passage is one sentence."""
    folder.mkdir(exist_ok=True)
    LocalStore.write(folder, vectors, terms or [["a"]] * len(vectors), sentences or [row[None] for row in vectors])
    return LocalStore.open(folder)


def random_units(n: int, dimension: int = 64, seed: int = 0) -> Floats:
    """Return (n, d) random unit rows: no two cosines are alike."""
    rows = np.random.default_rng(seed).normal(size=(n, dimension))
    units: Floats = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return units


def tied_units(n: int, dimension: int = 64, seed: int = 0) -> Floats:
    """Return (n, d) unit rows of four halves each: cosines are exact multiples of 1/4, most of them tied."""
    rng = np.random.default_rng(seed)
    rows = np.zeros((n, dimension), dtype=np.float32)
    for row in rows:
        row[rng.choice(12, 4, replace=False)] = rng.choice([-0.5, 0.5], 4)
    return rows


def brute_force(vectors: Floats, query: Floats, k: int, mask: Bools | None) -> list[int]:
    """Return the k best allowed rows by cosine, ties by row."""
    allowed = range(len(vectors)) if mask is None else [int(i) for i in np.flatnonzero(mask)]
    cosines = vectors.astype(np.float64) @ query.astype(np.float64)
    return sorted(allowed, key=lambda i: (-cosines[i], i))[:k]


@pytest.mark.parametrize("share", [None, 0.0, 0.02, 0.5, 1.0])
@pytest.mark.parametrize("k", [1, 7, 64, 100, 150, 1000])
@pytest.mark.parametrize("n", [1, 5, 257])
def test_dense_top_equals_brute_force(tmp_path: Path, n: int, k: int, share: float | None) -> None:
    vectors = random_units(n, seed=n)
    store = stored(tmp_path, vectors)
    mask = None if share is None else np.random.default_rng(k).random(n) < share
    for query in random_units(3, seed=k):
        rows, scores = store.dense_top(query, k, mask)
        expected = brute_force(vectors, query, k, mask)
        assert rows.tolist() == expected
        np.testing.assert_allclose(scores, vectors[expected] @ query, atol=1e-6)


@pytest.mark.parametrize("share", [None, 0.5])
@pytest.mark.parametrize("k", [1, 3, 10, 99, 100, 120, 1000])
def test_dense_top_breaks_ties_by_row_also_at_the_cut(tmp_path: Path, k: int, share: float | None) -> None:
    vectors = tied_units(255)
    store = stored(tmp_path, vectors)
    mask = None if share is None else np.random.default_rng(k).random(255) < share
    for query in vectors[:5]:
        assert store.dense_top(query, k, mask)[0].tolist() == brute_force(vectors, query, k, mask)


def test_mask_that_lets_nothing_through_finds_nothing(tmp_path: Path) -> None:
    rows, scores = stored(tmp_path, random_units(9)).dense_top(random_units(1)[0], 5, np.zeros(9, dtype=np.bool_))
    assert (rows.shape, scores.shape) == ((0,), (0,))


def test_dense_scores_and_vectors_are_of_the_rows_asked_for(tmp_path: Path) -> None:
    vectors = random_units(20)
    store = stored(tmp_path, vectors)
    rows = np.array([7, 0, 19, 7], dtype=np.int64)
    np.testing.assert_array_equal(store.vectors(rows), vectors[rows])
    np.testing.assert_allclose(store.dense_scores(vectors[3], rows), vectors[rows] @ vectors[3], atol=1e-6)
    assert (len(store), store.dimension) == (20, 64)


def lucene(documents: Sequence[Sequence[str]], query: Sequence[str], k1: float = 1.2, b: float = 0.75) -> list[float]:
    """Return BM25 as Lucene has it (Kamphuis et al. 2020, table 1): no (k1 + 1) in the numerator."""
    n, average = len(documents), sum(map(len, documents)) / len(documents)
    scores = [0.0] * n
    for term in query:
        df = sum(term in document for document in documents)
        idf = log(1 + (n - df + 0.5) / (df + 0.5))
        for i, document in enumerate(documents):
            tf = document.count(term)
            scores[i] += idf * tf / (tf + k1 * (1 - b + b * len(document) / average))
    return scores


def bm25_scores(store: LocalStore, terms: Sequence[str]) -> NDArray[np.float32]:
    """Return the BM25 score of every passage by what the store knows of each term."""
    scores = np.zeros(len(store), dtype=np.float32)
    for term in terms:
        rows, weights = store.postings(term)
        scores[rows] += np.float32(store.idf(term)) * weights
    return scores


WORDS = st.sampled_from(["gas", "rail", "bank", "yuan", "70", "政府", "é"])
DOCUMENTS = st.lists(st.lists(WORDS, min_size=1, max_size=12), min_size=1, max_size=15)


@given(DOCUMENTS, st.lists(st.one_of(WORDS, st.sampled_from(["unknown", ""])), max_size=5))
def test_bm25_equals_the_formula(
    tmp_path_factory: pytest.TempPathFactory, documents: list[list[str]], query: list[str]
) -> None:
    store = stored(tmp_path_factory.mktemp("s"), random_units(len(documents)), documents)
    scores = bm25_scores(store, query)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, lucene(documents, query), rtol=1e-5, atol=1e-6)
    assert [bool(score > 0) for score in scores] == [not set(query).isdisjoint(each) for each in documents]


DOCS = [["gas", "rail", "gas"], ["rail"], [], ["bank", "rail"]]


@pytest.mark.parametrize("n", [5, 400])
@pytest.mark.parametrize("share", [None, 0.3])
@pytest.mark.parametrize("k", [1, 10, 500])
def test_half_precision_equals_brute_force_over_what_it_holds(
    tmp_path: Path, n: int, share: float | None, k: int
) -> None:
    vectors = np.concatenate([random_units(n - 2, seed=n), random_units(1, seed=n).repeat(2, axis=0)])  # with ties
    store = half(tmp_path, vectors)
    held = store.vectors(np.arange(n))
    np.testing.assert_array_equal(held, vectors.astype(np.float16).astype(np.float32))
    mask = None if share is None else np.random.default_rng(k).random(n) < share
    for query in [*random_units(3, seed=k), vectors[-1]]:
        rows, scores = store.dense_top(query, k, mask)
        exact = (held * query).sum(axis=1)
        assert rows.tolist() == [i for i in np.lexsort((np.arange(n), -exact)) if mask is None or mask[i]][:k]
        np.testing.assert_array_equal(scores, exact[rows])


def test_half_precision_finds_what_float32_finds(tmp_path: Path) -> None:
    vectors, queries = random_units(3000, 384), random_units(50, 384, seed=1)
    store = half(tmp_path, vectors)
    found = [
        len(set(store.dense_top(query, 10)[0].tolist()) & set(brute_force(vectors, query, 10, None)))
        for query in queries
    ]
    assert sum(found) >= 0.995 * 10 * len(queries)


def half(folder: Path, vectors: Floats) -> LocalStore:
    """Write a store whose vectors are held in half precision, whatever their number."""
    with StoreWriter(folder, vectors.shape[1], exact_up_to=0) as writer:
        writer.add(vectors, [row[None] for row in vectors], [["a"]] * len(vectors))
        writer.finish()
    return LocalStore.open(folder)


def test_size_decides_how_vectors_are_held(tmp_path: Path) -> None:
    vectors = random_units(9, seed=3)
    for limit, held in ((9, vectors), (8, vectors.astype(np.float16).astype(np.float32))):
        folder = tmp_path / str(limit)
        folder.mkdir()
        with StoreWriter(folder, 64, exact_up_to=limit) as writer:
            writer.add(vectors, [row[None] for row in vectors], [["a"]] * 9)
            writer.finish()
        np.testing.assert_array_equal(LocalStore.open(folder).vectors(np.arange(9)), held)


def test_passage_without_terms_keeps_its_row_and_scores_nothing(tmp_path: Path) -> None:
    store = stored(tmp_path, random_units(4), DOCS)
    assert [bool(score > 0) for score in bm25_scores(store, ["rail"])] == [True, True, False, True]
    assert bm25_scores(store, ["unknown"]).tolist() == [0, 0, 0, 0]
    assert bm25_scores(store, []).tolist() == [0, 0, 0, 0]


def test_corpus_without_any_term_can_be_stored(tmp_path: Path) -> None:
    store = stored(tmp_path, random_units(2), [[], []])
    assert bm25_scores(store, ["gas"]).tolist() == [0, 0]
    assert not store.knows("gas")


def test_idf_is_lucenes_and_highest_for_an_unknown_term(tmp_path: Path) -> None:
    store = stored(tmp_path, random_units(4), DOCS)
    assert store.idf("rail") == pytest.approx(log(1 + 1.5 / 3.5))
    assert store.idf("gas") == pytest.approx(log(1 + 3.5 / 1.5))
    assert store.idf("unknown") == pytest.approx(log(1 + 4.5 / 0.5))
    assert (store.knows("gas"), store.knows("unknown"), store.knows("")) == (True, False, False)


@pytest.mark.parametrize("n", [3, 7, 33])
def test_copies_have_the_very_same_scores(tmp_path: Path, n: int) -> None:
    """Float noise between equal rows would decide the order, and min-max scaling would blow it up to 0 and 1."""
    rows = np.arange(n, dtype=np.int64)
    for seed in range(10):
        one, query = random_units(2, dimension=384, seed=seed)
        store = stored(tmp_path / str(seed), np.tile(one, (n, 1)))
        assert len(set(store.dense_scores(query, rows).tolist())) == 1
        assert len({float(scores.max()) for scores in store.sentence_scores(query, rows)}) == 1
        assert store.dense_top(query, n)[0].tolist() == rows.tolist()


def test_sentence_vectors_and_scores_are_of_the_rows_asked_for(tmp_path: Path) -> None:
    counts = [2, 1, 5, 3]
    sentences = [random_units(count, seed=i) for i, count in enumerate(counts)]
    store = stored(tmp_path, random_units(4), sentences=sentences)
    query = random_units(1, seed=9)[0]
    for asked in ([0], [3], [2, 0, 3], [1, 1], [3, 2, 1, 0]):
        rows = np.array(asked, dtype=np.int64)
        vectors, scores = store.sentence_vectors(rows), store.sentence_scores(query, rows)
        assert [each.shape for each in vectors] == [(counts[row], 64) for row in asked]
        for row, found, cosines in zip(asked, vectors, scores, strict=True):
            assert found.dtype == np.float32
            np.testing.assert_array_equal(found, sentences[row].astype(np.float16))  # they are stored in half precision
            np.testing.assert_allclose(cosines, sentences[row] @ query, atol=2e-3)
    assert store.sentence_scores(query, np.zeros(0, dtype=np.int64)) == []


@pytest.mark.parametrize(("vectors", "terms", "sentences"), [(3, 2, 3), (2, 3, 3), (3, 3, 2)])
def test_lengths_that_differ_are_refused_with_all_of_them(
    tmp_path: Path, vectors: int, terms: int, sentences: int
) -> None:
    with pytest.raises(ValueError, match=f"{vectors} vectors, {terms} lists of terms, {sentences} of sentences"):
        LocalStore.write(tmp_path, random_units(vectors), [["a"]] * terms, [random_units(1)] * sentences)


def test_open_refuses_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(IndexCorruptError, match=rf"{tmp_path}: vectors or BM25 statistics cannot be read"):
        LocalStore.open(tmp_path)


@pytest.mark.parametrize("name", ["vectors.faiss", "sentences.npy", "sentence_counts.npy"])
@pytest.mark.parametrize("damage", [b"", b"garbage"])
def test_open_refuses_damaged_vectors(tmp_path: Path, name: str, damage: bytes) -> None:
    stored(tmp_path, random_units(3))
    assert (tmp_path / name).is_file()
    (tmp_path / name).write_bytes(damage)
    with pytest.raises(IndexCorruptError, match="cannot be read"):
        LocalStore.open(tmp_path)


POSTINGS = ["terms.npy", "term_ends.npy", "starts.npy", "rows.npy", "weights.npy", "lengths.npy"]


@pytest.mark.parametrize("name", POSTINGS)
@pytest.mark.parametrize("damage", [None, b"", b"garbage"])
def test_open_refuses_damaged_bm25(tmp_path: Path, name: str, damage: bytes | None) -> None:
    stored(tmp_path, random_units(3))
    file = tmp_path / "bm25" / name
    assert file.is_file()
    file.unlink()
    if damage is not None:
        file.write_bytes(damage)
    with pytest.raises(IndexCorruptError, match="cannot be read"):
        LocalStore.open(tmp_path)


@pytest.mark.parametrize("name", ["vectors.faiss", "sentences.npy", "sentence_counts.npy", "bm25/lengths.npy"])
def test_open_refuses_parts_of_different_lengths(tmp_path: Path, name: str) -> None:
    stored(tmp_path / "three", random_units(3))
    stored(tmp_path / "four", random_units(4))
    (tmp_path / "four" / name).replace(tmp_path / "three" / name)
    with pytest.raises(IndexCorruptError, match=r"three: .*\b4 .*\b3 |three: .*\b3 .*\b4 "):
        LocalStore.open(tmp_path / "three")


def test_nothing_stored_is_a_pickle(tmp_path: Path) -> None:
    stored(tmp_path, random_units(3), DOCS[:3])
    for file in tmp_path.rglob("*.npy"):
        np.load(file, allow_pickle=False)
    assert {file.suffix for file in tmp_path.rglob("*") if file.is_file()} == {".faiss", ".npy"}


@pytest.mark.parametrize("cuts", [[], [0], [1, 1, 2], [3], [1, 2, 3]])
def test_store_written_in_batches_is_the_one_written_at_once(tmp_path: Path, cuts: list[int]) -> None:
    vectors, sentences = random_units(4), [random_units(count, seed=count) for count in (2, 1, 4, 3)]
    (tmp_path / "batches").mkdir()
    with LocalStore.writer(tmp_path / "batches", 64) as writer:
        for start, end in pairwise([0, *cuts, 4]):
            writer.add(vectors[start:end], sentences[start:end], DOCS[start:end])
        assert len(writer) == 4
        writer.finish()
    stored(tmp_path / "once", vectors, DOCS, sentences)
    assert contents(tmp_path / "batches") == contents(tmp_path / "once")
    np.testing.assert_array_equal(LocalStore.open(tmp_path / "batches").vectors(np.arange(4)), vectors)


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below a folder, by name."""
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_batch_of_another_dimension_is_refused(tmp_path: Path) -> None:
    with LocalStore.writer(tmp_path, 32) as writer, pytest.raises(ValueError, match=r"\(64,\) do not fit \(32,\)"):
        writer.add(random_units(2), [random_units(1)] * 2, [["a"]] * 2)


def test_store_that_is_not_finished_is_none(tmp_path: Path) -> None:
    with LocalStore.writer(tmp_path, 64) as writer:
        writer.add(random_units(2), [random_units(1)] * 2, [["a"]] * 2)
    with pytest.raises(IndexCorruptError):
        LocalStore.open(tmp_path)
