"""A source as the page shows it: data without markup, which the page's JavaScript puts into text nodes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import date

from pydantic import BaseModel, ConfigDict

from qa.text.quantities import MONTH_NAMES
from qa.text.tables import cells
from qa.types import Article, Citation, Hit, ListedArticle

AROUND = 180  # characters of a passage shown on either side of the quotation
MONTHS = [name[:3] for name in MONTH_NAMES]
MOST_NEAR = 5  # passages shown that are near a question, each of another article
MOST_WORDS = 5  # told of those that it says
LEAST_COSINE = 0.3  # of a passage that says no word of the question, with what is unrelated at 0
EXCERPT = 320  # characters shown of a passage without a quotation


class Shown(BaseModel):
    """Base of what is sent to the browser."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Card(Shown):
    """A source in the panel; no number if it is only near."""

    number: int | None
    article_id: str
    title: str
    about: str
    url: str | None
    start: int  # what the reader marks, as offsets of the article
    end: int
    check: str  # of the words there, so that a shared address notices when they change
    before: str
    quote: tuple[str, str, str]  # lead, short answer, rest; all empty if the passage is only near
    after: str
    header: str = ""  # of the table that the quotation is a row of
    why: str = ""  # it is near, where it is only that

    @property
    def words(self) -> str:
        """The quotation in one piece."""
        return "".join(self.quote)


def about(source: str | None, published: date | None, page: int | None = None, by_ocr: bool = False) -> str:
    """Return the line below a title: source, date and page of a PDF, as far as they are known, and if OCR read it."""
    place = f"page {page}" if page else None
    parts = (source, day(published) if published else None, place, "read by OCR" if by_ocr else None)
    return " · ".join(part for part in parts if part)


def day(date: date) -> str:
    """Return a date as people write it: 9 Mar 2020, whatever the server's language."""
    return f"{date.day} {MONTHS[date.month - 1]} {date.year}"


def flat(text: str) -> str:
    """Return a text in one line."""
    return " ".join(text.split())


def web_address(url: str | None) -> str | None:
    """Return the address if it may become a link: http and https only."""
    return url if url and url.lower().startswith(("https://", "http://")) else None


def digest(words: str) -> str:
    """Return eight hexadecimal digits that tell whether words are still the same."""
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def cited(citation: Citation) -> Card:
    """Return the card of a citation."""
    passage = citation.passage
    return Card(
        number=citation.number,
        article_id=citation.article_id,
        title=citation.title,
        about=about(citation.source, citation.published, citation.page, citation.by_ocr),
        url=web_address(citation.url),
        start=citation.start,
        end=citation.end,
        check=digest(citation.quote),
        before=_tail(passage.text[: max(0, citation.start - passage.start)]),
        quote=_pieces(citation),
        header=header_line(citation.header),
        after=_head(passage.text[max(0, citation.end - passage.start) :], AROUND),
    )


def header_line(header: str) -> str:
    """Return the header of a table as a line that is shown: its cells, without bars at its ends."""
    return " | ".join(header[slice(*cell)] for cell in cells(header, (0, len(header)))) if header else ""


def _pieces(citation: Citation) -> tuple[str, str, str]:
    """Return the quotation cut at its short answer."""
    quote, start, end = citation.quote, citation.answer_start, citation.answer_end
    if start is None or end is None or not citation.start <= start < end <= citation.end:
        return quote, "", ""
    first, last = start - citation.start, end - citation.start
    return quote[:first], quote[first:last], quote[last:]


def nearest(hits: Iterable[Hit], articles: Mapping[str, Article]) -> tuple[Card, ...]:
    """Return the cards of the passages nearest to a question, the best of each article; none that is far from it."""
    best: dict[str, Hit] = {}
    for hit in hits:
        if hit.passage.article_id in articles and _is_near(hit):
            best.setdefault(hit.passage.article_id, hit)
    chosen = list(best.items())[:MOST_NEAR]
    return tuple(near(hit, articles[article_id], _why(hit)) for article_id, hit in chosen)


def listed(article: ListedArticle) -> Card:
    """Return the card of an article of a list, with its sentence."""
    return Card(
        number=None,
        article_id=article.id,
        title=article.title,
        about=about(article.source, article.published),
        url=web_address(article.url),
        start=article.start,
        end=article.end,
        check=digest(article.quote),
        before="",
        quote=(article.quote, "", ""),
        after="",
    )


def near(hit: Hit, article: Article, why: str = "") -> Card:
    """Return the card of a passage that is not cited."""
    passage = hit.passage
    return Card(
        number=None,
        article_id=article.id,
        title=article.title,
        about=about(article.source, article.published, article.page_at(passage.start), article.by_ocr(passage.start)),
        url=web_address(article.url),
        start=passage.start,
        end=passage.end,
        check=digest(passage.text),
        before=_head(passage.text, EXCERPT),
        quote=("", "", ""),
        after="",
        why=why,
    )


def _is_near(hit: Hit) -> bool:
    """Return whether a passage says a word of the question, or something like it."""
    return bool(hit.trace.terms) or max(hit.trace.dense_score, hit.trace.sentence_score) >= LEAST_COSINE


def _why(hit: Hit) -> str:
    """Return why a passage is near, with the words as they stand in it: what is indexed are stems."""
    words = (_word(term, hit.passage.text) for term in hit.trace.terms)
    said = list(dict.fromkeys(word.lower() for word in words if word))[:MOST_WORDS]
    return f"it says {', '.join(f'“{word}”' for word in said)}" if said else "it is about something like it"


def _word(stem: str, text: str) -> str:
    found = re.search(rf"\b{re.escape(stem)}\w*", text, re.IGNORECASE)
    return found[0] if found else ""


def _head(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    return re.sub(r"\s+\S*\Z", "", text[:most]) + " …"


def _tail(text: str) -> str:
    if len(text) <= AROUND:
        return text
    return "… " + re.sub(r"\A\S*\s+", "", text[-AROUND:])
