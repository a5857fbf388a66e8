"""What pages say of themselves: the article's own title, date and address, whatever else stands on the page."""

from __future__ import annotations

import json

import pytest

from qa.corpus import html as html_format
from qa.types import Limits

WORDS = (
    "The mill of Hadley burnt down on Sunday night, and nobody was hurt, the fire brigade said on Monday morning.",
    "The mill was built in 1911 and had been empty for nine years when the fire broke out in its attic at ten.",
    "The town wants to keep the walls, which are of brick, and will ask an engineer whether they can stand.",
)
TEXT = "".join(f"<p>{words}</p>" for words in WORDS)
TITLE = "Mill of Hadley burns down"


def found(
    head: str = "", above: str = "", below: str = "", title: str = f"{TITLE} | Hadley Courier"
) -> dict[str, object]:
    """Return the fields of a page with these pieces around its headline."""
    page = (
        f"<html><head><title>{title}</title>{head}</head><body>{above if '<h1' in above else f'<article>{above}'}"
        f"{'' if '<h1' in above else f'<h1>{TITLE}</h1>'}{below}{TEXT}</article></body></html>"
    )
    return html_format.extract(page.encode(), Limits())


def ld(*objects: object) -> str:
    return "".join(f'<script type="application/ld+json">{json.dumps(each)}</script>' for each in objects)


def story(headline: str, day: str, kind: object = "NewsArticle", **more: object) -> dict[str, object]:
    return {"@type": kind, "headline": headline, "datePublished": day, **more}


OWN = story(TITLE, "2021-03-04T09:00:00Z")
OTHER = story("An old story of the harbour", "2012-02-01")


@pytest.mark.parametrize(
    "head",
    [
        ld(OWN),
        ld(OTHER, OWN),
        ld({"@type": "ItemList", "itemListElement": [OTHER]}, OWN),
        ld({"@graph": [{"@type": "WebSite", "datePublished": "2001-01-01"}, OTHER, OWN]}),
        ld([OTHER, story(TITLE, "2021-03-04", "BlogPosting")]),
        ld({"@type": "WebPage", "mainEntity": OWN, "video": {"@type": "VideoObject", "datePublished": "2011-01-01"}}),
        ld(story(TITLE, "2021-03-04", comment=[story("x", "2022-01-01", "Comment")], hasPart=[OTHER])),
        ld(story(TITLE, "2021-03-04", ["Article", "NewsArticle"])),
        ld(story("Another headline for the net", "Thu, 04 Mar 2021 09:00:00 GMT", url="https://e.org/mill"), OTHER)
        + '<link rel="canonical" href="https://e.org/mill">',
        f'<script type="application/ld+json"><!-- {json.dumps(OWN)} --></script>',
        f'<script type="application/ld+json">{json.dumps(OWN)[:-1]}, "x": "two\nlines"}};</script>',
        '<meta property="article:published_time" content="2021-03-04T09:00:00+01:00">',
        '<meta name="sn-post-date" content="March 4, 2021">',
        '<meta name="article:publicationdate" content="2021/03/04">',
        '<meta name="pubdate" content="20210304">',
        '<meta name="DC.date.issued" content="2021-03-04">',
        '<meta name="parsely-pub-date" content="2021-03-04T09:00:00Z">',
        '<meta name="citation_publication_date" content="2021/03/04">',
        '<meta itemprop="datePublished" content="2021-03-04">',
        '<meta name="date" content="2021-03-04">',
        '<iframe src="x"></iframe><meta property="article:published_time" content="2021-03-04">',
        '<div></div><img src="x"><meta property="article:published_time" content="1614848400">',
        '<meta property="article:modified_time" content="2022-01-07"><meta name="date" content="2021-03-04">',
        ld({"@type": "WebPage", "datePublished": "2021-03-04", "dateModified": "2022-01-07"}),
        '<link rel="canonical" href="https://e.org/2021/03/04/mill">',
    ],
)
def test_day_that_the_page_declares(head: str) -> None:
    fields = found(head)
    assert fields["published"] == "2021-03-04"
    assert fields["dated_by"]


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("", '<p>By A. Writer · <time datetime="2021-03-04T09:00:00+01:00">4 March</time></p>'),
        ("", "<div><time>March 4, 2021</time></div>"),
        ('<header><time datetime="2021-03-04">4 March 2021</time></header>', ""),
        ("", f"<p>{WORDS[1]}</p><div class='meta'><time datetime='2021-03-04'>4 March</time></div>"),
        ("", "<p>Published March 4, 2021</p>"),
        ("", '<span class="date">4 March 2021, 09:15</span>'),
        ("", "<div>By A. Writer | Mar. 4th, 2021 | 5 min read</div>"),
        ("", '<time class="updated" datetime="2022-01-07">7 January 2022</time><time datetime="2021-03-04">x</time>'),
        (
            "",
            '<p>Updated <time datetime="2022-01-07">x</time></p><p>Published <time datetime="2021-03-04">x</time></p>',
        ),
        (
            '<aside class="related"><time datetime="2012-02-01">old</time></aside>',
            '<time datetime="2021-03-04">x</time>',
        ),
        ("", '<abbr class="published" title="2021-03-04T09:00:00">Thursday</abbr>'),
    ],
)
def test_day_beside_the_headline(above: str, below: str) -> None:
    assert found("", above, below)["published"] == "2021-03-04"


