"""From addresses and feeds to files of the corpus folder."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from qa.corpus import read_corpus
from qa.errors import FetchError
from qa.fetch import Fetched, Fetcher, WebClient
from qa.fetch.client import Manners
from qa.fetch.state import FILE
from qa.settings import CorpusSettings
from tests.corpus.samples import HTML, LOAN, ROUTE, TERM
from tests.fetch.conftest import Answer, Site

NAME = "2016-06-29-loan-for-the-northern-railway.md"


def fetched(corpus: CorpusSettings, *urls: str) -> list[Fetched]:
    """Fetch pages with a client of their own."""
    with Fetcher(corpus, WebClient(allow_local=True, manners=Manners(pause=0))) as fetcher:
        return [fetcher.fetch(url) for url in urls]


def followed(corpus: CorpusSettings, feed: str) -> list[Fetched]:
    """Follow a feed with a client of its own."""
    with Fetcher(corpus, WebClient(allow_local=True, manners=Manners(pause=0))) as fetcher:
        return list(fetcher.follow(feed))


def rss(*items: str) -> str:
    entries = "".join(f"<item><title>Entry {url[-1]}</title><link>{url}</link></item>" for url in items)
    return f'<rss version="2.0"><channel><title>Rail Gazette</title>{entries}</channel></rss>'


def test_page_becomes_an_article_of_the_folder(site: Site, corpus: CorpusSettings) -> None:
    url = site.page("/rail/loan")
    assert fetched(corpus, url) == [Fetched(url, "new", NAME)]
    (article,) = read_corpus(corpus.folder).articles
    assert (article.id, article.title, article.source) == (NAME, "Loan for the northern railway", "Rail Gazette")
    assert (article.published, article.url) == (date(2016, 6, 29), url)  # not the address it claims at another host
    assert LOAN in article.text
    assert "alert" not in article.text


def test_page_that_the_server_says_is_the_same_is_not_sent_again(site: Site, corpus: CorpusSettings) -> None:
    def answer(headers: Mapping[str, str]) -> Answer:
        known = (headers.get("If-None-Match"), headers.get("If-Modified-Since")) == ('"v1"', "yesterday")
        given = {"Content-Type": "text/html", "ETag": '"v1"', "Last-Modified": "yesterday"}
        return (304, {}, b"") if known else (200, given, HTML.encode())

    site.answers["/a"] = answer
    url = site.url("/a")
    assert [fetched(corpus, url)[0].what for _ in range(2)] == ["new", "unchanged"]
    (corpus.folder / NAME).unlink()
    assert fetched(corpus, url)[0].what == "new"


def test_changed_page_takes_the_place_of_its_file_and_the_old_one_is_kept(site: Site, corpus: CorpusSettings) -> None:
    url = site.page("/a")
    fetched(corpus, url)
    assert fetched(corpus, url)[0].what == "unchanged"
    site.page("/a", HTML.replace("Loan for", "New loan for").replace(TERM, "It runs for ten years."))
    assert fetched(corpus, url) == [Fetched(url, "changed", NAME)]
    assert "ten years" in (corpus.folder / NAME).read_text(encoding="utf-8")
    (old,) = corpus.folder.glob(f".removed/*/{NAME}")
    assert TERM in old.read_text(encoding="utf-8")


def test_two_pages_of_one_name_get_a_file_each(site: Site, corpus: CorpusSettings) -> None:
    names = [outcome.file for outcome in fetched(corpus, site.page("/a"), site.page("/b"))]
    assert names == [NAME, NAME.replace(".md", "-2.md")]


def test_encoding_that_the_server_names_counts(site: Site, corpus: CorpusSettings) -> None:
    page = (
        f"<html><head><title>Z\u00fcrich</title></head><body><article><p>{LOAN} \u20ac 5.</p></article></body></html>"
    )
    site.answers["/a"] = (200, {"Content-Type": "text/html; charset=windows-1252"}, page.encode("cp1252"))
    fetched(corpus, site.url("/a"))
    (article,) = read_corpus(corpus.folder).articles
    assert article.title == "Z\u00fcrich"
    assert "\u20ac 5." in article.text


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ((404, {}, b""), "the server answers with status 404"),
        ((429, {"Retry-After": "120"}, b""), "the server answers with status 429; try again after 120"),
        ((200, {"Content-Type": "application/pdf"}, b"%PDF"), "is application/pdf, not a web page"),
        ((200, {"Content-Type": "text/html"}, b"<p hidden>x</p>"), "holds no text of an article"),
    ],
)
def test_page_that_fails_is_told_and_the_next_is_fetched(
    site: Site, corpus: CorpusSettings, answer: Answer, cause: str
) -> None:
    site.answers["/bad"] = answer
    failed, good = fetched(corpus, site.url("/bad"), site.page("/good"))
    assert failed.what == "failed"
    assert str(failed.cause).startswith(cause)
    assert good.what == "new"


def test_feed_brings_what_is_new_and_says_what_the_page_does_not(site: Site, corpus: CorpusSettings) -> None:
    bare = f"<html><body><article><p>{ROUTE} {LOAN}</p></article></body></html>"
    first, second = site.page("/1", bare), site.page("/2")
    feed = site.page("/feed", rss(first), Content_Type="application/rss+xml")
    assert [outcome.what for outcome in followed(corpus, feed)] == ["new"]
    (article,) = read_corpus(corpus.folder).articles
    assert (article.title, article.source) == ("Entry 1", "Rail Gazette")
    site.page("/feed", rss(first, second), Content_Type="application/rss+xml")
    assert [(outcome.url, outcome.what) for outcome in followed(corpus, feed)] == [(second, "new")]
    assert site.paths.count("/1") == 1


def test_feed_that_has_not_changed_is_not_sent_again_unless_a_page_failed(site: Site, corpus: CorpusSettings) -> None:
    page = site.url("/1")
    feed = rss(page)

    def answer(headers: Mapping[str, str]) -> Answer:
        return (304, {}, b"") if headers.get("If-None-Match") == '"f"' else (200, {"ETag": '"f"'}, feed.encode())

    site.answers["/feed"] = answer
    assert [outcome.what for outcome in followed(corpus, site.url("/feed"))] == ["failed"]
    site.page("/1")
    assert [outcome.what for outcome in followed(corpus, site.url("/feed"))] == ["new"]
    assert followed(corpus, site.url("/feed")) == []
    assert site.asked[-1][1]["If-None-Match"] == '"f"'


def test_list_of_feeds_is_followed_one_level_deep(site: Site, corpus: CorpusSettings, tmp_path: Path) -> None:
    feed = site.page("/feed", rss(site.page("/1")))
    opml = f'<opml><body><outline xmlUrl="{feed}"/><outline xmlUrl="{site.url("/none")}"/></body></opml>'
    (tmp_path / "feeds.opml").write_text(opml, encoding="utf-8")
    outcomes = followed(corpus, str(tmp_path / "feeds.opml"))
    assert [(outcome.url, outcome.what) for outcome in outcomes] == [
        (site.url("/1"), "new"),
        (site.url("/none"), "failed"),
    ]
    nested = site.page("/list", f'<opml><body><outline xmlUrl="{site.url("/list")}"/></body></opml>')
    assert followed(corpus, nested) == []


def test_what_is_no_feed_is_told(site: Site, corpus: CorpusSettings) -> None:
    (outcome,) = followed(corpus, site.page("/a"))
    assert (outcome.what, outcome.cause) == ("failed", "is no RSS or Atom feed; save its text, or remove it")


def test_two_at_a_time_and_a_folder_that_is_not_there_are_refused(corpus: CorpusSettings, client: WebClient) -> None:
    with (
        Fetcher(corpus, client),
        pytest.raises(FetchError, match="another `briefing fetch` is at work"),
        Fetcher(corpus, WebClient()),
    ):
        pass
    with (
        pytest.raises(FetchError, match="no corpus folder at"),
        Fetcher(CorpusSettings(folder=corpus.folder / "none"), WebClient()),
    ):
        pass


@pytest.mark.parametrize("stored", ["{", '{"version": 9}', '{"version": 1, "seen": {"a": {"odd": 1}}}', "[]"])
def test_state_that_cannot_be_read_names_the_file(corpus: CorpusSettings, stored: str) -> None:
    (corpus.folder / FILE).write_text(stored, encoding="utf-8")
    with pytest.raises(FetchError, match=r"\.fetched\.json cannot be read .*remove it"), Fetcher(corpus, WebClient()):
        pass


def test_server_does_not_even_load_what_fetches() -> None:
    code = "import sys, qa.web.server; print([name for name in sys.modules if name.startswith('qa.fetch')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
