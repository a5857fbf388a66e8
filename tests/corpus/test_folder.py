"""The corpus folder: what is read, what is refused, each by name."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.corpus import read_corpus
from qa.corpus.folder import KNOWN as SUFFIXES
from qa.errors import CorpusError, CorpusNotFoundError
from qa.types import Limits, Problem
from tests.conftest import ARTICLES
from tests.corpus import samples
from tests.texts import write_article


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one good article, `good.md`."""
    folder = tmp_path / "corpus"
    write_article(folder, "good.md", "Gas flows.", title="Good")
    return folder


SMALL = Limits(max_file_bytes=1000)
KNOWN = ", ".join(SUFFIXES)


def only_rejected(folder: Path, limits: Limits | None = None) -> tuple[str, str]:
    """Return id and cause of the one rejected file, after a look that the good one was read all the same."""
    corpus = read_corpus(folder, limits)
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
    with pytest.raises(CorpusNotFoundError, match=r"good\.md is a file, not a folder"):
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
        ("empty.pdf", b"", "empty: there is no text in it"),
        ("empty.jsonl", b"\n\n", "empty: there is no text in it"),
        ("sheet.ods", b"PK", f"format .ods is not read; known are {KNOWN}"),
        ("README", b"Text", f"format without suffix is not read; known are {KNOWN}"),
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
    assert only_rejected(folder, SMALL) == (name, cause)


def test_file_at_the_limit_is_read(folder: Path) -> None:
    (folder / "large.md").write_bytes(b"x" * 1000)
    assert [article.id for article in read_corpus(folder, SMALL).articles] == ["good.md", "large.md"]


