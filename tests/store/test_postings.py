"""Postings against a dictionary: any words, any block size."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.store import postings
from qa.store.postings import Postings, PostingsWriter
from qa.store.rows import RowFile, mapped

WORDS = st.one_of(
    st.sampled_from(["gas", "gases", "ga", "é", "政府", "\ud800", "z" * 300]), st.text(min_size=1, max_size=3)
)
DOCUMENTS = st.lists(st.lists(WORDS, max_size=8), min_size=1, max_size=12)


def written(folder: Path, documents: list[list[str]]) -> Postings:
    """Write the postings of documents and open them."""
    writer = PostingsWriter(folder)
    for document in documents:
        writer.add(document)
    writer.finish()
    return Postings(folder)


@given(DOCUMENTS, st.integers(1, 5), st.lists(WORDS, max_size=3))
def test_postings_are_of_the_documents_that_hold_the_term(
    tmp_path_factory: pytest.TempPathFactory, documents: list[list[str]], block: int, others: list[str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postings, "BLOCK", block)
        found = written(tmp_path_factory.mktemp("p") / "bm25", documents)
    lengths = [len(document) or 1 for document in documents]
    average = sum(lengths) / len(lengths)
    for term in {term for document in documents for term in document} | set(others):
        rows, weights = found.of(term)
        assert rows.tolist() == [i for i, document in enumerate(documents) if term in document]
        assert found.frequency(term) == len(rows)
        counts = [documents[row].count(term) for row in rows]
        norms = [1.2 * (0.25 + 0.75 * lengths[row] / average) for row in rows]
        np.testing.assert_allclose(weights, [c / (c + n) for c, n in zip(counts, norms, strict=True)], rtol=1e-6)
    assert (found.of("")[0].tolist(), found.frequency("")) == ([], 0)
    assert found.passages == len(documents)


@given(DOCUMENTS, st.one_of(st.just(""), WORDS))
def test_terms_by_prefix_are_all_of_them_with_their_frequencies(
    tmp_path_factory: pytest.TempPathFactory, documents: list[list[str]], prefix: str
) -> None:
    found = written(tmp_path_factory.mktemp("p") / "bm25", documents).starting_with(prefix)
    held = Counter(term for document in documents for term in set(document))
    assert found == {term: held[term] for term in held if term.startswith(prefix)}
    assert list(found) == sorted(found, key=lambda term: term.encode("utf-8", "surrogatepass"))


@given(DOCUMENTS, st.lists(st.tuples(WORDS, WORDS), max_size=4), st.integers(1, 5))
def test_pairs_stand_side_by_side_in_text_order(
    tmp_path_factory: pytest.TempPathFactory, documents: list[list[str]], pairs: list[tuple[str, str]], many: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postings, "MANY", many)
        found = written(tmp_path_factory.mktemp("p") / "bm25", documents)
    pairs += [(one, other) for document in documents for one, other in zip(document, document[1:], strict=False)]
    rows = np.arange(len(documents))[::-1]
    expected = [
        [pair in set(zip(document, document[1:], strict=False)) for pair in pairs] for document in documents[::-1]
    ]
    assert found.side_by_side(pairs, rows).tolist() == expected


def test_nothing_but_the_postings_is_left(tmp_path: Path) -> None:
    written(tmp_path / "bm25", [["gas"], []])
    names = {"terms.npy", "term_ends.npy", "starts.npy", "rows.npy", "weights.npy", "lengths.npy", "sequence.npy"}
    assert {file.name for file in (tmp_path / "bm25").iterdir()} == names


def test_files_of_two_indexes_are_refused(tmp_path: Path) -> None:
    written(tmp_path / "one", [["gas", "rail"]])
    written(tmp_path / "two", [["gas", "rail", "bank"]])
    for name in ("terms.npy", "starts.npy", "rows.npy", "lengths.npy"):
        kept = (tmp_path / "one" / name).read_bytes()
        (tmp_path / "one" / name).write_bytes((tmp_path / "two" / name).read_bytes())
        with pytest.raises(ValueError, match=r"do not fit each other|3 terms in lengths\.npy, 2 in sequence\.npy"):
            Postings(tmp_path / "one")
        (tmp_path / "one" / name).write_bytes(kept)
    assert Postings(tmp_path / "one").frequency("gas") == 1


@given(st.lists(st.integers(0, 4), max_size=5))
def test_rows_appended_are_the_rows_read(tmp_path_factory: pytest.TempPathFactory, sizes: list[int]) -> None:
    file = tmp_path_factory.mktemp("r") / "rows.npy"
    growing = RowFile(file, (3,), np.float16)
    batches = [np.full((size, 3), i, dtype=np.float32) for i, size in enumerate(sizes)]
    for batch in batches:
        growing.append(batch)
    growing.close()
    expected = np.concatenate([np.zeros((0, 3)), *batches])
    found = mapped(file) if len(expected) else np.load(file)  # an empty file cannot be mapped
    assert (found.dtype, found.tolist()) == (np.float16, expected.tolist())
