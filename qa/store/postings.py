"""BM25 as postings on disk: for each term the passages that contain it, and its weight there.

The variant is Lucene's with k1 1.2 and b 0.75 (Robertson and Zaragoza 2009; Kamphuis et al. 2020): a term weighs
idf * tf / (tf + k1 * (1 - b + b * length / average length)). The second factor is what is stored. A question reads
the postings of its own terms only; everything is mapped, so that opening costs the same at any size.

    terms.npy, term_ends.npy    the vocabulary, sorted: UTF-8 of all terms in one run, and where each ends
    starts.npy                  (v + 1,) where the postings of each term start
    rows.npy, weights.npy       (p,) the passages, ascending within a term, and the weights
    lengths.npy                 (n,) terms of each passage
    sequence.npy                (t,) the terms of each passage in text order, as places in the vocabulary
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from qa.store.rows import RowFile, created, mapped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qa.types import Rows, Scores

TERMS, TERM_ENDS, STARTS, ROWS, WEIGHTS = "terms.npy", "term_ends.npy", "starts.npy", "rows.npy", "weights.npy"
LENGTHS, SEQUENCE = "lengths.npy", "sequence.npy"
SPOOL_TERMS, SPOOL_COUNTS, SPOOL_SEQUENCE = (
    "spool_terms.npy",
    "spool_counts.npy",
    "spool_sequence.npy",
)  # in order of passages; gone in the end
K1, B = 1.2, 0.75
BLOCK = 20_000  # passages that are sorted into the postings at once: some 20 MB
MANY = 1_000_000  # terms renumbered at once
NO_TERM = ""  # stands where a passage has no term at all, so that no array is empty


def _utf8(term: str) -> bytes:
    return term.encode("utf-8", "surrogatepass")


class PostingsWriter:
    """Takes the terms of passage after passage; `finish` sorts them by term. Memory holds the vocabulary only."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._numbers: dict[str, int] = {}  # term -> place by first occurrence
        self._lengths = array("i")  # terms of each passage
        self._distinct = array("i")  # different terms of each passage
        self._terms = RowFile(folder / SPOOL_TERMS, (), np.int32)
        self._counts = RowFile(folder / SPOOL_COUNTS, (), np.int32)
        self._sequence = RowFile(folder / SPOOL_SEQUENCE, (), np.int32)

    def add(self, terms: Sequence[str]) -> None:
        """Append one passage."""
        counts = Counter(terms) or Counter({NO_TERM: 1})
        numbers = self._numbers
        self._terms.append(np.array([numbers.setdefault(term, len(numbers)) for term in counts], dtype=np.int32))
        self._counts.append(np.array(list(counts.values()), dtype=np.int32))
        self._sequence.append(np.array([numbers[term] for term in terms or (NO_TERM,)], dtype=np.int32))
        self._lengths.append(counts.total())
        self._distinct.append(len(counts))

    def close(self) -> None:
        """Close the files."""
        self._terms.close()
        self._counts.close()
        self._sequence.close()

    def finish(self) -> None:
        """Write the vocabulary and the postings, sorted by term and row (a counting sort, block by block)."""
        self.close()
        places = self._write_vocabulary()  # (v,) number of a term -> its place in the sorted vocabulary
        terms, counts = mapped(self._folder / SPOOL_TERMS), mapped(self._folder / SPOOL_COUNTS)  # (p,) each
        frequencies = np.bincount(places[terms], minlength=len(places))
        starts = np.concatenate([[0], np.cumsum(frequencies)])
        np.save(self._folder / STARTS, starts, allow_pickle=False)
        np.save(self._folder / LENGTHS, np.frombuffer(self._lengths, dtype=np.int32), allow_pickle=False)
        rows = created(self._folder / ROWS, len(terms), np.int32)
        weights = created(self._folder / WEIGHTS, len(terms), np.float32)
        cursor = starts[:-1].copy()  # where the next posting of each term goes
        for owners, span in self._blocks():
            each = places[terms[span]]
            order = np.argsort(each, kind="stable")
            held = np.bincount(each, minlength=len(places))
            before = np.cumsum(held) - held  # (v,) postings of earlier terms in this block
            targets = cursor[each[order]] + np.arange(len(order)) - before[each[order]]
            rows[targets] = owners[order]
            weights[targets] = self._saturated(counts[span], owners)[order]
            cursor += held
        self._write_sequence(places)
        for name in (SPOOL_TERMS, SPOOL_COUNTS, SPOOL_SEQUENCE):
            (self._folder / name).unlink()

    def _write_sequence(self, places: NDArray[np.int64]) -> None:
        numbers = mapped(self._folder / SPOOL_SEQUENCE)
        sequence = created(self._folder / SEQUENCE, len(numbers), np.int32)
        for start in range(0, len(numbers), MANY):
            sequence[start : start + MANY] = places[numbers[start : start + MANY]]

    def _write_vocabulary(self) -> NDArray[np.int64]:
        encoded = sorted((_utf8(term), number) for term, number in self._numbers.items())
        run = np.frombuffer(b"\0" + b"".join(term for term, _ in encoded), dtype=np.uint8)  # never empty
        np.save(self._folder / TERMS, run, allow_pickle=False)
        ends = np.cumsum([1, *(len(term) for term, _ in encoded)], dtype=np.int64)
        np.save(self._folder / TERM_ENDS, ends, allow_pickle=False)
        places = np.empty(len(encoded), dtype=np.int64)
        places[[number for _, number in encoded]] = np.arange(len(encoded))
        return places

    def _blocks(self) -> Iterator[tuple[NDArray[np.int64], slice]]:
        """Yield, for each block of passages, the row of each of its postings and where they stand in the spool."""
        distinct = np.frombuffer(self._distinct, dtype=np.int32)
        at = 0
        for first in range(0, len(distinct), BLOCK):
            some = distinct[first : first + BLOCK]
            owners = np.repeat(np.arange(first, first + len(some)), some)
            yield owners, slice(at, at + len(owners))
            at += len(owners)

    def _saturated(self, counts: NDArray[np.int32], owners: NDArray[np.int64]) -> Scores:
        """Return tf / (tf + k1 * (1 - b + b * length / average length)) of each posting."""
        lengths = np.frombuffer(self._lengths, dtype=np.int32)
        norms = K1 * (1 - B + B * lengths / lengths.mean())  # (n,)
        saturated: Scores = (counts / (counts + norms[owners])).astype(np.float32)
        return saturated