def test_name_that_is_not_utf8_is_refused_and_can_be_shown(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.md")).write_text("Text.")
    assert only_rejected(folder) == (r"caf\udce9.md", "the file name has characters that cannot be shown; rename it")


def test_link_out_of_the_corpus_is_not_followed(folder: Path, tmp_path: Path) -> None:
    secret = write_article(tmp_path, "secret.md", "Secret.")
    (folder / "link.md").symlink_to(secret)
    assert only_rejected(folder) == ("link.md", "a link or special file; put a copy of the file there instead")


def test_linked_folder_is_refused_by_name_even_in_a_ring(folder: Path, tmp_path: Path) -> None:
    write_article(tmp_path / "outside", "secret.md", "Secret.")
    (folder / "out").symlink_to(tmp_path / "outside")
    (folder / "ring").symlink_to(folder)
    corpus = read_corpus(folder)
    assert [article.id for article in corpus.articles] == ["good.md"]
    cause = "a link to a folder, which is not followed; put the folder itself there instead"
    assert corpus.rejected == (Problem("out", cause), Problem("ring", cause))
    assert corpus.unread == ()


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
    corpus = read_corpus(folder)
    assert corpus.unread == ("closed/",)
    assert [corpus.left_unread(i) for i in ("closed/a.md", "closed/b/c.md", "closed.md", "good.md")] == [
        True,
        True,
        False,
        False,
    ]


def test_corpus_folder_that_cannot_be_listed_leaves_everything_unread(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scandir(path: str | Path) -> Iterator[os.DirEntry[str]]:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", scandir)
    corpus = read_corpus(folder)
    assert (corpus.articles, corpus.rejected) == ((), (Problem(".", "cannot be read: Permission denied"),))
    assert corpus.left_unread("good.md")


@pytest.mark.parametrize(("name", "unread"), [("a.md", "a.md"), ("a.jsonl", "a.jsonl#"), ("sub/a.pdf", "sub/a.pdf")])
def test_file_that_the_system_keeps_from_us_is_left_unread(
    folder: Path, name: str, unread: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_article(folder, name, "Text.")
    original = os.open

    def closed(path: Path, flags: int) -> int:
        if Path(path) == folder / name:
            raise PermissionError(13, "Permission denied", str(path))
        return original(path, flags)

    monkeypatch.setattr(os, "open", closed)
    assert only_rejected(folder) == (name, "cannot be read: Permission denied")
    assert read_corpus(folder).unread == (unread,)


def test_index_inside_the_corpus_is_passed_over(folder: Path) -> None:
    write_article(folder, "index/README.md", "About the index.")
    write_article(folder, "index/gen-1/articles.jsonl", '{"text": "Stored."}')
    write_article(folder, "sub/index/kept.md", "Text.")
    (folder / "link").symlink_to(folder / "index")
    corpus = read_corpus(folder, skip=[folder / "sub" / ".." / "index"])
    assert [article.id for article in corpus.articles] == ["good.md", "sub/index/kept.md"]
    assert [problem.id for problem in corpus.rejected] == ["link"]


def test_folder_cannot_be_corpus_and_index(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(CorpusError, match=r"/corpus is both the corpus and the index; name another folder"):
        read_corpus(folder, skip=[tmp_path / "link"])


def test_every_format_is_read_in_one_folder(folder: Path) -> None:
    (folder / "a.html").write_text(samples.HTML)
    (folder / "b.PDF").write_bytes(samples.pdf([samples.LOAN]))
    (folder / "c.docx").write_bytes(samples.docx())
    (folder / "d.jsonl").write_bytes(samples.jsonl({"id": 2, "text": samples.LOAN}, {"id": 1, "text": samples.TERM}))
    corpus = read_corpus(folder)
    assert [a.id for a in corpus.articles] == ["a.html", "b.PDF", "c.docx", "d.jsonl#1", "d.jsonl#2", "good.md"]
    assert (corpus.rejected, corpus.warnings, corpus.unread) == ((), (), ())
    assert [samples.LOAN in a.text for a in corpus.articles] == [True, True, True, False, True, False]


def test_two_articles_of_one_id_are_told(folder: Path) -> None:
    (folder / "a.jsonl").write_bytes(samples.jsonl({"id": "x.md", "text": samples.LOAN}))
    (folder / "a.jsonl#x.md").write_text("Another.")
    corpus = read_corpus(folder)
    assert [(a.id, a.text) for a in corpus.articles] == [("a.jsonl#x.md", samples.LOAN), ("good.md", "Gas flows.")]
    cause = "a second article of this id; rename the file, or change its `id`"
    assert corpus.rejected == (Problem("a.jsonl#x.md", cause),)


def test_text_that_is_too_long_is_refused_in_every_format(folder: Path) -> None:
    (folder / "good.md").write_text("Short.")
    (folder / "a.html").write_text(samples.HTML)
    (folder / "b.pdf").write_bytes(samples.pdf([samples.LOAN, samples.LOAN, samples.TERM]))
    (folder / "c.docx").write_bytes(samples.docx())
    (folder / "d.txt").write_text("x" * 101)
    (folder / "e.jsonl").write_bytes(samples.jsonl({"text": "x" * 101}))
    corpus = read_corpus(folder, Limits(max_text_chars=100))
    assert [article.id for article in corpus.articles] == ["good.md"]
    assert [problem.id for problem in corpus.rejected] == ["a.html", "b.pdf", "c.docx", "d.txt", "e.jsonl#line 1"]
    for problem in corpus.rejected:
        assert " 100" in problem.cause
        assert problem.cause.endswith("characters of text; split it, or raise [corpus] max_text_chars") or (
            "characters of text, more than 100; split it" in problem.cause
        )


def test_jsonl_that_is_hopeless_is_left_unread(folder: Path) -> None:
    (folder / "junk.jsonl").write_bytes(samples.jsonl({"id": "a", "text": "First."}) + b"junk\n" * 1_500)
    corpus = read_corpus(folder)
    assert [article.id for article in corpus.articles] == ["good.md", "junk.jsonl#a"]
    assert len(corpus.rejected) == 1_001
    assert corpus.rejected[0] == Problem(
        "junk.jsonl#line 2", "no JSON: Expecting value at character 1; write one object a line"
    )
    assert corpus.rejected[-1] == Problem(
        "junk.jsonl", "more than 1,000 bad lines; mend them, what stands from line 1,002 on is not read"
    )
    assert corpus.left_unread("junk.jsonl#z")


def test_jsonl_longer_than_its_limit_is_refused(folder: Path) -> None:
    (folder / "a.jsonl").write_bytes(samples.jsonl({"text": "x" * 1_000}))
    assert only_rejected(folder, Limits(max_jsonl_bytes=1_000)) == (
        "a.jsonl",
        "1,013 bytes, more than the limit of 1,000; split it, or raise [corpus] max_jsonl_bytes",
    )


def test_no_child_process_starts_for_plain_formats(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def popen(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", popen)
    assert [article.id for article in read_corpus(folder).articles] == ["good.md"]


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
