"""The file that ships, made of the ends of runs."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from training.export_reader import main, mean


def checkpoint(out: Path, value: float) -> Path:
    out.mkdir()
    tensors = {"averaged.span.bias": torch.tensor([value, 1.0]), "model.span.bias": torch.tensor([9.0, 9.0])}
    save_file(tensors, out / "checkpoint.safetensors")
    return out


def test_the_mean_of_the_averaged_weights_is_written_in_half_precision(tmp_path: Path) -> None:
    file = tmp_path / "reader.safetensors"
    main([checkpoint(tmp_path / "one", 1.0), checkpoint(tmp_path / "two", 2.0)], file)
    written = load_file(file)
    assert written.keys() == {"span.bias"}
    assert written["span.bias"].dtype == torch.float16
    assert written["span.bias"].tolist() == [1.5, 1.0]


def test_one_run_is_its_own_mean(tmp_path: Path) -> None:
    main([checkpoint(tmp_path / "one", 1.25)], tmp_path / "file")
    assert load_file(tmp_path / "file")["span.bias"].tolist() == [1.25, 1.0]


def test_runs_of_other_networks_have_no_mean() -> None:
    with pytest.raises(ValueError, match="different parameters"):
        mean([{"a": torch.zeros(1)}, {"b": torch.zeros(1)}])
