"""Take the README's pictures from the real page: `python benchmarks/pictures.py`.

Serves the bundled corpus from a fresh index, asks a question, and writes `docs/page.png` and `docs/reader.png`.
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
from playwright.sync_api import Page, sync_playwright

from qa.briefing import Briefing
from qa.settings import CorpusSettings, IndexSettings, Settings
from qa.web.page import folder_files
from qa.web.server import create_app

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
CHROMIUM = "/usr/bin/chromium"
QUESTION = "who finances the railway?"
SETTLED = 600  # milliseconds until nothing moves any more


@contextmanager
def served(index: Path) -> Iterator[str]:
    """Serve the bundled corpus, and yield the page's address."""
    settings = Settings(corpus=CorpusSettings(folder=ROOT / "corpus"), index=IndexSettings(folder=index))
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


def take(page: Page, url: str) -> None:
    """Ask the question, and take a picture of its answer and of the article behind it."""
    page.goto(url, wait_until="domcontentloaded")
    page.wait_for_selector("header h1")
    page.fill("#box textarea", QUESTION)
    page.keyboard.press("Enter")
    page.locator("#chat a[href^='#copy-1']").wait_for()
    marker = page.locator("#chat a[href='#src-1-1']")
    if not marker.count():
        raise SystemExit(f"{QUESTION!r} is not answered: {page.locator('#chat .bot.message').inner_text()}")
    marker.click()
    page.wait_for_timeout(SETTLED)
    page.screenshot(path=DOCS / "page.png")
    page.locator(".card .read").first.click()
    page.locator("dialog.reader mark").first.wait_for()
    page.wait_for_timeout(SETTLED)
    page.screenshot(path=DOCS / "reader.png")


def main() -> None:
    """Write both pictures and say where they are."""
    DOCS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as index, served(Path(index)) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        take(browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-GB"), url)
        browser.close()
    print(f"written: {DOCS / 'page.png'}, {DOCS / 'reader.png'}")


if __name__ == "__main__":
    main()
