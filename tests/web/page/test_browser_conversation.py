"""Follow-ups on the page: the chip that shows what was searched for, its change, and replies that are no answers."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.web.conftest import WINDOWS, Site, Watched, opened
from tests.web.page.test_browser import INSIDE, LONG, NOWHERE, RAILWAY, TYPED, Gate
from tests.web.page.test_browser_access import reach, violations

pytestmark = pytest.mark.slow

KAMATH = "Who is the president of the Development Bank?"
SAID = "What did he say?"
UNDERSTOOD = "Searched for: What did K. V. Kamath say?"
EVERY = ["-".join(pair) for pair in WINDOWS]


def chip(answer: Locator) -> Locator:
    return answer.get_by_role("button", name=re.compile("^Searched for: "))


@pytest.mark.parametrize("window", WINDOWS, indirect=True, ids=EVERY)
def test_what_was_searched_for_is_shown_and_changed_with_the_keyboard_alone(tab: Watched) -> None:
    page = tab.page
    tab.ask(KAMATH)
    answer = tab.ask(SAID)
    expect(chip(answer)).to_have_text(UNDERSTOOD)
    expect(chip(answer)).to_have_attribute("title", "Change what is searched for")
    assert violations(page) == []
    reach(page, "#chat a[href='#searched-2']", "Shift+Tab")
    page.keyboard.press("Enter")
    box = page.get_by_role("form", name="Change the wording").get_by_role("textbox", name="Search for")
    expect(box).to_be_focused()
    expect(box).to_have_value("What did K. V. Kamath say?")
    expect(chip(answer)).to_be_hidden()
    assert violations(page) == []
    assert tab.overflow() <= 0
    page.keyboard.press("Escape")
    expect(box).to_have_count(0)
    expect(chip(answer)).to_be_focused()
    page.keyboard.press("Space")
    expect(box).to_be_focused()
    page.keyboard.type(LONG)  # the old words are selected, so that these take their place
    page.keyboard.press("Enter")
    again = tab.answer(2)
    expect(again.locator("blockquote")).to_contain_text("measures 250 metres.")
    expect(chip(again)).to_have_text(f"Searched for: {LONG}")
    expect(page.locator("#chat .user.message").nth(2)).to_have_text(SAID)
    expect(chip(answer)).to_be_focused()
    expect(chip(answer)).to_have_text(UNDERSTOOD)
    assert tab.overflow() <= 0


def test_what_was_searched_for_is_changed_with_the_mouse_and_survives_a_reload(tab: Watched) -> None:
    page = tab.page
    tab.ask(KAMATH)
    answer = tab.ask(SAID)
    page.fill("#box textarea", "half a thought")
    chip(answer).click()
    page.get_by_role("button", name="Cancel").click()
    expect(chip(answer)).to_be_visible()
    chip(answer).click()
    page.get_by_label("Search for").fill("")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_label("Search for")).to_be_focused()  # there is nothing to search for
    page.get_by_label("Search for").fill(RAILWAY)
    page.get_by_role("button", name="Search", exact=True).click()
    expect(tab.answer(2).locator("blockquote")).to_contain_text("The Development Bank finances")
    expect(page.locator("#box textarea")).to_have_value("half a thought")
    said = page.locator("#chat .message").all_inner_texts()
    tab.visit()
    tab.answer(2)
    assert page.locator("#chat .message").all_inner_texts() == said
    expect(chip(page.locator("#chat .bot.message").nth(2))).to_have_text(f"Searched for: {RAILWAY}")
    chip(page.locator("#chat .bot.message").nth(1)).click()
    expect(page.get_by_label("Search for")).to_have_value("What did K. V. Kamath say?")


def test_a_question_can_be_asked_as_it_was_typed(tab: Watched) -> None:
    tab.ask(KAMATH)
    tab.ask(SAID).get_by_role("button", name="Ask as typed").click()
    again = tab.answer(2)
    expect(tab.page.locator("#chat .user.message").nth(2)).to_have_text(SAID)
    expect(chip(again)).to_have_count(0)


def test_a_change_of_topic_carries_nothing_over(tab: Watched) -> None:
    tab.ask(KAMATH)
    answer = tab.ask(LONG)
    expect(answer.locator("blockquote")).to_contain_text("measures 250 metres.")
    expect(chip(answer)).to_have_count(0)


def test_a_refused_follow_up_shows_what_was_searched_for(tab: Watched) -> None:
    tab.ask(KAMATH)
    answer = tab.ask("Did he ever paint zebras or walruses?")
    expect(answer).to_contain_text(re.compile("gives no sure answer|not in the briefing"))
    expect(chip(answer)).to_have_text("Searched for: Did K. V. Kamath ever paint zebras or walruses?")


def test_clearing_and_a_link_begin_with_nothing_said(tab: Watched) -> None:
    page = tab.page
    tab.ask(KAMATH)
    page.get_by_role("button", name="New", exact=True).click()
    expect(page.locator("#chat .message")).to_have_count(0)
    expect(chip(tab.ask(SAID))).to_have_count(0)
    tab.ask(KAMATH)
    tab.visit("?q=" + quote(SAID))
    expect(chip(tab.answer(2))).to_have_count(0)
    expect(page.locator("#chat .user.message").nth(2)).to_have_text(SAID)


def test_a_hostile_wording_is_only_words(tab: Watched) -> None:
    page = tab.page
    tab.ask(KAMATH)
    chip(tab.ask(SAID)).click()
    page.get_by_label("Search for").fill(TYPED)
    page.keyboard.press("Enter")
    again = tab.answer(2)
    expect(chip(again)).to_have_text(f"Searched for: {TYPED}")
    assert page.locator("#chat .message").locator("img, script, svg, iframe").count() == 0
    chip(again).click()
    expect(page.get_by_label("Search for")).to_have_value(TYPED)
    page.keyboard.press("Escape")
    chip(again).hover()
    assert tab.canaries() == []


def test_the_words_stay_while_another_question_is_answered(
    tab: Watched, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tab.page
    tab.ask(KAMATH)
    answer = tab.ask(SAID)
    gate = Gate(site, monkeypatch)
    page.fill("#box textarea", LONG)
    page.keyboard.press("Enter")
    expect(page.locator("#chat .bot.message").nth(2)).to_have_text(re.compile("Searching"))
    chip(answer).click()
    page.get_by_label("Search for").fill(RAILWAY)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Wait for the answer")).to_be_visible()
    gate.open()
    tab.answer(2)
    expect(page.get_by_label("Search for")).to_have_value(RAILWAY)
    page.get_by_label("Search for").press("Enter")
    expect(tab.answer(3).locator("blockquote")).to_contain_text("The Development Bank finances")
    expect(page.locator("#chat .user.message")).to_have_count(4)


def test_copy_link_and_export_tell_what_was_searched_for(tab: Watched) -> None:
    page = tab.page
    tab.ask(KAMATH)
    answer = tab.ask(SAID)
    answer.get_by_role("button", name="Copy", exact=True).click()
    page.wait_for_function(f"navigator.clipboard.readText().then((text) => text.endsWith('\\n{UNDERSTOOD}'))")
    with page.expect_download() as started:
        page.get_by_role("button", name="Export").click()
    text = Path(started.value.path()).read_text(encoding="utf-8")
    said = text.partition(f"## {SAID}\n\n*{UNDERSTOOD}*\n\n")[2]
    assert "> K. V. Kamath" in said
    answer.get_by_role("button", name="Copy link").click()
    page.wait_for_function("navigator.clipboard.readText().then((text) => text.includes('Kamath'))")
    page.goto(page.evaluate("navigator.clipboard.readText()"))
    tab.answer(2)
    expect(page.locator("#chat .user.message").nth(2)).to_have_text("What did K. V. Kamath say?")


def test_a_reply_of_the_briefing_s_own_is_neither_answer_nor_refusal(tab: Watched) -> None:
    page = tab.page
    plain = tab.ask(RAILWAY).evaluate("(node) => getComputedStyle(node).border")
    answer = tab.ask("hello")
    expect(answer).to_contain_text("Ask a question, and it is answered with sentences from the articles here")
    assert answer.locator("li").count() == 3
    assert answer.evaluate("(node) => getComputedStyle(node).border") == plain
    expect(answer.locator(".certainty")).to_have_count(0)
    expect(page.locator(".card")).to_have_count(0)
    expect(page.locator(".sources")).to_contain_text("Press a marker in an answer")
    answer = tab.ask("Which articles do you have on the Amur?")
    expect(answer.locator("li")).to_contain_text("Pipeline reaches the Amur Energy Weekly · 22 May 2017")
    answer.get_by_role("link", name="Pipeline reaches the Amur").click()
    expect(page.get_by_role("dialog", name="Pipeline reaches the Amur").locator("mark")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    answer.get_by_role("link", name="Show passages on this").click()
    expect(page.get_by_role("heading", name="Passages on this")).to_be_focused()
    assert set(page.locator(".card h3").all_inner_texts()) == {"Pipeline reaches the Amur"}
    with page.expect_download() as started:
        page.get_by_role("button", name="Export").click()
    text = Path(started.value.path()).read_text(encoding="utf-8")
    assert ":\n- “Pipeline reaches the Amur” (Energy Weekly, 2017-05-22)\n\nPassages on this:\n\n- " in text


@pytest.mark.parametrize("window", WINDOWS, indirect=True, ids=EVERY)
def test_every_marker_of_an_overview_leads_to_its_sentence(tab: Watched) -> None:
    page = tab.page
    tab.ask(NOWHERE)
    answer = tab.ask("What do we know about the Development Bank?")
    markers = answer.locator("a[href^='#src-2-']")
    count = markers.count()
    assert count == answer.locator("blockquote p").count() >= 3
    expect(answer).to_contain_text(re.compile(rf"{count} sentences from \d articles"))
    for number in (1, count):
        quoted = answer.locator("blockquote p").nth(number - 1).inner_text().removesuffix(str(number)).strip()
        markers.nth(number - 1).click()
        card = page.locator(".card.chosen")
        expect(card).to_be_focused()
        expect(card.locator("mark")).to_have_text(quoted)
        card.get_by_role("button", name="Read in article").click()
        mark = page.locator("dialog.reader mark").first
        expect(mark).to_be_visible()
        page.wait_for_timeout(300)  # the dialog rises
        assert mark.evaluate(INSIDE)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.keyboard.press("Escape")  # the sheet of a phone
    assert violations(page) == []
    assert tab.overflow() <= 0


def test_a_conversation_over_the_bundled_articles(bundled: str, browser: Browser) -> None:
    with opened(browser, bundled) as tab:
        tab.visit()
        tab.ask("Who is the president of the BRICS bank?")
        answer = tab.ask("How long does he serve?")
        expect(chip(answer)).to_have_text("Searched for: How long does K.V. Kamath serve?")
        chip(answer).click()
        tab.page.get_by_label("Search for").fill("How many years does the president of the BRICS bank serve?")
        tab.page.keyboard.press("Enter")
        expect(tab.answer(2).locator("blockquote")).to_contain_text("serves for five years")
        answer = tab.ask("Where will the airliner be assembled?")
        expect(answer.locator("blockquote")).to_contain_text("assembled in Shanghai")
        expect(chip(answer)).to_have_count(0)
        expect(tab.ask("What can you answer?")).to_contain_text("There are 19 articles")
        overview = tab.ask("What do we know about the Power of Siberia?")
        overview.locator("a[href^='#src-']").last.click()
        tab.page.locator(".card.chosen .read").click()
        mark = tab.page.locator("dialog.reader mark").first
        expect(mark).to_be_in_viewport()
