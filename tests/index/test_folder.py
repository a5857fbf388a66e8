"""The index folder: falling back, rolling back, listing, waiting for another build."""

from __future__ import annotations

import logging
import threading
from importlib import import_module
from pathlib import Path

import pytest

from qa.errors import IndexCorruptError, IndexMismatchError, IndexNotFoundError
from qa.index import (
    Generation,
    Plan,
    build,
    build_lock,
    current_generation,
    last_good_generation,
    listed,
    read_pointer,
    release,
    roll_back,
)
from qa.settings import IndexSettings
from qa.types import Corpus
from tests.fakes import FakeEncoder
from tests.index.test_generations import edit_manifest, version, write

folder_module = import_module("qa.index.folder")


def same(generation: Generation) -> Generation:
    return generation


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Three generations in `tmp_path`, oldest first."""
    names = [f"gen-20260101T00000{n}-0" for n in range(4)]  # one more, for a test that builds
    monkeypatch.setattr(import_module("qa.index.build"), "new_name", iter(names).__next__)
    for n in range(3):
        write(tmp_path, version(n))
    return names[:3]


def spoil(generation: Path) -> None:
    with (generation / "articles.jsonl").open("a") as stream:
        stream.write("x")


def test_whole_index_is_opened_without_a_word(tmp_path: Path, names: list[str]) -> None:
    generation, damage = last_good_generation(tmp_path)
    assert (generation.name, damage) == (names[2], None)


def test_damaged_generation_falls_back_to_the_newest_whole_one(tmp_path: Path, names: list[str]) -> None:
    spoil(tmp_path / names[2])
    generation, damage = last_good_generation(tmp_path)
    assert (generation.name, generation.articles["a.md"]) == (names[1], version(1))
    assert damage is not None
    assert "gen-20260101T000002-0/articles.jsonl is not as it was written" in damage
    assert damage.endswith(f"serving {names[1]} until then")
    spoil(tmp_path / names[1])
    assert last_good_generation(tmp_path)[0].name == names[0]


def test_when_none_is_whole_the_first_damage_is_told(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        spoil(tmp_path / name)
    with pytest.raises(IndexCorruptError, match=rf"{names[2]}/articles\.jsonl"):
        last_good_generation(tmp_path)


def test_another_format_is_no_damage_to_fall_back_from(tmp_path: Path, names: list[str]) -> None:
    edit_manifest(tmp_path / names[2], format=99)
    with pytest.raises(IndexMismatchError):
        last_good_generation(tmp_path)


def test_the_next_build_mends_the_damage_and_takes_the_damaged_one_away(tmp_path: Path, names: list[str]) -> None:
    spoil(tmp_path / names[2])
    previous, _ = last_good_generation(tmp_path)
    encoder = FakeEncoder()
    receipt, _ = build(Corpus((version(1),)), Plan(IndexSettings(folder=tmp_path), encoder, previous))
    assert (receipt.unchanged, receipt.encoded, encoder.encoded) == (1, 0, 0)
    assert [each.name for each in listed(tmp_path)] == ["gen-20260101T000003-0", *reversed(names[:2])]
    assert last_good_generation(tmp_path)[1] is None


def test_listing_is_newest_first_and_tells_of_damage(tmp_path: Path, names: list[str]) -> None:
    (tmp_path / names[0] / "manifest.json").write_text("{")
    found = listed(tmp_path)
    assert [(each.name, each.current, each.held) for each in found] == [
        (names[2], True, False),
        (names[1], False, False),
        (names[0], False, False),
    ]
    assert (found[0].articles, found[0].passages, found[0].damage) == (1, 1, None)
    assert (found[2].created, found[2].articles) == (None, None)
    assert "manifest.json cannot be read" in str(found[2].damage)


def test_listing_without_an_index_is_told(tmp_path: Path) -> None:
    with pytest.raises(IndexNotFoundError):
        listed(tmp_path / "nowhere")


def test_rolling_back_goes_to_the_one_before_and_holds_it(tmp_path: Path, names: list[str]) -> None:
    assert roll_back(tmp_path, None, same).name == names[1]
    assert (read_pointer(tmp_path).name, read_pointer(tmp_path).held) == (names[1], True)
    assert current_generation(tmp_path).articles["a.md"] == version(1)
    assert roll_back(tmp_path, None, same).name == names[0]
    with pytest.raises(IndexNotFoundError, match=rf"no generation before {names[0]}; nothing to roll back to"):
        roll_back(tmp_path, None, same)
    assert [each.name for each in listed(tmp_path) if each.held] == [names[0]]


def test_rolling_back_to_a_named_one_goes_forward_too(tmp_path: Path, names: list[str]) -> None:
    roll_back(tmp_path, names[0], same)
    assert roll_back(tmp_path, names[2], same).name == names[2]
    release(tmp_path)
    assert (read_pointer(tmp_path).name, read_pointer(tmp_path).held) == (names[2], False)


@pytest.mark.parametrize("name", ["gen-nope", "", "../../etc", "x" * 500])
def test_rolling_back_to_what_is_not_there_is_told(tmp_path: Path, names: list[str], name: str) -> None:
    with pytest.raises(IndexNotFoundError, match="holds no generation") as caught:
        roll_back(tmp_path, name, same)
    assert len(str(caught.value)) < 600
    assert not read_pointer(tmp_path).held


def test_rolling_back_to_a_damaged_one_is_refused(tmp_path: Path, names: list[str]) -> None:
    spoil(tmp_path / names[1])
    with pytest.raises(IndexCorruptError):
        roll_back(tmp_path, None, same)
    assert read_pointer(tmp_path).name == names[2]


def test_generation_whose_removal_is_cut_short_is_no_generation(
    tmp_path: Path, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(folder_module.shutil, "rmtree", lambda *_, **__: None)
        folder_module.sweep(tmp_path, keep=1)
    assert [each.name for each in listed(tmp_path)] == [names[2]]
    folder_module.sweep(tmp_path, keep=1)
    assert sorted(f.name for f in tmp_path.iterdir() if f.is_dir()) == [names[2]]


def test_who_waits_for_another_build_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    entered = threading.Event()

    def second() -> None:
        with build_lock(tmp_path):
            entered.set()

    with build_lock(tmp_path):
        thread = threading.Thread(target=second)
        thread.start()
        assert not entered.wait(0.2)
    thread.join(10)
    assert entered.is_set()
    assert "another build holds" in caplog.text
