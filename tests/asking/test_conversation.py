from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

import qa
from benchmarks.conversation import read_dialogues, token_f1
from qa.asking import request_of, spoken, stand_alone
from qa.asking.antecedents import CLASSES, shipped
from qa.asking.fragments import listed
from qa.asking.fusion import fused
from qa.asking.mentions import mentions_in
from qa.asking.overview import subject_of
from qa.asking.rewrite import Wording, wording
from qa.asking.small_talk import aside_of, reply
from qa.asking.turns import MAX_CHARS, MAX_SAID, MAX_TURNS, History, turns_of
from qa.errors import QuestionError
from qa.types import Article, Hit, HitTrace, Passage, Verdict

ROOT = Path(__file__).resolve().parents[2]

LOAN = (
    "Who finances the northern railway?",
    "The Development Bank finances the northern railway with a loan of 400 billion roubles.",
)
ORLOV = (
    "Who postponed the northern railway?",
    "Prime minister Mikhail Orlov announced the decision on Monday.",
)


def rewritten(question: str, *history: tuple[str, str]) -> str:
    return stand_alone(question, spoken(list(history)))


# -- what is left alone


@pytest.mark.parametrize(
    "question",
    [
        "Which fields supply the Power of Siberia pipeline?",
        "When did Gazprom sell its share in the plant?",  # "its" is Gazprom, which the question names
        "Are there 15 stops between Moscow and Kazan?",
        "Who said that Trans-Baikal wheat is sold in China?",
        "How long did the EU prolong its sanctions?",
    ],
)
def test_a_question_that_stands_alone_is_left_alone(question: str) -> None:
    assert rewritten(question, LOAN, ORLOV) == question


@pytest.mark.parametrize(
    "question",
    [
        "Wer finanziert die Bahn?",
        "Was kostet der Ausbau der Strecke?",  # "was" is an English word, too
        "Quand a-t-il été fondé ?",
        "Wat is de rente van de lening?",
        "¿Y quién más?",
        "А в 2015 году?",
        "它是什么时候建成的？",
    ],
)
def test_other_languages_are_left_alone(question: str) -> None:
    assert rewritten(question, LOAN, ORLOV) == question


def test_without_a_history_nothing_is_rewritten() -> None:
    assert rewritten("Why did he do that?") == "Why did he do that?"


# -- pronouns


def test_he_is_the_person_of_the_last_answer() -> None:
    assert rewritten("When did he say that the budget was too small?", LOAN, ORLOV) == (
        "When did Mikhail Orlov say that the budget was too small?"
    )


def test_a_possessive_gets_its_ending() -> None:
    assert rewritten("What was his reason?", ORLOV) == "What was Mikhail Orlov's reason?"


def test_they_are_whom_the_question_asked_for() -> None:
    found = rewritten("And how much do they lend?", ("Who lends?", "Development Bank and Silk Road Fund lend."))
    assert "they" not in found
    assert "Fund" in found


def test_there_is_the_last_place_and_then_the_last_year() -> None:
    bank = ("When was the bank founded?", "It was founded in Fortaleza in July 2014.")
    assert rewritten("Who lived there?", bank) == "Who lived in Fortaleza?"
    assert rewritten("Who led the bank at that time?", bank) == "Who led the bank in July 2014?"
    assert rewritten("Are there other banks in Fortaleza?", bank).startswith("Are there other banks in Fortaleza")


def test_a_short_name_becomes_the_full_one() -> None:
    assert rewritten("What does Orlov think of the Amur bridge?", ORLOV) == (
        "What does Mikhail Orlov think of the Amur bridge?"
    )


def test_a_bank_is_not_the_full_name_of_its_country() -> None:
    lender = ("Who lends?", "China Development Bank lends, says a report on Russia-China trade.")
    question = "How did Russian exports to China change in 2016?"
    assert "Bank" not in rewritten(question, lender)
    assert "Russia-China" not in rewritten(question, lender)


def test_it_is_the_subject_of_the_question_rather_than_a_place_in_the_answer() -> None:
    said = (
        "Alexander Gabuyev, chair of the Russia in the Asia-Pacific Program at the Carnegie Moscow Center, says China "
        "finances the railway: China Development Bank (CDB) is expected to lend about $6 billion for the line."
    )
    asked = ("Who finances the Moscow-Kazan railway?", said)
    assert rewritten("Why was it postponed?", asked) == "Why was the Moscow-Kazan railway postponed?"


