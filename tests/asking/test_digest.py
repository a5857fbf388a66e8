"""What came since a day, and which answers a build changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import qa
from qa.asking.digest import Digest, as_html, as_markdown, change_in_words, changed_answer
from qa.corpus import read_corpus
from qa.doctor.stored import check_index
from qa.index.changed_answers import FILE_NAME, read_changed, write_changed
from qa.settings import Settings
from qa.types import ChangedAnswer, ListedArticle, Verdict
from tests.fakes import FakeEncoder

CHANGE = ChangedAnswer("When will it open?", "2026", "2028", "a2.md")
QUESTION = "Who postponed the northern railway?"
PIN = f'[[question]]\nquestion = "{QUESTION}"\n'


def test_a_change_is_one_line() -> None:
    assert change_in_words(CHANGE) == "When will it open?: 2026 → 2028, from a2.md"


def test_the_same_in_other_words_is_no_change(briefing: qa.Briefing) -> None:
    answer = briefing.ask(QUESTION)
    assert answer.verdict is Verdict.ANSWERED
    assert changed_answer(answer, answer) is None
    assert changed_answer(replace(answer, text="$6bn"), replace(answer, text="6 billion dollars")) is None
    changed = changed_answer(replace(answer, text="$6bn"), replace(answer, text="$7bn"))
    assert changed is not None
    assert (changed.before, changed.after, changed.article_id) == ("$6bn", "$7bn", answer.citations[0].article_id)
    refused = replace(answer, verdict=Verdict.RELATED, citations=(), text="no")
    assert changed_answer(refused, refused) is None
    assert changed_answer(refused, answer) is not None


def test_a_page_marks_nothing_up_that_articles_say() -> None:
    hostile = "<script>x</script> [a](b) *c*"
    entry = ListedArticle("a.md", hostile, "Post", None, date(2020, 1, 2), 0, 3, hostile)
    digest = Digest(date(2020, 1, 1), (entry,), (CHANGE,), ())
    page = as_html(digest)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    text = as_markdown(digest)
    assert "\\<script\\>x\\</script\\> \\[a\\](b) \\*c\\*" in text
    assert "2026 → 2028, from a2.md" in text
    assert "## Sources that differ\n\nNone.\n" in text


def test_a_digest_lists_what_came_since_and_what_changed(briefing: qa.Briefing, corpus_folder: Path) -> None:
    (corpus_folder / "pinned.toml").write_text(PIN, encoding="utf-8")
    digest = briefing.digest(date(2019, 1, 1))
    assert [a.id for a in digest.articles] == ["2020-03-09-railway-postponed.md", "2019-12-03-gas-flows.md"]
    assert all(c.question == QUESTION for c in digest.changed)


def test_a_build_tells_which_pinned_answers_changed(
    briefing: qa.Briefing, settings: Settings, corpus_folder: Path, encoder: FakeEncoder
) -> None:
    (corpus_folder / "pinned.toml").write_text(PIN, encoding="utf-8")
    assert briefing.refresh().answers == ()
    before = briefing.ask(QUESTION).text
    (corpus_folder / "2020-03-09-railway-postponed.md").write_text(
        "---\ntitle: Northern railway postponed\npublished: 2020-03-09\n---\n\n"
        "Parliament postponed the northern railway because its cost had risen.\n"
    )
    (change,) = briefing.refresh().answers
    assert (change.before, change.article_id) == (before, "2020-03-09-railway-postponed.md")
    assert "Parliament" in change.after
    corpus = read_corpus(corpus_folder)
    findings = check_index(settings.index, corpus, lambda: encoder.fingerprint)
    assert [f.problem for f in findings if f.code == "answer-changed"] == [change_in_words(change)]


def test_what_changed_is_kept_for_one_generation_only(tmp_path: Path) -> None:
    write_changed(tmp_path, "gen-1", [CHANGE])
    assert read_changed(tmp_path, "gen-1") == (CHANGE,)
    assert read_changed(tmp_path, "gen-2") == ()
    (tmp_path / FILE_NAME).write_text("{", encoding="utf-8")
    assert read_changed(tmp_path, "gen-1") == ()
    assert read_changed(tmp_path / "absent", "gen-1") == ()


def test_a_timeline_of_the_facade(briefing: qa.Briefing) -> None:
    told = briefing.timeline("the northern railway")
    assert [e.day.year for e in told.timeline] == sorted(e.day.year for e in told.timeline)
    assert briefing.timeline("penguins").text == "No dated article here speaks of “penguins”."
    only = briefing.timeline("the northern railway", until=date(2017, 1, 1))
    assert {c.article_id for c in only.citations} == {"2016-06-29-railway-loan.md"}
