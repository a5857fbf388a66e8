"""The page in a real browser: from a question to the marked sentence and back, and what must never happen."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, expect

from tests.web.conftest import HOSTILE_NAME, Site, Watched, watch

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
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

WINDOWS = [(size, colours) for size in ("desktop", "phone") for colours in ("light", "dark")]
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
    expect(card.locator(".about")).to_have_text("Slow Weekly · 2018-02-03")
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
    assert re.search(r"#article=long\.md&start=\d+&end=\d+$", page.url)

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
    card = page.locator(".card").first
    expect(card.locator("h3")).to_have_text(
        "Recall <img src=x onerror=window.CANARY_title=1> **bold** ${window.CANARY_tpl=1} {{ value }}"
    )
    assert page.locator(".card").locator("img, script, svg, iframe").count() == 0
    card.get_by_role("button", name="Read in article").click()
    dialog = page.locator("dialog.reader")
    expect(dialog.locator("mark")).to_contain_text("12,000 quantum widgets")
    expect(dialog.locator(".text h4")).to_have_text("Heading <svg onload=window.CANARY_head=1>")
    expect(dialog.locator(".text")).to_contain_text("🙂🙂🙂 <script>window.CANARY_script=1</script> </mark></p>")
    assert dialog.locator("img, script, svg, iframe").count() == 0
    page.keyboard.press("Escape")
    page.mouse.move(5, 5)
    page.get_by_role("button", name="Articles", exact=True).click()
    expect(page.locator("#library li")).to_have_count(8)
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
        (RELATED, "does not answer this"),
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
    dialog.get_by_role("button", name="Close the article").click()
    expect(page).to_have_url(blank.url)


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


def test_the_library_is_filtered_and_opens_articles(tab: Watched) -> None:
    page = tab.page
    page.get_by_role("button", name="Articles", exact=True).click()
    search = page.get_by_role("searchbox")
    expect(search).to_be_focused()
    search.fill("northern 2020")
    expect(page.locator("#library li")).to_have_count(1)
    expect(page.locator("#library .count")).to_have_text("1 of 8 articles")
    entry = page.locator("#library li button")
    entry.click()
    expect(page.get_by_role("dialog", name="Northern railway postponed")).to_be_visible()
    page.keyboard.press("Escape")
    expect(entry).to_be_focused()
    search.fill("recall <img")
    page.locator("#library li button").click()
    expect(page).to_have_url(re.compile("#article="))
    assert page.evaluate("new URLSearchParams(location.hash.slice(1)).get('article')") == HOSTILE_NAME


def test_examples_are_asked_when_pressed(tab: Watched) -> None:
    page = tab.page
    examples = page.locator("#chat .example")
    expect(examples).to_have_count(2)
    expect(examples.nth(1)).to_contain_text(
        "<img src=x onerror=window.CANARY_pinned=1> **this** ${window.CANARY_pinned2=1}"
    )
    examples.first.click()
    expect(tab.answer(0)).to_contain_text("The Development Bank finances")


def test_copying_the_answer_and_a_link_to_its_question(tab: Watched) -> None:
    page = tab.page
    answer = tab.ask(LONG)
    answer.get_by_role("link", name="Copy", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == (
        "The zeppelin hangar at Friedrichshafen measures 250 metres.\n\n[1] A long report, Slow Weekly · 2018-02-03"
    )
    answer.get_by_role("link", name="Copy link").click()
    page.wait_for_function("navigator.clipboard.readText().then((text) => text.includes('?q='))")
    page.goto(page.evaluate("navigator.clipboard.readText()"))
    tab.answer(1)
    expect(page.locator("#chat .user.message").nth(1)).to_have_text(LONG)


def test_a_conversation_is_exported_and_cleared(tab: Watched) -> None:
    page = tab.page
    tab.ask(WIDGETS)
    tab.ask(NOWHERE)
    with page.expect_download() as started:
        page.get_by_role("button", name="Export").click()
    text = Path(started.value.path()).read_text(encoding="utf-8")
    assert started.value.suggested_filename == "conversation.md"
    assert "## How many quantum widgets were recalled?\n\n> The maker recalled 12,000 quantum widgets \\<img" in text
    assert "- [1] Recall \\<img src=x onerror=window.CANARY\\_title=1\\> \\*\\*bold\\*\\*" in text
    assert "This is not in the briefing.\n\nNearest passages:\n\n- " in text
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.locator("#chat .message")).to_have_count(0)
    expect(page.locator(".card")).to_have_count(0)
    tab.visit()
    expect(page.locator("#chat .example")).to_have_count(2)
    expect(page.locator("#chat .message")).to_have_count(0)


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
    page.get_by_role("button", name="Articles", exact=True).click()
    expect(page.get_by_role("searchbox")).to_be_focused()
    for role in ("button", "link", "textbox", "searchbox"):
        assert page.get_by_role(role, name=re.compile(r"\S")).count() == page.get_by_role(role).count() > 0
    expect(page.get_by_role("log")).to_have_attribute("aria-live", "polite")
    assert page.locator("[aria-label*='&#']").count() == 0
    assert page.get_by_text("Use via API").count() == 0


def test_the_header_tells_when_the_folder_changed(tab: Watched, site: Site) -> None:
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


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`app.py` over the bundled corpus with the real model, as its users start it."""
    variables = {
        "BRIEFING_CORPUS__FOLDER": str(ROOT / "corpus"),
        "BRIEFING_INDEX__FOLDER": str(tmp_path_factory.mktemp("bundled")),
        "BRIEFING_SERVE__PORT": "0",
    }
    command = [sys.executable, str(ROOT / "app.py")]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | variables, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, f"the server did not say where it is: {line!r}"
        yield found[0]
        process.terminate()


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
