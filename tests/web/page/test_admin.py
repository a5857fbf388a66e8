"""The writing side of the page: who may, what is refused, and what a rebuild tells."""

from __future__ import annotations

import base64
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from qa.briefing import Briefing
from qa.types import Progress, Receipt
from qa.web.page import admin
from qa.web.page.library import Library, folder_files

Acts = dict[str, Any]


def acts(briefing: Briefing) -> Acts:
    """Return what the page's script may call, as if the page itself called it."""
    library = Library(briefing, folder_files(briefing.settings.corpus.folder), admin=True)
    made = admin.Admin(briefing, library)
    called = {act.__name__: lambda wanted=None, act=act: act(wanted) for act in made.functions}
    return called | {"library": library, "made": made}


def encoded(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def rebuilt(page: Acts, confirm: bool = False) -> dict[str, Any]:
    """Rebuild, and return what came of it."""
    job = page["rebuild"]({"confirm": confirm})
    until = time.monotonic() + 30
    while job.get("running"):
        assert time.monotonic() < until
        time.sleep(0.02)
        job = page["progress"]()
    return dict(job)


def test_a_file_is_added_and_found_after_a_rebuild(briefing: Briefing, corpus_folder: Path) -> None:
    page = acts(briefing)
    reply = page["add"]({"name": "lake.md", "content": encoded("# Lake\n\nThe lake Baikal is 1,642 metres deep.")})
    assert reply == {"added": "lake.md"}
    assert (corpus_folder / "lake.md").is_file()
    page["library"].files(fresh=True)
    assert page["library"].status(None)["changed"] is True
    job = rebuilt(page)
    assert job["error"] == ""
    assert job["receipt"]["added"] == {"count": 1, "first": ("lake.md",)}
    assert briefing.ask("How deep is the lake Baikal?").citations[0].article_id == "lake.md"
    page["library"].files(fresh=True)
    assert page["library"].status(None)["changed"] is False


def test_a_file_that_is_there_is_replaced_only_when_asked_to(briefing: Briefing, corpus_folder: Path) -> None:
    page = acts(briefing)
    wanted = {"name": "2019-12-03-gas-flows.md", "content": encoded("Other words.")}
    before = (corpus_folder / wanted["name"]).read_bytes()
    reply = page["add"](wanted)
    assert reply["exists"] is True
    assert "already in the corpus folder" in reply["error"]
    assert (corpus_folder / wanted["name"]).read_bytes() == before
    assert page["add"]({**wanted, "replace": True}) == {"added": wanted["name"]}
    assert (corpus_folder / wanted["name"]).read_text(encoding="utf-8") == "Other words."


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        3,
        {},
        {"name": "a.md"},
        {"name": ["a.md"], "content": encoded("x")},
        {"name": "../a.md", "content": encoded("Outside.")},
        {"name": "/etc/a.md", "content": encoded("Outside.")},
        {"name": "..\\a.md", "content": encoded("Outside.")},
        {"name": ".a.md", "content": encoded("Hidden.")},
        {"name": "a.exe", "content": encoded("MZ")},
        {"name": "a.md", "content": encoded(b"\x00\x01\x02\xff" * 50)},
        {"name": "a.md", "content": "not base64 !"},
        {"name": "a.md", "content": encoded("x" * 10_000_100)},
        {"name": "pinned.toml", "content": encoded("[[question]]")},
    ],
)
def test_what_is_no_article_is_refused_and_leaves_nothing(
    briefing: Briefing, corpus_folder: Path, wanted: object
) -> None:
    before = folder_files(corpus_folder)
    reply = acts(briefing)["add"](wanted)
    assert set(reply) == {"error"}
    assert str(corpus_folder.parent) not in reply["error"]
    assert folder_files(corpus_folder) == before
    assert not list(corpus_folder.glob(".incoming-*"))
    assert not (corpus_folder.parent / "a.md").exists()


def test_a_large_file_arrives_in_pieces(briefing: Briefing, corpus_folder: Path) -> None:
    page, text = acts(briefing), "Some words of a long file. " * 300
    pieces = [text[at : at + 3000] for at in range(0, len(text), 3000)]
    for n, piece in enumerate(pieces):
        more = n < len(pieces) - 1
        wanted = {"upload": "u1", "name": "long.txt", "at": 3000 * n, "content": encoded(piece), "more": more}
        reply = page["add"](wanted)
        assert reply == ({"taken": 3000 * (n + 1)} if more else {"added": "long.txt"})
    assert (corpus_folder / "long.txt").read_text(encoding="utf-8") == text


