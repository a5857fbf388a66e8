"""Files into the corpus folder and out of it: nothing overwritten, nothing lost, nothing left of a refusal."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from qa.corpus import read_corpus
from qa.corpus.library import MAX_NAME, add_article, remove_article
from qa.errors import ArticleExistsError, ArticleNotFoundError, BriefingError, CorpusNotFoundError, LibraryError
from qa.settings import CorpusSettings

LIMITS = CorpusSettings(max_file_bytes=1000)
TEXT = b"The ferry sails on Monday.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    (folder / "sub").mkdir(parents=True)
    (folder / "old.txt").write_bytes(b"It sailed on Sunday.\n")
    (folder / "sub" / "inner.md").write_bytes(b"# Inner\n\nText.\n")
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, the hidden ones included."""
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_file_becomes_an_article(folder: Path) -> None:
    before = tree(folder)
    assert add_article(folder, "ferry.txt", TEXT, LIMITS) == "ferry.txt"
    assert tree(folder) == {**before, "ferry.txt": TEXT}
    assert [article.id for article in read_corpus(folder).articles] == ["ferry.txt", "old.txt", "sub/inner.md"]
    assert [entry.name for entry in folder.iterdir() if entry.name.startswith(".")] == []


def test_its_id_is_the_name_in_form_nfc(folder: Path) -> None:
    assert add_article(folder, "cafe\u0301.txt", TEXT, LIMITS) == "caf\u00e9.txt"
    assert (folder / "caf\u00e9.txt").read_bytes() == TEXT


@pytest.mark.parametrize(
    ("name", "content", "cause"),
    [
        ("", TEXT, "no usable file name"),
        (" a.txt", TEXT, "no usable file name"),
        ("a.txt.", TEXT, "no usable file name"),
        ("../a.txt", TEXT, "no plain file name"),
        ("sub/a.txt", TEXT, "no plain file name"),
        ("..\\a.txt", TEXT, "no plain file name"),
        ("/etc/a.txt", TEXT, "no plain file name"),
        ("a\0.txt", TEXT, "no plain file name"),
        ("a\n.txt", TEXT, "no plain file name"),
        ("a\u202etxt.md", TEXT, r"'a\\u202etxt.md' is no plain file name"),
        ("\ud800.txt", TEXT, "no plain file name"),
        (".hidden.txt", TEXT, "reserved or hidden"),
        (".txt", TEXT, "reserved or hidden"),
        ("CON.txt", TEXT, "reserved or hidden"),
        ("lpt1.tar.md", TEXT, "reserved or hidden"),
        ("é" * 99 + ".txt", TEXT, f"longer than {MAX_NAME} bytes"),
        ("pinned.toml", b"", "not read as an article"),
        ("page.exe", TEXT, r"page\.exe: format \.exe is not read; known are .*\.md"),
        ("noname", TEXT, "format without suffix is not read"),
        ("long.txt", b"x" * 1001, r"1,001 bytes, more than the limit of 1,000"),
        ("empty.txt", b" \n", "empty"),
        ("binary.txt", b"a\0b", "binary data"),
        ("broken.md", b"---\ntitle: [\n---\nText.\n", "front matter broken at line "),
    ],
)
def test_what_is_refused_leaves_nothing_behind(folder: Path, name: str, content: bytes, cause: str) -> None:
    before = tree(folder)
    with pytest.raises(LibraryError, match=cause) as refused:
        add_article(folder, name, content, LIMITS)
    assert str(folder) not in str(refused.value)
    assert str(refused.value).encode()  # can be sent
    assert tree(folder) == before
    assert sorted(entry.name for entry in folder.iterdir()) == ["old.txt", "sub"]


@profile(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=12) | st.text(alphabet="./\\a~\0", max_size=8).map(lambda stem: stem + ".txt"))
def test_no_name_writes_outside_the_folder(folder: Path, name: str) -> None:
    outside = {path for path in folder.parent.rglob("*") if not path.is_relative_to(folder)}
    try:
        added = add_article(folder, name, TEXT, LIMITS, replace=True)
    except BriefingError as exc:
        assert isinstance(exc, LibraryError)  # noqa: PT017 - any other error fails the test by itself
    else:
        assert (folder / added).parent == folder
        assert (folder / added).read_bytes() == TEXT
    assert {path for path in folder.parent.rglob("*") if not path.is_relative_to(folder)} == outside


def test_nothing_is_overwritten_unless_asked_for(folder: Path) -> None:
    before = tree(folder)
    with pytest.raises(ArticleExistsError, match=r"old\.txt is already in the corpus folder"):
        add_article(folder, "old.txt", TEXT, LIMITS)
    assert tree(folder) == before


