"""The data that flows from folder to answer, and the seams where parts can be exchanged.

All offsets count Unicode code points of `Article.text`, end exclusive. All scores are
higher-is-better.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]  # (n, d), rows of unit norm
    Vector = NDArray[np.float32]  # (d,), unit norm
    Scores = NDArray[np.float32]  # (n,)
    Rows = NDArray[np.int64]  # (n,), positions of passages in a store
    Mask = NDArray[np.bool_]  # (passages,), True where a filter lets a passage through

Span = tuple[int, int]
"""Start and end, in code points."""

Mode = Literal["hybrid", "dense", "bm25"]
"""What ranks passages: both retrievers together, the vectors alone, or BM25 alone."""

Progress = Callable[[str, int, int], None]
"""Called as `progress(stage, done, total)` while something long goes on."""


@dataclass(frozen=True, slots=True)
class Article:
    """One article of the corpus.

    `id` is the POSIX path relative to the corpus folder, `path#key` inside a JSON Lines file. `text` is what
    all offsets refer to. `pages` holds the offset at which each page of a PDF starts; a page without text
    starts where the next one does. `scanned` holds the pages, from 1, whose text was read by OCR. `dated_by` says where
    `published` comes from; `modified` is the day of the last change, where the file tells it.
    """

    id: str
    text: str
    title: str
    source: str | None = None
    url: str | None = None
    published: date | None = None
    tags: tuple[str, ...] = ()
    pages: tuple[int, ...] = ()
    scanned: tuple[int, ...] = ()
    modified: date | None = None
    dated_by: str | None = None
    authors: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        bounds = (0, *self.pages, len(self.text))
        if any(before > after for before, after in zip(bounds, bounds[1:], strict=False)):
            raise ValueError(f"article {self.id}: its pages do not start in order within {len(self.text)} characters")

    def page_at(self, offset: int) -> int | None:
        """Return the page, from 1, that holds the character at an offset; None for what has no pages."""
        return bisect_right(self.pages, offset) or None

    def by_ocr(self, offset: int) -> bool:
        """Return whether the character at an offset was read by OCR."""
        return self.page_at(offset) in self.scanned


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file of a corpus may cost; a file that needs more is refused by name."""

    max_file_bytes: int = 50_000_000
    max_jsonl_bytes: int = 1_000_000_000
    max_text_chars: int = 5_000_000
    max_pages: int = 2_000
    max_unpacked_bytes: int = 200_000_000
    max_depth: int = 200
    max_parse_seconds: int = 20
    max_ocr_seconds: int = 60
    max_ocr_pages: int = 200
    max_parser_bytes: int = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Passage:
    """A slice of an article: `article.text[start:end] == text`.

    `header` is the header row of the table that it begins in, where that is above it; a slice of the article too.
    """

    id: str
    article_id: str
    start: int
    end: int
    text: str
    header: str = ""

    def __post_init__(self) -> None:
        if self.end - self.start != len(self.text):
            raise ValueError(
                f"passage {self.id}: {self.start}..{self.end} spans {self.end - self.start} "
                f"characters, the text has {len(self.text)}"
            )