def test_a_question_joined_with_and_is_no_fragment() -> None:
    airliner = ("Where will the airliner be assembled?", "The airliner is to be assembled in Shanghai.")
    assert rewritten("And who builds it?", airliner) == "And who builds the airliner?"


# -- fragments


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Why?", "Why was the railway postponed in 2020?"),
        ("but when?", "When was the railway postponed in 2020?"),
        ("And in 2015?", "Was the railway postponed in 2015?"),
        ("by whom?", "By whom was the railway postponed in 2020?"),
    ],
)
def test_fragments_take_the_rest_of_the_previous_question(question: str, expected: str) -> None:
    assert rewritten(question, ("Was the railway postponed in 2020?", "Yes.")) == expected


def test_another_name_takes_the_place_of_the_one_asked_about() -> None:
    before = ("How much did Rosneft pay?", "Ten roubles.")
    assert rewritten("And Gazprom?", before) == "How much did Gazprom pay?"
    assert rewritten("What about Gazprom?", before) == "How much did Gazprom pay?"


def test_who_else_asks_the_previous_question_again() -> None:
    assert rewritten("anyone else?", LOAN) == "Who else finances the northern railway?"
    assert rewritten("Who else?", LOAN) == "Who else finances the northern railway?"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("and now?", "How much did the railway cost now?"),
        ("what came later?", "What is the latest on the railway?"),
        ("what happened before that?", "Timeline of the railway"),
        ("and what about the helicopter?", "How much did the helicopter cost in 2016?"),
        ("what about the length?", "How much did the railway cost in 2016 (the length)?"),
    ],
)
def test_follow_ups_with_time_and_of_another_thing(question: str, expected: str) -> None:
    assert rewritten(question, ("How much did the railway cost in 2016?", "It cost 6 billion.")) == expected


def test_another_thing_ends_what_was_spoken_of_before() -> None:
    turns = (LOAN, ("And what about the helicopter?", "This is not in the briefing."))
    assert rewritten("What does it weigh?", *turns) == "What does the helicopter weigh?"


def test_tell_me_more_names_a_subject() -> None:
    found = rewritten("tell me more", LOAN)
    assert found.startswith("Tell me more about ")
    assert subject_of(found) is not None


def test_the_second_one_is_the_second_of_the_list() -> None:
    banks = ("Which banks lend?", "Sberbank, Gazprombank and Bank of China lend to the plant.")
    assert listed(banks[1]) == ["Sberbank", "Gazprombank", "Bank of China"]
    assert rewritten("Where is the second one?", banks) == "Where is Gazprombank?"
    assert rewritten("The last one?", banks) == "Which banks lend (Bank of China)?"


def test_what_was_searched_for_counts_and_not_what_was_typed(briefing: qa.Briefing) -> None:
    first = briefing.ask("Who announced the decision on the northern railway?")
    second = briefing.ask("why?", history=[(first.question, first)])
    third = briefing.stand_alone("and in 2016?", [(first.question, first), ("why?", second)])
    assert second.question == "why?"
    assert second.trace.searched_for != "why?"
    assert "railway" in third


# -- mentions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Russian President Vladimir Putin said no.", ["Vladimir Putin"]),
        ("K.V. Kamath serves for five years.", ["K.V. Kamath"]),
        ("The Silk Road Fund bought it.", ["Silk Road Fund"]),
        ("In June Power of Siberia opened.", ["Power of Siberia"]),
        ("They sold the iPhone to the McDonald sisters.", ["iPhone", "McDonald"]),
    ],
)
def test_names_are_found_whole(text: str, expected: list[str]) -> None:
    assert [mention.text for mention in mentions_in(text) if mention.kind == "name"] == expected


def test_a_title_makes_a_person_and_bank_an_organisation() -> None:
    found = {mention.text: mention for mention in mentions_in("President Xi Jinping met Development Bank in Moscow.")}
    assert found["Xi Jinping"].person
    assert found["Development Bank"].organisation
    assert found["Moscow"].place


@given(st.text(max_size=300))
def test_mentions_of_any_text_are_bounded(text: str) -> None:
    for mention in mentions_in(text):
        assert len(mention.text.split()) <= 12
        assert mention.text


