from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pytest

from qa.briefing import Briefing
from qa.doctor import examine
from qa.errors import CorpusNotFoundError
from qa.settings import CorpusSettings, IndexSettings, Settings
from tests.fakes import FakeEncoder
from tests.text.test_near_copies import BUNDLED, TEXT
from tests.texts import write_article

GERMAN = "Die Entwicklungsbank finanziert die nördliche Eisenbahn mit einem Darlehen von 400 Milliarden Rubel. " * 2


def fingerprint() -> str:
    return FakeEncoder().fingerprint


def state(*folders: Path) -> dict[str, tuple[str, int]]:
    """Return digest and time of change of everything below the folders."""
    return {
        str(path): (hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "", path.stat().st_mtime_ns)
        for folder in folders
        for path in [folder, *folder.rglob("*")]
        if folder.exists()
    }


def test_bundled_corpus_needs_no_attention(tmp_path: Path) -> None:
    settings = Settings(corpus=CorpusSettings(folder=BUNDLED), index=IndexSettings(folder=tmp_path / "index"))
    report = examine(settings)
    assert report.attention == 0
    assert report.articles == 19
    assert [finding.code for finding in report.findings] == ["no-index"]


def test_findings_of_every_kind_in_order(briefing: Briefing, corpus_folder: Path, index_folder: Path) -> None:
    for file in corpus_folder.rglob("*.*"):
        file.unlink()
    for name, body, fields in (
        ("a.md", TEXT, {"title": "Loan", "published": "2019-01-01"}),
        ("b.md", TEXT, {"title": "Loan", "published": "2030-01-01"}),
        ("c.md", f"(AP) - {TEXT}", {"title": "Copy", "published": "2019-01-01"}),
        ("d.md", GERMAN, {"title": "Deutsch", "published": "2019-01-01"}),
        ("e.md", f"He said: donâ€™t go. {'More of it. ' * 20}", {"title": "Letters", "published": "soon"}),
        ("f.md", "Short.", {"title": "Short", "published": "2019-01-01"}),
    ):
        write_article(corpus_folder, name, body, **fields)
    (corpus_folder / "g.md").write_text("")
    pinned = '[[question]]\nquestion = "Q?"\nevidence = [{article = "gone.md", quote = "x"}]\n'
    (corpus_folder / "pinned.toml").write_text(pinned)
    before = state(corpus_folder, index_folder)
    report = examine(briefing.settings, date(2020, 1, 1), fingerprint)
    assert state(corpus_folder, index_folder) == before
    generation = str(briefing.generation.folder)
    attention = [
        ("future-date", "b.md"),
        ("index-behind", generation),
        ("language", "d.md"),
        ("mojibake", "e.md"),
        ("pinned", "pinned.toml"),
        ("rejected", "g.md"),
    ]
    hints = [
        ("duplicate", "b.md"),
        ("near-duplicate", "c.md"),
        ("no-date", "e.md"),
        ("remark", "e.md"),
        ("same-title", "b.md"),
        ("very-short", "f.md"),
    ]
    assert [(finding.code, finding.id) for finding in report.findings] == attention + hints
    assert report.attention == len(attention)
    assert report.articles == 6


def test_languages_of_the_settings_win(corpus_folder: Path, settings: Settings) -> None:
    write_article(corpus_folder, "d.md", GERMAN, title="Deutsch", published="2019-01-01")

    def foreign(*languages: str) -> list[str]:
        index = settings.index.model_copy(update={"languages": languages})
        report = examine(settings.model_copy(update={"index": index}), fingerprint=fingerprint)
        return [finding.id for finding in report.findings if finding.code == "language"]

    assert foreign() == ["d.md"]
    assert foreign("en", "de") == []
    assert foreign("multilingual") == []


def test_folder_without_articles_and_no_folder(tmp_path: Path) -> None:
    settings = Settings(corpus=CorpusSettings(folder=tmp_path), index=IndexSettings(folder=tmp_path / "none"))
    report = examine(settings, fingerprint=fingerprint)
    assert [(finding.code, finding.id) for finding in report.findings] == [
        ("no-articles", str(tmp_path)),
        ("no-index", str(tmp_path / "none")),
    ]
    gone = settings.model_copy(update={"corpus": CorpusSettings(folder=tmp_path / "gone")})
    with pytest.raises(CorpusNotFoundError):
        examine(gone)