@pytest.mark.parametrize(
    ("head", "below"),
    [
        (ld(OTHER), ""),
        (ld({"@type": "ItemList", "itemListElement": [OTHER]}), ""),
        (ld({"@type": "NewsArticle", "headline": TITLE, "dateModified": "2022-01-07"}), ""),
        ('<meta property="article:modified_time" content="2022-01-07">', ""),
        ('<meta name="last-modified" content="2022-01-07">', ""),
        ('<meta property="og:updated_time" content="2022-01-07">', ""),
        ('<meta name="article:expiration_time" content="2022-01-07">', ""),
        ('<meta name="build-date" content="2022-01-07">', ""),
        ("", "<p>Updated on 7 January 2022</p>"),
        ("", '<p>Last modified: <time datetime="2022-01-07">7 January 2022</time></p>'),
        ("", "<p>The council met on 7 January 2022.</p>"),
        ("", f"{TEXT}<time datetime='2022-01-07'>7 January</time>"),
        ("", '<aside><time datetime="2022-01-07">7 January</time></aside>'),
        ("", '<ul class="related-stories"><li><time datetime="2022-01-07">7 January</time></li></ul>'),
        ('<meta property="article:published_time" content="3/4/2021">', ""),
    ],
)
def test_no_other_day_is_taken_for_it(head: str, below: str) -> None:
    assert found(head, "", below)["published"] is None


def test_day_of_the_last_change_stands_apart() -> None:
    fields = found(ld({**OWN, "dateModified": "2022-01-07T10:00:00Z"}))
    assert (fields["published"], fields["modified"]) == ("2021-03-04", "2022-01-07")
    assert found('<meta property="article:modified_time" content="2022-01-07">')["modified"] == "2022-01-07"


LOGO = '<header><h1 class="logo"><a href="/">Hadley Courier</a></h1></header><article>'


@pytest.mark.parametrize(
    ("head", "above", "title"),
    [
        ("", "", f"{TITLE} | Hadley Courier"),
        ("", f"{LOGO}<h2>{TITLE}</h2>", f"{TITLE} | Hadley Courier"),
        ("", f"{LOGO}<h2>{TITLE}</h2>", f"Hadley Courier - {TITLE}"),
        ("", f'<h1>Hadley Courier</h1><article><h2>{TITLE}</h2>', f"{TITLE} \u2013 Hadley Courier"),
        ("", f"{LOGO}<h1>{TITLE}</h1>", f"{TITLE} | Hadley Courier"),
        ("", LOGO, f"{TITLE} - Hadley Courier"),
        (f'<meta property="og:title" content="{TITLE} - Hadley Courier">', LOGO, "Hadley Courier"),
        ('<meta property="og:title" content="Hadley Courier"><meta property="og:site_name" content="Hadley Courier">',
         "", f"{TITLE} | Hadley Courier"),
        (ld(OWN), LOGO, f"{TITLE} | Hadley Courier"),
        ('<div></div><meta property="og:site_name" content="Hadley Courier">', "<h1></h1><article>",
         f"{TITLE} : Hadley Courier"),
    ],
)  # fmt: skip
def test_title_is_that_of_the_article_and_not_of_the_site(head: str, above: str, title: str) -> None:
    assert found(head, above, "", title)["title"] == TITLE


