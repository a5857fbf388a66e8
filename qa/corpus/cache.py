"""What the worker made of files, kept by their bytes: a PDF that has not changed is not parsed again.

A folder of files, one an extraction: a line with the SHA-256 of the next, a line of JSON. It may be deleted at any
time; what is damaged in it is made anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from qa.types import Limits

log = logging.getLogger(__name__)

VERSION = 4  # raise it with any change of what the modules of the worker make of a file
LIBRARIES = (
    "trafilatura",
    "dateparser",
    "python-dateutil",
    "lxml",
    "pypdf",
    "python-docx",
    "openpyxl",
    "python-pptx",
    "striprtf",
    "feedparser",
)
SUFFIX = ".json"


@cache
def _made_by() -> str:
    return f"{VERSION}, " + ", ".join(f"{name} {version(name)}" for name in LIBRARIES)


class Extractions:
    """Extractions in a folder, which is made when there is one to keep. Call `sweep` when all files are read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._used: set[str] = set()

    def key(self, name: str, data: bytes, limits: Limits) -> str:
        """Return the key of a file of this format: a hash of its bytes and of all that shapes what is made of them."""
        made = json.dumps([_made_by(), name, asdict(limits)]).encode()
        return hashlib.sha256(hashlib.sha256(made).digest() + data).hexdigest()

    def get(self, key: str) -> dict[str, Any] | None:
        """Return what was put under a key, or None if there is nothing, or nothing sound."""
        self._used.add(key + SUFFIX)
        try:
            digest, line = (self._folder / f"{key}{SUFFIX}").read_bytes().split(b"\n", 1)
            if hashlib.sha256(line).hexdigest().encode() != digest:
                return None
            found: dict[str, Any] = json.loads(line)
        except (OSError, ValueError):
            return None
        return found

    def put(self, key: str, extraction: dict[str, Any]) -> None:
        """Keep an extraction. A folder that cannot be written costs time, nothing else."""
        line = json.dumps(extraction).encode("ascii")
        file = self._folder / f"{key}{SUFFIX}"
        part = file.with_suffix(".part")
        try:
            self._folder.mkdir(exist_ok=True)
            part.write_bytes(hashlib.sha256(line).hexdigest().encode() + b"\n" + line)
            os.replace(part, file)
        except OSError as exc:
            log.warning("%s cannot be written, so files are parsed again each time: %s", self._folder, exc)

    def sweep(self) -> None:
        """Remove what no file of this run asked for."""
        with contextlib.suppress(OSError):
            for name in os.listdir(self._folder):
                if name not in self._used and name.endswith((SUFFIX, ".part")):
                    (self._folder / name).unlink()
