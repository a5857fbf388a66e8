"""The front page in a real browser: from a headline to its article, choices that filter, what is new, and questions."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from tests.web.conftest import SIZES, Watched

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("window", [(size, "light") for size in SIZES], indirect=True, ids=list(SIZES))
def test_the_front_page_leads_to_articles_and_filters_them(tab: Watched) -> None:
    page = tab.page
    headlines = page.locator(".front .headlines li")
    expect(headlines).to_have_count(8)
    expect(headlines.nth(1)).to_contain_text("Morning Post · 9 Mar 2020The government postponed the northern railway")
    headlines.nth(1).get_by_role("button").click()
    expect(page.get_by_role("dialog", name="Northern railway postponed")).to_be_visible()
    page.keyboard.press("Escape")
    expect(headlines.nth(1).get_by_role("button")).to_be_focused()
    page.locator(".front").get_by_role("button", name=re.compile("^Morning Post")).click()
    expect(headlines).to_have_count(3)
    expect(page.locator(".filtering")).to_contain_text("Asking 3 of 8 articles:")
    page.locator(".front .bar:enabled").last.click()
    expect(headlines).to_have_count(1)
    page.get_by_role("button", name="Do not filter by Morning Post").click()
    expect(page.locator(".filtering")).to_contain_text("Asking 1 of 8 articles:")
    assert tab.overflow() <= 0
    assert tab.canaries() == []


def test_what_is_new_since_the_last_visit_is_named(tab: Watched) -> None:
    page = tab.page
    expect(page.locator(".front .changes")).to_be_empty()
    seen = json.loads(page.evaluate("localStorage.getItem('briefing-seen')"))
    assert len(seen) == 8
    seen.remove("long.md")
    page.evaluate("(ids) => localStorage.setItem('briefing-seen', JSON.stringify(ids))", seen)
    tab.visit()
    expect(page.locator(".front .changes")).to_contain_text("New since your last visit: 1 article")
    page.locator(".front .changes").get_by_role("button", name="A long report").click()
    expect(page.get_by_role("dialog", name="A long report")).to_be_visible()