@dataclass(frozen=True, slots=True)
class HitTrace:
    """Why a passage was found: its place in each list (from 1, None if not in it) and what matched."""

    dense_rank: int | None
    dense_score: float  # cosine of the passage, 1 at most, about 0 for one that has nothing to do with the question
    sentence_score: float  # cosine of its nearest sentence, the same
    bm25_rank: int | None
    bm25_score: float  # BM25, 0 or more
    terms: tuple[str, ...]  # indexed terms by which the passage says what the question says
    pair_score: float = 0.0  # weight of the question's neighbouring terms that stand side by side in the passage, 0..1
    undated: int = 0  # articles that a date filter left out for want of a date


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a question; `also_in` names its near copies elsewhere."""

    passage: Passage
    score: float
    rank: int
    also_in: tuple[str, ...]
    trace: HitTrace


@dataclass(frozen=True, slots=True)
class Reading:
    """A stretch of a hit's article, as an answer: offsets in the article, score, and what speaks for it.

    `answer_start`, `answer_end` bound the short answer inside it (article offsets), where the reader gives one.
    """

    hit: Hit
    start: int
    end: int
    score: float
    features: Mapping[str, float]
    answer_start: int | None = None
    answer_end: int | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """A quotation that carries the answer: `article.text[start:end] == quote`.

    `answer_start`, `answer_end` bound the short answer inside the quote (article offsets), or are
    None. `page` is the page of a PDF, the slide of a presentation, or None; `by_ocr` says that OCR read its text.
    `header` is the header of the table that the quote is a row of, a slice of the article; empty for anything else.
    """

    number: int
    article_id: str
    title: str
    source: str | None
    url: str | None
    published: date | None
    start: int
    end: int
    quote: str
    answer_start: int | None
    answer_end: int | None
    page: int | None
    passage: Passage
    by_ocr: bool = False
    header: str = ""


class Verdict(StrEnum):
    """What the briefing has to say about a question."""

    ANSWERED = "answered"
    RELATED = "related"  # passages come near, none answers
    NOT_IN_CORPUS = "not_in_corpus"
    ABOUT = (
        "about"  # no article was asked: a reply to small talk, or about the briefing itself, from its list of articles
    )


@dataclass(frozen=True, slots=True)
class WrittenSentence:
    """A sentence that a language model wrote and that its citations carry; or one of the article's in its place.

    `citations` are numbers of `Answer.citations`. `verbatim` says that `text` is the quotation of the first of them:
    what the model had written there was not carried.
    """

    text: str
    citations: tuple[int, ...]
    verbatim: bool = False


@dataclass(frozen=True, slots=True)
class Dropped:
    """What a language model wrote and is not shown, and why."""

    text: str
    cause: str


@dataclass(frozen=True, slots=True)
class WriterTrace:
    """What a language model did for an answer; `failure` says in one line why it did nothing.

    `sent_to` is the host that question and passages went to. `cost` is in the currency of the prices in the settings,
    None without prices. `cached` means that nothing was sent. `changed` says whether the answer is not ours alone.
    """

    model: str
    sent_to: str
    use: str  # extract or write
    seconds: float
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None
    cached: bool = False
    changed: bool = False
    dropped: tuple[Dropped, ...] = ()
    failure: str | None = None


class RequestKind(StrEnum):
    """What kind of thing a question asks for."""

    FACT = "fact"
    LATEST = "latest"
    PERIOD = "period"
    SOURCE = "source"
    LIST = "list"
    COUNT = "count"
    COMPARE = "compare"
    TIMELINE = "timeline"
    OVERVIEW = "overview"
    SPEAKER = "speaker"  # who said what
    SMALL_TALK = "small_talk"


@dataclass(frozen=True, slots=True)
class Chip:
    """A piece of what was understood, as a label; `without` of `Briefing.ask` takes it off by the name in `without`."""

    label: str
    without: str  # kind, time or sources


@dataclass(frozen=True, slots=True)
class ParsedRequest:
    """A question as it was understood.

    `since` and `until` are days that words of the question name, both included; relative words count from `as_of`.
    `sources` are sources of the corpus that it names, `speaker` is who is asked about. `parts` holds the questions
    where there are several in one.
    """

    kind: RequestKind
    as_typed: str
    subject: str | None = None
    since: date | None = None
    until: date | None = None
    sources: tuple[str, ...] = ()
    speaker: str | None = None
    as_of: date | None = None
    parts: tuple[str, ...] = ()
    chips: tuple[Chip, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerTrace:
    """How an answer came about: what was searched for, milliseconds by stage, the verdict's features.

    `request` is the question as it was understood. `writer` is None where no language model was asked.
    """

    searched_for: str
    milliseconds: Mapping[str, float]
    features: Mapping[str, float]
    writer: WriterTrace | None = None
    request: ParsedRequest | None = None


@dataclass(frozen=True, slots=True)
class ListedArticle:
    """An article of a list, with its first sentence, or the one that speaks of the subject: `text[start:end] == quote`.

    `also_in` names its near copies.
    """

    id: str
    title: str
    source: str | None
    url: str | None
    published: date | None
    start: int
    end: int
    quote: str
    also_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerPart:
    """The answer to one of several questions in one; `citations` are numbers of `Answer.citations`."""

    question: str
    text: str
    verdict: Verdict
    confidence: float
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EarlierStatement:
    """What was said before the answer's article; `citation` is a number of `Answer.citations`."""

    value: str
    citation: int


@dataclass(frozen=True, slots=True)
class SaidValue:
    """A value with the citations, by number, that give it; `current` tells the latest from superseded ones."""

    value: str
    citations: tuple[int, ...]
    current: bool


@dataclass(frozen=True, slots=True)
class Agreement:
    """The values that articles give, the newest first. Near copies count once.

    `finding` is `agree` (several say the same), `differ` (sources differ at the same time), or `superseded` (the
    latest account differs from earlier ones).
    """

    finding: Literal["agree", "differ", "superseded"]
    values: tuple[SaidValue, ...]


