"""A disk that is full, a folder that is closed: the build is refused with the cause and the index stays."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.errors import StoredIndexError
from qa.index import Plan, build, current_generation
from qa.settings import IndexSettings
from qa.types import Article, Corpus
from tests.fakes import FakeEncoder
from tests.index.test_generations import version, write


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of half a megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a file system can be mounted by root only")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_full_disk_is_told_and_leaves_the_index_as_it_was(small_disk: Path) -> None:
    index = small_disk / "index"
    before = write(index, version(1))
    large = tuple(Article(f"{n}.md", f"Gas flows {n}. " * 600, "Gas") for n in range(60))
    plan = Plan(IndexSettings(folder=index), FakeEncoder(), before, confirm_deletions=True)
    with pytest.raises(StoredIndexError, match=r"index cannot be written: .*No space left on device.*; make room"):
        build(Corpus(large), plan)
    assert current_generation(index).name == before.name
    assert [folder.name for folder in index.iterdir() if folder.is_dir()] == [before.name]
    assert write(index, version(2)).articles["a.md"] == version(2)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_closed_folder_is_told_and_leaves_the_index_as_it_was(tmp_path: Path) -> None:
    before = write(tmp_path / "index", version(1))
    (tmp_path / "index").chmod(0o500)
    try:
        with pytest.raises(StoredIndexError, match="Permission denied"):
            write(tmp_path / "index", version(2))
        assert current_generation(tmp_path / "index").name == before.name
    finally:
        (tmp_path / "index").chmod(0o700)
