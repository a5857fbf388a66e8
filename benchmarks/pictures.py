"""Take the README's pictures from the real page: `python benchmarks/pictures.py`.

Serves the bundled corpus from a fresh index, asks a question, and writes page, reader, library (as an
admin sees it) and phone, each as `docs/NAME.png`.
Needs the extra `dev` and Debian's `chromium`.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from qa.briefing import Briefing
from qa.settings import CorpusSettings, IndexSettings, ServeSettings, Settings
from qa.web.page.layout import folder_files
from qa.web.server import create_app

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
CHROMIUM = "/usr/bin/chromium"
QUESTION = "who finances the railway?"
SETTLED = 600  # milliseconds until nothing moves any more


@contextmanager
def served(index: Path) -> Iterator[str]:
    """Serve the bundled corpus, and yield the page's address."""
    settings = Settings(
        corpus=CorpusSettings(folder=ROOT / "corpus"),
        index=IndexSettings(folder=index),
        serve=ServeSettings(admin=True),
    )
    seen = folder_files(settings.corpus.folder)
    app = create_app(Briefing.open(settings=settings), seen)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    server.should_exit = True
    thread.join()


def ask(page: Page, url: str, question: str) -> None:
    """Ask a question on a fresh page, and open the source of its answer."""
    page.goto(url, wait_until="domcontentloaded")
    page.wait_for_selector("header h1")
    page.fill("#box textarea", question)
    page.keyboard.press("Enter")
    page.locator("#chat a[href^='#copy-1']").wait_for()
    marker = page.locator("#chat a[href='#src-1-1']")
    if not marker.count():
        raise SystemExit(f"{question!r} is not answered: {page.locator('#chat .bot.message').inner_text()}")
    marker.click()


def shoot(page: Page, name: str) -> None:
    """Write a picture once nothing moves any more."""
    page.wait_for_timeout(SETTLED)
    page.screenshot(path=DOCS / f"{name}.png")
    print(f"written: {DOCS / name}.png")


def take(browser: Browser, url: str) -> None:
    """Take all pictures."""
    desktop = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-GB")
    ask(desktop, url, QUESTION)
    shoot(desktop, "page")
    desktop.locator(".card .read").first.click()
    desktop.locator("dialog.reader mark").first.wait_for()
    shoot(desktop, "reader")
    desktop.keyboard.press("Escape")
    desktop.get_by_role("button", name="Library", exact=True).click()
    desktop.locator(".articles li").first.wait_for()
    shoot(desktop, "library")
    phone = browser.new_page(viewport={"width": 390, "height": 844}, locale="en-GB", has_touch=True, is_mobile=True)
    ask(phone, url, QUESTION)
    phone.get_by_role("button", name="Back to the answer").click()
    shoot(phone, "phone")


def main() -> None:
    """Write the pictures and say where they are."""
    DOCS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as index, served(Path(index)) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        take(browser, url)
        browser.close()


if __name__ == "__main__":
    main()