def test_what_is_replaced_is_kept(folder: Path) -> None:
    old = (folder / "old.txt").read_bytes()
    assert add_article(folder, "old.txt", TEXT, LIMITS, replace=True) == "old.txt"
    assert (folder / "old.txt").read_bytes() == TEXT
    assert [file.read_bytes() for file in folder.glob(".removed/*/old.txt")] == [old]


def test_replacing_what_is_not_there_adds_it(folder: Path) -> None:
    assert add_article(folder, "new.txt", TEXT, LIMITS, replace=True) == "new.txt"
    assert not (folder / ".removed").exists()


@pytest.mark.parametrize("replace", [False, True])
def test_a_link_in_the_way_is_neither_followed_nor_replaced(folder: Path, tmp_path: Path, replace: bool) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_bytes(b"keep me")
    (folder / "link.txt").symlink_to(outside)
    with pytest.raises(LibraryError):
        add_article(folder, "link.txt", TEXT, LIMITS, replace=replace)
    assert (folder / "link.txt").is_symlink()
    assert outside.read_bytes() == b"keep me"


def test_without_hard_links_a_file_is_added_and_none_overwritten(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    assert add_article(folder, "ferry.txt", TEXT, LIMITS) == "ferry.txt"
    with pytest.raises(ArticleExistsError):
        add_article(folder, "ferry.txt", b"Other.", LIMITS)
    assert (folder / "ferry.txt").read_bytes() == TEXT


def test_a_full_disk_is_told_and_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    before = tree(folder)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LibraryError, match=r"ferry\.txt cannot be written .*: No space left on device"):
        add_article(folder, "ferry.txt", TEXT, LIMITS)
    assert tree(folder) == before


def test_a_removed_file_is_kept_where_no_reader_looks(folder: Path) -> None:
    content = (folder / "sub" / "inner.md").read_bytes()
    remove_article(folder, "sub/inner.md")
    assert [article.id for article in read_corpus(folder).articles] == ["old.txt"]
    assert [file.read_bytes() for file in folder.glob(".removed/*/sub/inner.md")] == [content]


def test_the_same_name_may_be_removed_again_and_again(folder: Path) -> None:
    for content in (b"One.", b"Two.", b"Three."):
        add_article(folder, "again.txt", content, LIMITS)
        remove_article(folder, "again.txt")
    assert sorted(file.read_bytes() for file in folder.glob(".removed/*/again.txt")) == [b"One.", b"Three.", b"Two."]


@pytest.mark.parametrize(
    "article_id",
    ["", ".", "..", "none.txt", "../outside.txt", "sub", "sub/../old.txt", "./old.txt", "a\0b", "/etc/passwd"],
)
def test_what_is_no_article_file_is_not_removed(folder: Path, article_id: str) -> None:
    (folder.parent / "outside.txt").write_bytes(b"keep me")
    before = tree(folder.parent)
    with pytest.raises(ArticleNotFoundError):
        remove_article(folder, article_id)
    assert tree(folder.parent) == before


def test_what_was_removed_cannot_be_removed_again(folder: Path) -> None:
    remove_article(folder, "old.txt")
    kept = next(folder.glob(".removed/*/old.txt")).relative_to(folder).as_posix()
    with pytest.raises(ArticleNotFoundError):
        remove_article(folder, kept)


def test_one_article_of_a_file_is_not_removed_with_its_neighbours(folder: Path) -> None:
    (folder / "many.jsonl").write_bytes(b"{}\n")
    with pytest.raises(LibraryError, match=r"remove the file many\.jsonl"):
        remove_article(folder, "many.jsonl#2")
    assert (folder / "many.jsonl").exists()


def test_links_are_not_followed_when_removing(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_bytes(b"keep me")
    (folder / "linked").symlink_to(outside)
    (folder / "link.txt").symlink_to(outside / "secret.txt")
    with pytest.raises(ArticleNotFoundError):
        remove_article(folder, "linked/secret.txt")
    with pytest.raises(LibraryError, match="link"):
        remove_article(folder, "link.txt")
    assert (outside / "secret.txt").read_bytes() == b"keep me"


def test_a_link_in_place_of_the_removed_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (folder / ".removed").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LibraryError, match="is a link"):
        remove_article(folder, "old.txt")
    assert (folder / "old.txt").exists()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_no_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(CorpusNotFoundError):
        add_article(tmp_path / "none", "a.txt", TEXT, LIMITS)
    with pytest.raises(CorpusNotFoundError):
        remove_article(tmp_path / "none", "a.txt")
