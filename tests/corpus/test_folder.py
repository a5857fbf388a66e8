"""The corpus folder: what is read, what is refused, each by name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.corpus import read_corpus
from qa.errors import CorpusNotFoundError
from tests.conftest import ARTICLES
from tests.texts import write_article


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one good article, `good.md`."""
    folder = tmp_path / "corpus"
    write_article(folder, "good.md", "Gas flows.", title="Good")
    return folder


def only_rejected(folder: Path, max_file_bytes: int = 10_000_000) -> tuple[str, str]:
    """Return id and cause of the one rejected file, after a look that the good one was read all the same."""
    corpus = read_corpus(folder, max_file_bytes)
    assert [article.id for article in corpus.articles] == ["good.md"]
    assert len(corpus.rejected) == 1
    return corpus.rejected[0].id, corpus.rejected[0].cause


def test_articles_come_in_order_of_id_with_posix_paths(corpus_folder: Path) -> None:
    corpus = read_corpus(corpus_folder)
    assert [article.id for article in corpus.articles] == sorted(ARTICLES)
    assert (corpus.rejected, corpus.warnings) == ((), ())


def test_order_is_of_the_whole_id_not_of_each_folder(tmp_path: Path) -> None:
    for article_id in ("b/x.md", "b.md", "b-c.md", "a/z.md", "B.md"):
        write_article(tmp_path, article_id, "Text.")
    assert [a.id for a in read_corpus(tmp_path).articles] == ["B.md", "a/z.md", "b-c.md", "b.md", "b/x.md"]


def test_every_known_suffix_is_read_whatever_its_case(tmp_path: Path) -> None:
    for name in ("a.md", "b.MD", "c.markdown", "d.TXT"):
        (tmp_path / name).write_text("Text.")
    assert [article.id for article in read_corpus(tmp_path).articles] == ["a.md", "b.MD", "c.markdown", "d.TXT"]


def test_hidden_files_and_the_pinned_questions_are_passed_over(folder: Path) -> None:
    for name in (".hidden.md", ".git/config.md", "pinned.toml", "sub/.x/y.md"):
        write_article(folder, name, "Text.")
    corpus = read_corpus(folder)
    assert [article.id for article in corpus.articles] == ["good.md"]
    assert corpus.rejected == ()


def test_absent_folder_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CorpusNotFoundError, match=r"no corpus folder at /.*nowhere; create it .*--corpus"):
        read_corpus(tmp_path / "nowhere")


def test_file_in_place_of_the_folder_is_named(folder: Path) -> None:
    with pytest.raises(CorpusNotFoundError, match=r"no corpus folder at /.*good\.md"):
        read_corpus(folder / "good.md")


def test_empty_folder_gives_an_empty_corpus(tmp_path: Path) -> None:
    assert read_corpus(tmp_path).articles == ()


@pytest.mark.parametrize(
    ("name", "data", "cause"),
    [
        ("empty.md", b"", "empty: there is no text in it"),
        ("blank.txt", b" \r\n\t\n", "empty: there is no text in it"),
        ("bom.md", b"\xef\xbb\xbf", "empty: there is no text in it"),
        ("matter.md", b"---\ntitle: a\n---\n\n", "empty: there is no text in it"),
        ("image.md", b"\x89PNG\0", "binary data, not text; remove it, or save its text as UTF-8"),
        ("report.pdf", b"%PDF", "format .pdf is not read; known are .md, .markdown, .txt"),
        ("README", b"Text", "format without suffix is not read; known are .md, .markdown, .txt"),
        (
            "open.md",
            b"---\ntitle: a\n",
            "front matter broken: it opens with --- and never closes; add a line --- after it",
        ),
        (
            "large.md",
            b"x" * 1001,
            "1,001 bytes, more than the limit of 1,000; split it, or raise [corpus] max_file_bytes",
        ),
        ("bell\x07.md", b"Text.", "the file name has characters that cannot be shown; rename it"),
    ],
)
def test_file_that_cannot_be_read_is_refused_by_name(folder: Path, name: str, data: bytes, cause: str) -> None:
    (folder / name).write_bytes(data)
    assert only_rejected(folder, max_file_bytes=1000) == (name, cause)


