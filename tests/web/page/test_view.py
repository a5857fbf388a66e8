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
from qa.types import Answer, Dropped, Hit, Verdict, WriterTrace, WrittenSentence
from qa.web.page import cards, reply, view

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
    assert html.unescape(MARKDOWN.render(reply.plain(text))) == f"<p>{text}</p>\n"


@given(NASTY)
def test_no_sign_of_any_text_means_anything_to_markdown(text: str) -> None:
    text = text.strip()
    shown = MARKDOWN.render(reply.plain(f"a{text}z"))
    assert html.unescape(shown) == f"<p>a{text}z</p>\n"
    assert re.findall(r"<[^>]*>", shown) == ["<p>", "</p>"]


@given(st.text())
def test_escaping_loses_control_characters_only(text: str) -> None:
    shown = reply.plain(text)
    restored = re.sub(r"&#(\d+);", lambda found: chr(int(found[1])), shown)
    assert restored == re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", text)
    assert re.search(r"[<>*_`\[\]$\n]", shown) is None


def turn(briefing: Briefing, question: str, number: int = 7) -> view.ChatTurn:
    return view.turn_of(briefing.ask(question), number, briefing.generation.articles)


def read(shown: view.ChatTurn, thumbs: bool = False) -> list[str]:
    """Return the text of each part of a reply, as the browser reads its HTML."""
    rendered = MARKDOWN.render(reply.message(shown, thumbs))
    parts = re.split(r"</?(?:div|p|blockquote|ul|li|details|summary)[^>]*>", rendered)
    return [text for part in parts if (text := html.unescape(re.sub(r"<[^>]*>", "", part)).strip())]


def links(shown: view.ChatTurn, thumbs: bool = False) -> list[str]:
    return re.findall(r'href="#([^"]+)"', reply.message(shown, thumbs))


def test_an_answer_is_one_quotation_with_its_marker_and_its_source(briefing: Briefing) -> None:
    shown = turn(briefing, "Who finances the northern railway?")
    assert shown.kind == "answered"
    assert [card.number for card in shown.cards] == list(range(1, len(shown.cards) + 1))
    first, origin, *rest = read(shown)
    assert first == f"{shown.text} 1"
    assert origin == "Rail Gazette · 29 Jun 2016 · Loan for the northern railway"
    if len(shown.cards) > 1:
        assert rest[0].startswith("See also 2")
    assert links(shown)[0] == "src-7-1"
    assert links(shown)[-4:] == ["copy-7", "link-7", "again-7", "edit-7"]


@pytest.mark.parametrize(
    ("confidence", "words", "figure"),
    [(0.9999, "Sure", "99 %"), (0.85, "Sure", "85 %"), (0.7, "Likely", "70 %"), (0.2, "Weak match", "20 %")],
)
def test_certainty_is_told_in_words_and_never_as_certain(
    briefing: Briefing, confidence: float, words: str, figure: str
) -> None:
    shown = turn(briefing, "Who finances the northern railway?").model_copy(update={"confidence": confidence})
    assert f'<details class="certainty"><summary>{words}</summary>' in reply.message(shown)
    assert f"Estimated at {figure}: that this sentence answers the question." in read(shown)


def test_further_citations_are_named_on_a_line_of_their_own(briefing: Briefing) -> None:
    shown = turn(briefing, "Who finances the northern railway?")
    cards = tuple(shown.cards[0].model_copy(update={"number": number}) for number in (1, 2, 3))
    assert "See also 2 3" in read(shown.model_copy(update={"cards": cards}))


def test_a_quotation_over_several_lines_stays_one_quotation_without_heading_signs(briefing: Briefing) -> None:
    shown = turn(briefing, "Who finances the northern railway?")
    card = shown.cards[0].model_copy(update={"quote": ("## one\ntwo #2\n\n### three\n", "", "")})
    shown = shown.model_copy(update={"cards": (card,), "text": card.words})
    assert read(shown)[0] == "one two #2 three 1"


def test_a_short_answer_comes_first_and_is_marked_in_its_sentence(briefing: Briefing) -> None:
    answer = briefing.ask("Who finances the northern railway?")
    citation = answer.citations[0]
    start = citation.start + citation.quote.index("Development")
    cited = replace(citation, answer_start=start, answer_end=start + len("Development Bank"))
    shown = view.turn_of(replace(answer, citations=(cited,)), 7, briefing.generation.articles)
    assert shown.cards[0].quote[:2] == ("The ", "Development Bank")
    assert shown.cards[0].words == citation.quote
    assert read(shown)[0] == "Development Bank"
    assert "The <mark>Development Bank</mark> finances" in reply.message(shown)


