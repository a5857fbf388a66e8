"""Generations on disk: written whole, checked, swapped, kept; damage is told and never served."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from importlib import import_module
from pathlib import Path

import pytest

from qa.errors import IndexBusyError, IndexCorruptError, IndexMismatchError, IndexNotFoundError, StoredIndexError
from qa.index import Generation, Plan, build, build_lock, current_generation
from qa.settings import IndexSettings
from qa.types import Article, Corpus
from tests.fakes import FakeEncoder

generations = import_module("qa.index.generations")
folder_module = import_module("qa.index.folder")
manifest_module = import_module("qa.index.manifest")
draft_module = import_module("qa.index.draft")
build_module = import_module("qa.index.build")

ARTICLES = (
    Article(
        "a.md",
        "Gas flows.\r\n\r\n👩‍👧 e\u0301 \u2028 end.",
        "Gas",
        "Weekly",
        "https://x.org",
        date(2019, 12, 3),
        ("gas",),
    ),
    Article("б/b.txt", "The bank lends.", "Bank \ud800"),
)


def write(index: Path, *articles: Article, keep: int = 3) -> Generation:
    """Build a generation of these articles over what is there."""
    try:
        previous = current_generation(index)
    except IndexNotFoundError:
        previous = None
    plan = Plan(IndexSettings(folder=index, keep_generations=keep), FakeEncoder(), previous, confirm_deletions=True)
    build(Corpus(articles or ARTICLES), plan)
    return current_generation(index)


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """An index folder with one generation."""
    write(tmp_path / "index")
    return tmp_path / "index"


def test_rows_of_an_article_are_those_of_its_passages(tmp_path: Path) -> None:
    long = Article("c.md", "The bridge is open. " * 200, "Bridge")
    generation = write(tmp_path, *ARTICLES, long)
    assert len(generation.rows_of("c.md")) > 1
    for article_id in generation.articles:
        own = [row for row, passage in enumerate(generation.passages) if passage.article_id == article_id]
        assert list(generation.rows_of(article_id)) == own
    assert not generation.rows_of("none.md")


def edit_manifest(generation: Path, **changes: object) -> None:
    """Change values of a manifest."""
    file = generation / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def test_what_was_written_is_what_is_read(index: Path) -> None:
    generation = current_generation(index)
    assert tuple(generation.articles.values()) == ARTICLES
    assert [p.id for p in generation.passages] == [f"{a.id}:0-{len(a.text)}" for a in ARTICLES]
    assert all(generation.articles[p.article_id].text[p.start : p.end] == p.text for p in generation.passages)
    manifest = generation.manifest
    assert (manifest.format, manifest.model, manifest.fingerprint) == (manifest_module.FORMAT, "fake", "fake-fingerprint-1")
    assert (manifest.dimension, manifest.articles, manifest.passages) == (64, 2, 2)
    assert (manifest.passage_chars, manifest.overlap_chars) == (900, 120)
    assert generation.folder == index / generation.name


def test_manifest_holds_a_hash_of_every_file(index: Path) -> None:
    generation = current_generation(index)
    files = {f.relative_to(generation.folder).as_posix() for f in generation.folder.rglob("*") if f.is_file()}
    assert set(generation.manifest.files) == files - {"manifest.json"}
    assert {"articles.jsonl", "passages.jsonl", "vectors.faiss"} < files


def test_generation_cannot_be_changed(index: Path) -> None:
    with pytest.raises(TypeError):
        current_generation(index).articles["a.md"] = ARTICLES[1]  # type: ignore[index]


def test_nothing_built_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(IndexNotFoundError, match=r"no index at /.*nowhere; build it with `briefing index`.*--index"):
        current_generation(tmp_path / "nowhere")


def test_every_altered_byte_is_told_by_the_name_of_its_file(index: Path) -> None:
    folder = current_generation(index).folder
    for name in current_generation(index).manifest.files:
        whole = (folder / name).read_bytes()
        for data in (whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1]), b""):
            (folder / name).write_bytes(data)
            with pytest.raises(IndexCorruptError, match=rf"{name} is not as it was written; run `briefing index`"):
                current_generation(index)
        (folder / name).unlink()
        with pytest.raises(IndexCorruptError, match=rf"{name} cannot be read: No such file.*; run `briefing index`"):
            current_generation(index)
        (folder / name).write_bytes(whole)
    assert current_generation(index).folder == folder


@pytest.mark.parametrize("version", [0, 99, "1", None])
def test_other_format_version_is_a_mismatch_with_both_versions(index: Path, version: object) -> None:
    folder = current_generation(index).folder
    edit_manifest(folder, format=version)
    with pytest.raises(IndexMismatchError, match=rf"has format version {version!r}, this program reads \d+; run"):
        current_generation(index)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00", '"text"'])
def test_damaged_manifest_is_told(index: Path, text: str) -> None:
    (current_generation(index).folder / "manifest.json").write_text(text)
    with pytest.raises(IndexCorruptError, match=r"manifest\.json.*run `briefing index` to rebuild it"):
        current_generation(index)


@pytest.mark.parametrize(
    "change", [{"files": None}, {"files": []}, {"extra": 1}, {"passages": 3}, {"articles": "2"}, {"dimension": 63}]
)
def test_manifest_that_does_not_fit_is_told(index: Path, change: dict[str, object]) -> None:
    edit_manifest(current_generation(index).folder, **change)
    with pytest.raises(IndexCorruptError):
        current_generation(index)


@pytest.mark.parametrize("name", ["articles.jsonl", "passages.jsonl"])
@pytest.mark.parametrize("text", ["{", "{}\n", "[]\n", '{"article_id": "nowhere"}\n'])
def test_damaged_lines_are_told_even_if_the_manifest_lost_its_hashes(index: Path, name: str, text: str) -> None:
    folder = current_generation(index).folder
    edit_manifest(folder, files={})
    (folder / name).write_text(text)
    with pytest.raises(IndexCorruptError):
        current_generation(index)


def absent(pointer: Path) -> None:
    pointer.write_text("gen-20200101T000000-000000\n")


def folder_in_place(pointer: Path) -> None:
    pointer.unlink()
    pointer.mkdir()


POINTERS: dict[str, Callable[[Path], object]] = {
    "empty": lambda pointer: pointer.write_text(""),
    "garbage": lambda pointer: pointer.write_bytes(b"\xff\xfe\x00"),
    "word": lambda pointer: pointer.write_text("latest"),
    "path": lambda pointer: pointer.write_text("gen-1/../../secret"),
    "nul": lambda pointer: pointer.write_text("gen-\0"),
    "long": lambda pointer: pointer.write_text("gen-" + "x" * 5000),
    "absent": absent,
    "folder": folder_in_place,
}


@pytest.mark.parametrize("damage", POINTERS)
def test_damaged_pointer_is_told(index: Path, damage: str) -> None:
    POINTERS[damage](index / "CURRENT")
    with pytest.raises(IndexCorruptError, match=r"run `briefing index` to rebuild it"):
        current_generation(index)


def test_lock_that_another_build_holds_is_told(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "LOCK_SECONDS", 0.05)
    message = r"another build has held .*\.lock.*wait for it"
    with build_lock(index), pytest.raises(IndexBusyError, match=message), build_lock(index):
        pytest.fail("two builds at once")
    with build_lock(index):
        assert (index / ".lock").exists()


def test_lock_is_freed_when_a_build_fails(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "LOCK_SECONDS", 0.05)
    with pytest.raises(RuntimeError), build_lock(index):
        raise RuntimeError
    with build_lock(index):
        assert (index / ".lock").exists()


def named(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Give the next generations these names."""
    monkeypatch.setattr(import_module("qa.index.build"), "new_name", iter(names).__next__)