def test_file_at_the_limit_is_read(folder: Path) -> None:
    (folder / "large.md").write_bytes(b"x" * 1000)
    assert [article.id for article in read_corpus(folder, 1000).articles] == ["good.md", "large.md"]


def test_name_that_is_not_utf8_is_refused_and_can_be_shown(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.md")).write_text("Text.")
    assert only_rejected(folder) == (r"caf\udce9.md", "the file name has characters that cannot be shown; rename it")


def test_link_out_of_the_corpus_is_not_followed(folder: Path, tmp_path: Path) -> None:
    secret = write_article(tmp_path, "secret.md", "Secret.")
    (folder / "link.md").symlink_to(secret)
    assert only_rejected(folder) == ("link.md", "a link or special file; put a copy of the file there instead")


def test_linked_folder_is_not_followed_even_in_a_ring(folder: Path, tmp_path: Path) -> None:
    write_article(tmp_path / "outside", "secret.md", "Secret.")
    (folder / "out").symlink_to(tmp_path / "outside")
    (folder / "ring").symlink_to(folder)
    assert [article.id for article in read_corpus(folder).articles] == ["good.md"]


def test_broken_link_and_pipe_are_refused(folder: Path) -> None:
    (folder / "broken.md").symlink_to(folder / "nowhere.md")
    os.mkfifo(folder / "pipe.md")
    corpus = read_corpus(folder)
    assert [problem.id for problem in corpus.rejected] == ["broken.md", "pipe.md"]
    assert {problem.cause for problem in corpus.rejected} == {
        "a link or special file; put a copy of the file there instead"
    }


def test_corpus_folder_may_itself_be_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert [article.id for article in read_corpus(tmp_path / "link").articles] == ["good.md"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_file_without_permission_is_refused(folder: Path) -> None:
    (folder / "closed.md").write_text("Text.")
    (folder / "closed.md").chmod(0)
    assert only_rejected(folder) == ("closed.md", "cannot be read: Permission denied")


def test_folder_without_permission_is_refused_by_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passed over in silence, all its articles would be taken out of the index."""
    write_article(folder, "closed/a.md", "Text.")
    original = os.scandir

    def scandir(path: str | Path) -> Iterator[os.DirEntry[str]]:
        if Path(path).name == "closed":  # as for a user who may not read it; root may read everything
            raise PermissionError(13, "Permission denied", str(path))
        return original(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert only_rejected(folder) == ("closed", "cannot be read: Permission denied")


def test_remarks_carry_the_id_of_their_article(folder: Path) -> None:
    write_article(folder, "sub/odd.md", "Text.", url="ftp://x", published="soon")
    (folder / "old.txt").write_bytes(("Правительство отложило строительство железной дороги. " * 3).encode("cp1251"))
    warnings = [(problem.id, problem.cause) for problem in read_corpus(folder).warnings]
    assert sorted(warnings) == [
        ("old.txt", "not UTF-8, read as cp1251; save it as UTF-8 to be sure of every letter"),
        ("sub/odd.md", "published: 'soon' is no date; write it as 2016-06-24"),
        ("sub/odd.md", "url: 'ftp://x' is not an http or https address and is left out"),
    ]


def test_folder_name_that_no_system_takes_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(CorpusNotFoundError):
        read_corpus(tmp_path / ("a" * 5_000))


def test_file_names_may_have_any_letters_and_spaces(tmp_path: Path) -> None:
    for name in ("a\u00a0b.md", "👩\u200d🚀.md", "Ж.md"):
        (tmp_path / name).write_text("Text.", encoding="utf-8")
    assert len(read_corpus(tmp_path).articles) == 3
