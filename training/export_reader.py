"""Write the averaged weights of a training run as the file that ships.

    python -m training.export_reader OUT [FILE]

Prints the SHA-256 that `qa/reader/network.py` must name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from safetensors import safe_open

from qa.reader.model import save_model

FILE = Path(__file__).parents[1] / "qa" / "weights" / "reader.safetensors"
PREFIX = "averaged."


def main(
    out: Annotated[Path, typer.Argument(help="Folder of the run.")],
    file: Annotated[Path, typer.Argument(help="File to write.")] = FILE,
) -> None:
    """Write encoder layers and heads in float16."""
    with safe_open(out / "checkpoint.safetensors", "pt") as checkpoint:
        names = [name for name in checkpoint.keys() if name.startswith(PREFIX)]  # noqa: SIM118 - not a dict
        digest = save_model({name.removeprefix(PREFIX): checkpoint.get_tensor(name) for name in names}, file)
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB, sha256 {digest}")


if __name__ == "__main__":
    typer.run(main)