def version(n: int) -> Article:
    """Return an article that differs for each n."""
    return replace(ARTICLES[0], text=f"Gas flows for the {n}th time.")


def test_only_the_newest_generations_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named(monkeypatch, *(f"gen-20260101T00000{n}-0" for n in range(4)))
    for n in range(4):
        write(tmp_path, version(n), keep=2)
    assert sorted(f.name for f in tmp_path.glob("gen-*")) == ["gen-20260101T000002-0", "gen-20260101T000003-0"]
    assert current_generation(tmp_path).articles["a.md"] == version(3)


@pytest.mark.parametrize("keep", [1, 2])
def test_current_generation_is_kept_even_if_its_name_sorts_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep: int
) -> None:
    """Two builds in one second have names in random order; a clock may be set back."""
    named(monkeypatch, "gen-20260101T000000-ff", "gen-20260101T000000-aa", "gen-20260101T000000-00")
    for n in range(3):
        write(tmp_path, version(n), keep=keep)
    current = current_generation(tmp_path)
    assert (current.name, current.articles["a.md"]) == ("gen-20260101T000000-00", version(2))
    assert len(list(tmp_path.glob("gen-*"))) == keep


def test_half_built_folders_are_swept_away_by_the_next_build(index: Path) -> None:
    (index / ".building-gen-1").mkdir()
    (index / ".building-gen-1" / "articles.jsonl").write_text("{")
    write(index, version(1))
    assert list(index.glob(".building-*")) == []