@pytest.mark.parametrize(("start", "end"), [(None, 5), (5, None), (9, 9), (-3, 2), (0, 10_000)])
def test_a_short_answer_outside_its_sentence_is_none(briefing: Briefing, start: int | None, end: int | None) -> None:
    answer = briefing.ask("Who finances the northern railway?")
    cited = replace(answer.citations[0], answer_start=start, answer_end=end)
    shown = view.turn_of(replace(answer, citations=(cited,)), 7, {})
    assert shown.cards[0].quote == (cited.quote, "", "")
    assert "<mark>" not in reply.message(shown)


def test_a_text_that_is_not_the_quotation_comes_first(briefing: Briefing) -> None:
    shown = turn(briefing, "Who finances the northern railway?").model_copy(update={"text": "Two *values*"})
    assert read(shown)[0] == "Two *values*"
    assert read(shown)[1].startswith("The Development Bank")


def test_the_page_of_a_pdf_is_named(briefing: Briefing) -> None:
    answer = briefing.ask("Who finances the northern railway?")
    cited = replace(answer.citations[0], page=3)
    shown = view.turn_of(replace(answer, citations=(cited,)), 7, {})
    assert shown.cards[0].about == "Rail Gazette · 29 Jun 2016 · page 3"


def test_what_was_searched_for_and_where_is_told(briefing: Briefing) -> None:
    answer = briefing.ask("Who finances the northern railway?")
    assert turn(briefing, answer.question).searched_for == ""
    rewritten = replace(answer, trace=replace(answer.trace, searched_for="who *lends*?"))
    shown = view.turn_of(rewritten, 7, {}).model_copy(update={"only": "A <b>"})
    told = read(shown)
    assert told[told.index("Only A <b>") - 1] == "Searched for: who *lends*?Ask as typed"
    assert links(shown)[-6:-4] == ["searched-7", "typed-7"]


@given(NASTY)
def test_a_wording_is_one_link_whatever_it_holds(wording: str) -> None:
    shown = view.ChatTurn(
        number=3, question="?", kind="related", text="No.", confidence=0, cards=(), searched_for=f"a{wording}z"
    )
    rendered = MARKDOWN.render(reply.message(shown))
    words = " ".join(f"a{wording}z".split())
    assert f'<a class="searched" href="#searched-3">Searched for: {words}</a><a class="typed"' in html.unescape(
        rendered
    )
    assert re.findall(r"<p[^>]*>", rendered) == ['<p class="said">', '<p class="wording">']


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
    assert read(shown)[: 2 * len(shown.cards)] == [
        text
        for n, card in enumerate(shown.cards, start=1)
        for text in (f"{' '.join(card.words.split())} {n}", " · ".join(filter(None, (card.about, card.title))))
    ]
    articles = len({card.article_id for card in shown.cards})
    assert read(shown)[-1].startswith(f"{len(shown.cards)} sentences from {articles} articlesCopy")
    assert not turn(briefing, "Who finances the northern railway?").overview


def test_a_reply_of_the_briefing_s_own_keeps_its_list(briefing: Briefing) -> None:
    shown = turn(briefing, "Which articles do you have on the Amur?")
    assert (shown.kind, shown.searched_for) == ("about", "")
    assert {card.article_id for card in shown.cards} == {"2017-05-22-pipeline-progress.md"}
    first, article, sentence, *_ = read(shown)
    assert first == "One article speaks of “the Amur”:"
    assert article == "Pipeline reaches the Amur Energy Weekly · 22 May 2017"
    assert sentence == "Workers have laid 1,100 kilometres of the eastern gas pipeline."
    assert "near-7" in links(shown)
    assert "certainty" not in reply.message(shown)
    assert turn(briefing, "Hello!").cards == ()


@given(NASTY, NASTY)
def test_no_line_of_such_a_reply_means_anything_to_markdown(first: str, second: str) -> None:
    shown = view.ChatTurn(number=1, question="?", kind="about", text=f"{first}\n- a{second}", confidence=1, cards=())
    tags = set(re.findall(r"<(\w+)", MARKDOWN.render(reply.message(shown))))
    assert tags <= {"div", "p", "ul", "li", "a"}


