"""Behind nginx, below a path: page, REST, MCP and documentation, as deploy/nginx.conf has it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client
from playwright.sync_api import Browser
from pydantic import SecretStr

from qa.briefing import Briefing
from qa.settings import ServeSettings
from qa.web.security.auth import token_line
from qa.web.server import create_app
from tests.web.conftest import watch
from tests.web.running import awaited, running

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
REQUIRED = os.environ.get("BRIEFING_REQUIRE_NGINX") == "1"  # read before the fixture that removes such variables
CONF = Path(__file__).parents[3] / "deploy" / "nginx.conf"
QUESTION = "Who finances the northern railway?"

Start = Callable[..., str]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture
def behind(briefing: Briefing, tmp_path: Path) -> Iterator[Start]:
    """Return a function that serves the briefing behind nginx at /kb/ and returns that address."""
    if not Path(NGINX).exists():
        reason = f"no nginx at {NGINX}; install the package nginx"
        pytest.fail(reason) if REQUIRED else pytest.skip(reason)
    stack: list[Any] = []

    def started(**serve: Any) -> str:  # noqa: ANN401 - settings
        briefing.settings = briefing.settings.model_copy(update={"serve": ServeSettings(root_path="/kb", **serve)})
        proxies = list(briefing.settings.serve.trusted_proxies)
        app = running(create_app(briefing), root_path="/kb", proxy_headers=bool(proxies), forwarded_allow_ips=proxies)
        stack.append(app)
        upstream = app.__enter__()
        port = free_port()
        location = CONF.read_text().replace("http://127.0.0.1:7860", upstream)
        (tmp_path / "nginx.conf").write_text(
            f"pid {tmp_path}/pid; error_log stderr; daemon off; events {{}}\n"
            f"http {{ access_log off; client_body_temp_path {tmp_path}/body; proxy_temp_path {tmp_path}/proxy;\n"
            f"fastcgi_temp_path {tmp_path}/f; uwsgi_temp_path {tmp_path}/u; scgi_temp_path {tmp_path}/s;\n"
            f"server {{ listen 127.0.0.1:{port};\nlocation = /favicon.ico {{ return 204; }}\n{location}\n}} }}\n"
        )
        nginx = subprocess.Popen([NGINX, "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path)])
        stack.append(nginx)
        for _ in range(200):
            assert nginx.poll() is None, "nginx did not start"
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        return f"http://127.0.0.1:{port}/kb"

    yield started
    for each in reversed(stack):
        if isinstance(each, subprocess.Popen):
            each.terminate()
            each.wait(10)
        else:
            each.__exit__(None, None, None)


def test_rest_and_its_description_work_below_a_path(behind: Start) -> None:
    url = behind()
    assert httpx.post(f"{url}/api/ask", json={"question": QUESTION}).json()["verdict"] == "answered"
    assert httpx.get(f"{url}/api/articles/banks/about.txt").json()["id"] == "banks/about.txt"
    described = httpx.get(f"{url}/api/openapi.json").json()
    assert described["servers"] == [{"url": "/kb/api"}]
    page = httpx.get(f"{url}/api/docs").text
    assert '"docs/swagger-ui.css"' in page
    assert httpx.get(f"{url}/api/docs/swagger-ui.css").status_code == 200
    assert httpx.get(url).headers["location"].endswith("/kb/")


def test_origin_and_login_hold_below_a_path(behind: Start) -> None:
    token, line = token_line("agent")
    url = behind(logins=SecretStr(line), admin=True)
    own = url.removesuffix("/kb")
    assert httpx.get(f"{url}/").status_code == 401
    assert httpx.get(f"{url}/api/health").json() == {"live": True, "ready": True}
    bearer = {"authorization": f"Bearer {token}"}
    for origin, status in ((own, 200), ("http://evil.example", 403), ("http://127.0.0.1", 403)):
        assert httpx.post(f"{url}/api/index", headers={**bearer, "origin": origin}).status_code == status


@pytest.mark.parametrize(("trusted", "seen"), [(("127.0.0.1",), [200, 200, 429, 429]), ((), [200, 200, 429, 429])])
def test_a_client_cannot_choose_the_address_it_is_counted_under(
    behind: Start, trusted: tuple[str, ...], seen: list[int]
) -> None:
    url = behind(trusted_proxies=trusted, calls_per_minute=2)
    replies = [
        httpx.post(f"{url}/api/ask", json={"question": QUESTION}, headers={"x-forwarded-for": f"192.0.2.{n}"})
        for n in range(4)
    ]
    assert [reply.status_code for reply in replies] == seen


def test_mcp_works_below_a_path(behind: Start) -> None:
    url = behind()

    async def conversation() -> None:
        async with Client(f"{url}/mcp") as client:
            asked = await client.call_tool("ask", {"question": QUESTION})
            assert asked.structured_content is not None
            assert asked.structured_content["verdict"] == "answered"

    awaited(conversation)


@pytest.mark.slow
def test_the_page_answers_below_a_path(behind: Start, browser: Browser) -> None:
    url = behind() + "/"
    context = browser.new_context(locale="en-GB")
    watched = watch(context.new_page(), url)
    watched.visit()
    assert "Development Bank" in watched.ask(QUESTION).inner_text()
    context.close()
    assert watched.faults == []


@pytest.mark.slow
def test_the_description_can_be_read_and_tried_below_a_path(behind: Start, browser: Browser) -> None:
    url = behind() + "/"
    context = browser.new_context(locale="en-GB")
    watched = watch(context.new_page(), url)
    watched.page.goto(url + "api/docs")
    watched.page.locator("#operations-default-ask_ask_post").click()
    watched.page.get_by_role("button", name="Try it out").click()
    watched.page.locator(".body-param textarea").fill(f'{{"question": "{QUESTION}"}}')
    watched.page.get_by_role("button", name="Execute").click()
    watched.page.locator(".live-responses-table .response-col_description", has_text="answered").wait_for()
    context.close()
    assert watched.faults == []