STAGES = {
    "writing articles": (draft_module.Draft, "add_article"),
    "writing passages": (draft_module.Draft, "add"),
    "sealing": (draft_module, "sync"),
    "opening": (draft_module, "open_generation"),
    "probing": (build_module, "_probe"),
    "naming": (draft_module, "sync_folder"),
    "pointing": (folder_module, "sync"),
}


@pytest.mark.parametrize("stage", STAGES)
def test_build_that_fails_at_any_stage_leaves_the_old_generation(
    index: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    before = current_generation(index)

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(*STAGES[stage], fail)
        with pytest.raises(StoredIndexError, match="No space left"):
            build(Corpus((version(1),)), Plan(IndexSettings(folder=index), FakeEncoder(), before))
    assert current_generation(index).name == before.name
    assert [folder.name for folder in index.iterdir() if folder.is_dir()] == [before.name]
    assert write(index, version(2)).articles["a.md"] == version(2)


def test_everything_is_on_disk_before_the_pointer_moves(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []

    def fsync(descriptor: int) -> None:
        events.append(Path(f"/proc/self/fd/{descriptor}").resolve().relative_to(index.resolve()).as_posix())

    original = Path.replace

    def move(file: Path, target: Path) -> Path:
        events.append(f"{file.name} -> {target.name}")
        return original(file, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", move)
    generation = write(index, version(1))
    moved = events.index("CURRENT.new -> CURRENT")
    building = f".building-{generation.name}"
    flushed = {f"{building}/{name}" for name in [*generation.manifest.files, "manifest.json", "bm25"]}
    assert flushed | {building, ".", "CURRENT.new"} <= set(events[:moved])
    assert events[-1] == "."  # the move itself is flushed too


def test_new_names_sort_by_time_and_differ() -> None:
    names = [folder_module.new_name() for _ in range(50)]
    assert len(set(names)) == 50
    assert [name[:12] for name in names] == sorted(name[:12] for name in names)
    assert all(name.startswith("gen-") for name in names)


def test_lock_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / ".lock").mkdir()
    with pytest.raises(StoredIndexError, match=r"\.lock"), build_lock(tmp_path):
        pass


def test_generation_swept_away_while_it_is_opened_is_told(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = current_generation(index).folder
    read_lines = generations._read_lines

    def swept(file: Path) -> object:
        (folder / "articles.jsonl").unlink(missing_ok=True)
        return read_lines(file)

    monkeypatch.setattr(generations, "_read_lines", swept)
    with pytest.raises(IndexCorruptError, match=folder.name):
        current_generation(index)
