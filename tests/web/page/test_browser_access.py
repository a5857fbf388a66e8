"""The page for everyone: axe-core, the keyboard alone, large type, reduced motion."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.conftest import WINDOWS, Site, Watched, opened
from tests.web.page.test_browser import INSIDE, LONG, NOWHERE, RAILWAY

pytestmark = pytest.mark.slow

AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """Return what axe-core finds, of any weight; the page serves nothing of it."""
    page.wait_for_timeout(300)  # dialogs rise, and what fades has no contrast yet
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{rule['impact']}: {rule['id']}: {node['target']} {node['failureSummary'][:300]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("window", WINDOWS, indirect=True, ids=["-".join(pair) for pair in WINDOWS])
def test_axe_finds_nothing(kept: Watched) -> None:
    page = kept.page
    assert violations(page) == []
    kept.ask(RAILWAY)
    kept.ask(NOWHERE)
    page.get_by_role("button", name="Helpful", exact=True).first.click()
    page.locator("#chat a[href='#src-1-1']").click()
    assert violations(page) == []
    page.locator(".card .read").first.click()
    page.wait_for_selector("dialog.reader mark")
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Escape")  # the sheet of a phone
    page.get_by_role("button", name="Filter…").click()
    page.get_by_role("checkbox").first.check()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Library", exact=True).click()
    page.get_by_role("button", name=re.compile("^Remove ")).first.click()
    page.get_by_text("Earlier states of the index").click()
    page.get_by_role("button", name="Rebuild the index").click()
    expect(page.locator(".report")).to_contain_text("Done in")
    assert violations(page) == []
    assert kept.overflow() <= 0


def reach(page: Page, selector: str, key: str = "Tab", most: int = 60) -> None:
    """Press a key until what the selector names has the focus."""
    for _ in range(most):
        if page.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{selector} cannot be reached by {key}; the focus is on {page.evaluate(FOCUSED)}")


FOCUSED = "document.activeElement.outerHTML.slice(0, 200)"


def test_the_keyboard_alone_reaches_everything(kept: Watched) -> None:
    page = kept.page
    page.keyboard.press("/")
    page.keyboard.type(LONG)
    page.keyboard.press("Enter")
    kept.answer(0)
    reach(page, "#chat a[href='#src-1-1']", "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".card.chosen")).to_be_focused()
    reach(page, ".card.chosen .read")
    page.keyboard.press("Enter")
    mark = page.locator("dialog.reader mark")
    expect(mark).to_be_visible()
    page.wait_for_timeout(300)
    assert mark.evaluate(INSIDE)
    expect(page.locator("dialog.reader .body")).to_be_focused()
    page.keyboard.press("PageDown")
    page.keyboard.press("Escape")
    expect(page.locator(".card.chosen .read")).to_be_focused()
    for link in ("copy-1", "link-1", "again-1", "edit-1", "up-1", "down-1"):
        reach(page, f"#chat a[href='#{link}']", "Shift+Tab" if link == "copy-1" else "Tab")
    reach(page, ".filtering .plain")
    page.keyboard.press("Enter")
    reach(page, "dialog.filters [type=checkbox]")
    page.keyboard.press("Space")
    reach(page, "dialog.filters .primary")
    page.keyboard.press("Enter")
    expect(page.locator(".filtering")).to_contain_text("Asking 1 of 8 articles:")
    reach(page, "#header .tools button", "Shift+Tab")
    for _ in range(5):
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("searchbox", name=re.compile("Find an article"))).to_be_focused()
    reach(page, "#admin-files", "Shift+Tab")
    reach(page, ".manage .primary")
    reach(page, ".articles button.entry")
    reach(page, ".articles .sure button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Keep")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=re.compile("^Remove ")).first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Library", exact=True)).to_be_focused()


def test_it_is_usable_at_twice_the_size(site: Site, browser: Browser) -> None:
    """Twice the size of a 1280×800 window is a window of half its points, as browsers zoom."""
    with opened(browser, site.url) as tab:
        page = tab.page
        page.set_viewport_size({"width": 640, "height": 400})
        tab.visit()
        answer = tab.ask(LONG)
        for name in ("Library", "History", "New", "Export", "Theme", "Ask", "Filter…"):
            expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()
        answer.locator("a[href='#src-1-1']").click()
        expect(page.locator(".card").first).to_be_in_viewport()
        assert tab.overflow() <= 0
        page.locator(".card .read").first.click()
        page.wait_for_timeout(300)
        assert page.locator("dialog.reader mark").evaluate(INSIDE)
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")  # the sheet of the sources
        page.get_by_role("button", name="Filter…").click()
        expect(page.get_by_role("button", name="Done")).to_be_in_viewport()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Library", exact=True).click()
        expect(page.locator(".articles li").first).to_be_attached()
        assert tab.overflow() <= 0


def test_nothing_moves_for_those_who_asked_for_that(site: Site, browser: Browser) -> None:
    with opened(browser, site.url) as tab:
        tab.page.emulate_media(reduced_motion="reduce")
        tab.visit()
        tab.ask(LONG)
        tab.page.locator(".card .read").first.click()
        tab.page.wait_for_selector("dialog.reader mark")
        moving = "document.getAnimations().filter((each) => each.playState === 'running').length"
        assert tab.page.evaluate(moving) == 0


@pytest.mark.parametrize("window", [("phone", "light")], indirect=True)
def test_on_a_phone_there_is_a_way_back_from_the_sources(tab: Watched) -> None:
    page = tab.page
    tab.ask(RAILWAY)
    tab.ask(LONG)
    page.locator("#chat a[href='#src-1-1']").click()
    expect(page.locator(".card.chosen")).to_be_in_viewport()
    page.get_by_role("button", name="Back to the answer").click()
    expect(page.locator("#chat a[href='#src-1-1']")).to_be_focused()
    expect(page.locator("#chat a[href='#src-1-1']")).to_be_in_viewport()
