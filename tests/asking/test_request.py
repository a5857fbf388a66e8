"""What a question asks for."""

from __future__ import annotations

from datetime import date

import pytest

from qa.asking.parts import parts_of
from qa.asking.request import Setting, request_of
from qa.errors import QuestionError
from qa.types import Chip, RequestKind

SETTING = Setting(date(2026, 11, 28), ("Morning Post", "Post", "Energy Weekly"))


@pytest.mark.parametrize(
    ("question", "kind", "subject"),
    [
        ("What's new?", "latest", None),
        ("What is the latest?", "latest", None),
        ("any news?", "latest", None),
        ("latest on the railway", "latest", "the railway"),
        ("What's the latest news about milk prices?", "latest", "milk prices"),
        ("Is there any news on the strike?", "latest", "the strike"),
        ("Please update me on the strike", "latest", "the strike"),
        ("Where does the merger stand?", "latest", "the merger"),
        ("What happened in 2017?", "period", None),
        ("What happened to the miners in May?", "period", "the miners"),
        ("What has been reported about the strike since Monday?", "period", "the strike"),
        ("What does Morning Post report about the strike?", "source", "the strike"),
        ("Which articles are from the Morning Post?", "source", None),
        ("what's in Energy Weekly", "source", None),
        ("Which articles mention the strike?", "list", "the strike"),
        ("articles about milk from 2017", "list", "milk"),
        ("How many articles mention Anna Berg?", "count", "Anna Berg"),
        ("In how many articles is Anna Berg mentioned?", "count", "Anna Berg"),
        ("How many articles did Energy Weekly publish?", "count", None),
        ("Compare the price of milk in 2019 and 2020", "compare", "the price of milk"),
        ("Summarise the strike story", "timeline", "strike"),
        ("Timeline of the strike", "timeline", "the strike"),
        ("How did the merger come about?", "timeline", "the merger"),
        ("What do we know about the dam?", "overview", "the dam"),
        ("What did Anna Berg say about the dam?", "speaker", "the dam"),
        ("Who said that the dam would break?", "speaker", "the dam would break"),
        ("Hello!", "small_talk", None),
        ("How many articles are there?", "small_talk", None),
        ("Who leads the jury?", "fact", None),
        ("How many articles does the treaty have?", "fact", None),
        ("Which documents were signed in Oslo?", "fact", None),
        ("What is the latest price of milk?", "fact", None),
        ("Which post did Anna Berg take?", "fact", None),
        ("What happened to the miners?", "fact", "the miners"),
    ],
)
def test_kind_and_subject(question: str, kind: str, subject: str | None) -> None:
    parsed = request_of(question, setting=SETTING).parsed
    assert (parsed.kind, parsed.subject, parsed.as_typed) == (RequestKind(kind), subject, question)


def test_chips_can_be_taken_off_one_by_one() -> None:
    question = "What does the Morning Post say about milk in 2017?"
    parsed = request_of(question, setting=SETTING).parsed
    assert parsed.chips == (
        Chip("Reported by · milk", "kind"),
        Chip("2017", "time"),
        Chip("Morning Post", "sources"),
    )
    assert (parsed.since, parsed.until) == (date(2017, 1, 1), date(2017, 12, 31))
    timeless = request_of(question, setting=Setting.of(SETTING.as_of, SETTING.sources, ["time"])).parsed
    assert (timeless.since, [chip.without for chip in timeless.chips]) == (None, ["kind", "sources"])
    plain = request_of(question, setting=Setting.of(SETTING.as_of, SETTING.sources, ["kind", "sources"])).parsed
    assert (plain.kind, plain.sources) == (RequestKind.FACT, ())


def test_a_source_counts_only_where_words_say_so() -> None:
    assert request_of("What did the Post office cost?", setting=SETTING).parsed.sources == ()
    assert request_of("According to Energy Weekly, what does gas cost?", setting=SETTING).parsed.sources == (
        "Energy Weekly",
    )


@pytest.mark.parametrize("taken_off", [["verdict"], "kind"])
def test_other_parts_cannot_be_taken_off(taken_off: list[str]) -> None:
    with pytest.raises(QuestionError, match="kind, time, sources"):
        Setting.of(None, (), taken_off)


def test_a_wording_of_ones_own_is_not_parsed() -> None:
    assert request_of("huh?", searched_for="What happened in 2017?", setting=SETTING).parsed.kind is RequestKind.FACT


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "Who leads the jury and when does it decide?",
            ("Who leads the jury?", "When does it decide?"),
        ),
        ("What is the dam for? How high is it?", ("What is the dam for?", "How high is it?")),
        ("Who built the dam, and is it full?", ("Who built the dam?", "Is it full?")),
        ("Who built and financed the dam?", ()),
        ("How and when did the strike end?", ()),
        ("Which bank and which fund lend money?", ()),
        ("Who is John and is known as Jack?", ()),
        ("The dam and what it costs", ()),
    ],
)
def test_several_questions_in_one(question: str, parts: tuple[str, ...]) -> None:
    assert parts_of(question) == parts
