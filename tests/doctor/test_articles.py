from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given

from qa.doctor import Finding, Severity
from qa.doctor.articles import (
    MAX_CHARS,
    MIN_CHARS,
    check_copies,
    check_dates,
    check_files,
    check_lengths,
    check_letters,
    check_titles,
)
from qa.types import Article, Corpus, Problem
from tests.text.test_near_copies import TEXT
from tests.texts import HOSTILE

TODAY = date(2020, 1, 1)


def article(article_id: str, text: str = TEXT, title: str = "T", published: date | None = None) -> Article:
    return Article(article_id, text, title, published=published)


def told(findings: list[Finding]) -> list[tuple[str, str, str]]:
    assert all(finding.problem and finding.remedy for finding in findings)
    return [(finding.code, finding.severity.value, finding.id) for finding in findings]


def test_refused_files_and_remarks_are_told_with_their_cause() -> None:
    corpus = Corpus((article("a.md"),), (Problem("b.pdf", "is encrypted"),), (Problem("a.md", "url left out"),))
    found = list(check_files(corpus))
    assert told(found) == [("rejected", "attention", "b.pdf"), ("remark", "hint", "a.md")]
    assert [finding.problem for finding in found] == ["is encrypted", "url left out"]


def test_duplicates_name_the_article_they_repeat() -> None:
    articles = [
        article("a.md"),
        article("b.md", "  ".join(TEXT.upper().split())),
        article("c.md", TEXT.replace("Economists doubt that ticket sales can repay the loan. ", "")),
        article("d.md", TEXT.replace("400", "500")),
        article("e.md", "Something else."),
    ]
    found = list(check_copies(articles))
    assert told(found) == [("duplicate", "hint", "b.md"), ("near-duplicate", "hint", "c.md")]
    assert [finding.problem for finding in found] == [
        "has the same words as a.md",
        "has nearly the same words and the same facts as a.md",
    ]


def test_dates_that_are_missing_or_to_come() -> None:
    articles = [
        article("a.md", published=TODAY),
        article("b.md", published=TODAY + timedelta(days=1)),
        article("c.md", published=None),
        article("d.md", published=date(1900, 1, 1)),
    ]
    found = list(check_dates(articles, TODAY))
    assert told(found) == [("future-date", "attention", "b.md"), ("no-date", "hint", "c.md")]
    assert "2020-01-02" in found[0].problem


def test_dates_that_nothing_declares_and_those_that_a_text_tells_are_named() -> None:
    day = date(2019, 3, 4)
    articles = [
        Article("a.md", TEXT, "T", published=day, dated_by="field `date`"),
        Article("b.md", TEXT, "T", published=day, dated_by="name of its file"),
        Article("c.md", f"By A. Writer, 4 March 2019\n\n{TEXT}", "T", modified=date(2019, 5, 6)),
    ]
    found = list(check_dates(articles, TODAY))
    assert told(found) == [("date-from", "hint", "b.md"), ("no-date", "hint", "c.md")]
    assert found[0].problem == "is dated 2019-03-04 by the name of its file"
    assert "though its text says '4 March 2019'; it was last changed on 2019-05-06" in found[1].problem


def test_title_of_another_article() -> None:
    articles = [
        article("a", title="One"),
        article("b", title="Two"),
        article("c", title="ONE "),
        article("d", title="one"),
    ]
    found = list(check_titles(articles))
    assert told(found) == [("same-title", "hint", "c"), ("same-title", "hint", "d")]
    assert all("title of a" in finding.problem for finding in found)


def test_lengths_at_their_bounds() -> None:
    articles = [
        article("a", "a" * (MIN_CHARS - 1)),
        article("b", "b" * MIN_CHARS),
        article("c", "c" * MAX_CHARS),
        article("d", "d" * (MAX_CHARS + 1)),
        article("e", "— * …\n" * 100),
    ]
    assert told(list(check_lengths(articles))) == [
        ("very-short", "hint", "a"),
        ("very-long", "hint", "d"),
        ("empty", "attention", "e"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "The café “Zürich” costs 5 €, naïve Ångström said — déjà vu.",
        "Железная дорога Москва — Казань финансируется банком развития.",
        "中国国家开发银行为莫斯科至喀山铁路提供贷款。",
        "Der Präsident begrüßt die Gäste in Köln; größere Mühe macht ihm die Straße.",
    ],
)
def test_letters_decoded_by_the_wrong_encoding(text: str) -> None:
    assert list(check_letters([article("a", text)])) == []
    for encoding in ("latin-1", "cp1252"):
        wrong = text.encode().decode(encoding, "replace")
        found = list(check_letters([article("a", f"A plain line.\n{wrong}")]))
        assert told(found) == [("mojibake", "attention", "a")], encoding


def test_wrong_letters_are_shown_beside_the_right_ones() -> None:
    (found,) = check_letters([article("a", "He said: donâ€™t go.")])
    assert "donâ€™t" in found.problem
    assert "don't" in found.problem or "don’t" in found.problem
    (lost,) = check_letters([article("a", "The caf\ufffd is closed.")])
    assert "lost in decoding" in lost.problem
    (title,) = check_letters([article("a", "Plain.", title="CafÃ© closes")])
    assert "CafÃ©" in title.problem


@given(HOSTILE)
def test_no_text_breaks_a_check(text: str) -> None:
    articles = [article("a", text, text), article("b", text + "\ud800", text)]
    for check in (check_copies, check_titles, check_lengths, check_letters):
        for finding in check(articles):
            assert finding.id in ("a", "b")
            assert finding.severity in Severity
            assert len(finding.problem) < 500
