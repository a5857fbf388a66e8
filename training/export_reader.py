"""Write the averaged weights of a training run as the file that ships.

    python -m training.export_reader OUT [--file FILE]

Prints the SHA-256 that `qa/reader/network.py` must name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.networks import save_model
from training.train_reader import averaged_weights

FILE = Path(__file__).parents[1] / "qa" / "weights" / "reader.safetensors"


def main(
    out: Annotated[Path, typer.Argument(help="Folder of the run.")],
    file: Annotated[Path, typer.Option(help="File to write.")] = FILE,
) -> None:
    """Write encoder layers and heads in float16."""
    digest = save_model(averaged_weights(out), file)
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB, sha256 {digest}")


if __name__ == "__main__":
    typer.run(main)
