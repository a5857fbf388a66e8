"""Settings: file, then environment, then flags; every fault a SettingsError that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa.errors import SettingsError
from qa.settings import BUNDLED_MODEL, RetrievalSettings, load_settings
from qa.types import Limits


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work where no briefing.toml is."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A settings file away from the working folder."""
    file = tmp_path / "etc" / "my.toml"
    file.parent.mkdir()
    file.write_text(
        '[corpus]\nfolder = "articles"\n[index]\nfolder = "/var/index"\npassage_chars = 500\noverlap_chars = 50\n'
        "[retrieval]\nk = 7\n"
    )
    return file


def test_defaults_without_file_or_environment() -> None:
    settings = load_settings()
    assert (settings.corpus.folder, settings.index.folder) == (Path("corpus"), Path("index"))
    assert (settings.index.model, settings.retrieval.k) == (BUNDLED_MODEL, 5)
    assert settings.serve.host == "127.0.0.1"


def test_relative_folders_of_a_file_resolve_against_the_file(file: Path) -> None:
    settings = load_settings(file)
    assert settings.corpus.folder == file.parent / "articles"
    assert settings.index.folder == Path("/var/index")


def test_later_source_wins_field_by_field(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIEFING_INDEX__PASSAGE_CHARS", "600")
    monkeypatch.setenv("BRIEFING_RETRIEVAL__K", "8")
    settings = load_settings(file, {"retrieval": {"k": 9, "dense_weight": None}})
    assert settings.index.overlap_chars == 50  # file
    assert settings.index.passage_chars == 600  # environment over file
    assert settings.retrieval.k == 9  # flag over environment
    default = RetrievalSettings().dense_weight
    assert settings.retrieval.dense_weight == default  # a flag that is not given changes nothing


def test_file_of_the_working_folder_is_found(working_folder: Path) -> None:
    (working_folder / "briefing.toml").write_text("[retrieval]\nk = 3\n")
    assert load_settings().retrieval.k == 3


def test_file_of_the_environment_comes_before_the_working_folder(
    working_folder: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (working_folder / "briefing.toml").write_text("[retrieval]\nk = 3\n")
    monkeypatch.setenv("BRIEFING_CONFIG", str(file))
    assert load_settings().retrieval.k == 7


def test_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIEFING_RETRIEVAL__K", "")
    assert load_settings().retrieval.k == 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[index]\nmodle = 'x'\n", r"my\.toml.*\[index\.modle\]"),
        ("[indx]\n", r"my\.toml.*\[indx\]"),
        ("index = 3\n", r"my\.toml.*\[index\]"),
        ("[retrieval]\nk = 0\n", r"\[retrieval\.k\].*greater than or equal to 1"),
        ("[retrieval]\nk = 'many'\n", r"\[retrieval\.k\]"),
        ("[retrieval]\ndense_weight = -1\n", r"\[retrieval\.dense_weight\]"),
        ("[corpus]\nfolder = 3\n", r"\[corpus\.folder\]"),
        ("[index\n", r"cannot read the settings in .*my\.toml"),
    ],
)
def test_fault_in_a_file_is_named(file: Path, text: str, message: str) -> None:
    file.write_text(text)
    with pytest.raises(SettingsError, match=message):
        load_settings(file)


def test_file_that_is_not_utf8_is_named(file: Path) -> None:
    file.write_bytes(b'[serve]\ntitle = "\xe9"\n')
    with pytest.raises(SettingsError, match=r"cannot read the settings in .*my\.toml"):
        load_settings(file)


def test_absent_file_is_an_error_when_it_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="absent.toml"):
        load_settings(tmp_path / "absent.toml")
    monkeypatch.setenv("BRIEFING_CONFIG", str(tmp_path / "gone.toml"))
    with pytest.raises(SettingsError, match="gone.toml"):
        load_settings()


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("BRIEFING_RETRIEVAL__K", "many", r"BRIEFING_.*\[retrieval\.k\]"),
        ("BRIEFING_INDEX__MODLE", "x", r"BRIEFING_.*\[index\.modle\]"),
        ("BRIEFING_INDEX", "not json", "index"),
    ],
)
def test_fault_in_a_variable_is_named(variable: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=message):
        load_settings()


def test_fault_in_a_flag_is_named() -> None:
    with pytest.raises(SettingsError, match=r"\[k\].*less than or equal to 1000"):
        load_settings(flags={"retrieval": {"k": 1001}})


def test_limits_of_the_corpus_are_those_of_the_reading_unless_set(file: Path) -> None:
    assert load_settings().corpus.limits == Limits()
    file.write_text("[corpus]\nmax_pages = 7\nmax_depth = 50\n")
    assert load_settings(file).corpus.limits == Limits(max_pages=7, max_depth=50)


def test_settings_are_frozen() -> None:
    settings = load_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.retrieval.k = 3  # type: ignore[misc]


def test_home_and_models_beside_the_file_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "models" / "own").mkdir(parents=True)
    file = tmp_path / "briefing.toml"
    file.write_text('[corpus]\nfolder = "~/articles"\n[index]\nmodel = "models/own"\n')
    settings = load_settings(file)
    assert settings.corpus.folder == tmp_path / "home" / "articles"
    assert settings.index.model == str(tmp_path / "models" / "own")
