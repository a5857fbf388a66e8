"""What the header and the library say of the articles."""

from __future__ import annotations

import os
import time
from pathlib import Path

from qa.briefing import Briefing
from qa.web.page.library import Library, folder_files
from tests.fakes import FakeEncoder


def opened(briefing: Briefing) -> Library:
    return Library(briefing, folder_files(briefing.settings.corpus.folder))


def states(library: Library) -> dict[str, tuple[str, str]]:
    """Return state and cause of each line, by id."""
    library.files(fresh=True)
    return {line["id"]: (line["state"], line["cause"]) for line in library.listing(None)["articles"]}


def test_a_folder_that_changed_looks_different(corpus_folder: Path) -> None:
    before = folder_files(corpus_folder)
    assert folder_files(corpus_folder) == before
    (corpus_folder / ".hidden").write_text("x", encoding="utf-8")
    (corpus_folder / "pinned.toml").write_text("x", encoding="utf-8")
    assert folder_files(corpus_folder) == before
    (corpus_folder / "banks" / "about.txt").write_text("changed", encoding="utf-8")
    assert folder_files(corpus_folder) != before


def test_the_header_knows_whether_the_folder_changed(briefing: Briefing, corpus_folder: Path) -> None:
    library = opened(briefing)
    assert library.status(None) == {
        "title": "Briefing",
        "articles": 6,
        "passages": len(briefing.generation.passages),
        "built": briefing.generation.manifest.created,
        "changed": False,
        "admin": False,
        "held": False,
    }
    (corpus_folder / "new.md").write_text("New.", encoding="utf-8")
    library.files(fresh=True)
    assert library.status(None)["changed"] is True
    Briefing.open(settings=briefing.settings, encoder=FakeEncoder())  # as another process would
    assert (library.status(None)["articles"], library.status(None)["changed"]) == (7, False)
    (corpus_folder / "new.md").write_text("Newer.", encoding="utf-8")
    Briefing.open(settings=briefing.settings, encoder=FakeEncoder())
    os.utime(corpus_folder / "new.md", (time.time() + 60, time.time() + 60))  # edited between that build and our look
    library.files(fresh=True)
    assert library.status(None)["changed"] is True


def test_the_library_lists_the_newest_first(briefing: Briefing) -> None:
    listing = opened(briefing).listing(None)
    assert [article["id"] for article in listing["articles"]] == [
        "2020-03-09-railway-postponed.md",
        "2019-12-03-gas-flows.md",
        "2017-05-22-pipeline-progress.md",
        "banks/2016-07-21-bank-bond.md",
        "2016-06-29-railway-loan.md",
        "banks/about.txt",
    ]
    assert listing["articles"][0] == {
        "id": "2020-03-09-railway-postponed.md",
        "title": "Northern railway postponed",
        "about": "Morning Post · 9 Mar 2020",
        "source": "Morning Post",
        "published": "2020-03-09",
        "tags": ("railway",),
        "passages": 1,
        "state": "indexed",
        "cause": "",
        "file": True,
    }
    assert sum(article["passages"] for article in listing["articles"]) == len(briefing.generation.passages)
    assert listing["total"] == 6


def test_it_tells_what_can_be_filtered_by(briefing: Briefing) -> None:
    listing = opened(briefing).listing(None)
    assert listing["sources"] == [("Energy Weekly", 1), ("Morning Post", 3), ("Rail Gazette", 1)]
    assert listing["tags"] == [("Amur", 1), ("finance", 2), ("gas", 2), ("railway", 2)]


def test_each_article_has_its_state(briefing: Briefing, corpus_folder: Path) -> None:
    (corpus_folder / "broken.bin").write_bytes(b"\x00\x01")
    seen = folder_files(corpus_folder)
    briefing.refresh()
    library = Library(briefing, seen)
    assert states(library)["broken.bin"][0] == "refused"
    assert "format .bin is not read" in states(library)["broken.bin"][1]
    (corpus_folder / "broken.bin").write_bytes(b"changed")
    (corpus_folder / "new.md").write_text("New.", encoding="utf-8")
    (corpus_folder / "banks" / "about.txt").unlink()
    (corpus_folder / "2019-12-03-gas-flows.md").write_text("Other words.", encoding="utf-8")
    found = states(library)
    assert {name: state for name, (state, _) in found.items() if state != "indexed"} == {
        "broken.bin": "new",
        "new.md": "new",
        "banks/about.txt": "gone",
        "2019-12-03-gas-flows.md": "changed",
    }
    assert found["broken.bin"][1] == ""


def test_a_folder_that_went_away_is_no_accident(briefing: Briefing, corpus_folder: Path) -> None:
    library = Library(briefing)
    corpus_folder.rename(corpus_folder.with_name("away"))
    assert library.status(None)["changed"] is None
    assert {state for state, _ in states(library).values()} == {"gone"}
