"""The command that goes out to the web: `fetch`. No other does."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from qa.cli.opening import settings_of
from qa.cli.options import CorpusOption, JsonOption
from qa.cli.terminal import err, print_json, print_line

if TYPE_CHECKING:
    from qa.fetch import Fetched, Fetcher

STYLES = {"new": "green", "changed": "green", "unchanged": "dim", "failed": "red"}


def fetch(
    urls: Annotated[list[str] | None, typer.Argument(help="Pages to fetch.", metavar="URL", show_default=False)] = None,
    feeds: Annotated[
        list[str] | None,
        typer.Option("--feed", help="RSS, Atom or OPML, an address or a file; may be repeated.", show_default=False),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Look at the feeds again and again until Ctrl+C.")] = False,
    every: Annotated[int, typer.Option(min=5, help="Minutes between two looks.")] = 30,
    allow_local: Annotated[
        bool, typer.Option("--allow-local", help="Let addresses of this machine and the local network be fetched.")
    ] = False,
    corpus: CorpusOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put articles from the web into the corpus folder, as Markdown with front matter; exit code 1 if one failed.

    robots.txt is followed, a host is asked one page at a time, and what has not changed is not sent again.
    """
    from qa.fetch import Fetcher, WebClient

    if not urls and not feeds:
        raise typer.BadParameter("name a URL, or a feed by --feed")
    if watch and not feeds:
        raise typer.BadParameter("--watch looks at feeds; name one by --feed")
    outcomes: list[Fetched] = []
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            with Fetcher(settings_of(corpus, None).corpus, WebClient(allow_local)) as fetcher:
                outcomes = [_shown(each, as_json) for each in _fetched(fetcher, urls or [], feeds or [])]
            if as_json:
                print_json({"pages": [asdict(outcome) for outcome in outcomes]})
            if not watch:
                break
            urls = []
            err.print(f"looking again in {every} minutes; Ctrl+C ends it")
            time.sleep(60 * every)
    if not watch and any(outcome.what == "failed" for outcome in outcomes):
        raise typer.Exit(1)


def _fetched(fetcher: Fetcher, urls: list[str], feeds: list[str]) -> Iterator[Fetched]:
    for url in urls:
        yield fetcher.fetch(url)
    for feed in feeds:
        yield from fetcher.follow(feed)


def _shown(outcome: Fetched, as_json: bool) -> Fetched:
    """Return an outcome, printed as a line unless all are printed as JSON in the end."""
    if not as_json:
        said = f"{outcome.url}: {outcome.cause}" if outcome.cause else f"{outcome.file}  {outcome.url}"
        print_line((f"{outcome.what:10}", STYLES[outcome.what]), said)
    return outcome
