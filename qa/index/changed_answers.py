"""What the last build changed in the answers to pinned questions, kept beside the generations for `doctor`."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from qa.types import ChangedAnswer

FILE_NAME = "changed-answers.json"
MAX_BYTES = 1_000_000  # of the file; a longer one was not written here


def write_changed(index: Path, generation: str, changed: Sequence[ChangedAnswer]) -> None:
    """Keep what a build changed; the next build replaces it."""
    written = index / f".{FILE_NAME}"
    record = {"generation": generation, "changed": [asdict(each) for each in changed]}
    written.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
    os.replace(written, index / FILE_NAME)


def read_changed(index: Path, generation: str) -> tuple[ChangedAnswer, ...]:
    """Return what the build of a generation changed; empty where that is not known."""
    try:
        file = index / FILE_NAME
        if file.stat().st_size > MAX_BYTES:
            return ()
        record = json.loads(file.read_text(encoding="utf-8"))
        if record["generation"] != generation:
            return ()
        return tuple(ChangedAnswer(**each) for each in record["changed"])
    except (OSError, ValueError, KeyError, TypeError):
        return ()
