"""Extractions that are kept: used while all is as it was, made anew otherwise, never in the way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import qa.corpus.cache
from qa.corpus import read_corpus
from qa.corpus.cache import Extractions
from qa.corpus.sandbox import Sandbox
from qa.types import Limits
from tests.corpus.samples import LOAN, TERM, docx, pdf

LIMITS = Limits()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The files that the child process was given."""
    files: list[bytes] = []
    original = Sandbox._exchange

    def exchange(self: Sandbox, name: str, data: bytes, page: int | None, limits: Limits) -> dict[str, object]:
        files.append(data)
        return original(self, name, data, page, limits)

    monkeypatch.setattr(Sandbox, "_exchange", exchange)
    return files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(pdf([LOAN, "", TERM]))
    (folder / "b.pdf").write_bytes(pdf([""]))
    (folder / "c.docx").write_bytes(docx())
    return folder


def test_unchanged_files_are_not_parsed_again_and_give_the_same(
    folder: Path, tmp_path: Path, asked: list[bytes]
) -> None:
    kept = tmp_path / "kept"
    first = read_corpus(folder, kept=kept)
    assert len(asked) == 3
    (folder / "a.pdf").rename(folder / "renamed.pdf")
    second = read_corpus(folder, kept=kept)
    assert len(asked) == 3
    assert second.articles == (first.articles[1], replace(first.articles[0], id="renamed.pdf", title="renamed"))
    assert second.rejected == first.rejected
    assert [problem.cause for problem in second.warnings] == [problem.cause for problem in first.warnings]
    assert len(first.warnings) == 1


def test_changed_file_is_parsed_and_what_no_file_has_any_more_is_removed(
    folder: Path, tmp_path: Path, asked: list[bytes]
) -> None:
    kept = tmp_path / "kept"
    read_corpus(folder, kept=kept)
    (folder / "a.pdf").write_bytes(pdf([TERM]))
    (folder / "c.docx").unlink()
    (article,) = read_corpus(folder, kept=kept).articles
    assert article.text == TERM
    assert asked[3:] == [pdf([TERM])]
    assert len(list(kept.iterdir())) == 2


def test_other_limits_or_libraries_or_formats_make_it_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    extractions = Extractions(tmp_path)
    key = extractions.key("pdf", b"x", LIMITS)
    others = [
        extractions.key("html", b"x", LIMITS),
        extractions.key("pdf", b"y", LIMITS),
        extractions.key("pdf", b"x", Limits(max_pages=3)),
    ]
    monkeypatch.setattr(qa.corpus.cache, "_made_by", lambda: "2, pypdf 99")
    others.append(extractions.key("pdf", b"x", LIMITS))
    assert len({key, *others}) == 5


def test_damaged_extraction_is_made_anew_whichever_byte_is_hurt(tmp_path: Path) -> None:
    extractions = Extractions(tmp_path / "kept")
    extractions.put("k", {"text": LOAN})
    assert extractions.get("k") == {"text": LOAN}
    (file,) = (tmp_path / "kept").iterdir()
    whole = file.read_bytes()
    for at in range(len(whole)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        assert extractions.get("k") is None
        file.write_bytes(whole[:at])
        assert extractions.get("k") is None


def test_folder_that_cannot_be_written_costs_time_only(folder: Path, tmp_path: Path, asked: list[bytes]) -> None:
    kept = tmp_path / "no" / "such" / "place"
    for _ in range(2):
        assert [article.id for article in read_corpus(folder, kept=kept).articles] == ["a.pdf", "c.docx"]
    assert len(asked) == 6


def test_no_folder_is_made_when_there_is_nothing_to_keep(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.md").write_text("Text.")
    read_corpus(tmp_path / "corpus", kept=tmp_path / "kept")
    assert not (tmp_path / "kept").exists()