def test_thumbs_are_shown_where_votes_are_taken(briefing: Briefing) -> None:
    shown = turn(briefing, "Who is the mayor of Paris?")
    assert links(shown, thumbs=True)[-2:] == ["up-7", "down-7"]
    assert "#up" not in reply.message(shown)


def refused(briefing: Briefing, verdict: Verdict) -> Answer:
    answer = briefing.ask("Who finances the northern railway?")
    return replace(answer, verdict=verdict, text=TEXTS[verdict], citations=())


@pytest.mark.parametrize("verdict", [Verdict.RELATED, Verdict.NOT_IN_CORPUS])
def test_a_refusal_says_so_and_offers_the_nearest_passages(briefing: Briefing, verdict: Verdict) -> None:
    answer = refused(briefing, verdict)
    shown = view.turn_of(answer, 7, briefing.generation.articles)
    assert reply.message(shown).startswith(f'<div class="reply {verdict}">')
    assert read(shown)[:2] == [TEXTS[verdict], "Show the nearest passages"]
    assert [card.number for card in shown.cards] == [None] * len(shown.cards)
    hits = {(hit.passage.article_id, hit.passage.start) for hit in answer.hits}
    assert {(card.article_id, card.start) for card in shown.cards} <= hits


def near_hits(briefing: Briefing, terms: tuple[str, ...], cosine: float) -> list[Hit]:
    """Return the hits of a question as if they said these terms and were this similar."""
    hits = briefing.ask("Who finances the northern railway?").hits
    return [
        replace(hit, trace=replace(hit.trace, terms=terms, dense_score=cosine, sentence_score=cosine)) for hit in hits
    ]


def test_the_nearest_passages_come_from_different_articles_and_say_why(briefing: Briefing) -> None:
    hits = near_hits(briefing, ("railway", "financ"), 0.0)
    shown = cards.nearest(hits, briefing.generation.articles)
    assert len({hit.passage.article_id for hit in hits}) < len(hits)
    assert len({card.article_id for card in shown}) == len(shown) > 1
    assert shown[0].why == "it says “railway”, “finances”"
    assert shown[0].article_id == hits[0].passage.article_id
    similar = cards.nearest(near_hits(briefing, (), 0.5), briefing.generation.articles)
    assert {card.why for card in similar} == {"it is about something like it"}


def test_what_is_far_from_a_question_is_not_called_near(briefing: Briefing) -> None:
    assert cards.nearest(near_hits(briefing, (), 0.1), briefing.generation.articles) == ()
    assert turn(briefing, "??").cards == ()


def test_an_error_is_plain_text_that_can_be_asked_again() -> None:
    shown = view.ChatTurn(number=1, question="?", kind="error", text="[x](y) *z*", confidence=0, cards=())
    assert read(shown)[0] == "[x](y) *z*"
    assert links(shown) == ["again-1", "edit-1"]


def test_a_card_holds_the_quotation_between_its_surroundings(briefing: Briefing) -> None:
    answer = briefing.ask("Who finances the northern railway?")
    citation = answer.citations[0]
    card = view.turn_of(answer, 1, briefing.generation.articles).cards[0]
    article = briefing.article(card.article_id)
    assert card.words == citation.quote == article.text[card.start : card.end]
    assert card.check == cards.digest(citation.quote)
    assert card.before.removeprefix("… ") + card.words + card.after.removesuffix(" …") in article.text
    assert article.published is not None
    assert card.about == f"{article.source} · {cards.day(article.published)}" == "Rail Gazette · 29 Jun 2016"


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
    assert "#near" not in reply.message(shown)


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
    assert reply.messages((), reply.NewQuestion("**who**?", "Waiting *2*")) == [
        {"role": "user", "content": reply.plain("**who**?")},
        {"role": "assistant", "content": '<p class="doing">Waiting &#42;2&#42;</p>'},
    ]


def sample(briefing: Briefing, **changed: object) -> view.ChatTurn:
    """Return an answered turn with three cards, altered."""
    shown = turn(briefing, "What do we know about the Development Bank?")
    cards = shown.cards[:3]
    return view.ChatTurn.model_validate(shown.model_dump() | {"cards": cards, "overview": False} | changed)


