"""What is not lost: conversations in this browser, words in the box, questions that a server did not answer."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.web.conftest import SIZES, Site, Watched, watch
from tests.web.page.test_browser import LONG, NOWHERE, RAILWAY, Gate
from tests.web.page.test_browser_access import violations

pytestmark = pytest.mark.slow

# What can be pressed, is seen, and is lower than 40 pixels.
LOW = """() => [...document.querySelectorAll('button, .foot a, summary')]
    .filter((node) => node.checkVisibility({ visibilityProperty: true }))
    .map((node) => [node.getBoundingClientRect().height, node.outerHTML.slice(0, 90)])
    .filter(([height]) => height > 0 && height < 40)"""

both = pytest.mark.parametrize("window", [(size, "light") for size in SIZES], indirect=True, ids=list(SIZES))


def history(page: Page) -> None:
    page.get_by_role("button", name="History").click()
    expect(page.get_by_role("dialog", name="Conversations")).to_be_visible()


@both
def test_conversations_are_listed_opened_renamed_and_deleted_with_undo(tab: Watched) -> None:
    page = tab.page
    tab.ask(LONG)
    tab.ask(RAILWAY)
    page.get_by_role("button", name="New", exact=True).click()
    expect(page.locator("#chat .message")).to_have_count(0)
    expect(page.locator(".card")).to_have_count(0)
    tab.ask(NOWHERE)
    history(page)
    entries = page.locator("dialog.conversations .entry")
    expect(entries).to_have_count(2)
    expect(entries.nth(0)).to_contain_text(re.compile(f"^{re.escape(NOWHERE)}1 question · .* · shown now$"))
    expect(entries.nth(1)).to_contain_text("2 questions")
    assert violations(page) == []
    assert tab.overflow() <= 0
    page.get_by_role("button", name=f"Rename {LONG}").click()
    page.get_by_label("Name of the conversation").fill("Hangars <b>")
    page.keyboard.press("Enter")
    expect(entries.nth(1)).to_contain_text("Hangars <b>")
    page.get_by_role("button", name="Delete Hangars <b>").click()
    expect(entries).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(entries).to_have_count(2)
    entries.nth(1).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#chat .user.message")).to_have_text([LONG, RAILWAY])
    expect(page.locator("#chat .reply.answered")).to_have_count(2)
    tab.visit()
    expect(page.locator("#chat .user.message")).to_have_text([LONG, RAILWAY])
    tab.ask(NOWHERE)
    history(page)
    expect(entries.first).to_contain_text("Hangars <b>3 questions")


def test_two_tabs_do_not_overwrite_each_other(tab: Watched, site: Site) -> None:
    page = tab.page
    tab.ask(LONG)
    own = page.evaluate("sessionStorage.getItem('briefing-conversation')")
    other = watch(page.context.new_page(), site.url)
    other.page.add_init_script(f"sessionStorage.setItem('briefing-conversation', '{own}')")  # a tab that was duplicated
    other.visit()
    other.answer(0)
    other.ask(RAILWAY)
    tab.ask(NOWHERE)
    expect(page.locator("#chat .user.message")).to_have_text([LONG, NOWHERE])
    history(page)
    expect(page.locator("dialog.conversations .entry")).to_have_count(2)
    page.locator("dialog.conversations .entry").nth(1).click()
    expect(page.locator("#chat .user.message")).to_have_text([LONG, RAILWAY])
    assert other.faults == []
    other.page.close()


def test_earlier_questions_come_back_into_the_box_and_keys_are_listed(tab: Watched) -> None:
    page, box = tab.page, tab.page.locator("#box textarea")
    tab.ask(LONG)
    answer = tab.ask(RAILWAY)
    box.focus()
    for key, words in (
        ("ArrowUp", RAILWAY),
        ("ArrowUp", LONG),
        ("ArrowUp", LONG),
        ("ArrowDown", RAILWAY),
        ("ArrowDown", ""),
    ):
        page.keyboard.press(key)
        expect(box).to_have_value(words)
    page.keyboard.type("my own words")
    page.keyboard.press("ArrowUp")
    expect(box).to_have_value("my own words")
    answer.get_by_role("button", name="Edit question").click()
    expect(box).to_have_value(RAILWAY)
    answer.get_by_role("button", name="Ask again").click()
    tab.answer(2)
    expect(page.locator("#chat .user.message")).to_have_text([LONG, RAILWAY, RAILWAY])
    page.locator("h1").click()
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("earlier questions")
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()


@both
def test_a_question_is_shown_before_the_server_has_it(
    tab: Watched, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, held = tab.page, []
    page.emulate_media(reduced_motion="reduce")  # what breathes has no contrast at times
    page.route("**/queue/join**", lambda route: held.append(route))
    page.fill("#box textarea", RAILWAY)
    page.keyboard.press("Enter")
    expect(page.locator("#pending .asked-now")).to_have_text(RAILWAY)
    expect(page.locator("#pending .doing")).to_have_text("Searching…")
    expect(page.locator(".told")).to_contain_text("The server is slow to answer…")
    assert violations(page) == []
    routes: list[Route] = held
    routes[0].continue_()
    tab.answer(0)
    expect(page.locator("#pending")).to_have_count(0)
    expect(page.locator(".told")).to_be_empty()
    expect(page.locator("#chat .user.message")).to_have_count(1)


def away(context: BrowserContext, url: str) -> None:
    """Let nothing through to the server."""
    context.route(f"{url}**", lambda route: route.abort("connectionrefused"))


@both
def test_a_server_that_is_away_is_told_and_nothing_is_lost(
    site: Site, browser: Browser, window: tuple[str, str]
) -> None:
    width, height = SIZES[window[0]]
    context = browser.new_context(viewport={"width": width, "height": height}, locale="en-GB")
    tab = watch(context.new_page(), site.url)
    page = tab.page
    tab.visit()
    tab.ask(LONG)
    away(context, site.url)
    page.fill("#box textarea", RAILWAY)
    page.keyboard.press("Enter")
    told = page.get_by_role("alert").filter(has_text="The server cannot be reached. Your words are kept here.")
    expect(told).to_be_visible()
    expect(page.locator("#box textarea")).to_have_value(RAILWAY)
    expect(page.locator("#header .dot")).to_have_class("dot stale")
    expect(page.locator("#header")).to_contain_text("the server cannot be reached")
    for name in ("Library", "History", "Ask", "Try again"):
        page.get_by_role("button", name=name, exact=True).click(trial=True)  # nothing covers it
    assert tab.overflow() <= 0
    page.locator("#chat a.marker").first.click()
    page.locator(".card .read").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("The article could not be loaded. Is the server still running?")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_contain_text("The server still cannot be reached")
    context.unroute_all()  # when the server is back, the question is asked
    expect(tab.answer(1)).to_contain_text("The Development Bank finances")
    expect(page.locator("#chat .user.message")).to_have_text([LONG, RAILWAY])
    assert not [fault for fault in tab.faults if not re.search("ERR_CONNECTION_REFUSED|Failed to fetch", fault)]
    context.close()


def test_words_in_the_box_survive_a_reload_and_a_hung_server_is_told(
    tab: Watched, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, box = tab.page, tab.page.locator("#box textarea")
    page.fill("#box textarea", "half a thought")
    tab.visit()
    expect(box).to_have_value("half a thought")
    gate = Gate(site, monkeypatch)
    page.fill("#box textarea", RAILWAY)
    page.keyboard.press("Enter")
    expect(page.locator("#chat .user.message")).to_have_count(1)
    expect(box).to_have_value("")
    gate.open()
    tab.answer(0)


def test_the_source_is_told_under_the_pointer_and_the_focus(tab: Watched) -> None:
    page = tab.page
    answer = tab.ask(LONG)
    expect(answer.locator(".origin")).to_have_text("Slow Weekly · 3 Feb 2018 · A long report")
    marker = answer.locator("a.marker").first
    marker.hover()
    card = page.get_by_role("tooltip")
    expect(card).to_contain_text("A long report")
    expect(card).to_contain_text("The zeppelin hangar at Friedrichshafen measures 250 metres.")
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    page.mouse.move(5, 5)
    marker.focus()
    expect(card).to_be_visible()
    assert violations(page) == []
    answer.locator(".certainty summary").click()
    expect(answer.locator(".certainty")).to_contain_text(re.compile(r"Estimated at \d+ %"))


@pytest.mark.parametrize("window", [("phone", "dark")], indirect=True)
def test_on_a_phone_sources_are_a_sheet_and_fingers_find_their_mark(tab: Watched) -> None:
    page = tab.page
    answer = tab.ask(RAILWAY)
    expect(page.locator("#sources")).to_be_hidden()
    answer.locator("a.marker").first.click()
    expect(page.locator("#sources")).to_be_visible()
    page.wait_for_timeout(300)
    assert page.evaluate(LOW) == []
    page.keyboard.press("Escape")
    expect(page.locator("#sources")).to_be_hidden()
    box = page.locator("#box").bounding_box()
    assert box and box["y"] + box["height"] <= SIZES["phone"][1]
