"""From addresses and feeds to articles in the corpus folder."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from qa.corpus.decoding import UnreadableError
from qa.corpus.library import add_article
from qa.corpus.sandbox import Sandbox
from qa.errors import ArticleExistsError, BriefingError, FetchError
from qa.fetch.client import Response, WebClient
from qa.fetch.documents import UNTITLED, completed, file_name, markdown_of
from qa.fetch.feeds import FeedLink, links_of
from qa.fetch.state import State
from qa.settings import CorpusSettings

PAGES = ("text/html", "application/xhtml+xml")
LOCK = ".fetched.lock"
MAX_ENTRIES = 200  # of a feed in one go
MAX_SAME_NAME = 100
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of an address: the file it is in, or the cause why it is in none."""

    url: str
    what: Literal["new", "changed", "unchanged", "failed"]
    file: str | None = None
    cause: str | None = None


class Fetcher:
    """Puts pages into a corpus folder. A context manager; it holds the folder's lock, and is not thread-safe."""

    def __init__(self, settings: CorpusSettings, client: WebClient) -> None:
        self._settings = settings
        self._folder = settings.folder
        self._client = client
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Fetcher:
        if not self._folder.is_dir():
            raise FetchError(f"no corpus folder at {self._folder.absolute()}; create it, or name another by --corpus")
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(FileLock(self._folder / LOCK, timeout=0))
            except Timeout as exc:
                raise FetchError(f"another `briefing fetch` is at work in {self._folder.absolute()}") from exc
            self._state = State.load(self._folder)
            self._sandbox = stack.enter_context(Sandbox(self._settings.limits))
            stack.enter_context(self._client)
            self._open = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def fetch(self, url: str, link: FeedLink | None = None) -> Fetched:
        """Fetch a page into the folder, unless the server says that it is as it was; nothing is raised for a page.

        `link` is what a feed says of it.
        """
        try:
            return self._fetch(url, link or FeedLink(url))
        except (UnreadableError, BriefingError) as exc:
            return Fetched(url, "failed", cause=str(exc))

    def follow(self, feed: str, listed: bool = False) -> Iterator[Fetched]:
        """Fetch what is new in a feed, or in those of an OPML file: entries whose page is in no file yet.

        A feed is an address, or the path of a file. `listed` says that it stands in a list, which holds no lists.
        """
        try:
            links, headers = self._links(feed)
        except (UnreadableError, BriefingError, OSError) as exc:
            yield Fetched(feed, "failed", cause=str(exc))
            return
        failed = False
        for link in links:
            for outcome in self._followed(link, listed):
                failed = failed or outcome.what == "failed"
                yield outcome
        if headers is not None and not failed:  # else what failed is tried again, though the feed stays as it is
            self._state.note(feed, headers)

    def _followed(self, link: FeedLink, listed: bool) -> Iterator[Fetched]:
        if not link.is_feed:
            yield self.fetch(link.url, link)
        elif not listed:
            yield from self.follow(link.url, listed=True)

    def _links(self, feed: str) -> tuple[list[FeedLink], Mapping[str, str] | None]:
        """Return the feeds, and the pages not fetched yet, that a feed links to; and the headers of the server."""
        if "://" not in feed and Path(feed).is_file():
            with Path(feed).open("rb") as file:
                return links_of(self._sandbox, file.read(self._settings.max_file_bytes)), None
        before = self._state.seen.get(feed)
        response = self._client.get(feed, before.conditions if before else {})
        if response.status == 304 and before:
            return [], None
        _check(response)
        links = links_of(self._sandbox, response.body, response.url)
        new = [link for link in links if link.is_feed or self._state.page(link.url) is None]
        return new[:MAX_ENTRIES], response.headers if len(new) <= MAX_ENTRIES else None

    def _fetch(self, url: str, link: FeedLink) -> Fetched:
        before = self._state.page(url)
        response = self._client.get(url, before.conditions if before else {})
        if response.status == 304 and before:
            return Fetched(url, "unchanged", before.file)
        _check(response)
        if response.kind not in PAGES:
            kind = response.kind or "of no known kind"
            raise FetchError(f"is {kind}, not a web page; save it into the folder yourself")
        found, _ = self._sandbox.read(UNTITLED, ".html", _in_utf8(response))
        article = completed(found, response.url, link)
        content = markdown_of(article).encode()
        digest = hashlib.sha256(content).hexdigest()
        same = before is not None and before.digest == digest
        file = before.file if before else file_name(article, datetime.now(UTC).date())
        if not same:
            file = self._write(content, file, replace=before is not None)
        self._state.note(url, response.headers, file, digest)
        return Fetched(url, "unchanged" if same else "changed" if before else "new", file)

    def _write(self, content: bytes, name: str, replace: bool) -> str:
        """Put content into the folder; with `replace` in place of a page's old file, which is kept in `.removed/`."""
        if replace:
            return add_article(self._folder, name, content, self._settings, replace=True)
        for number in range(1, MAX_SAME_NAME):
            with contextlib.suppress(ArticleExistsError):
                numbered = name if number == 1 else f"{name.removesuffix('.md')}-{number}.md"
                return add_article(self._folder, numbered, content, self._settings)
        raise FetchError(f"{name} and {MAX_SAME_NAME - 1} more of that name are in the folder already; remove some")


def _check(response: Response) -> None:
    if response.status != 200:
        wait = response.headers.get("retry-after", "")[:40]
        later = f"; try again after {wait}" if wait else ""
        raise FetchError(f"the server answers with status {response.status}{later}")


def _in_utf8(response: Response) -> bytes:
    """Return a page in UTF-8, marked so, if the server names its encoding; else as it is."""
    if response.charset:
        with contextlib.suppress(LookupError, UnicodeError):  # no such encoding, or not this one
            return BOM + response.body.decode(response.charset).encode()
    return response.body
