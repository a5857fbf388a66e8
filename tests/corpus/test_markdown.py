"""Markdown with front matter, well formed and hostile."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qa.corpus import markdown
from qa.corpus.decoding import UnreadableError
from qa.types import Article
from tests.texts import ANY_TEXT, HOSTILE


def read(matter: str, body: str = "Body.") -> tuple[Article, list[str]]:
    """Read an article of this front matter."""
    return markdown.read("notes/gas-flows.md", f"---\n{matter}\n---\n{body}")


def test_every_field_is_read() -> None:
    article, remarks = read(
        "title: Gas  flows\nsource: Energy Weekly\npublished: 2019-12-03\nurl: https://example.org/a?b=c\n"
        "tags: [gas, Amur, gas]\nauthor: [A. Writer, B. Writer]\nlastmod: 2020-01-02\nlayout: ignored",
        "\n  First.\n\nSecond.\n",
    )
    assert remarks == []
    assert article == Article(
        id="notes/gas-flows.md",
        text="First.\n\nSecond.",
        title="Gas flows",
        source="Energy Weekly",
        url="https://example.org/a?b=c",
        published=date(2019, 12, 3),
        tags=("gas", "Amur"),
        modified=date(2020, 1, 2),
        dated_by="field `published`",
        authors=("A. Writer", "B. Writer"),
    )


@pytest.mark.parametrize(
    ("matter", "body", "title"),
    [
        ("title: Given", "# Heading\n\nBody.", "Given"),
        ("title: 2016", "Body.", "2016"),
        ("source: x", "Text first.\n\n## Heading of it ##\n\nBody.", "Heading of it"),
        ("source: x", "Body.", "gas flows"),
        ("title: ''", "Body.", "gas flows"),
        ("title: [a, b]", "Body.", "gas flows"),
        ("title: yes", "Body.", "gas flows"),
        (f"title: {'x' * 600}", "Body.", "x" * 500),
    ],
)
def test_title_comes_from_field_then_heading_then_name(matter: str, body: str, title: str) -> None:
    assert read(matter, body)[0].title == title


@pytest.mark.parametrize(
    ("value", "published"),
    [
        ("2016-06-24", date(2016, 6, 24)),
        ("2016-06-24 10:30:00", date(2016, 6, 24)),
        ("'2016-06-24'", date(2016, 6, 24)),
        ("'2016-06-24T10:30:00+08:00'", date(2016, 6, 24)),
        ("", None),
    ],
)
def test_dates(value: str, published: date | None) -> None:
    article, remarks = read(f"published: {value}")
    assert (article.published, remarks) == (published, [])


@pytest.mark.parametrize("value", ["June 2016", "3/4/2016", "'2016-13-45'", "2016", "[2016-06-24]", "true"])
def test_date_that_is_none_is_left_out_with_a_remark(value: str) -> None:
    article, remarks = read(f"published: {value}")
    assert article.published is None
    assert len(remarks) == 1
    assert remarks[0].startswith("published: ")
    assert remarks[0].endswith("is no date; write it as 2016-06-24")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "/relative", "https://", "http://[::1"])
def test_address_that_is_not_of_the_web_is_left_out_with_a_remark(url: str) -> None:
    article, remarks = read(f"url: '{url}'")
    assert article.url is None
    assert remarks == [f"url: {url!r} is not an http or https address and is left out"]


@pytest.mark.parametrize(
    ("value", "tags"),
    [
        ("gas", ("gas",)),
        ("gas, rail ,", ("gas", "rail")),
        ("[1, gas, [x], null, gas]", ("1", "gas")),
        ("{a: b}", ()),
        ("", ()),
    ],
)
def test_tags(value: str, tags: tuple[str, ...]) -> None:
    assert read(f"tags: {value}")[0].tags == tags


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("No front matter.\n", "No front matter."),
        ("# Title\r\n\r\nBody.", "# Title\r\n\r\nBody."),
        ("Text.\n\n---\n\nMore.", "Text.\n\n---\n\nMore."),
        ("---\ntitle: a\n---\nText.\n\n---\n\nMore.", "Text.\n\n---\n\nMore."),
        ("\n\n---\ntitle: a\n---\nText.", "Text."),
        ("---\r\ntitle: a\r\n---\r\nText.", "Text."),
        ("---\n---\nText.", "Text."),
    ],
)
def test_text_is_all_below_the_front_matter(text: str, kept: str) -> None:
    assert markdown.read("a.md", text)[0].text == kept


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_front_matter_that_never_closes_is_refused(newline: str) -> None:
    with pytest.raises(UnreadableError, match=r"front matter broken: it opens with --- and never closes; add"):
        markdown.read("a.md", newline.join(["---", "title: a", "", "Body."]))


@pytest.mark.parametrize(
    ("matter", "line"),
    [("title: [a: b", 3), ("title: a\nsource: {c: d", 4), ("title: a\n\nsource: *nowhere", 4), ("title: a\n  b: c", 3)],
)
def test_bad_yaml_is_refused_with_its_line_in_the_file(matter: str, line: int) -> None:
    with pytest.raises(UnreadableError, match=rf"front matter broken at line {line}: .*; mend its YAML or remove"):
        read(matter)


@pytest.mark.parametrize("matter", ["- a\n- b", "just words", "3", "2016-06-24"])
def test_front_matter_that_is_no_mapping_is_refused(matter: str) -> None:
    with pytest.raises(UnreadableError, match=r"front matter broken: it must be lines of `name: value`"):
        read(matter)


@pytest.mark.parametrize(
    "matter",
    [
        "title: !!bool maybe",  # KeyError
        "title: !!int",  # IndexError
        "title: !!float ''",  # IndexError
        "title: !!timestamp words",  # AttributeError
        "title: !!python/object/apply:os.system [id]",
        'title: "\\ud800"',
        "a: &a [*b]",
        "<<: 3",
        "? [a]: b",
        "title: \x07",
    ],
)
def test_yaml_that_provokes_its_reader_is_refused(matter: str) -> None:
    with pytest.raises(UnreadableError, match="front matter broken"):
        read(matter)


@pytest.mark.parametrize("field", ["title", "published", "source", "url", "tags"])
@pytest.mark.parametrize("value", ["0x" + "f" * 5000, ".nan", "&a [*a]", "{}", "!!binary aGk=", "!!set {a}", "null"])
def test_strange_value_is_left_out_or_refused(field: str, value: str) -> None:
    try:
        article, _ = read(f"{field}: {value}")
    except UnreadableError:
        return
    assert article.text == "Body."
    assert len(article.title) <= 500


def bomb(levels: int, field: str) -> str:
    """Return front matter whose field holds 10 ** levels items by aliases of aliases."""
    lines = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}' if i else 'x'] * 10)}]" for i in range(levels)]
    return "\n".join([*lines, f"{field}: *a{levels - 1}"])


@pytest.mark.parametrize("field", ["title", "published", "source", "url", "tags", "other"])
def test_yaml_bomb_does_no_harm(field: str) -> None:
    article, _ = read(bomb(9, field))  # a thousand million items: whatever walks them all does not come back
    assert article.text == "Body."


def test_deep_nesting_is_survived() -> None:
    for depth in (500, 9_000):
        try:
            article, _ = read(f"other: {'[' * depth}{']' * depth}")
        except UnreadableError as exc:  # PyYAML bounds the depth from 6.0.4 on
            assert "nesting depth" in str(exc)
        else:
            assert article.text == "Body."


def test_long_front_matter_is_refused() -> None:
    with pytest.raises(UnreadableError, match=r"front matter of 20,009 characters, more than 20,000; shorten it"):
        read(f"title: {'x' * 20_001}")


def test_long_run_of_blank_lines_is_no_trap() -> None:
    with pytest.raises(UnreadableError, match="never closes"):
        markdown.read("a.md", "---\ntitle: a" + "\n" * 200_000 + "x")


def test_rule_that_opens_a_text_is_no_front_matter() -> None:
    assert markdown.read("a.md", "---\nA text below a rule.")[0].text == "---\nA text below a rule."


YAML = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "title: ",
                "tags: ",
                "published: ",
                "url: ",
                "- ",
                "[",
                "]",
                "{",
                "}",
                "&a ",
                "*a",
                "!!int ",
                "!!set ",
                "? ",
            ]
            + [
                ": ",
                "\n",
                "\n  ",
                "|\n  ",
                "'",
                '"',
                "0x1F",
                "2016-01-01",
                "1:30",
                ".inf",
                "~",
                "%",
                "---\n",
                "...\n",
                "#",
            ]
        ),
        ANY_TEXT,
    ),
    max_size=15,
).map("".join)


@given(st.one_of(HOSTILE, YAML.map(lambda matter: f"---\n{matter}\n---\nBody."), YAML.map("---\n{}".format)))
@example("---")
@example("---\n---")
@example("---\n\n---\n---\n")
@example("----\na: b\n----\nBody.")
def test_any_text_becomes_an_article_or_is_refused(text: str) -> None:
    try:
        article, remarks = markdown.read("gas.md", text)
    except UnreadableError as exc:
        assert "front matter" in str(exc)
        return
    if not re.search(r"<!--|%%|\{[%{:]|\[(?://|comment)", text):
        assert article.text in text
    assert article.title.strip()
    assert article.url is None or article.url.startswith(("http://", "https://"))
    assert all(remark.startswith(("url: ", "published: ", "front matter: ")) for remark in remarks)


def test_heading_of_many_spaces_is_no_trap() -> None:
    assert markdown.read("a.md", "# " + " " * 1_900 + "b")[0].title == "b"
    assert markdown.read("a.md", "# a" + " " * 1_900 + "b")[0].title == "a b"
    assert markdown.read("a.md", "# a" + " #" * 900 + " b ##")[0].title.startswith("a # #")


def title(text: str, article_id: str = "notes/gas-flows.md") -> str:
    return markdown.read(article_id, text)[0].title


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The mill closes\n===\n\nBody.", "The mill closes"),
        ("Body first.\n\nThe mill closes\n------\n\nMore.", "The mill closes"),
        ("## A kicker\n\n# The mill closes\n\nBody.", "The mill closes"),
        ("Body.\n\n```sh\n# install it\n```\n", "gas flows"),
        ("Body.\n\n~~~~\n# no\n~~~\n# no\n~~~~\n\n## Yes\n", "Yes"),
        ("Body.\n\n---\n\nMore.", "gas flows"),
        ("Two lines of\na paragraph\n===\n", "gas flows"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "gas flows"),
        ("- item\n---\nBody.", "gas flows"),
        ("# [The **mill**](https://e.org/a) closes {#mill}", "The mill closes"),
        ("# `make` and *break*", "make and break"),
        ("# snake_case and 2 * 3 * 4", "snake_case and 2 * 3 * 4"),
    ],
)
def test_heading_that_is_the_title(text: str, expected: str) -> None:
    assert title(text) == expected


@pytest.mark.parametrize(
    ("article_id", "expected"),
    [
        ("mill-fire/index.md", "mill fire"),
        ("posts/mill-fire/_index.md", "mill fire"),
        ("mill/README.md", "mill"),
        ("index.md", "index"),
        ("2021-03-04-mill-fire.md", "mill fire"),
        ("2021-03-04.md", "2021 03 04"),
    ],
)
def test_name_that_is_the_title(article_id: str, expected: str) -> None:
    assert title("Body.", article_id) == expected


@pytest.mark.parametrize(
    ("article_id", "published"),
    [
        ("2021-03-04-mill.md", date(2021, 3, 4)),
        ("_posts/2021_03_04 mill.md", date(2021, 3, 4)),
        ("mill 20210304.md", date(2021, 3, 4)),
        ("2021/03/04/mill.md", date(2021, 3, 4)),
        ("2021-13-04-mill.md", None),
        ("12021-03-041.md", None),
        ("2021/03/mill.md", None),
    ],
)
def test_date_in_the_name_counts_where_there_is_no_other(article_id: str, published: date | None) -> None:
    article, remarks = markdown.read(article_id, "Body.")
    assert (article.published, remarks) == (published, [])
    assert article.dated_by == ("name of its file" if published else None)
    dated, _ = markdown.read(article_id, "---\ndate: 2019-01-02\n---\nBody.")
    assert (dated.published, dated.dated_by) == (date(2019, 1, 2), "field `date`")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("A.\n\n<!-- SECRET\n\nSECRET -->\n\nB.", "A.\n\nB."),
        ("A <!-- SECRET --> b.", "A  b."),
        ("A %%SECRET%% b.", "A  b."),
        ("A 5 %% b.", "A 5 %% b."),
        ('A.\n\n{{< figure src="SECRET" >}}\n\nB.', "A.\n\nB."),
        ("A {{ page.SECRET }} b {% include SECRET %} c.", "A  b  c."),
        ("A.\n\n{% comment %}\nSECRET\n{% endcomment %}\n\nB.", "A.\n\nB."),
        ("A.\n\n[//]: # (SECRET)\n\nB.", "A.\n\nB."),
        ("A.\n{: .SECRET}\n\nB.", "A.\n\nB."),
        ("A `<!-- kept -->` b.", "A `<!-- kept -->` b."),
        ("```\n{{ kept }}\n<!-- kept -->\n```\nB.", "```\n{{ kept }}\n<!-- kept -->\n```\nB."),
        ("A.\n\n<!-- never closed\n\nB.", "A.\n\n<!-- never closed\n\nB."),
        ("A `tick\n\n<!-- SECRET -->\n\nB` c.", "A `tick\n\nB` c."),
    ],
)
def test_comments_and_templating_are_no_text(text: str, kept: str) -> None:
    assert markdown.read("a.md", text)[0].text == kept


@pytest.mark.parametrize("mark", ["<!--", "%%", "{%", "{{", "`", "``", "{% comment %}", "[//]: # (", "~~~\n", "% a\n"])
def test_marks_without_end_take_linear_time(mark: str) -> None:
    text = mark * 200_000 + "x"
    assert markdown.read("a.md", text)[0].text[-1:] in ("", "x")
