"""Timelines and comparisons."""

from __future__ import annotations

from pathlib import Path

import pytest

import qa
from qa.asking.timeline import shown_day
from qa.types import TimelineEntry, Verdict
from tests.fakes import FakeEncoder

BRIDGE = {
    "a.md": ("2021-05-03", "Post", "The bridge at Orrin will open in 2024. It is to cost 40 million euros."),
    "b.md": (
        "2022-07-01",
        "Herald",
        "Building of the bridge at Orrin began on Monday. Two hundred people came to see it.",
    ),
    "c.md": (
        "2024-02-09",
        "Post",
        "The bridge at Orrin will open in 2025, a year late. It now costs 55 million euros.",
    ),
    "d.md": (
        "2024-02-10",
        "Herald",
        "The bridge at Orrin will open in 2025, a year late. It now costs 55 million euros.",
    ),
}


@pytest.fixture
def bridge(tmp_path: Path) -> qa.Briefing:
    (tmp_path / "corpus").mkdir()
    for name, (day, source, text) in BRIDGE.items():
        front = f'---\ntitle: "The bridge at Orrin"\nsource: {source}\npublished: {day}\n---\n\n'
        (tmp_path / "corpus" / name).write_text(front + text + "\n", encoding="utf-8")
    return qa.Briefing.open(tmp_path / "corpus", tmp_path / "index", encoder=FakeEncoder())


def test_a_timeline_is_in_order_and_folds_copies(bridge: qa.Briefing) -> None:
    answer = bridge.ask("Timeline of the bridge at Orrin")
    assert answer.verdict is Verdict.ANSWERED
    days = [entry.day for entry in answer.timeline]
    assert days == sorted(days)
    assert [shown_day(e) for e in answer.timeline if e.dated_by == "sentence"] == ["2022-06-27"]
    cited = {c.number: c for c in answer.citations}
    assert len(cited) == len(answer.timeline)
    for entry in answer.timeline:
        citation = cited[entry.citation]
        assert bridge.article(citation.article_id).text[citation.start : citation.end] == citation.quote
        assert f"{shown_day(entry)}: {citation.quote} [{entry.citation}]" in answer.text
    assert [entry.also_in for entry in answer.timeline if entry.also_in] == [("c.md",)]
    assert {c.article_id for c in answer.citations} == {"a.md", "b.md", "d.md"}


def test_a_timeline_of_what_is_not_there_is_refused(bridge: qa.Briefing) -> None:
    assert bridge.ask("Timeline of the penguins").citations == ()


def test_a_comparison_has_both_times_and_both_sources(bridge: qa.Briefing) -> None:
    times = bridge.ask("Compare the cost of the bridge in 2021 and 2024")
    assert [line.split(":")[0] for line in times.text.split("\n")] == ["2021", "2024"]
    assert [c.article_id[0] for c in times.citations][0] == "a"
    sources = bridge.ask("Compare Post and Herald on the cost of the bridge")
    assert [c.source for c in sources.citations] == ["Post", "Herald"]


def test_precision_is_shown_as_it_is_known(bridge: qa.Briefing) -> None:
    day = bridge.ask("Timeline of the bridge at Orrin").timeline[0].day
    assert shown_day(TimelineEntry(day, "year", "sentence", 1)) == "2021"
    assert shown_day(TimelineEntry(day, "month", "sentence", 1)) == "2021-05"
