"""What the page shows: escaping, the message of a turn, cards, and articles in blocks."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from qa.answer import TEXTS
from qa.briefing import Briefing
from qa.types import Answer, Article, Verdict
from qa.web import view

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


def turn(briefing: Briefing, question: str, number: int = 7) -> view.Turn:
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
    shown = turn(briefing, "Who finances the northern railway?").model_copy(update={"text": "one\ntwo\n\n# three"})
    assert view.message(shown).startswith("> one two &#35; three [1]")


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
    shown = view.Turn(number=1, question="?", kind="error", text="[x](y) *z*", confidence=0, cards=())
    assert html.unescape(view.message(shown)) == "[x](y) *z*"
    assert "](" not in view.message(shown)


def test_a_card_holds_the_quotation_between_its_surroundings(briefing: Briefing) -> None:
    answer = briefing.ask("Who finances the northern railway?")
    citation = answer.citations[0]
    card = view.turn_of(answer, 1, briefing.generation.articles).cards[0]
    article = briefing.article(card.article_id)
    assert card.marked == citation.quote == article.text[card.start : card.end]
    assert card.before.removeprefix("… ") + card.marked + card.after.removesuffix(" …") in article.text
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
    assert len(card.before) <= view.AROUND + 2


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


def test_the_conversation_is_kept_to_its_last_turns() -> None:
    turns = [view.Turn(number=n, question="?", kind="error", text="x", confidence=0, cards=()) for n in range(1, 99)]
    assert [t.number for t in view.restored(view.kept(turns))] == list(range(99 - view.MAX_TURNS, 99))


def test_a_question_without_an_answer_yet_is_shown_as_searching() -> None:
    assert view.messages((), asking="**who**?") == [
        {"role": "user", "content": view.plain("**who**?")},
        {"role": "assistant", "content": "*Searching…*"},
    ]


ARTICLE = Article(
    "a.md",
    "🙂 First line\nof a paragraph.\n\n# Head *one* #\nBelow it.\n- item one\n- item two\n\n\n  Last é🙂 words.  \n",
    "Title",
    "Post",
    "https://a.example/",
    date(2020, 1, 2),
)


def test_an_article_is_cut_into_headings_paragraphs_and_items() -> None:
    shown = view.page_of(ARTICLE, 0, 0)
    assert [(block.level, "".join(part.text for part in block.parts)) for block in shown.blocks] == [
        (0, "🙂 First line\nof a paragraph."),
        (1, "Head *one*"),
        (0, "Below it."),
        (0, "- item one"),
        (0, "- item two"),
        (0, "  Last é🙂 words."),
    ]
    assert (shown.title, shown.about, shown.url, shown.note) == ("Title", "Post · 2020-01-02", "https://a.example/", "")


@given(
    st.text(alphabet=st.sampled_from("ab #-\n\r\t🙂é\u0301\u2028<"), max_size=80),
    st.integers(-5, 90),
    st.integers(-5, 90),
)
def test_the_mark_covers_what_was_asked_for_and_no_text_is_lost(text: str, start: int, end: int) -> None:
    article = replace(ARTICLE, text=text)
    parts = [part for block in view.page_of(article, start, end).blocks for part in block.parts]
    letters = re.compile(r"[^\s#]+")
    whole = "".join(letters.findall("".join(part.text for part in parts)))
    assert whole == "".join(letters.findall(text))
    marked = "".join(letters.findall("".join(part.text for part in parts if part.marked)))
    usable = 0 <= start < end <= len(text)
    assert marked == ("".join(letters.findall(text[start:end])) if usable else "")


def test_a_mark_follows_its_words_when_the_article_changed() -> None:
    start = ARTICLE.text.index("Below")
    changed = replace(ARTICLE, text="New opening.\n\n" + ARTICLE.text)
    shown = view.page_of(changed, start, start + 9, quote="Below it.")
    assert [part.text for block in shown.blocks for part in block.parts if part.marked] == ["Below it."]
    assert shown.note == ""


def test_words_that_are_gone_are_said_to_be_gone() -> None:
    shown = view.page_of(ARTICLE, 3, 9, quote="no such words")
    assert not any(part.marked for block in shown.blocks for part in block.parts)
    assert "no longer" in shown.note


def test_a_heading_of_many_spaces_takes_no_time_to_speak_of() -> None:
    gap = " " * 20_000
    (heading,) = tuple(view.blocks(f"## a{gap}b  ##  ", 0, 0))
    assert (heading.level, [part.text for part in heading.parts]) == (2, [f"a{gap}b"])
