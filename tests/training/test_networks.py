"""The networks that are trained."""

from __future__ import annotations

from pathlib import Path

import torch

from qa.reader.model import BARRED, PairBatch
from training.dataset import Dataset, TrainingBatch
from training.networks import Teacher, network_of


def test_teachers_read_the_readers_batches(mpnet: Path, dataset: Dataset) -> None:
    model = network_of(mpnet).eval()
    assert isinstance(model, Teacher)
    ids = model.get_buffer("ids")
    assert ids[[0, 100, 101, 102, 1000]].tolist() == [1, 3, 0, 2, 1004]
    labelled = TrainingBatch.of(dataset, torch.arange(4))
    out = model(labelled.batch)
    assert out.start.shape == labelled.batch.ids.shape and out.relevant.shape == labelled.start.shape
    assert ((out.start <= BARRED) == ~labelled.batch.allowed).all()
    alone = TrainingBatch.of(dataset, torch.tensor([0])).batch  # padded less
    n, t = alone.ids.shape
    assert torch.allclose(model(alone).start, out.start[:n, :t], atol=1e-5)


def test_layers_drop_out_in_training_alone(bert: Path, dataset: Dataset) -> None:
    model = network_of(bert)
    batch: PairBatch = TrainingBatch.of(dataset, torch.arange(4)).batch
    torch.manual_seed(0)
    assert not torch.equal(model.train()(batch).start, model(batch).start)
    assert torch.equal(model.eval()(batch).start, model(batch).start)
