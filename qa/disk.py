"""Flushing to disk what must be there whatever happens next."""

from __future__ import annotations

import os
from pathlib import Path


def sync(file: Path) -> None:
    """Flush a file to disk."""
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Flush a folder's list of names to disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
