"""What the page shows: escaping, the message of a turn, cards, and articles in blocks."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from qa.briefing import Briefing
from qa.reader.answer import TEXTS
from qa.types import Answer, Verdict
from qa.web.page import cards, view

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
NASTY = st.text(alphabet=st.sampled_from("<>&\"'`*_[]()!#$\\{}|~-+=.:;/@^%,? \nab1é🙂\u0301"), max_size=60)


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "![](http://outside.example/x.png)",
        "**bold** _so_ `code` ~~gone~~",
        "$a^2$ \\(b\\) ${1+1} {{ value }}",
        "http://outside.example www.outside.example someone@outside.example",
        "# heading\n- item\n1. item\n> quote\n---\n| a | b |",
        "&lt; &amp; &#60; \\*",
    ],
)
def test_text_is_shown_as_it_was_typed(text: str) -> None:
    assert html.unescape(MARKDOWN.render(view.plain(text))) == f"<p>{text}</p>\n"


@given(NASTY)
def test_no_sign_of_any_text_means_anything_to_markdown(text: str) -> None:
    text = text.strip()
    shown = MARKDOWN.render(view.plain(f"a{text}z"))
    assert html.unescape(shown) == f"<p>a{text}z</p>\n"
    assert re.findall(r"<[^>]*>", shown) == ["<p>", "</p>"]


@given(st.text())
def test_escaping_loses_control_characters_only(text: str) -> None:
    shown = view.plain(text)
    restored = re.sub(r"&#(\d+);", lambda found: chr(int(found[1])), shown)
    assert restored == re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", text)
    assert re.search(r"[<>*_`\[\]$\n]", shown) is None


def turn(briefing: Briefing, question: str, number: int = 7) -> view.ChatTurn:
    return view.turn_of(briefing.ask(question), number, briefing.generation.articles)


def test_an_answer_is_one_quotation_with_its_marker(briefing: Briefing) -> None:
    shown = turn(briefing, "Who finances the northern railway?")
    assert shown.kind == "answered"
    assert [card.number for card in shown.cards] == list(range(1, len(shown.cards) + 1))
    first, *rest = view.message(shown).split("\n\n")
    assert first == f'> {view.plain(shown.text)} [1](#src-7-1 "Show source 1")'
    assert rest[-1] == f"*{round(100 * shown.confidence)} % sure* [Copy](#copy-7-answered) [Copy link](#link-7)"
    if len(shown.cards) > 1:
        assert rest[0].startswith('See also [2](#src-7-2 "Show source 2")')


def test_no_estimate_is_shown_as_certain(briefing: Briefing) -> None:
    shown = turn(briefing, "Who finances the northern railway?").model_copy(update={"confidence": 0.9999})
    assert "*99 % sure*" in view.message(shown)


def test_further_citations_are_named_on_a_line_of_their_own(briefing: Briefing) -> None:
    shown = turn(briefing, "Who finances the northern railway?")
    cards = tuple(shown.cards[0].model_copy(update={"number": number}) for number in (1, 2, 3))
    lines = view.message(shown.model_copy(update={"cards": cards})).split("\n\n")
    assert lines[1] == 'See also [2](#src-7-2 "Show source 2") [3](#src-7-3 "Show source 3")'


def test_a_quotation_over_several_lines_stays_one_quotation(briefing: Briefing) -> None:
    shown = turn(briefing, "Who finances the northern railway?")
    card = shown.cards[0].model_copy(update={"quote": ("one\ntwo\n\n# three", "", "")})
    shown = shown.model_copy(update={"cards": (card,), "text": card.words})
    assert view.message(shown).startswith("> one two &#35; three [1]")


def test_a_short_answer_comes_first_and_is_marked_in_its_sentence(briefing: Briefing) -> None:
    answer = briefing.ask("Who finances the northern railway?")
    citation = answer.citations[0]
    start = citation.start + citation.quote.index("Development")
    cited = replace(citation, answer_start=start, answer_end=start + len("Development Bank"))
    shown = view.turn_of(replace(answer, citations=(cited,)), 7, briefing.generation.articles)
    assert shown.cards[0].quote[:2] == ("The ", "Development Bank")
    assert shown.cards[0].words == citation.quote
    first, second, *_ = view.message(shown).split("\n\n")
    assert first == "**Development Bank**"
    assert second.startswith("> The <mark>Development Bank</mark> finances the northern railway")


@pytest.mark.parametrize(("start", "end"), [(None, 5), (5, None), (9, 9), (-3, 2), (0, 10_000)])
def test_a_short_answer_outside_its_sentence_is_none(briefing: Briefing, start: int | None, end: int | None) -> None:
    answer = briefing.ask("Who finances the northern railway?")
    cited = replace(answer.citations[0], answer_start=start, answer_end=end)
    shown = view.turn_of(replace(answer, citations=(cited,)), 7, {})
    assert shown.cards[0].quote == (cited.quote, "", "")
    assert "<mark>" not in view.message(shown)


def test_a_text_that_is_not_the_quotation_comes_first(briefing: Briefing) -> None:
    shown = turn(briefing, "Who finances the northern railway?").model_copy(update={"text": "Two *values*"})
    assert html.unescape(view.message(shown)).startswith("**Two *values***\n\n> The Development Bank")


def test_the_page_of_a_pdf_is_named(briefing: Briefing) -> None:
    answer = briefing.ask("Who finances the northern railway?")
    cited = replace(answer.citations[0], page=3)
    shown = view.turn_of(replace(answer, citations=(cited,)), 7, {})
    assert shown.cards[0].about == "Rail Gazette · 2016-06-29 · page 3"


def test_what_was_searched_for_and_where_is_told(briefing: Briefing) -> None:
    answer = briefing.ask("Who finances the northern railway?")
    assert turn(briefing, answer.question).searched_for == ""
    rewritten = replace(answer, trace=replace(answer.trace, searched_for="who *lends*?"))
    shown = view.turn_of(rewritten, 7, {}).model_copy(update={"only": "A <b>"})
    chip = "[Searched for: who *lends*?](#searched-7) [Ask as typed](#typed-7)"
    assert f"{chip}\n\n*Only A <b>*" in html.unescape(view.message(shown))


@given(NASTY)
def test_a_wording_is_one_link_whatever_it_holds(wording: str) -> None:
    shown = view.ChatTurn(
        number=3, question="?", kind="related", text="No.", confidence=0, cards=(), searched_for=f"a{wording}z"
    )
    rendered = MARKDOWN.render(view.message(shown))
    words = " ".join(f"a{wording}z".split())
    assert f'<a href="#searched-3">Searched for: {words}</a> <a href="#typed-3">' in html.unescape(rendered)
    assert re.findall(r"<[^/>]*>", rendered).count("<p>") == 3  # the reply, the chip, what can be done with it


def test_a_follow_up_leans_on_what_was_asked_and_answered_and_on_how_it_was_searched_for(briefing: Briefing) -> None:
    asked = turn(briefing, "Who finances the northern railway?", 1)
    reworded = asked.model_copy(update={"number": 2, "question": "And that?", "searched_for": "Who lends?"})
    refusal = turn(briefing, "Who is the mayor of Paris?", 3)
    error = view.ChatTurn(number=4, question="?", kind="error", text="x", confidence=0, cards=())
    hello = turn(briefing, "Hello!", 5)
    said = "\n".join(card.words for card in asked.cards)
    assert view.history((asked, reworded, refusal, error, hello)) == [
        (asked.question, said),
        ("Who lends?", said),
        ("Who is the mayor of Paris?", ""),
        ("Hello!", hello.text),
    ]
    assert view.history((asked, refusal.model_copy(update={"begins": True}), hello)) == [
        ("Who is the mayor of Paris?", ""),
        ("Hello!", hello.text),
    ]
    assert view.history(()) == []


def test_an_overview_is_its_sentences_each_with_its_marker(briefing: Briefing) -> None:
    shown = turn(briefing, "What do we know about the Development Bank?")
    assert shown.overview and len(shown.cards) >= 3
    quoted, actions = view.message(shown).split("\n\n")
    lines = quoted.split("\n>\n")
    assert lines == [
        f'> {view.plain(" ".join(card.words.split()))} [{n}](#src-7-{n} "Show source {n}")'
        for n, card in enumerate(shown.cards, start=1)
    ]
    articles = len({card.article_id for card in shown.cards})
    assert actions.startswith(f"*{len(shown.cards)} sentences from {articles} articles* [Copy](#copy-7-answered)")
    assert not turn(briefing, "Who finances the northern railway?").overview


def test_a_reply_of_the_briefing_s_own_keeps_its_list(briefing: Briefing) -> None:
    shown = turn(briefing, "Which articles do you have on the Amur?")
    assert (shown.kind, shown.searched_for) == ("about", "")
    assert {card.article_id for card in shown.cards} == {"2017-05-22-pipeline-progress.md"}
    rendered = MARKDOWN.render(view.message(shown))
    assert rendered.startswith("<p>One article speaks of “the Amur”:</p>\n<ul>\n<li>“Pipeline reaches the Amur”")
    assert ">Show passages on this</a>" in rendered
    assert "sure" not in view.message(shown)
    assert turn(briefing, "Hello!").cards == ()


@given(NASTY, NASTY)
def test_no_line_of_such_a_reply_means_anything_to_markdown(first: str, second: str) -> None:
    shown = view.ChatTurn(number=1, question="?", kind="about", text=f"{first}\n- a{second}", confidence=1, cards=())
    tags = set(re.findall(r"<(\w+)", MARKDOWN.render(view.message(shown))))
    assert tags <= {"p", "ul", "li", "a"}


def test_thumbs_are_shown_where_votes_are_taken(briefing: Briefing) -> None:
    shown = turn(briefing, "Who is the mayor of Paris?")
    assert view.message(shown, thumbs=True).endswith(" [Helpful](#up-7) [Not helpful](#down-7)")
    assert "#up" not in view.message(shown)


def refused(briefing: Briefing, verdict: Verdict) -> Answer:
    answer = briefing.ask("Who finances the northern railway?")
    return replace(answer, verdict=verdict, text=TEXTS[verdict], citations=())


@pytest.mark.parametrize("verdict", [Verdict.RELATED, Verdict.NOT_IN_CORPUS])
def test_a_refusal_says_so_and_offers_the_nearest_passages(briefing: Briefing, verdict: Verdict) -> None:
    answer = refused(briefing, verdict)
    shown = view.turn_of(answer, 7, briefing.generation.articles)
    assert [html.unescape(line) for line in view.message(shown).split("\n\n")] == [
        TEXTS[verdict],
        "[Show the nearest passages](#near-7)",
        f"[Copy](#copy-7-{verdict}) [Copy link](#link-7)",
    ]
    assert [card.number for card in shown.cards] == [None] * len(answer.hits)
    assert [(card.article_id, card.start) for card in shown.cards] == [
        (hit.passage.article_id, hit.passage.start) for hit in answer.hits
    ]


def test_an_error_is_plain_text_without_links() -> None:
    shown = view.ChatTurn(number=1, question="?", kind="error", text="[x](y) *z*", confidence=0, cards=())
    assert html.unescape(view.message(shown)) == "[x](y) *z*"
    assert "](" not in view.message(shown)


def test_a_card_holds_the_quotation_between_its_surroundings(briefing: Briefing) -> None:
    answer = briefing.ask("Who finances the northern railway?")
    citation = answer.citations[0]
    card = view.turn_of(answer, 1, briefing.generation.articles).cards[0]
    article = briefing.article(card.article_id)
    assert card.words == citation.quote == article.text[card.start : card.end]
    assert card.check == cards.digest(citation.quote)
    assert card.before.removeprefix("… ") + card.words + card.after.removesuffix(" …") in article.text
    assert card.about == f"{article.source} · {article.published}"


def test_long_surroundings_are_cut_at_words(briefing: Briefing) -> None:
    answer = briefing.ask("Who finances the northern railway?")
    citation = answer.citations[0]
    words = "surroundings " * 40
    passage = replace(
        citation.passage,
        text=words + citation.quote + " " + words,
        start=0,
        end=len(words) * 2 + len(citation.quote) + 1,
    )
    moved = replace(citation, passage=passage, start=len(words), end=len(words) + len(citation.quote))
    card = view.turn_of(replace(answer, citations=(moved,)), 1, {}).cards[0]
    assert re.fullmatch(r"… (surroundings )+", card.before)
    assert re.fullmatch(r"( surroundings)+ …", card.after)
    assert len(card.before) <= cards.AROUND + 2


def test_only_web_addresses_become_links(briefing: Briefing) -> None:
    answer = briefing.ask("Who finances the northern railway?")
    urls = ["https://a.example/", "HTTP://a.example/", "javascript:alert(1)", "data:text/html,x", "//a.example", None]
    shown = [view.turn_of(replace(answer, citations=(replace(answer.citations[0], url=u),)), 1, {}) for u in urls]
    assert [item.cards[0].url for item in shown] == ["https://a.example/", "HTTP://a.example/", None, None, None, None]


def test_hits_of_articles_that_are_gone_are_left_out(briefing: Briefing) -> None:
    answer = refused(briefing, Verdict.RELATED)
    shown = view.turn_of(answer, 1, {})
    assert shown.cards == ()
    assert "#near" not in view.message(shown)


def test_a_kept_conversation_comes_back_as_it_was(briefing: Briefing) -> None:
    turns = (turn(briefing, "Who finances the northern railway?", 1), turn(briefing, "Who is the mayor of Paris?", 2))
    assert view.restored(view.kept(turns)) == turns


@pytest.mark.parametrize("saved", [None, "x", 3, {}, [{}], [{"number": 1}], [["<b>"]]])
def test_anything_else_that_a_browser_sends_is_no_conversation(saved: object) -> None:
    assert view.restored(saved) == ()


def test_an_answer_without_a_source_is_no_conversation(briefing: Briefing) -> None:
    altered = view.kept((turn(briefing, "Who finances the northern railway?"),))
    assert view.restored(altered)
    altered[0]["cards"] = []
    assert view.restored(altered) == ()


def test_the_conversation_is_kept_to_its_last_turns() -> None:
    turns = [
        view.ChatTurn(number=n, question="?", kind="error", text="x", confidence=0, cards=()) for n in range(1, 99)
    ]
    assert [t.number for t in view.restored(view.kept(turns))] == list(range(99 - view.MAX_TURNS, 99))


def test_a_question_without_an_answer_yet_is_shown_as_searching() -> None:
    assert view.messages((), view.Asked("**who**?", "Waiting *2*")) == [
        {"role": "user", "content": view.plain("**who**?")},
        {"role": "assistant", "content": "*Waiting &#42;2&#42;*"},
    ]
