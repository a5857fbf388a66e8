"""An admin's library in a real browser: upload, rebuild, answer; remove; roll back; and what must not happen."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
from playwright.sync_api import expect

from qa.types import Progress, Receipt
from tests.web.conftest import Site, Watched
from tests.web.page.test_browser import RAILWAY

pytestmark = pytest.mark.slow

HOSTILE_FILE = "x' onfocus=window.CANARY_file=1 <img src=x onerror=window.CANARY_file2=1> ${window.CANARY_file3=1}.md"
DROP = """([name, text]) => {
    const data = new DataTransfer();
    data.items.add(new File([text], name));
    const to = document.querySelector('.drop');
    for (const type of ['dragenter', 'dragover', 'drop'])
        to.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


def write(folder: Path, files: dict[str, str]) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in files]


def test_upload_rebuild_and_an_answer_from_the_new_article(admin: Watched, admin_site: Site, tmp_path: Path) -> None:
    page = admin.page
    files = write(
        tmp_path / "mine",
        {
            "lake.md": "---\ntitle: The lake\n---\nThe lake Baikal is 1,642 metres deep, the deepest on Earth.\n",
            "notes.exe": "MZ",
            "large.md": "Words. " * 4000,
            "empty.txt": "",
            HOSTILE_FILE.replace("/", ""): "Nothing of this name may run.",
        },
    )
    page.get_by_role("button", name="Library", exact=True).click()
    page.set_input_files("#admin-files", files)
    lines = page.locator(".uploads li")
    expect(lines).to_have_count(5)
    expect(lines.nth(0)).to_have_text("lake.mdadded")
    expect(lines.nth(1)).to_contain_text("format .exe is not read")
    expect(lines.nth(2)).to_contain_text("larger than 20,000 bytes")
    expect(lines.nth(3)).to_contain_text("empty: there is no text in it")
    expect(lines.nth(4)).to_have_text(f"{HOSTILE_FILE}added")
    page.evaluate(DROP, ["dropped.txt", "The dropped file tells of the island of Olkhon."])
    expect(lines).to_have_count(1)
    expect(lines.first).to_have_text("dropped.txtadded")
    expect(page.locator(".articles li", has_text="not in the index yet")).to_have_count(3)
    expect(page.locator("header p")).to_contain_text("folder changed · Rebuild…")

    page.get_by_role("button", name="Rebuild the index").click()
    report = page.locator(".report")
    expect(report).to_contain_text("11 files looked at, 8 unchanged")
    report.get_by_text("3 added").click()
    expect(report).to_contain_text("lake.md")
    expect(page.locator(".articles li", has_text="not in the index yet")).to_have_count(0)
    expect(page.locator("header p")).to_contain_text(re.compile("11 articles .* up to date"))
    page.keyboard.press("Escape")
    answer = admin.ask("How deep is the lake Baikal?")
    expect(answer.locator("blockquote")).to_contain_text("1,642 metres deep")
    page.locator(".card .read").first.click()
    expect(page.get_by_role("dialog", name="The lake").locator("mark")).to_be_visible()


def test_a_rebuild_shows_how_far_it_is_and_answers_go_on(
    admin: Watched, admin_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, gate, refresh = admin.page, threading.Event(), admin_site.briefing.refresh

    def slow(progress: Progress, **_: object) -> Receipt:
        progress("encoding passages", 3, 9)
        assert gate.wait(60)
        return refresh()

    monkeypatch.setattr(admin_site.briefing, "refresh", slow)
    page.get_by_role("button", name="Library", exact=True).click()
    page.get_by_role("button", name="Rebuild the index").click()
    expect(page.locator(".going")).to_contain_text("encoding passages: 3 of 9")
    expect(page.get_by_role("progressbar", name="Rebuilding the index")).to_have_attribute("value", "3")
    expect(page.get_by_role("button", name="Rebuild the index")).to_be_disabled()
    page.keyboard.press("Escape")
    expect(admin.ask(RAILWAY)).to_contain_text("The Development Bank finances")
    admin.visit()
    page.get_by_role("button", name="Library", exact=True).click()
    expect(page.locator(".going")).to_contain_text("encoding passages: 3 of 9")  # seen again after a reload
    gate.set()
    expect(page.locator(".report")).to_contain_text("Done in")


def test_a_name_that_is_taken_is_asked_about(admin: Watched, admin_site: Site, tmp_path: Path) -> None:
    page = admin.page
    (file,) = write(tmp_path / "mine", {"long.md": "Replaced."})
    page.get_by_role("button", name="Library", exact=True).click()
    page.set_input_files("#admin-files", file)
    line = page.locator(".uploads li")
    expect(line).to_contain_text("already in the corpus folder")
    assert "zeppelin" in (admin_site.corpus / "long.md").read_text(encoding="utf-8")
    line.get_by_role("button", name="Replace it").click()
    expect(line).to_have_text("long.mdreplaced")
    assert (admin_site.corpus / "long.md").read_text(encoding="utf-8") == "Replaced."
    expect(page.locator(".articles li", has_text="A long report")).to_contain_text("changed since")


def test_an_article_is_removed_after_a_second_word(admin: Watched, admin_site: Site) -> None:
    page = admin.page
    page.get_by_role("button", name="Library", exact=True).click()
    line = page.locator(".articles li", has_text="A long report")
    line.get_by_role("button", name="Remove A long report").click()
    line.get_by_role("button", name="Keep").click()
    assert (admin_site.corpus / "long.md").exists()
    line.get_by_role("button", name="Remove A long report").click()
    line.get_by_role("button", name="Remove the file").click()
    expect(line).to_contain_text("gone from the folder")
    assert not (admin_site.corpus / "long.md").exists()
    assert list((admin_site.corpus / ".removed").rglob("long.md"))
    page.get_by_role("button", name="Rebuild the index").click()
    expect(page.locator(".report")).to_contain_text("1 removed")
    expect(line).to_have_count(0)


def test_going_back_to_an_earlier_index(admin: Watched, admin_site: Site) -> None:
    page = admin.page
    (admin_site.corpus / "new.md").write_text("New words.", encoding="utf-8")
    page.get_by_role("button", name="Library", exact=True).click()
    page.get_by_role("button", name="Rebuild the index").click()
    expect(page.locator("header p")).to_contain_text("9 articles")
    page.get_by_text("Earlier states of the index").click()
    kept = page.locator(".generations li")
    expect(kept).to_have_count(2)
    expect(kept.first).to_contain_text("served now")
    kept.nth(1).get_by_role("button", name=re.compile("Go back to the index of")).click()
    kept.nth(1).get_by_role("button", name="Serve this one").click()
    expect(kept.nth(1)).to_contain_text("served now")
    expect(page.locator("header p")).to_contain_text(re.compile("8 articles .* an earlier index is served"))
    assert len(admin_site.briefing.articles()) == 8


def test_losing_most_articles_is_asked_about(admin: Watched, admin_site: Site) -> None:
    page = admin.page
    for file in [*admin_site.corpus.glob("2*.md"), *admin_site.corpus.glob("banks/*")]:
        file.unlink()
    page.get_by_role("button", name="Library", exact=True).click()
    page.get_by_role("button", name="Rebuild the index").click()
    expect(page.locator(".report .refused")).to_contain_text("6 of the 8 articles in the index folder are gone")
    assert len(admin_site.briefing.articles()) == 8
    page.get_by_role("button", name="Rebuild without them").click()
    expect(page.locator(".report")).to_contain_text("6 removed")
    expect(page.locator("header p")).to_contain_text("2 articles")