class Postings:
    """What `PostingsWriter` has written, mapped, read only.

    Raises `OSError` or `ValueError` when a file is missing, damaged or does not fit the others.
    """

    def __init__(self, folder: Path) -> None:
        names = (TERMS, TERM_ENDS, STARTS, ROWS, WEIGHTS)
        self._terms, self._ends, self._starts, self._rows, self._weights = (mapped(folder / name) for name in names)
        self._sequence = mapped(folder / SEQUENCE)
        self._sequence_ends = np.cumsum(mapped(folder / LENGTHS), dtype=np.int64)  # (n,)
        self.passages = len(self._sequence_ends)
        fits = len(self._ends) == len(self._starts) and int(self._ends[-1]) == len(self._terms)
        if not fits or not int(self._starts[-1]) == len(self._rows) == len(self._weights):
            raise ValueError(f"{folder}: vocabulary and postings do not fit each other")
        held = int(self._sequence_ends[-1]) if self.passages else 0
        if held != len(self._sequence):
            raise ValueError(
                f"{folder}: the passages have {held} terms in {LENGTHS}, {len(self._sequence)} in {SEQUENCE}"
            )

    def __len__(self) -> int:
        """Return the number of terms."""
        return len(self._starts) - 1

    def of(self, term: str) -> tuple[Rows, Scores]:
        """Return the rows that hold a term, ascending, int32, and its weight there before idf, 0..1."""
        place = self._place(term)
        start, end = (0, 0) if place is None else (int(self._starts[place]), int(self._starts[place + 1]))
        return self._rows[start:end], self._weights[start:end]

    def side_by_side(self, pairs: Sequence[tuple[str, str]], rows: Rows) -> NDArray[np.bool_]:
        """Return (rows, pairs): whether a passage holds the second term of a pair right after the first."""
        places = [(self._place(first), self._place(second)) for first, second in pairs]
        known = [(i, first, second) for i, (first, second) in enumerate(places) if None not in (first, second)]
        held = np.zeros((len(rows), len(pairs)), dtype=np.bool_)
        for at, row in enumerate(rows):
            terms = self._sequence[self._sequence_ends[row - 1] if row else 0 : self._sequence_ends[row]]
            for i, first, second in known:
                held[at, i] = ((terms[:-1] == first) & (terms[1:] == second)).any()
        return held

    def frequency(self, term: str) -> int:
        """Return how many passages hold a term."""
        place = self._place(term)
        return 0 if place is None else int(self._starts[place + 1] - self._starts[place])

    def starting_with(self, prefix: str) -> dict[str, int]:
        """Return the terms that begin with a prefix, in order, and how many passages hold each."""
        wanted = _utf8(prefix)
        first = bisect_left(range(len(self)), wanted, key=self._term)
        found: dict[str, int] = {}
        for place in range(first, len(self)):
            term = self._term(place)
            if not term.startswith(wanted):
                break
            if term:
                found[term.decode("utf-8", "surrogatepass")] = int(self._starts[place + 1] - self._starts[place])
        return found

    def _term(self, place: int) -> bytes:
        return self._terms[self._ends[place] : self._ends[place + 1]].tobytes()

    def _place(self, term: str) -> int | None:
        """Return where a term stands in the sorted vocabulary, None for an unknown one."""
        wanted = _utf8(term)
        place = bisect_left(range(len(self)), wanted, key=self._term)
        return place if term and place < len(self) and self._term(place) == wanted else None
