"""Training steps on networks of a few numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from qa.reader.model import BARRED, Outputs
from training import export_reader
from training.dataset import Dataset, TrainingBatch
from training.networks import Teacher, network_of
from training.train_reader import PARTS, Run, Schedule, averaged_weights, losses, pools, taught, trained_network
from training.validate import ReadingCase, validate

pytestmark = pytest.mark.usefixtures("one_thread")
EMBEDDED = "bert.embeddings.word_embeddings.weight"


def outputs(labelled: TrainingBatch, height: float) -> Outputs:
    """Return logits that are right, `height` above the others."""
    start, end = (
        torch.full(labelled.batch.ids.shape, 0.0).masked_fill(~labelled.batch.allowed, BARRED) for _ in range(2)
    )
    rows = torch.arange(len(labelled.start))
    start[rows, labelled.start] = height
    end[rows, labelled.end] = height
    return Outputs(
        start, end, (labelled.answerable * 2 - 1) * height, (labelled.relevant.nan_to_num(0.5) * 2 - 1) * height
    )


def test_the_loss_is_least_where_all_is_right(dataset: Dataset) -> None:
    labelled = TrainingBatch.of(dataset, torch.arange(40))
    right, wrong = losses(outputs(labelled, 4.0), labelled), losses(outputs(labelled, -4.0), labelled)
    assert len(labelled.groups) > 0
    for name in PARTS:
        assert right[name] < 0.6 < wrong[name], name


def test_what_is_not_known_to_be_relevant_costs_nothing(dataset: Dataset) -> None:
    labelled = TrainingBatch.of(dataset, torch.arange(40))
    unknown = labelled.relevant.isnan()
    assert unknown.any() and not unknown.all()
    out = outputs(labelled, 1.0)
    other = Outputs(out.start, out.end, out.answerable, torch.where(unknown, 9.0, out.relevant))
    assert losses(other, labelled)["relevant"] == losses(out, labelled)["relevant"]


def test_agreeing_with_the_teachers_costs_no_divergence(dataset: Dataset) -> None:
    labelled = TrainingBatch.of(dataset, torch.arange(40))
    said = outputs(labelled, 2.0)
    assert abs(float(taught(said, said)["span"])) < 1e-5
    assert taught(outputs(labelled, 0.5), said)["span"] > 0.05
    assert taught(outputs(labelled, -2.0), said)["answerable"] > taught(said, said)["answerable"]


def trained(out: Path, base: Path, dataset: Dataset, steps: int, teachers: tuple[Teacher, ...] = ()) -> Run:
    out.mkdir()
    torch.manual_seed(5)
    run = Run(out, base, "cpu", 1e-2, teachers)
    parts = list(pools(run, dataset, Schedule(0, steps), 600, 5))
    assert set(parts[0]) == {*PARTS, "taught"}
    run.save()
    return run


def test_a_reader_learns_of_answers_and_teachers_and_is_exported(
    bert: Path, mpnet: Path, dataset: Dataset, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    trained(tmp_path / "teacher", mpnet, dataset, 3)
    teacher = trained_network(tmp_path / "teacher", "cpu")
    assert isinstance(teacher, Teacher)
    run = trained(tmp_path / "out", bert, dataset, 40, (teacher,))
    assert (run.step, run.progress) == (40, 1.0)
    before, after = network_of(bert), run.averaged_model()
    assert torch.equal(before.state_dict()[EMBEDDED], after.state_dict()[EMBEDDED])
    labelled = TrainingBatch.of(dataset, torch.arange(60))
    assert (
        losses(after.eval()(labelled.batch), labelled)["span"] < losses(before.eval()(labelled.batch), labelled)["span"]
    )
    case = ReadingCase("Who measured the Amur?", "", "Anton Orlov measured the Amur.", ("Anton Orlov",))
    assert 0 <= validate(after, tokenizer, {"one": [case]})["one f1"] <= 1
    export_reader.main(tmp_path / "out", tmp_path / "file")
    written = load_file(tmp_path / "file")
    assert written.keys() == averaged_weights(tmp_path / "out").keys()
    assert not any("embeddings" in name for name in written)
    assert {p.dtype for p in written.values()} == {torch.float16}


def test_a_seed_gives_the_same_weights_and_a_run_goes_on_from_its_file(
    bert: Path, dataset: Dataset, tmp_path: Path
) -> None:
    one, two = (trained(tmp_path / name, bert, dataset, 30) for name in ("one", "two"))
    for name, weights in one.trained.items():
        assert torch.equal(weights, two.trained[name])
    again = Run(tmp_path / "one", bert, "cpu", 1e-2)
    again.restore()
    assert (again.step, again.tokens, again.progress) == (30, one.tokens, 1.0)
    labelled = TrainingBatch.of(dataset, torch.arange(30))
    for run in (one, again):
        torch.manual_seed(9)
        run.progress = 0.5
        run.learn(labelled)
    for name, weights in one.trained.items():
        assert torch.equal(weights, again.trained[name])