@pytest.mark.parametrize(
    "title", ["War - and peace", "Rail: what now?", "Mill fire - five men are still held in custody"]
)
def test_title_keeps_its_own_dashes(title: str) -> None:
    page = (
        f"<html><head><title>{title} | Post</title></head><body><article><h1>{title}</h1>{TEXT}</article></body></html>"
    )
    assert html_format.extract(page.encode(), Limits())["title"] == title


def test_source_and_address() -> None:
    site = '<meta property="og:site_name" content="Hadley Courier">'
    fields = found(f'<base href="https://e.org/x/"><iframe></iframe>{site}<meta property="og:url" content="/mill">')
    assert (fields["source"], fields["url"]) == ("Hadley Courier", "https://e.org/mill")
    assert found("", f"{LOGO}<h2>{TITLE}</h2>")["source"] == "Hadley Courier"
    page = f"<html><body><article><h1>{TITLE}</h1>{TEXT}</article></body></html>"
    saved = f"<!-- saved from url=(0020)https://e.org/mill -->\n{page}"
    assert html_format.extract(saved.encode(), Limits())["url"] == "https://e.org/mill"


HALVES = "".join(
    f"<div class='row'><div class='body'><p>{w}</p></div></div><aside class='ad'>Advertisement</aside>" for w in WORDS
)


@pytest.mark.parametrize(
    "body",
    [
        f"<body style='visibility:hidden'><article><h1>{TITLE}</h1>{TEXT}</article></body>",
        f"<body><h1>{TITLE}</h1><div style='visibility: hidden; opacity: 0'>{TEXT}</div><p>Scan the code.</p></body>",
        f"<body><h1>{TITLE}</h1><div hidden>{TEXT}</div></body>",
        f"<body><main><article><h1>{TITLE}</h1>{HALVES}{HALVES}</article></main></body>",
    ],
)
def test_whole_body_is_taken(body: str) -> None:
    text = str(html_format.extract(f"<html>{body}</html>".encode(), Limits())["text"])
    assert [words in text for words in WORDS] == [True, True, True]
    assert "Advertisement" not in text


def test_hidden_text_beside_a_visible_article_stays_hidden() -> None:
    hidden = f"<div style='display:none'><p>SECRET {'words of a menu ' * 10}</p></div>"
    assert "SECRET" not in str(found("", "", hidden)["text"])


def test_cells_that_span_rows_and_columns_stand_in_each_of_them() -> None:
    rows = (
        "<caption>Harbours</caption><tr><th>Harbour</th><th colspan=2>Depth</th></tr>"
        "<tr><td rowspan=2>North</td><td>7</td><td>8</td></tr><tr><td>9</td><td>10</td></tr>"
        "<tr><td>East</td><td rowspan='9999'>12</td><td colspan=x>13</td></tr>"
    )
    expected = "Harbours\n\nHarbour | Depth | Depth\n--- | --- | ---\nNorth | 7 | 8\nNorth | 9 | 10\nEast | 12 | 13"
    assert expected in str(found("", "", f"<table>{rows}</table>")["text"])


def test_header_of_a_table_is_marked_as_the_page_marks_it() -> None:
    rows = "<tr><th>2019</th><th>2020</th></tr><tr><td>a <b>b</b></td><td><p>c</p><p>d</p></td></tr>"
    assert "2019 | 2020\n--- | ---\na b | c d" in str(found("", "", f"<table>{rows}</table>")["text"])
