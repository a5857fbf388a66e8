"""The page behind a login, in a browser."""

from __future__ import annotations

import argon2
import pytest
from playwright.sync_api import Browser, Error
from pydantic import SecretStr

from qa.briefing import Briefing
from qa.settings import ServeSettings
from qa.web.server import create_app
from tests.web.conftest import watch
from tests.web.running import running

pytestmark = pytest.mark.slow


def test_who_logs_in_can_ask_and_nobody_else_sees_the_page(briefing: Briefing, browser: Browser) -> None:
    hashed = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("a good password")
    serve = ServeSettings(logins=SecretStr(f"user:anna:{hashed}"))
    briefing.settings = briefing.settings.model_copy(update={"serve": serve})
    with running(create_app(briefing)) as url:
        with pytest.raises(Error, match="ERR_INVALID_AUTH_CREDENTIALS"):
            browser.new_context().new_page().goto(url)
        login = {"username": "anna", "password": "a good password"}
        context = browser.new_context(http_credentials=login, locale="en-GB")  # type: ignore[arg-type]
        watched = watch(context.new_page(), f"{url}/")
        watched.visit()
        assert "Development Bank" in watched.ask("Who finances the northern railway?").inner_text()
        watched.page.locator(".card").first.get_by_role("button", name="Read in article").click()
        watched.page.locator("dialog[open] mark").first.wait_for()
        context.close()
    assert [
        fault for fault in watched.faults if "401" not in fault
    ] == []  # how a browser learns that a login is needed