# -- hostile and huge histories


def test_only_the_last_turns_are_read() -> None:
    class Counting(list[tuple[str, str]]):
        read = 0

        def __iter__(self) -> Iterator[tuple[str, str]]:
            for entry in super().__iter__():
                Counting.read += 1
                yield entry

    many = Counting([("Who is Mikhail Orlov?", "A minister.")] * 10_000)
    assert len(turns_of(many)) == MAX_TURNS
    assert Counting.read <= MAX_TURNS


def test_ten_megabytes_are_cut() -> None:
    huge = "Mikhail Orlov said so. " * 450_000
    (turn,) = turns_of([(huge, huge)])
    assert len(huge) > 10_000_000
    assert len(turn.question) <= MAX_CHARS
    assert len(turn.answer) <= MAX_CHARS
    assert len(turn.said) <= MAX_SAID
    assert stand_alone("When did he go?", [turn]) == "When did Mikhail Orlov go?"


@given(st.lists(st.tuples(st.text(max_size=200), st.text(max_size=200)), max_size=4), st.text(min_size=1, max_size=200))
def test_any_history_gives_a_bounded_printable_question(history: list[tuple[str, str]], question: str) -> None:
    found = stand_alone(question, turns_of(history))
    assert len(found) <= max(600, len(question))
    if question.isprintable():
        assert found.isprintable()


@pytest.mark.parametrize(
    "history", ["text", 5, [("only one",)], [("a", "b", "c")], ["pair"], [("q", None)], [(1, "a")], [{"q": "a"}]]
)
def test_a_history_of_another_shape_is_refused(history: object) -> None:
    with pytest.raises(QuestionError, match="history"):
        turns_of(cast(History, history))


# -- fusion


def _hit(name: str, score: float, rank: int) -> Hit:
    passage = Passage(name, "a.md", 0, 1, "x")
    return Hit(passage, score, rank, (), HitTrace(None, 0.0, 0.0, None, 0.0, (name,)))


def test_fused_hits_are_in_order_of_the_weighted_mean() -> None:
    new = [_hit("a", 0.9, 1), _hit("b", 0.5, 2)]
    old = [_hit("c", 1.0, 1), _hit("b", 0.4, 2)]
    found = fused(new, old, 3, weight=0.5)
    assert [(hit.passage.id, hit.score, hit.rank) for hit in found] == [("c", 0.75, 1), ("a", 0.65, 2), ("b", 0.45, 3)]
    assert [hit.passage.id for hit in fused(new, old, 3, weight=0.0)] == ["a", "b", "c"]
    assert [hit.passage.id for hit in fused(new, [], 3)] == ["a", "b"]


# -- small talk, and the briefing itself


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Hello!", "hello"),
        ("good morning", "hello"),
        ("thanks", "thanks"),
        ("OK, thank you very much!", "thanks"),
        ("bye", "goodbye"),
        ("What can you answer?", "able"),
        ("help", "able"),
        ("how many articles are there?", "count"),
        ("How many documents do you have?", "count"),
        ("which articles do you have on Yamal?", "list"),
        ("list all articles", "list"),
        ("do you have any articles about the Amur bridge?", "list"),
        ("which sources do you have?", "sources"),
        ("What is the latest article?", "dates"),
    ],
)
def test_asides_are_told_apart(question: str, kind: str) -> None:
    aside = aside_of(question)
    assert aside is not None
    assert aside.kind == kind


@pytest.mark.parametrize(
    "question",
    [
        "How many articles does the treaty have?",
        "What can China answer?",
        "Hello Kitty sales in 2016",
        "thanks to whom was the bridge built?",
        "Which sources of money does the railway have?",
        "Who are you to say that the bridge is finished?",
        "Which documents were signed in Beijing?",
        "why?",
    ],
)
def test_questions_that_articles_answer_are_no_asides(question: str) -> None:
    assert aside_of(question) is None


def test_hello_gets_facts_and_no_citation(briefing: qa.Briefing) -> None:
    answer = briefing.ask("Hello!")
    assert answer.verdict is Verdict.ABOUT
    assert (answer.citations, answer.hits, answer.trace.searched_for) == ((), (), "")
    assert "6 articles, published 2016-06-29 to 2020-03-09" in answer.text
    assert "“Northern railway postponed” (Morning Post, 2020-03-09)" in answer.text


