"""Markdown with front matter, well formed and hostile."""

from __future__ import annotations

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
        "tags: [gas, Amur, gas]\nauthor: ignored",
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


@pytest.mark.parametrize("value", ["24 June 2016", "'2016-13-45'", "2016", "[2016-06-24]", "true"])
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
    [("title: a: b", 2), ("title: a\nsource: c: d", 3), ("title: a\n\nsource: *nowhere", 4), ("title: @a", 2)],
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
        "published: 2016-13-45",  # ValueError inside PyYAML
        "title: !!bool maybe",  # KeyError
        "title: !!int",  # IndexError
        "title: !!float ''",  # IndexError
        "title: 1" + ":20" * 300 + ".5",  # OverflowError
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
    assert article.text in text.replace("\r\n", "\n") or article.text in text
    assert article.title.strip()
    assert article.url is None or article.url.startswith(("http://", "https://"))
    assert all(remark.startswith(("url: ", "published: ")) for remark in remarks)


def test_heading_of_many_spaces_is_no_trap() -> None:
    assert markdown.read("a.md", "# " + " " * 1_900 + "b")[0].title == "b"
    assert markdown.read("a.md", "# a" + " " * 1_900 + "b")[0].title == "a b"
    assert markdown.read("a.md", "# a" + " #" * 900 + " b ##")[0].title.startswith("a # #")
