"""A page over a hostile corpus with the fake encoder, served on this machine, and a browser to look at it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Locator, Page, Playwright, Request, expect, sync_playwright

import qa.briefing
import qa.reader.answer
import qa.reader.fitted
from qa.briefing import Briefing
from qa.settings import CorpusSettings, IndexSettings, ServeSettings, Settings
from qa.web.page.layout import folder_files
from qa.web.server import create_app
from tests.conftest import ARTICLES, WEIGHTS
from tests.fakes import FakeEncoder

ROOT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")
REQUIRED = os.environ.get("BRIEFING_REQUIRE_BROWSER") == "1"  # read before the fixture that removes such variables
OFFLINE = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 15_000  # milliseconds
expect.set_options(timeout=PATIENCE)
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
WINDOWS = [(size, colours) for size in SIZES for colours in ("light", "dark")]

# Whatever of it runs sets a window.CANARY_…; whatever of it loads leaves the page's address.
HOSTILE_NAME = "\"><img src=x onerror=window.CANARY_name=1> ${window.CANARY_name2=1} '*_`.md"
HOSTILE = """---
title: "Recall <img src=x onerror=window.CANARY_title=1> **bold** ${window.CANARY_tpl=1} {{ value }}"
source: "<b onmouseover=window.CANARY_source=1>Evil</b> Post"
published: 2026-04-20
url: "https://example.org/'onclick='window.CANARY_url=1"
---
🙂🙂🙂 <script>window.CANARY_script=1</script> </mark></p> `${window.CANARY_tick=1}` ![](http://outside.example/p.png).

## Heading <svg onload=window.CANARY_head=1>

<iframe srcdoc="<script>parent.CANARY_frame=1</script>"></iframe> [x](javascript:window.CANARY_md=1) is noise. \
The maker recalled 12,000 quantum widgets <img src=x onerror=window.CANARY_text=1> ${window.CANARY_quote=1} **now**. \
It says $a^2$ of them 🙂 were blue.

"""
FILLER = "\n\n".join(f"Paragraph {n} tells of the weather, which was mild and of no consequence." for n in range(60))
LONG = f"""---
title: A long report
source: Slow Weekly
published: 2018-02-03
---
{FILLER}

The zeppelin hangar at Friedrichshafen measures 250 metres.

{FILLER}
"""
PINNED = """
[[question]]
question = "Who finances the northern railway?"
[[question]]
question = "Is <img src=x onerror=window.CANARY_pinned=1> **this** ${window.CANARY_pinned2=1} shown?"
"""


@dataclass
class Site:
    """A page that is being served, and what it is made of."""

    url: str
    corpus: Path
    index: Path
    briefing: Briefing


@dataclass
class Watched:
    """A browser page, and what it must not have."""

    page: Page
    url: str
    faults: list[str] = field(default_factory=list)

    def visit(self, path: str = "") -> None:
        """Open an address of the site and wait until the page can be used."""
        self.page.goto(self.url + path, wait_until="domcontentloaded")
        self.page.wait_for_selector("#box textarea")
        self.page.wait_for_selector("header h1")
        self.page.locator(".filtering").filter(has_text="article").wait_for()
        self.page.wait_for_selector(".articles li", state="attached")

    def ask(self, question: str) -> Locator:
        """Ask, and return the message that answers."""
        said = self.page.locator("#chat .bot.message")
        before = said.count()
        expect(self.page.get_by_role("dialog")).to_have_count(0)  # one that closes gives the focus back late
        self.page.fill("#box textarea", question)
        self.page.press("#box textarea", "Enter")
        return self.answer(before)

    def answer(self, nth: int) -> Locator:
        """Wait for a message of the page, counted from 0, and return it once it is complete."""
        message = self.page.locator("#chat .bot.message").nth(nth)
        message.locator("a[href^='#copy-']").wait_for()
        return message

    def canaries(self) -> list[str]:
        """Return the names of what ran although it must not."""
        found: list[str] = self.page.evaluate("Object.keys(window).filter((name) => name.startsWith('CANARY'))")
        return found

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than its window."""
        pixels: int = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        return pixels


def write_corpus(folder: Path) -> None:
    """Write the corpus of the browser tests."""
    for name, text in {**ARTICLES, HOSTILE_NAME: HOSTILE, "long.md": LONG, "pinned.toml": PINNED}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


@contextmanager
def serving(folder: Path, **serve: Any) -> Iterator[Site]:  # noqa: ANN401 (fields of several types)
    """Serve the page over the hostile corpus from a thread, with these settings."""
    write_corpus(folder / "corpus")
    settings = Settings(
        corpus=CorpusSettings(folder=folder / "corpus", max_file_bytes=20_000),
        index=IndexSettings(folder=folder / "index", passage_chars=300, overlap_chars=60),
        serve=ServeSettings(title="Test <b>Briefing</b> ${1+1}", **serve),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(qa.reader.fitted, "shipped", WEIGHTS.__getitem__)
        patch.setattr(qa.live, "weights_file", lambda: None)  # sentences are read: exact, and in no time
        seen = folder_files(settings.corpus.folder)
        briefing = Briefing.open(settings=settings, encoder=FakeEncoder())
        app = create_app(briefing, seen)
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.05)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Site(f"http://127.0.0.1:{port}/", settings.corpus.folder, settings.index.folder, briefing)
        server.should_exit = True
        thread.join(timeout=10)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The page over the hostile corpus, as anyone sees it."""
    with serving(tmp_path_factory.mktemp("site")) as served:
        yield served


@pytest.fixture(scope="session")
def kept_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The page as an admin sees it, for tests that change nothing."""
    with serving(tmp_path_factory.mktemp("kept"), admin=True) as served:
        yield served


@pytest.fixture
def admin_site(tmp_path: Path) -> Iterator[Site]:
    """The page over a hostile corpus of its own, as an admin sees it."""
    with serving(tmp_path, admin=True) as served:
        yield served


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright, or a skip where the browser is absent."""
    if not CHROMIUM.exists():
        reason = f"no browser at {CHROMIUM}; install the package chromium"
        pytest.fail(reason) if REQUIRED else pytest.skip(reason)
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """The browser, shared by all tests."""
    launched = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=OFFLINE)
    yield launched
    launched.close()


def watch(page: Page, url: str) -> Watched:
    """Return a page that notes console errors, exceptions and requests to other addresses."""
    watched = Watched(page, url)
    page.set_default_timeout(PATIENCE)

    def on_request(request: Request) -> None:
        if not request.url.startswith((url, "data:", "blob:")):
            watched.faults.append(f"request to {request.url}")

    page.on("request", on_request)
    page.on("pageerror", lambda error: watched.faults.append(f"exception {error}"))
    page.on("console", lambda m: watched.faults.append(f"console {m.text}") if m.type in ("error", "warning") else None)
    return watched


@pytest.fixture
def window(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Size and colours of the browser window; a test may ask for others."""
    chosen: tuple[str, str] = getattr(request, "param", ("desktop", "light"))
    return chosen


@contextmanager
def opened(browser: Browser, url: str, window: tuple[str, str] = ("desktop", "light")) -> Iterator[Watched]:
    """Open a tab that has not opened the page; at its end nothing ran, left this machine or went to the console."""
    size, colours = window
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if colours == "dark" else "light",
        permissions=["clipboard-read", "clipboard-write"],
        locale="en-GB",
    )
    watched = watch(context.new_page(), url)
    yield watched
    assert watched.canaries() == []
    assert watched.faults == []
    context.close()


@pytest.fixture
def blank(site: Site, browser: Browser, window: tuple[str, str]) -> Iterator[Watched]:
    """A tab that has not opened the page."""
    with opened(browser, site.url, window) as watched:
        yield watched


@pytest.fixture
def tab(blank: Watched) -> Watched:
    """A tab on the page."""
    blank.visit()
    return blank


@pytest.fixture
def kept(kept_site: Site, browser: Browser, window: tuple[str, str]) -> Iterator[Watched]:
    """A tab on an admin's page that nobody changes."""
    with opened(browser, kept_site.url, window) as watched:
        watched.visit()
        yield watched


@pytest.fixture
def admin(admin_site: Site, browser: Browser, window: tuple[str, str]) -> Iterator[Watched]:
    """A tab on an admin's page."""
    with opened(browser, admin_site.url, window) as watched:
        watched.visit()
        yield watched


@pytest.fixture(scope="session")
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
