"""Write the averaged weights of a training run, or the mean of several runs', as the file that ships.

    python -m training.export_reader OUT [OUT …] [--file FILE]

The mean is of the parameters one by one, as in model soups (Wortsman et al. 2022): it serves where the runs come from
the same start, as a run and the one that was resumed from it. Prints the SHA-256 that `qa/reader/network.py` must name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import torch
import typer
from safetensors import safe_open
from torch import Tensor

from qa.reader.model import save_model

FILE = Path(__file__).parents[1] / "qa" / "weights" / "reader.safetensors"
PREFIX = "averaged."


def averaged(out: Path) -> dict[str, Tensor]:
    """Return the averaged weights of a run's checkpoint by name."""
    with safe_open(out / "checkpoint.safetensors", "pt") as checkpoint:
        names = [name for name in checkpoint.keys() if name.startswith(PREFIX)]  # noqa: SIM118 - not a dict
        return {name.removeprefix(PREFIX): checkpoint.get_tensor(name) for name in names}


def mean(runs: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Return the mean of each parameter over the runs.

    Raises:
        ValueError: The runs do not have the same parameters.

    """
    if any(run.keys() != runs[0].keys() for run in runs):
        raise ValueError("the runs have different parameters; only runs of one network have a mean")
    return {name: torch.stack([run[name].float() for run in runs]).mean(0) for name in runs[0]}


def main(
    outs: Annotated[list[Path], typer.Argument(help="Folders of the runs.")],
    file: Annotated[Path, typer.Option(help="File to write.")] = FILE,
) -> None:
    """Write encoder layers and heads in float16."""
    digest = save_model(mean([averaged(out) for out in outs]), file)
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB, sha256 {digest}")


if __name__ == "__main__":
    typer.run(main)