def test_articles_on_a_subject_are_those_that_hold_its_words(briefing: qa.Briefing) -> None:
    answer = briefing.ask("Which articles do you have on the Amur?")
    assert answer.text == "One article speaks of “the Amur”:\n- “Pipeline reaches the Amur” (Energy Weekly, 2017-05-22)"
    assert answer.hits[0].passage.article_id == "2017-05-22-pipeline-progress.md"
    none = briefing.ask("Which articles do you have on penguins?")
    assert none.text == "No article here speaks of “penguins”."
    assert none.hits == ()


def test_filters_hold_for_facts_too(briefing: qa.Briefing) -> None:
    assert "2 articles" in briefing.ask("how many articles are there?", tags=["gas"]).text
    assert "no articles" in briefing.ask("how many articles are there?", tags=["nothing"]).text


def test_many_articles_are_cut_and_counted() -> None:
    articles = [Article(f"{n:02}.md", "text", f"Title {n:02}") for n in range(25)]
    aside = aside_of("list all articles")
    assert aside is not None
    text = reply(aside, articles)
    assert text.count("\n") == 21
    assert text.endswith("- and 5 more")


def test_thanks_in_between_is_no_turn() -> None:
    thanks = ("thanks!", "You are welcome.")
    assert rewritten("why?", LOAN, thanks) == rewritten("why?", LOAN)


# -- overviews


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("what do we know about the Silk Road Fund?", "the Silk Road Fund"),
        ("Tell me about Putin", "Putin"),
        ("Could you please tell me more about the bridge?", "the bridge"),
        ("give me an overview of Yamal LNG", "Yamal LNG"),
        ("What did Putin tell Xi about the bridge?", None),
        ("Who told you about it?", None),
    ],
)
def test_what_an_overview_is_wanted_of(question: str, subject: str | None) -> None:
    assert subject_of(question) == subject


def test_an_overview_cites_different_sentences(briefing: qa.Briefing) -> None:
    answer = briefing.ask("What do we know about the Development Bank?")
    assert answer.verdict is Verdict.ANSWERED
    assert 3 <= len(answer.citations) <= 6
    assert [citation.number for citation in answer.citations] == list(range(1, len(answer.citations) + 1))
    spans = {(citation.article_id, citation.end) for citation in answer.citations}
    assert len(spans) == len(answer.citations)
    for citation in answer.citations:
        assert briefing.article(citation.article_id).text[citation.start : citation.end] == citation.quote
        assert f"{citation.quote} [{citation.number}]" in answer.text


def test_an_overview_of_what_is_not_there_is_refused(briefing: qa.Briefing) -> None:
    answer = briefing.ask("What do we know about penguins?")
    assert answer.verdict is not Verdict.ANSWERED
    assert answer.citations == ()


def test_tell_me_more_repeats_nothing(briefing: qa.Briefing) -> None:
    first = briefing.ask("What do we know about the Development Bank?")
    more = briefing.ask("Tell me more about the Development Bank", history=[(first.question, first.text)])
    assert more.trace.searched_for == "Tell me more about the Development Bank"
    again = briefing.ask("tell me more", history=[(first.question, first)])
    assert {c.quote for c in again.citations}.isdisjoint(c.quote for c in first.citations)


def test_who_else_leaves_out_whom_it_cited(briefing: qa.Briefing) -> None:
    first = briefing.ask("Who finances the northern railway?")
    assert first.verdict is Verdict.ANSWERED
    other = briefing.ask("who else?", history=[(first.question, first)])
    assert other.trace.searched_for == "Who else finances the northern railway?"
    assert {c.quote for c in other.citations}.isdisjoint(c.quote for c in first.citations)


# -- the facade


def test_a_history_of_texts_does_as_well_as_one_of_answers(briefing: qa.Briefing) -> None:
    asked = "Did Mikhail Orlov announce the decision on Monday?"
    first = briefing.ask(asked)
    assert first.citations
    by_text = briefing.ask("When did he say that?", history=[(asked, first.text)])
    by_answer = briefing.ask("When did he say that?", history=[(asked, first)])
    assert by_text.trace.searched_for == by_answer.trace.searched_for == "When did Mikhail Orlov say that?"
    assert by_text.question == "When did he say that?"