def test_pieces_that_do_not_fit_are_refused_and_few_files_are_on_their_way(briefing: Briefing) -> None:
    page = acts(briefing)
    first = {"name": "a.txt", "at": 0, "content": encoded("abc"), "more": True}
    for n in range(9):
        assert page["add"]({**first, "upload": f"u{n}"}) == {"taken": 3}
    assert len(page["made"]._uploads) == admin.MAX_UPLOADS
    later = {"name": "a.txt", "at": 3, "content": encoded("def")}
    assert page["add"]({**later, "upload": "u0"}) == {"error": "it did not arrive whole; send it again"}
    assert page["add"]({**later, "upload": "u8", "at": 2})["error"].startswith("it did not arrive whole")
    page["add"]({**first, "upload": "u7"})
    assert page["add"]({**later, "upload": "u7"}) == {"added": "a.txt"}
    assert "u7" not in page["made"]._uploads


def test_a_file_is_removed_from_the_folder_and_kept(briefing: Briefing, corpus_folder: Path) -> None:
    page = acts(briefing)
    assert page["remove"]({"id": "banks/about.txt"}) == {"removed": "banks/about.txt"}
    assert not (corpus_folder / "banks" / "about.txt").exists()
    assert list((corpus_folder / ".removed").rglob("about.txt"))
    assert rebuilt(page)["receipt"]["deleted"] == {"count": 1, "first": ("banks/about.txt",)}
    assert "banks/about.txt" not in {article.id for article in briefing.articles()}


@pytest.mark.parametrize("wanted", [None, {}, {"id": "gone.md"}, {"id": "../settings.toml"}, {"id": ""}, {"id": ["x"]}])
def test_nothing_else_is_removed(briefing: Briefing, corpus_folder: Path, wanted: object) -> None:
    (corpus_folder.parent / "settings.toml").write_text("x", encoding="utf-8")
    assert set(acts(briefing)["remove"](wanted)) == {"error"}
    assert (corpus_folder.parent / "settings.toml").exists()


def test_a_rebuild_tells_how_far_it_is_and_is_not_begun_twice(
    briefing: Briefing, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, gate, refresh = acts(briefing), threading.Event(), briefing.refresh
    reported = threading.Event()

    def slow(progress: Progress, **_: object) -> Receipt:
        progress("encoding passages", 3, 9)
        reported.set()
        assert gate.wait(20)
        return refresh()

    monkeypatch.setattr(briefing, "refresh", slow)
    assert page["rebuild"]()["running"] is True
    assert reported.wait(20)
    job = page["progress"]()
    assert (job["running"], job["stage"], job["done"], job["total"]) == (True, "encoding passages", 3, 9)
    assert page["rebuild"]() == {"error": "The index is being rebuilt already."}
    assert page["roll_back"]({}) == {"error": "The index is being rebuilt; roll back when that is done."}
    gate.set()
    until = time.monotonic() + 20
    while page["progress"]()["running"]:
        assert time.monotonic() < until
        time.sleep(0.02)
    assert page["progress"]()["receipt"]["unchanged"] == 6


def test_files_that_are_refused_are_named_in_the_receipt(briefing: Briefing, corpus_folder: Path) -> None:
    (corpus_folder / "broken.bin").write_bytes(b"\x00")
    (first,) = rebuilt(acts(briefing))["receipt"]["rejected"]["first"]
    assert first["id"] == "broken.bin"
    assert "format .bin is not read" in first["cause"]


def test_a_rebuild_that_fails_says_why_without_paths(briefing: Briefing, corpus_folder: Path) -> None:
    corpus_folder.rename(corpus_folder.with_name("away"))
    job = rebuilt(acts(briefing))
    assert job["error"].startswith("no corpus folder at the corpus folder")
    assert str(corpus_folder.parent) not in job["error"]
    assert briefing.ask("Who finances the northern railway?").citations


def test_an_error_that_is_not_ours_is_not_shown(briefing: Briefing, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("/srv/secret")

    monkeypatch.setattr(briefing, "refresh", fail)
    assert rebuilt(acts(briefing))["error"] == "Something went wrong; the log has the details."


def test_an_earlier_index_is_served_again(briefing: Briefing, corpus_folder: Path) -> None:
    page, first = acts(briefing), briefing.generation.name
    (corpus_folder / "new.md").write_text("New.", encoding="utf-8")
    second = rebuilt(page)["receipt"]["generation"]
    kept = page["generations"]()["generations"]
    assert [(each["name"], each["articles"], each["current"]) for each in kept] == [
        (second, 7, True),
        (first, 6, False),
    ]
    assert page["roll_back"]({"generation": first}) == {"generation": first}
    assert briefing.generation.name == first
    assert set(page["roll_back"]({"generation": "gen-none"})) == {"error"}


def test_losing_most_articles_is_asked_about(briefing: Briefing, corpus_folder: Path) -> None:
    page = acts(briefing)
    for file in sorted(corpus_folder.glob("*.md")):
        file.unlink()
    job = rebuilt(page)
    assert job["confirm"] is True
    assert len(briefing.articles()) == 6
    assert rebuilt(page, confirm=True)["receipt"]["deleted"]["count"] == 4
    assert len(briefing.articles()) == 2
