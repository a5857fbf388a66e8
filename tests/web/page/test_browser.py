"""The page in a real browser: from a question to the marked sentence and back, and what must never happen."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, expect

from qa.types import Answer
from tests.web.conftest import HOSTILE_NAME, WINDOWS, Site, Watched, watch

pytestmark = pytest.mark.slow

LONG = "How long is the zeppelin hangar at Friedrichshafen?"
RAILWAY = "Who finances the northern railway?"
WIDGETS = "How many quantum widgets were recalled?"
NOWHERE = "Who is the mayor of Paris?"
RELATED = "Who painted the northern railway blue?"
TYPED = (
    "<img src=x onerror=window.CANARY_q=1> [x](javascript:window.CANARY_q2=1) **b** _i_ `c` $a^2$ "
    "${window.CANARY_q3=1} ![](http://outside.example/x.png) http://outside.example {{ value }} &amp; # 1. x"
)
INSIDE = """(mark) => { const m = mark.getBoundingClientRect(), d = mark.closest('.body').getBoundingClientRect();
return m.top >= d.top && m.bottom <= Math.min(d.bottom, innerHeight) && m.left >= 0 && m.right <= innerWidth }"""

every_window = pytest.mark.parametrize("window", WINDOWS, indirect=True, ids=["-".join(pair) for pair in WINDOWS])


@every_window
def test_from_a_question_to_the_marked_sentence_and_back(tab: Watched, window: tuple[str, str]) -> None:
    page = tab.page
    answer = tab.ask(LONG)
    expect(answer.locator("blockquote")).to_contain_text("The zeppelin hangar at Friedrichshafen measures 250 metres.")
    answer.locator("a[href='#src-1-1']").click()
    card = page.locator(".card").first
    expect(card).to_be_focused()
    expect(card).to_be_in_viewport()
    expect(card.locator("mark")).to_have_text("The zeppelin hangar at Friedrichshafen measures 250 metres.")
    expect(card.locator(".about")).to_have_text("Slow Weekly · 3 Feb 2018")
    assert tab.overflow() <= 0

    read = card.get_by_role("button", name="Read in article")
    read.click()
    dialog = page.get_by_role("dialog", name="A long report")
    expect(dialog).to_be_visible()
    mark = dialog.locator("mark")
    expect(mark).to_have_text("The zeppelin hangar at Friedrichshafen measures 250 metres.")
    page.wait_for_timeout(300)  # the dialog rises
    assert mark.evaluate(INSIDE)
    assert tab.overflow() <= 0
    assert re.search(r"#article=long\.md&start=\d+&end=\d+&check=[0-9a-f]{8}$", page.url)

    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(read).to_be_focused()
    expect(page).to_have_url(tab.url)
    dark = page.evaluate("document.body.classList.contains('dark')")
    assert dark == (window[1] == "dark")


@every_window
def test_nothing_hostile_runs_and_all_of_it_is_shown_as_it_is(tab: Watched) -> None:
    page = tab.page
    tab.ask(TYPED)
    expect(page.locator("#chat .user.message").first).to_have_text(TYPED)
    answer = tab.ask(WIDGETS)
    expect(answer.locator("blockquote")).to_contain_text(
        "12,000 quantum widgets <img src=x onerror=window.CANARY_text=1> ${window.CANARY_quote=1} **now**."
    )
    assert page.locator("#chat .message").locator("img, script, svg, iframe").count() == 0
    answer.locator("a.marker").first.click()
    card = page.locator(".card").first
    expect(card.locator("h3")).to_have_text(
        "Recall <img src=x onerror=window.CANARY_title=1> **bold** ${window.CANARY_tpl=1} {{ value }}"
    )
    assert page.locator(".card").locator("img, script, svg, iframe").count() == 0
    card.get_by_role("button", name="Read in article").click()
    dialog = page.locator("dialog.reader")
    expect(dialog.locator("mark")).to_contain_text("12,000 quantum widgets")
    expect(dialog.locator(".text h3")).to_have_text("Heading <svg onload=window.CANARY_head=1>")
    expect(dialog.locator(".text")).to_contain_text("🙂🙂🙂 <script>window.CANARY_script=1</script> </mark></p>")
    assert dialog.locator("img, script, svg, iframe").count() == 0
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("Escape")  # the sheet of a phone
    page.mouse.move(5, 5)
    page.get_by_role("button", name="Library", exact=True).click()
    expect(page.locator(".articles li")).to_have_count(8)
    page.wait_for_timeout(300)
    assert tab.overflow() <= 0
    assert tab.canaries() == []


def test_a_marker_of_an_old_answer_shows_the_sources_of_that_answer(tab: Watched) -> None:
    page = tab.page
    tab.ask(LONG)
    tab.ask(RAILWAY)
    expect(page.locator(".card h3").first).to_have_text("Loan for the northern railway")
    page.locator("#chat a[href='#src-1-1']").click()
    expect(page.locator(".asked")).to_have_text(LONG)
    expect(page.locator(".card.chosen h3")).to_have_text("A long report")
    page.locator("#chat a[href='#src-2-1']").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".card.chosen h3")).to_have_text("Loan for the northern railway")
    original = page.locator(".card.chosen .original")
    assert original.get_attribute("href") == "https://example.org/rail/loan"
    assert original.get_attribute("rel") == "noopener noreferrer"


def test_a_refusal_looks_different_and_lists_the_nearest_passages(tab: Watched) -> None:
    page = tab.page
    styles = []
    for question, words in (
        (RAILWAY, "The Development Bank finances"),
        (RELATED, "gives no sure answer"),
        (NOWHERE, "This is not in the briefing."),
    ):
        answer = tab.ask(question)
        expect(answer).to_contain_text(words)
        styles.append(answer.evaluate("(node) => getComputedStyle(node).border"))
    assert len(set(styles)) == 3
    page.locator("#chat a[href='#near-2']").click()
    expect(page.get_by_role("heading", name="Nearest passages")).to_be_focused()
    assert page.locator(".card").count() > 0
    assert page.locator(".card .number, .card mark").count() == 0
    page.locator(".card .read").first.click()
    expect(page.locator("dialog.reader mark").first).to_be_in_viewport()


def test_a_deep_link_is_asked_once(blank: Watched) -> None:
    page = blank.page
    blank.visit("?q=" + quote(LONG))
    blank.answer(0)
    expect(page.locator("#chat .user.message")).to_have_text(LONG)
    expect(page).to_have_url(blank.url)
    blank.visit()
    blank.answer(0)
    expect(page.locator("#chat .user.message")).to_have_count(1)


def test_a_conversation_survives_a_reload(tab: Watched) -> None:
    page = tab.page
    tab.ask(LONG)
    tab.ask(RAILWAY)
    said = page.locator("#chat .message").all_inner_texts()
    tab.visit()
    tab.answer(1)
    assert page.locator("#chat .message").all_inner_texts() == said
    expect(page.locator(".asked")).to_have_text(RAILWAY)
    page.locator("#chat a[href='#src-1-1']").click()
    expect(page.locator(".card.chosen h3")).to_have_text("A long report")
    tab.ask(NOWHERE)
    expect(page.locator("#chat .user.message")).to_have_count(3)


def test_an_address_opens_its_article(blank: Watched, site: Site) -> None:
    page = blank.page
    text = (site.corpus / "long.md").read_text(encoding="utf-8").split("---\n", 2)[2].strip()
    start = text.index("The zeppelin")
    blank.visit(f"#article=long.md&start={start}&end={start + 12}")
    dialog = page.get_by_role("dialog", name="A long report")
    expect(dialog.locator("mark")).to_have_text("The zeppelin")
    assert dialog.locator("mark").evaluate(INSIDE)
    dialog.get_by_role("button", name="Close").click()
    expect(page).to_have_url(blank.url)


def test_a_citation_has_an_address_that_can_be_shared(tab: Watched) -> None:
    page = tab.page
    tab.ask(LONG)
    page.locator(".card").first.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    address = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(re.escape(tab.url) + r"#article=long\.md&start=\d+&end=\d+&check=[0-9a-f]{8}", address)
    page.goto("about:blank")
    page.goto(address)
    mark = page.get_by_role("dialog", name="A long report").locator("mark")
    expect(mark).to_have_text("The zeppelin hangar at Friedrichshafen measures 250 metres.")
    page.get_by_role("dialog").get_by_role("button", name="Copy link").click()
    page.wait_for_function("(a) => navigator.clipboard.readText().then((text) => text === a)", arg=address)
    page.goto("about:blank")
    page.goto(re.sub("check=.*", "check=00000000", address))
    expect(page.get_by_role("dialog")).to_contain_text("This article has changed since this address was made")
    expect(page.get_by_role("dialog").locator("mark")).to_have_count(0)


def test_going_back_closes_the_reader_and_forward_opens_it(tab: Watched) -> None:
    page = tab.page
    tab.ask(LONG)
    page.locator(".card .read").first.click()
    expect(page.locator("dialog.reader mark")).to_be_visible()
    expect(page).to_have_url(re.compile("#article="))
    page.go_back()
    expect(page.locator("dialog.reader")).to_be_hidden()
    page.go_forward()
    expect(page.locator("dialog.reader mark")).to_be_visible()


def test_an_article_that_is_gone_is_said_to_be_gone(blank: Watched) -> None:
    blank.visit("#article=gone.md&start=3&end=9")
    expect(blank.page.get_by_role("dialog")).to_contain_text("This article is no longer in the briefing.")
    blank.page.keyboard.press("Escape")
    expect(blank.page.get_by_role("dialog")).to_be_hidden()


def test_the_library_is_searched_and_opens_articles(tab: Watched) -> None:
    page = tab.page
    page.get_by_role("button", name="Library", exact=True).click()
    library = page.get_by_role("dialog", name="Library")
    search = library.get_by_role("searchbox")
    expect(search).to_be_focused()
    assert library.get_by_text("Remove").count() == library.locator("input[type=file]").count() == 0
    search.fill("northern 2020")
    entry = library.locator(".articles button.entry")
    expect(entry).to_have_count(1)
    expect(entry).to_have_text("Northern railway postponedin the index · 1 passage · Morning Post · 9 Mar 2020")
    expect(library.locator(".body > .count")).to_have_text("1 of 8 articles")
    entry.click()
    expect(page.get_by_role("dialog", name="Northern railway postponed")).to_be_visible()
    page.keyboard.press("Escape")
    expect(entry).to_be_focused()
    search.fill("no such article")
    expect(library).to_contain_text("No article has these words in its title, source, date or state.")
    search.fill("recall <img")
    library.locator(".articles button.entry").click()
    expect(page).to_have_url(re.compile("#article="))
    assert page.evaluate("new URLSearchParams(location.hash.slice(1)).get('article')") == HOSTILE_NAME
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Library", exact=True)).to_be_focused()


def test_the_chat_is_filtered_by_source_and_date(tab: Watched) -> None:
    page = tab.page
    line = page.locator(".filtering")
    expect(line).to_contain_text("Asking all 8 articles")
    page.get_by_role("button", name="Filter…").click()
    dialog = page.get_by_role("dialog", name="Ask only some articles")
    dialog.get_by_role("checkbox", name=re.compile("Morning Post")).check()
    expect(dialog.get_by_role("status")).to_have_text("These are 3 of 8 articles.")
    dialog.get_by_label("From").fill("2020-01-01")
    expect(dialog.get_by_role("status")).to_have_text("These are 1 of 8 articles.")
    dialog.get_by_role("button", name="Done").click()
    expect(line).to_contain_text("Asking 1 of 8 articles:")
    answer = tab.ask(RAILWAY)
    expect(answer).to_contain_text("Only Morning Post, from 1 Jan 2020")
    assert set(page.locator(".card h3").all_inner_texts()) == {"Northern railway postponed"}
    answer.get_by_role("button", name="Copy link").click()
    page.wait_for_function("navigator.clipboard.readText().then((text) => text.includes('since=2020-01-01'))")
    tab.visit()
    expect(line).to_contain_text("Asking 1 of 8 articles:")
    for name in ("Do not filter by Morning Post", "Do not filter by from 2020-01-01"):
        page.get_by_role("button", name=name).click()
    expect(line).to_contain_text("Asking all 8 articles")
    page.goto(page.evaluate("navigator.clipboard.readText()"))
    expect(tab.answer(1)).to_contain_text("Only Morning Post, from 1 Jan 2020")
    expect(line).to_contain_text("Asking 1 of 8 articles:")


def test_a_hostile_source_is_only_a_choice(tab: Watched) -> None:
    page = tab.page
    page.get_by_role("button", name="Filter…").click()
    page.get_by_role("checkbox", name=re.compile("Evil")).check()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Filter…")).to_be_focused()
    expect(page.locator(".filtering")).to_contain_text("<b onmouseover=window.CANARY_source=1>Evil</b> Post ✕")
    answer = tab.ask(WIDGETS)
    expect(answer).to_contain_text("Only <b onmouseover=window.CANARY_source=1>Evil</b> Post")
    page.locator(".filtering .chip").hover()


def test_examples_are_asked_when_pressed(tab: Watched) -> None:
    page = tab.page
    examples = page.locator(".front .question")
    expect(examples).to_have_count(2)
    expect(examples.nth(1)).to_contain_text(
        "<img src=x onerror=window.CANARY_pinned=1> **this** ${window.CANARY_pinned2=1}"
    )
    examples.first.click()
    expect(tab.answer(0)).to_contain_text("The Development Bank finances")


def test_copying_the_answer_and_a_link_to_its_question(tab: Watched) -> None:
    page = tab.page
    answer = tab.ask(LONG)
    answer.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    quoted = "“The zeppelin hangar at Friedrichshafen measures 250 metres.”"
    origin = "A long report, Slow Weekly · 3 Feb 2018"
    address = re.escape(tab.url) + r"#article=long\.md&start=\d+&end=\d+&check=[0-9a-f]{8}"
    assert re.match(rf"\[1\] {re.escape(quoted)}\n    {origin}\n    {address}(\n|$)", copied)
    answer.get_by_role("button", name="Copy link").click()
    page.wait_for_function("navigator.clipboard.readText().then((text) => text.includes('?q='))")
    page.goto(page.evaluate("navigator.clipboard.readText()"))
    tab.answer(1)
    expect(page.locator("#chat .user.message").nth(1)).to_have_text(LONG)


def test_a_conversation_is_exported_and_a_new_one_begun(tab: Watched) -> None:
    page = tab.page
    tab.ask(WIDGETS)
    tab.ask(NOWHERE)
    with page.expect_download() as started:
        page.get_by_role("button", name="Export").click()
    text = Path(started.value.path()).read_text(encoding="utf-8")
    assert started.value.suggested_filename == "conversation.md"
    assert "## How many quantum widgets were recalled?\n\n> The maker recalled 12,000 quantum widgets \\<img" in text
    assert "- [1] Recall \\<img src=x onerror=window.CANARY\\_title=1\\> \\*\\*bold\\*\\*" in text
    assert "## Who is the mayor of Paris?\n\nThis is not in the briefing.\n" in text
    page.get_by_role("button", name="New", exact=True).click()
    expect(page.locator("#chat .message")).to_have_count(0)
    expect(page.locator(".card")).to_have_count(0)
    tab.visit()
    expect(page.locator(".front .question")).to_have_count(2)
    expect(page.locator("#chat .message")).to_have_count(0)


class Gate:
    """Holds up the answers of a site until it is opened."""

    def __init__(self, site: Site, patch: pytest.MonkeyPatch) -> None:
        self.event, ask = threading.Event(), site.briefing.ask

        def wait(*given: Any, **named: Any) -> Answer:  # noqa: ANN401 (hands on what the page gives)
            assert self.event.wait(120)
            return ask(*given, **named)

        patch.setattr(site.briefing, "ask", wait)

    def open(self) -> None:
        self.event.set()


def test_clearing_while_an_answer_is_made_leaves_nothing(
    tab: Watched, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tab.page
    tab.ask(RAILWAY)
    gate = Gate(site, monkeypatch)
    page.fill("#box textarea", LONG)
    page.keyboard.press("Enter")
    expect(page.locator("#chat .bot.message")).to_have_count(2)
    page.get_by_role("button", name="New", exact=True).click()
    expect(page.locator("#chat .message")).to_have_count(0)
    gate.open()
    page.wait_for_timeout(1500)
    expect(page.locator("#chat .message")).to_have_count(0)
    expect(page.locator(".card")).to_have_count(0)
    tab.visit()
    expect(page.locator(".front .question")).to_have_count(2)
    expect(tab.ask(RAILWAY)).to_contain_text("The Development Bank finances")
    expect(page.locator("#chat .user.message")).to_have_count(1)


def test_a_slow_answer_tells_what_is_going_on(
    tab: Watched, site: Site, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(site, monkeypatch)
    others = [browser.new_page() for _ in range(site.briefing.settings.serve.workers)]
    for page in [*others, tab.page]:
        Watched(page, site.url).visit()
        page.fill("#box textarea", RAILWAY)
        page.keyboard.press("Enter")
        expect(page.locator("#chat .bot.message")).to_have_text(re.compile("Searching|Waiting"))
    expect(others[0].locator("#chat .bot.message")).to_have_text(
        re.compile(r"Searching 8 articles, reading the best passages… \d+ s")
    )
    expect(tab.page.locator("#chat .bot.message")).to_have_text(f"Waiting: {len(others)} questions are before yours…")
    gate.open()
    for page in [*others, tab.page]:
        expect(Watched(page, site.url).answer(0)).to_contain_text("The Development Bank finances")
    for page in others:
        page.close()


def test_votes_are_written_down_and_can_be_taken_back(tab: Watched, site: Site) -> None:
    page, file = tab.page, site.index / "feedback.jsonl"
    file.unlink(missing_ok=True)
    answer = tab.ask(RAILWAY)
    helpful = answer.get_by_role("button", name="Helpful", exact=True)
    helpful.focus()
    page.keyboard.press("Space")
    expect(helpful).to_have_attribute("aria-pressed", "true")
    tab.visit()
    expect(helpful).to_have_attribute("aria-pressed", "true")
    helpful.click()
    expect(helpful).to_have_attribute("aria-pressed", "false")
    answer.get_by_role("button", name="Not helpful").click()
    expect(answer.get_by_role("button", name="Not helpful")).to_have_attribute("aria-pressed", "true")
    votes = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [(vote["question"], vote["helpful"]) for vote in votes] == [
        (RAILWAY, True),
        (RAILWAY, None),
        (RAILWAY, False),
    ]
    assert votes[0]["citations"][0]["article"] == "2016-06-29-railway-loan.md"


def test_the_theme_is_switched_and_remembered(tab: Watched) -> None:
    page = tab.page
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.get_by_role("button", name="Theme").click()
    dark = page.evaluate(background)
    assert dark != light
    tab.visit()
    page.wait_for_function(f"{background} === '{dark}'")


def test_keys(tab: Watched) -> None:
    page = tab.page
    box = page.get_by_role("textbox", name="Your question")
    page.keyboard.press("/")
    expect(box).to_be_focused()
    expect(box).to_have_value("")
    page.keyboard.type("either/or")
    expect(box).to_have_value("either/or")


@every_window
def test_every_control_has_a_name(tab: Watched) -> None:
    page = tab.page
    tab.ask(RAILWAY)
    page.get_by_role("button", name="Library", exact=True).click()
    expect(page.get_by_role("searchbox")).to_be_focused()
    for role in ("button", "link", "textbox", "searchbox"):
        assert page.get_by_role(role, name=re.compile(r"\S")).count() == page.get_by_role(role).count() > 0
    expect(page.get_by_role("log")).to_have_attribute("aria-live", "polite")
    assert page.locator("[aria-label*='&#']").count() == 0
    assert page.get_by_text("Use via API").count() == 0


def test_the_header_tells_when_the_folder_changed(tab: Watched, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.web.page.library.FRESH_SECONDS", -1.0)  # the page may be opened twice within a second
    header = tab.page.locator("header p")
    expect(header).to_have_text(re.compile(r"^8 articles · index built .* · up to date$"))
    expect(tab.page.locator("h1")).to_have_text("Test <b>Briefing</b> ${1+1}")
    added = site.corpus / "added.md"
    added.write_text("New.", encoding="utf-8")
    try:
        tab.visit()
        expect(header).to_have_text(re.compile("folder changed, run briefing index$"))
    finally:
        added.unlink()


def test_the_bundled_corpus_with_the_real_model(bundled: str, browser: Browser) -> None:
    tab = watch(browser.new_page(), bundled)
    tab.visit()
    answer = tab.ask("who finances the railway?")
    expect(answer.locator("blockquote")).to_contain_text(re.compile("loan|lend|financ|credit"))
    quotation = answer.locator("blockquote p").inner_text().removesuffix("1").strip()
    card = tab.page.locator(".card").first
    expect(card.locator("mark")).to_have_text(quotation)
    card.get_by_role("button", name="Read in article").click()
    mark = tab.page.locator("dialog.reader mark").first
    expect(mark).to_be_in_viewport()
    assert tab.faults == []
    tab.page.close()
