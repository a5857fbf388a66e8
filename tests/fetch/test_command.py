"""`briefing fetch`."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner, Result

import qa.cli
from qa.settings import CorpusSettings
from tests.fetch.conftest import Site
from tests.fetch.test_fetcher import NAME, rss


def run(corpus: CorpusSettings, *args: str) -> Result:
    return CliRunner().invoke(qa.cli.app, ["fetch", "--corpus", str(corpus.folder), *args])


def test_pages_and_feeds_are_told_line_by_line(site: Site, corpus: CorpusSettings) -> None:
    feed = site.page("/feed", rss(site.page("/1")))
    done = run(corpus, "--allow-local", site.url("/none"), "--feed", feed)
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        f"failed    {site.url('/none')}: the server answers with status 404",
        f"new       {NAME}  {site.url('/1')}",
    ]


def test_this_machine_is_refused_without_the_flag(site: Site, corpus: CorpusSettings) -> None:
    done = run(corpus, site.page("/a"), "--json")
    assert done.exit_code == 1
    (page,) = json.loads(done.stdout)["pages"]
    assert page["what"] == "failed"
    assert "--allow-local allows it" in page["cause"]
    assert site.asked == []


@pytest.mark.parametrize("args", [[], ["http://127.0.0.1/", "--watch"], ["--feed", "x", "--watch", "--every", "1"]])
def test_usage(corpus: CorpusSettings, args: list[str]) -> None:
    assert run(corpus, *args).exit_code == 2


def test_watch_looks_again_until_it_is_ended(
    site: Site, corpus: CorpusSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    feed = site.page("/feed", rss(site.page("/1")))

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        site.page("/feed", rss(site.url("/1"), site.page("/2")))
        if len(waited) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("qa.cli.fetch.time.sleep", lambda seconds: sleep(seconds) if seconds > 60 else None)
    done = run(corpus, "--allow-local", "--watch", "--every", "7", "--feed", feed)
    assert done.exit_code == 0
    assert waited == [420, 420]
    assert [line.rpartition("/")[2] for line in done.stdout.splitlines()] == ["1", "2"]