def test_a_timeline_is_one_line_with_the_newest_on_top(briefing: Briefing) -> None:
    entries = [
        {"day": "2016-06-29", "precision": "day", "card": 1},
        {"day": "2020-03-01", "precision": "month", "card": 2},
        {"day": "2018-01-01", "precision": "year", "card": 3},
    ]
    shown = sample(briefing, timeline=entries)
    told = [text for text in read(shown) if text in {"29 Jun 2016", "Mar 2020", "2018"}]
    assert told == ["Mar 2020", "2018", "29 Jun 2016"]
    assert links(shown)[:3] == ["src-7-2", "src-7-3", "src-7-1"]
    assert reply.message(shown).count("<li>") == 3


def test_sources_that_differ_and_earlier_statements_are_told_with_their_markers(briefing: Briefing) -> None:
    values = [{"value": "1.7 *trillion*", "cards": [1]}, {"value": "400 billion", "cards": [2, 3], "current": False}]
    shown = sample(
        briefing,
        agreement={"finding": "differ", "values": values},
        earlier=[{"value": "300 billion", "cards": [3]}],
        dates=[{"card": 1, "words": "Monday", "day": "2020-03-09"}],
    )
    told = read(shown)
    at = told.index("Sources differ:")
    assert told[at + 1 : at + 3] == ["1.7 *trillion* 1", "400 billion 2 3"]
    assert "Earlier said: 300 billion 3" in told
    assert "“Monday”: 9 Mar 2020" in told
    agreed = sample(briefing, agreement={"finding": "agree", "values": [{"value": "x", "cards": [1, 2]}]})
    assert "2 sources say so" in read(agreed)


def test_a_list_of_articles_tells_how_many_there_are_and_opens_each(briefing: Briefing) -> None:
    near = [card.model_copy(update={"number": None}) for card in sample(briefing).cards]
    listing = sample(briefing, kind="about", text="8 articles:\n- a", cards=near, total=8)
    told = read(listing)
    assert told[0] == "8 articles:"
    assert "3 of 8" in told
    assert links(listing)[:3] == ["listed-7-0", "listed-7-1", "listed-7-2"]
    later = sample(briefing, later=near[:1])
    assert "later-7-0" in links(later)
    assert any(text.startswith("A later article: ") for text in read(later))


def test_what_was_understood_can_be_taken_off_and_parts_are_answered_one_by_one(briefing: Briefing) -> None:
    parts = [
        {"question": "Who <b>?", "text": "x", "cards": [2]},
        {"question": "Why?", "text": "Not here.", "cards": []},
    ]
    shown = sample(briefing, chips=[{"label": "in *2020*", "without": "time"}], parts=parts)
    told = read(shown)
    assert told[0] == "Who <b>?"
    assert told[told.index("Why?") + 1] == "Not here."
    assert "Understood: in *2020*" in told
    assert "without-7-time" in links(shown)


def test_the_forms_of_an_answer_become_those_of_its_turn(briefing: Briefing) -> None:
    answer = briefing.ask("Which articles are there about the railway?")
    assert answer.listing
    shown = view.turn_of(answer, 7, briefing.generation.articles)
    assert [card.article_id for card in shown.cards] == [article.id for article in answer.listing]
    assert shown.total == answer.total
    for card in shown.cards:
        assert briefing.article(card.article_id).text[card.start : card.end] == card.words
    assert view.restored(view.kept((shown,))) == (shown,)


def test_written_sentences_are_marked_as_written_each_with_its_markers(briefing: Briefing) -> None:
    answer = briefing.ask("Who finances the northern railway?")
    told = WriterTrace("<b>m</b>", "127.0.0.1:1", "write", 1.0, changed=True, dropped=(Dropped("x", "y"),))
    own = WrittenSentence("The bank <i>pays</i>.", (1,))
    written = replace(
        answer,
        written=(own, WrittenSentence(answer.citations[0].quote, (1,), verbatim=True)),
        trace=replace(answer.trace, writer=told),
    )
    shown = view.turn_of(written, 7, briefing.generation.articles)
    assert view.restored(view.kept((shown,))) == (shown,)
    said = reply.message(shown)
    line = "Written by <b>m</b> at 127.0.0.1:1, checked against the sources; left out of its text: 1"
    assert reply.plain(own.text) in said and reply.plain(line) in said
    assert said.count("#src-7-1") == 2 and said.count("<blockquote>") == 1 and said.count('class="written"') == 1
    failed = replace(answer, trace=replace(answer.trace, writer=replace(told, failure="it is gone")))
    message = reply.message(view.turn_of(failed, 7, briefing.generation.articles))
    assert reply.plain("Without the language model: it is gone") in message
