"""Dataset: what is drawn, kept in a file, and gathered again into batches."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from qa.reader.model import Pair, PairBatch, make_pairs
from tests.training.test_data import mixture
from training.data import Example
from training.dataset import IN_UNIT, Dataset, TrainingBatch, draw, load_cases, pool, save_cases
from training.validate import ReadingCase

PASSAGE = "The bank of Kazan sold a bond in Shanghai in 2016."
UNITS = [
    [Example("Who sold it?", "Bank", PASSAGE, ((4, 17, 1.0),), True, True)],
    [
        Example("When?", "", PASSAGE, ((45, 49, 1.0),), True, True),
        Example("When?", "Amur", "The Amur rose and fell again.", (), False, False),
    ],
    [Example("Why was the bond never sold", "", PASSAGE, (), False, None)],
]


def pairs_of(tokenizer: Tokenizer) -> list[list[Pair]]:
    return [make_pairs(tokenizer, [(e.question, e.title, e.passage) for e in unit], 288) for unit in UNITS]


def lessons_of(tokenizer: Tokenizer, which: slice = slice(None)) -> Dataset:
    units = [list(zip(u, p, strict=True)) for u, p in zip(UNITS, pairs_of(tokenizer), strict=True)]
    return Dataset.of(units[which], np.random.default_rng(0))


def same(a: Dataset, b: Dataset) -> bool:
    return all(torch.equal(getattr(a, f.name).nan_to_num(7), getattr(b, f.name).nan_to_num(7)) for f in fields(Dataset))


def test_a_gathered_batch_is_that_of_the_pairs(tokenizer: Tokenizer) -> None:
    labelled = TrainingBatch.of(lessons_of(tokenizer), torch.tensor([1, 0]))
    pairs = pairs_of(tokenizer)
    expected = PairBatch.of([*pairs[1], *pairs[0]])
    for field in fields(PairBatch):
        assert torch.equal(getattr(labelled.batch, field.name), getattr(expected, field.name)), field.name


def test_targets_are_the_tokens_of_the_answer(tokenizer: Tokenizer) -> None:
    labelled = TrainingBatch.of(lessons_of(tokenizer), torch.tensor([0, 1, 2]))
    said = [
        tokenizer.decode(ids[start : end + 1].tolist()) if start else ""
        for ids, start, end in zip(labelled.batch.ids, labelled.start, labelled.end, strict=True)
    ]
    assert said == ["bank of kazan", "2016", "", ""]
    assert labelled.relevant.nan_to_num(-1).tolist() == [1, 1, 0, -1]


def test_groups_are_the_rows_of_units_of_several(tokenizer: Tokenizer) -> None:
    assert TrainingBatch.of(lessons_of(tokenizer), torch.tensor([2, 0, 1])).groups.tolist() == [[2, 3, -1]]
    assert TrainingBatch.of(lessons_of(tokenizer), torch.tensor([0, 2])).groups.shape == (0, IN_UNIT)


def test_a_span_is_drawn_by_weight(tokenizer: Tokenizer) -> None:
    example = Example("Where?", "", PASSAGE, ((12, 17, 0.75), (33, 41, 0.25)), True, True)
    (pair,) = make_pairs(tokenizer, [(example.question, "", PASSAGE)], 288)
    rng = np.random.default_rng(0)
    drawn = [Dataset.of([[(example, pair)]], rng).span[0].tolist() for _ in range(200)]
    kazan = list(pair.tokens(12, 17) or ())
    assert {tuple(d) for d in drawn} == {tuple(kazan), pair.tokens(33, 41)}
    assert 130 < drawn.count(kazan) < 170


def test_an_answer_that_was_cut_off_is_none(tokenizer: Tokenizer) -> None:
    example = UNITS[1][0]
    (pair,) = make_pairs(tokenizer, [(example.question, "", PASSAGE)], 12)
    assert Dataset.of([[(example, pair)]], np.random.default_rng(0)).span.tolist() == [[0, 0]]


def test_files_hold_what_was_drawn_and_parts_join(tokenizer: Tokenizer, tmp_path: Path) -> None:
    whole = lessons_of(tokenizer)
    assert same(Dataset.joined([lessons_of(tokenizer, slice(0, 1)), lessons_of(tokenizer, slice(1, 3))]), whole)
    whole.save(tmp_path)
    assert same(Dataset.load(tmp_path), whole)


def test_a_seed_gives_the_same_lessons(tokenizer: Tokenizer) -> None:
    drawn = [draw(mixture(3), tokenizer, 100) for _ in range(2)]
    assert same(*drawn)
    assert len(drawn[0].second) >= 100
    assert not same(drawn[0], draw(mixture(4), tokenizer, 100))


def test_pools_are_of_bounded_batches_around_their_place(tokenizer: Tokenizer) -> None:
    dataset = draw(mixture(3), tokenizer, 600)
    count = len(dataset.unit) - 1
    for progress, low, high in ((0.0, 0.0, 0.2), (0.5, 0.4, 0.6), (1.0, 0.8, 1.0)):
        batches = list(pool(dataset, progress, 400, np.random.default_rng(1)))
        units = torch.cat(batches)
        assert low * count - 1 <= int(units.min()) and int(units.max()) <= high * count + 1
        assert all(TrainingBatch.of(dataset, b).batch.ids.numel() <= 400 for b in batches if len(b) > 1)
        again = list(pool(dataset, progress, 400, np.random.default_rng(1)))
        assert [b.tolist() for b in again] == [b.tolist() for b in batches]


def test_cases_come_back_as_they_were(tmp_path: Path) -> None:
    sets = {"nq": [ReadingCase("Who?", "Bank", PASSAGE, ("Kazan", "казань")), ReadingCase("Why?", "", PASSAGE, ())]}
    save_cases(sets, tmp_path)
    assert load_cases(tmp_path) == sets