def test_a_change_of_subject_is_searched_for_as_asked(briefing: qa.Briefing) -> None:
    first = briefing.ask("Who finances the northern railway?")
    question = "How deep are the tunnels of the Amur pipeline?"
    assert briefing.stand_alone(question, [(first.question, first)]) == question
    assert briefing.ask(question, history=[(first.question, first)]) == briefing.ask(question)


def test_the_questions_of_other_dialogues_are_no_follow_ups() -> None:
    """Of all pairs of a dialogue's beginning and a question about something else, in the half that was tuned on."""
    tuned = [dialogue for dialogue in read_dialogues() if not dialogue.held_out]
    pairs = [
        (each.first, other.stands_alone)
        for each in tuned
        for other in tuned
        if not {article for article, _ in each.quotes} & {article for article, _ in other.quotes}
    ][::5]
    changed = [wording(question, spoken([(first, "")])) for first, question in pairs]
    taken = [new.text for (_, question), new in zip(pairs, changed, strict=True) if new.text != question]
    assert len(pairs) > 100
    assert len([new for new in changed if new.text in taken and not new.guessed]) <= 0.02 * len(pairs), taken


@pytest.mark.parametrize(
    ("guess", "kept"), [("Who finances the northern railway?", True), ("Who painted the penguins?", False)]
)
def test_a_guess_stands_where_its_answer_is_clearly_better(
    briefing: qa.Briefing, monkeypatch: pytest.MonkeyPatch, guess: str, kept: bool
) -> None:
    monkeypatch.setattr("qa.asking.request.wording", lambda *_: Wording(guess, guessed=True))
    answer = briefing.ask("Who pays?", history=[("Hm?", "Hm.")])
    assert answer.question == "Who pays?"
    assert answer.trace.searched_for == (guess if kept else "Who pays?")


def test_a_wording_of_ones_own_is_taken_as_it_is(briefing: qa.Briefing) -> None:
    chosen = "Who finances the northern railway?"
    answer = briefing.ask("and they?", history=[("Who is Orlov?", "A minister.")], searched_for=chosen)
    assert answer.trace.searched_for == chosen
    assert answer == replace(briefing.ask(chosen), question="and they?")
    with pytest.raises(QuestionError):
        briefing.ask("and they?", searched_for=" ")


def test_no_history_changes_nothing(briefing: qa.Briefing) -> None:
    question = "Who finances the northern railway?"
    assert briefing.ask(question, history=[]) == briefing.ask(question)
    assert request_of(question).raw is None


# -- the fitted weights, and the dialogues


def test_the_weights_have_every_class() -> None:
    values = shipped()
    assert set(CLASSES) | {"leans"} == set(values)
    assert 0 < values["leans"]["threshold"] < 1


def test_the_dialogues_are_sixty_with_evidence_that_stands_in_its_article() -> None:
    dialogues = read_dialogues()
    assert (len(dialogues), sum(d.held_out for d in dialogues)) == (60, 30)
    for dialogue in dialogues:
        assert dialogue.quotes, dialogue.id
        for article, quote in dialogue.quotes:
            assert quote in (ROOT / "corpus" / article).read_text(encoding="utf-8"), dialogue.id
    lines = (ROOT / "tests" / "data" / "dialogues.jsonl").read_text(encoding="utf-8").splitlines()
    assert len({json.loads(line)["follow_up"] + json.loads(line)["first"] for line in lines}) == 60


def test_token_f1_counts_words_as_often_as_they_stand() -> None:
    assert token_f1("a b b", "A b c") == pytest.approx(2 / 3)
    assert token_f1("a", "b") == 0


@pytest.mark.slow
def test_follow_ups_over_the_bundled_articles_find_more_rewritten_than_raw(tmp_path: Path) -> None:
    briefing = qa.Briefing.open(corpus=ROOT / "corpus", index=tmp_path / "index", settings=qa.Settings())
    raw = rewritten_right = 0
    dialogues = [dialogue for dialogue in read_dialogues() if not dialogue.held_out]
    for dialogue in dialogues:
        history = [(dialogue.first, briefing.ask(dialogue.first))]
        raw += dialogue.found_in(briefing.retrieve(dialogue.follow_up, k=3))
        rewritten_right += dialogue.found_in(briefing.ask(dialogue.follow_up, history=history).hits[:3])
    assert rewritten_right >= 26
    assert rewritten_right > raw
