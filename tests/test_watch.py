"""Following a folder: what changes arrives, what is bad is told, and the end is clean."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from watchfiles import Change

import qa.watch
from qa.briefing import Briefing
from qa.types import Receipt
from tests.texts import write_article

PATIENCE = 20.0  # seconds after which a test gives up


class Follower:
    """A thread that follows the corpus of a briefing, and the receipts that it got."""

    def __init__(self, briefing: Briefing) -> None:
        self.briefing = briefing
        self.receipts: list[Receipt] = []
        self.told = threading.Condition()
        self.stop = threading.Event()
        self.thread = threading.Thread(target=qa.watch.follow, args=(briefing, self.stop, self.take))

    def take(self, receipt: Receipt) -> None:
        """Keep a receipt."""
        with self.told:
            self.receipts.append(receipt)
            self.told.notify_all()

    def wait(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds; it is looked at after every receipt."""
        with self.told:
            assert self.told.wait_for(holds, PATIENCE), self.receipts


@pytest.fixture
def follower(briefing: Briefing, monkeypatch: pytest.MonkeyPatch) -> Iterator[Follower]:
    """A follower that runs, with short waits."""
    monkeypatch.setattr(qa.watch, "QUIET_MS", 50)
    monkeypatch.setattr(qa.watch, "LOOK_MS", 200)
    follower = Follower(briefing)
    follower.thread.start()
    follower.wait(lambda: len(follower.receipts) == 1)  # it has caught up
    yield follower
    follower.stop.set()
    follower.thread.join(PATIENCE)
    assert not follower.thread.is_alive()


def has(follower: Follower, article_id: str) -> Callable[[], bool]:
    return lambda: any(article.id == article_id for article in follower.briefing.articles())


def test_added_edited_and_deleted_files_arrive(follower: Follower, corpus_folder: Path) -> None:
    write_article(corpus_folder, "new.md", "A bridge was built.")
    follower.wait(has(follower, "new.md"))
    write_article(corpus_folder, "new.md", "A bridge was torn down.")
    follower.wait(lambda: "torn down" in follower.briefing.article("new.md").text)
    (corpus_folder / "new.md").unlink()
    follower.wait(lambda: not has(follower, "new.md")())


def test_files_in_new_folders_arrive(follower: Follower, corpus_folder: Path) -> None:
    (corpus_folder / "deep" / "er").mkdir(parents=True)
    write_article(corpus_folder / "deep" / "er", "new.md", "A bridge was built.")
    follower.wait(has(follower, "deep/er/new.md"))


def test_bad_files_are_survived(follower: Follower, corpus_folder: Path) -> None:
    (corpus_folder / "bad.md").write_bytes(b"\0\0")
    follower.wait(lambda: any(receipt.rejected for receipt in follower.receipts))
    write_article(corpus_folder, "good.md", "A bridge was built.")
    follower.wait(has(follower, "good.md"))


def test_folder_that_goes_and_comes_back_is_followed_again(
    follower: Follower, corpus_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    away = corpus_folder.with_name("away")
    corpus_folder.rename(away)
    while "cannot be watched" not in caplog.text:
        assert follower.thread.is_alive()
        threading.Event().wait(0.05)
    write_article(away, "new.md", "A bridge was built.")
    away.rename(corpus_folder)
    follower.wait(has(follower, "new.md"))


def test_mass_deletion_leaves_the_index_as_it_was(
    follower: Follower, corpus_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = follower.briefing.generation.name
    for file in sorted(corpus_folder.glob("*.md")):
        file.unlink()
    while "are gone from the corpus" not in caplog.text:
        threading.Event().wait(0.05)
    assert follower.briefing.generation.name == before


def test_update_that_fails_in_any_way_is_logged(
    follower: Follower, corpus_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(follower.briefing, "update", lambda **_: 1 / 0)
        write_article(corpus_folder, "new.md", "A bridge was built.")
        deadline = time.monotonic() + PATIENCE
        while "ZeroDivisionError" not in caplog.text and time.monotonic() < deadline:
            time.sleep(0.05)
        assert "ZeroDivisionError" in caplog.text
    write_article(corpus_folder, "newer.md", "A bridge was built.")
    follower.wait(has(follower, "newer.md"))


@pytest.mark.parametrize(
    ("path", "passes"),
    [("a.md", True), ("sub/a.md", True), (".a.md.swp", False), (".git/HEAD", False), ("sub/.x/y.md", False)],
)
def test_hidden_files_are_no_changes(tmp_path: Path, path: str, passes: bool) -> None:
    folder = tmp_path / ".home" / "corpus"  # hidden above the folder does not count
    assert qa.watch.visible(folder)(Change.added, str(folder / path)) is passes
