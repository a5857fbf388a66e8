"""Texts to test with: hostile ones from hypothesis, and articles written in one line."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from qa.index import Generation, Plan, build, current_generation
from qa.settings import IndexSettings
from qa.types import Article, Corpus, Hit, HitTrace, Passage
from tests.fakes import FakeEncoder

# What breaks offsets, sentences and parsers.
FRAGMENTS = (
    "The railway opened in 2016. ",
    "K. V. Kamath spoke. U.S. banks listened! ",
    "Why? “Because,” he said. ",
    "\r\n",
    "\r\n\r\n",
    "\n",
    "\n\n",
    "\n \t \n",
    "\r",
    "\ufeff",
    "\u2028",
    "\x85",
    "\x0c",
    "\u3000",
    "\u00a0",
    "\u200d",
    "👩‍👩‍👧‍👦",
    "🇷🇺 🇨🇳. ",
    "e\u0301\u0323",
    "\u0301",
    "Ångström. ",
    "政府推迟了铁路。",
    "鉄道。 延期！",
    "价格？\n",
    "х" * 40,
    "w" * 350,
    "# Heading\n",
    "\n## Heading without a blank line\nText follows. ",
    "- item one\n",
    "1. first\n2) second\n",
    "---\n",
    "…",
    "%.",
    "1,234.56 ",
    " ",
    "    ",
    "\t",
)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
HOSTILE = st.lists(st.one_of(st.sampled_from(FRAGMENTS), ANY_TEXT), max_size=40).map("".join)
BLANK = st.text(st.sampled_from(" \t\r\n\x0b\x0c\x85\u2028\u3000"), max_size=400)


def write_article(folder: Path, article_id: str, body: str, **fields: str) -> Path:
    """Write a Markdown article with front matter, and return its file."""
    file = folder / article_id
    file.parent.mkdir(parents=True, exist_ok=True)
    matter = "".join(f"{name}: {value}\n" for name, value in fields.items())
    file.write_text(f"---\n{matter}---\n{body}" if fields else body, encoding="utf-8")
    return file


def generation_of(folder: Path, *articles: Article, size: int = 20_000, overlap: int = 0) -> Generation:
    """Build articles into a folder and return the generation; by default a passage an article."""
    settings = IndexSettings(folder=folder, passage_chars=size, overlap_chars=overlap)
    build(Corpus(tuple(sorted(articles, key=lambda a: a.id))), Plan(settings, FakeEncoder()))
    return current_generation(folder)


def hit_on(article: Article, start: int = 0, end: int | None = None, rank: int = 1, score: float = 1.0) -> Hit:
    """Return a hit on a slice of an article, by default on the whole of it."""
    stop = len(article.text) if end is None else end
    passage = Passage(f"{article.id}:{start}-{stop}", article.id, start, stop, article.text[start:stop])
    trace = HitTrace(dense_rank=rank, dense_score=0.5, sentence_score=0.5, bm25_rank=rank, bm25_score=1.0, terms=())
    return Hit(passage, score, rank, (), trace)
