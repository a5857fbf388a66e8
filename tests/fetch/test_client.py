"""Polite and bounded requests."""

from __future__ import annotations

import gzip

import pytest

from qa.errors import FetchError
from qa.fetch import WebClient
from qa.fetch.client import Manners
from tests.fetch.conftest import Site


def refusal(client: WebClient, url: str) -> str:
    """Return why an address is not fetched."""
    with client, pytest.raises(FetchError) as caught:
        client.get(url)
    return str(caught.value)


def test_answer_has_address_type_and_encoding(site: Site, client: WebClient) -> None:
    site.answers["/a%20b?x=1"] = (200, {"Content-Type": 'Text/HTML; charset="Windows-1252"; x'}, b"\x80")
    with client:
        found = client.get(site.url("/a b?x=1#part"))
    assert (found.url, found.status, found.body) == (site.url("/a%20b?x=1"), 200, b"\x80")
    assert (found.kind, found.charset) == ("text/html", "windows-1252")
    assert [path for path, _ in site.asked] == ["/robots.txt", "/a%20b?x=1"]
    assert site.asked[1][1]["User-Agent"].startswith("BriefingQA/")
    assert "Cookie" not in site.asked[1][1]


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("file:///etc/passwd", "is no http or https address"),
        ("ftp://example.org/", "is no http or https address"),
        ("example.org", "is no http or https address"),
        ("http://", "is no http or https address"),
        ("http://me:secret@example.org/", "has a name or password in it"),
        ("http://example.org:x/", "is no address"),
        ("http://[x/", "is no http or https address"),
    ],
)
def test_what_is_no_address_of_the_web_is_refused(client: WebClient, url: str, cause: str) -> None:
    assert refusal(client, url).startswith(cause)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0"])
def test_this_machine_is_not_reached_unless_allowed(site: Site, host: str) -> None:
    assert "--allow-local allows it" in refusal(WebClient(), f"http://{host}:{site.port}/a")
    assert site.asked == []


def test_redirect_to_this_machine_is_refused_as_an_address_is(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first host is let pass as if it were public; the one it redirects to is looked at on its own."""
    monkeypatch.setattr("qa.fetch.addresses.is_public", lambda address: address == "127.0.0.1")
    site.answers["/a"] = (302, {"Location": f"http://[::1]:{site.port}/b"}, b"")
    cause = refusal(WebClient(manners=Manners(pause=0)), site.url("/a"))
    assert cause.startswith("::1 is an address of this machine")
    assert site.paths == ["/a"]


def test_redirects_are_followed_so_far(site: Site, client: WebClient) -> None:
    site.answers["/a"] = (301, {"Location": "b"}, b"")
    site.page("/b")
    with client:
        assert client.get(site.url("/a")).url == site.url("/b")


@pytest.mark.parametrize(
    ("location", "cause"),
    [
        ("/loop", "more than 5 redirects"),
        ("file:///etc/passwd", "is no http"),
        ("http://a:x/", "redirects to what is no"),
    ],
)
def test_redirects_that_lead_nowhere_are_refused(site: Site, client: WebClient, location: str, cause: str) -> None:
    site.answers["/loop"] = (307, {"Location": location}, b"")
    assert refusal(client, site.url("/loop")).startswith(cause)


def test_robots_txt_is_followed_and_asked_for_once(site: Site, client: WebClient) -> None:
    site.answers["/robots.txt"] = (200, {}, b"User-agent: *\nDisallow: /private\n")
    site.page("/open"), site.page("/private/a")
    with client:
        assert client.get(site.url("/open")).status == 200
        with pytest.raises(FetchError, match=r"^robots\.txt of 127\.0\.0\.1 does not allow it"):
            client.get(site.url("/private/a"))
    assert [path for path, _ in site.asked] == ["/robots.txt", "/open"]


def test_nothing_is_fetched_while_robots_txt_cannot_be_had(site: Site, client: WebClient) -> None:
    site.answers["/robots.txt"] = (503, {}, b"")
    assert refusal(client, site.page("/a")).startswith("robots.txt of 127.0.0.1 cannot be had (status 503)")


def test_host_is_left_alone_as_long_as_it_asks(site: Site) -> None:
    waited: list[float] = []
    site.answers["/robots.txt"] = (200, {}, b"User-agent: *\nCrawl-delay: 7\n")
    with WebClient(allow_local=True, sleep=waited.append) as client:
        for _ in range(2):
            client.get(site.page("/a"))
    assert len(waited) == 2  # after robots.txt, and between the two
    assert all(5 < seconds <= 7 for seconds in waited)


def test_host_that_asks_for_too_long_a_pause_is_not_fetched_from(site: Site, client: WebClient) -> None:
    site.answers["/robots.txt"] = (200, {}, b"User-agent: *\nCrawl-delay: 900\n")
    assert "asks for 900 seconds" in refusal(client, site.page("/a"))


def test_packed_answer_is_unpacked_so_far_as_it_may(site: Site, client: WebClient) -> None:
    site.answers["/a"] = (200, {"Content-Encoding": "gzip"}, gzip.compress(b"text"))
    site.answers["/bomb"] = (200, {"Content-Encoding": "gzip"}, gzip.compress(bytes(50_000_000)))
    site.answers["/odd"] = (200, {"Content-Encoding": "br"}, b"x")
    site.answers["/bad"] = (200, {"Content-Encoding": "gzip"}, b"no gzip")
    site.answers["/large"] = (200, {}, bytes(100_001))
    with client:
        assert client.get(site.url("/a")).body == b"text"
        for path, cause in {
            "/bomb": "is larger than 100,000 bytes",
            "/large": "is larger than 100,000 bytes",
            "/odd": "is packed as br",
            "/bad": "is damaged",
        }.items():
            with pytest.raises(FetchError, match=f"^{cause}"):
                client.get(site.url(path))


def test_server_that_does_not_answer_is_told(site: Site, client: WebClient) -> None:
    assert refusal(client, "http://127.0.0.1:9/a").startswith("no answer: ")
