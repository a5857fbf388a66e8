from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from qa.briefing import Briefing
from qa.corpus import read_corpus
from qa.doctor.stored import check_index
from qa.errors import ModelError
from qa.settings import IndexSettings, Settings
from tests.fakes import FakeEncoder
from tests.texts import write_article

FINGERPRINT = FakeEncoder().fingerprint


def found(settings: Settings, fingerprint: str = FINGERPRINT) -> list[tuple[str, str, str]]:
    corpus = read_corpus(settings.corpus.folder)
    findings = check_index(settings.index, corpus, lambda: fingerprint)
    return [(finding.code, finding.severity.value, finding.problem) for finding in findings]


def codes(settings: Settings) -> list[str]:
    return [code for code, _, _ in found(settings)]


def with_index(settings: Settings, **values: object) -> Settings:
    return settings.model_copy(update={"index": settings.index.model_copy(update=values)})


def test_no_index_is_a_hint(settings: Settings, index_folder: Path) -> None:
    assert found(settings) == [("no-index", "hint", "nothing is built yet")]
    assert not index_folder.exists()


def test_index_in_step_has_nothing_wrong(briefing: Briefing) -> None:
    assert found(briefing.settings) == []


def test_what_a_build_would_do_is_counted(briefing: Briefing, corpus_folder: Path) -> None:
    (corpus_folder / "2016-06-29-railway-loan.md").rename(corpus_folder / "moved.md")
    (corpus_folder / "2019-12-03-gas-flows.md").unlink()
    for n in range(3):
        write_article(corpus_folder, f"new{n}.md", f"Number {n}.")
    with (corpus_folder / "banks" / "about.txt").open("a") as stream:
        stream.write("One more sentence.")
    (corpus_folder / "2020-03-09-railway-postponed.md").touch()
    problem = "is older than the folder of articles; since then: 3 added, 1 modified, 1 renamed, 1 deleted"
    assert found(briefing.settings) == [("index-behind", "attention", problem)]


def test_other_model_splitter_and_analysis(briefing: Briefing, monkeypatch: pytest.MonkeyPatch) -> None:
    ((code, severity, problem),) = found(briefing.settings, "another")
    assert (code, severity) == ("index-model", "attention")
    assert "'fake' (fake-fingerp)" in problem
    other = with_index(briefing.settings, passage_chars=500, overlap_chars=0)
    assert [(c, p) for c, _, p in found(other)] == [
        ("index-settings", "was built with passage_chars 300, the settings say 500"),
        ("index-settings", "was built with overlap_chars 60, the settings say 0"),
    ]
    monkeypatch.setattr("qa.doctor.stored.ANALYSIS_VERSION", "new")
    assert codes(briefing.settings) == ["index-analysis"]


def test_model_that_is_not_there(briefing: Briefing) -> None:
    def absent() -> str:
        raise ModelError("model 'x' is not there")

    corpus = read_corpus(briefing.settings.corpus.folder)
    (finding,) = check_index(briefing.settings.index, corpus, absent)
    assert (finding.code, finding.severity.value, finding.problem) == ("model", "attention", "model 'x' is not there")
    nothing = check_index(IndexSettings(folder=Path("nowhere")), corpus, absent)
    assert [finding.code for finding in nothing] == ["model", "no-index"]


def test_every_damaged_file_of_the_current_generation_is_told_by_name(briefing: Briefing) -> None:
    folder = briefing.generation.folder
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert len(files) > 5
    for file in files:
        before = file.read_bytes()
        file.write_bytes(before[:-1] + bytes([before[-1] ^ 1]) if file.name != "manifest.json" else b"{")
        ((code, severity, problem),) = found(briefing.settings)
        assert (code, severity) == ("index-damaged", "attention")
        assert str(file) in problem
        file.write_bytes(before)
    assert found(briefing.settings) == []


def test_pointer_to_nothing_and_other_format(briefing: Briefing, index_folder: Path) -> None:
    manifest = briefing.generation.folder / "manifest.json"
    values = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(values | {"format": 999}))
    ((code, severity, problem),) = found(briefing.settings)
    assert (code, severity) == ("index-format", "attention")
    assert "999" in problem
    (index_folder / "CURRENT").write_text("../..")
    assert codes(briefing.settings)[0] == "index-damaged"


def test_rollback_that_holds_is_a_hint(briefing: Briefing, corpus_folder: Path) -> None:
    write_article(corpus_folder, "new.md", "One more article.")
    briefing.refresh()
    briefing.rollback()
    told = found(briefing.settings)
    assert [(code, severity) for code, severity, _ in told] == [("index-behind", "attention"), ("index-held", "hint")]
    assert told[0][2] == "is older than the folder of articles; since then: 1 added"


def test_leftovers_are_hints(briefing: Briefing, corpus_folder: Path, index_folder: Path) -> None:
    old = briefing.generation.folder
    write_article(corpus_folder, "new.md", "One more article.")
    briefing.refresh()
    assert found(briefing.settings) == []
    (old / "passages.jsonl").unlink()
    (index_folder / ".building-gen-1").mkdir()
    assert [(c, s) for c, s, _ in found(briefing.settings)] == [("old-generation", "hint"), ("half-built", "hint")]


def test_articles_that_could_not_be_read_do_not_count_as_deleted(briefing: Briefing) -> None:
    corpus = read_corpus(briefing.settings.corpus.folder)
    rest = tuple(article for article in corpus.articles if not article.id.startswith("banks/"))

    def told(unread: tuple[str, ...]) -> list[str]:
        found = check_index(briefing.settings.index, replace(corpus, articles=rest, unread=unread), lambda: FINGERPRINT)
        return [finding.problem for finding in found]

    assert told(("banks/",)) == []
    assert told(()) == ["is older than the folder of articles; since then: 2 deleted"]