@dataclass(frozen=True, slots=True)
class ResolvedDate:
    """A relative date in a quotation, such as "Sunday", and the day it means; offsets in the article."""

    citation: int
    start: int
    end: int
    day: date


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """A dated statement: when, how that is known (`article` or `sentence`), the citation, and who says it too."""

    day: date
    precision: Literal["day", "month", "year"]
    dated_by: Literal["article", "sentence"]
    citation: int
    also_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question. Unless `answered` it has no citations; `hits` hold the nearest.

    `written` holds the sentences of `text` where a language model wrote them; it is empty where `text` is quoted.
    `parts` answers several questions one by one. `listing` holds articles where the list of articles answers, cut from
    `total`. `earlier` is what was said before, `later` newer articles on the subject, `agreement` the values that
    articles give. `dates` resolves relative dates of the quotations, `timeline` dates them.

    `confidence` is the estimated probability, 0..1, that the first citation answers the question; of an overview ("tell
    me about X") the share of the subject's terms, by weight, that its first citation holds; 1 for the verdict `about`.
    """

    question: str
    text: str
    verdict: Verdict
    confidence: float
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    generation: str
    trace: AnswerTrace = field(compare=False)
    written: tuple[WrittenSentence, ...] = ()
    parts: tuple[AnswerPart, ...] = ()
    listing: tuple[ListedArticle, ...] = ()
    total: int = 0
    earlier: tuple[EarlierStatement, ...] = ()
    later: tuple[ListedArticle, ...] = ()
    agreement: Agreement | None = None
    dates: tuple[ResolvedDate, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """A file, or an article, and what is the matter with it."""

    id: str
    cause: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """The contents of a folder: articles by id order, files that were refused, and remarks on accepted ones.

    `unread` names what the system would not let us read, so that nothing is known of the articles there: a
    folder as `sub/` (the corpus folder itself as the empty string), a JSON Lines file as `path#`, any other
    file by its id. Each is also in `rejected`, with the cause. `skipped` counts files that are no articles by their
    kind: pictures, styles, archives.
    """

    articles: tuple[Article, ...]
    rejected: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    unread: tuple[str, ...] = ()
    skipped: int = 0

    def left_unread(self, article_id: str) -> bool:
        """Return whether an article of this id may still be there, in a place that could not be read."""
        return any(
            article_id.startswith(place) if not place or place[-1] in "/#" else article_id == place
            for place in self.unread
        )


@dataclass(frozen=True, slots=True)
class Rename:
    """An article whose content moved to another path unchanged."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ChangedAnswer:
    """A pinned question whose answer changed, what it was and is, and the article that it comes from now."""

    question: str
    before: str
    after: str
    article_id: str | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a build did: `scanned = added + modified + renamed + unchanged + rejected`.

    `kept` names articles that stay as they were because their place could not be read; `pinned` counts the pinned
    questions that were asked, `broken` names those that failed, `answers` those whose answer is another than before;
    `skipped` counts files that are no articles by their kind.
    """

    scanned: int
    unchanged: int
    added: tuple[str, ...]
    modified: tuple[str, ...]
    renamed: tuple[Rename, ...]
    deleted: tuple[str, ...]
    kept: tuple[str, ...]
    rejected: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    pinned: int
    broken: tuple[Problem, ...]
    passages: int
    encoded: int
    reused: int
    seconds: float
    generation: str
    skipped: int = 0
    answers: tuple[ChangedAnswer, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether the build wrote a new generation for a change in the articles."""
        return bool(self.added or self.modified or self.renamed or self.deleted)


class Encoder(Protocol):
    """Text to unit vectors."""

    @property
    def name(self) -> str:
        """Name or path, as in the settings."""

    @property
    def fingerprint(self) -> str:
        """A hash of the weights and of all that shapes the vectors."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    @property
    def unrelated(self) -> float:
        """Cosine of texts that have nothing to do with each other, taken off before scores are fused."""

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return (n, d) float32, rows of unit norm."""

    def encode_question(self, question: str) -> Vector:
        """Return (d,) float32, unit norm."""

    def encode_questions(self, questions: Sequence[str]) -> Vectors:
        """Return (n, d) float32, rows of unit norm, encoded in one batch."""


class Reader(Protocol):
    """Passages to readings."""

    def read(self, question: str, hits: Sequence[Hit]) -> list[Reading]:
        """Return what may answer the question, best first."""


class Store(Protocol):
    """Vectors and BM25 statistics of one generation; row i belongs to passage i."""

    def __len__(self) -> int:
        """Return the number of passages."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    def dense_top(self, query: Vector, k: int, mask: Mask | None) -> tuple[Rows, Scores]:
        """Return up to k rows by cosine, best first."""

    def dense_scores(self, query: Vector, rows: Rows) -> Scores:
        """Return the cosine of each row."""

    def sentence_scores(self, query: Vector, rows: Rows) -> list[Scores]:
        """Return, for each row, the cosine of each of its sentences, in text order."""

    def postings(self, term: str) -> tuple[Rows, Scores]:
        """Return the rows that hold a term, ascending, and its BM25 weight there before idf, 0..1."""

    def side_by_side(self, pairs: Sequence[tuple[str, str]], rows: Rows) -> NDArray[np.bool_]:
        """Return (rows, pairs): whether a passage holds the second term of a pair right after the first."""

    def terms(self, prefix: str) -> dict[str, int]:
        """Return the indexed terms that begin with a prefix, in order, and how many passages hold each."""

    def idf(self, term: str) -> float:
        """Return the inverse document frequency of a term; the highest value for an unknown one."""

    def knows(self, term: str) -> bool:
        """Return whether any passage holds the term."""

    def vectors(self, rows: Rows) -> Vectors:
        """Return the stored vectors of these rows."""

    def sentence_vectors(self, rows: Rows) -> list[Vectors]:
        """Return, for each row, the stored vectors of its sentences."""
