"""Build a generation from articles, encoding only what is new, and publish it only if it proves sound."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from qa.text import ANALYSIS_VERSION
from qa.text.sentences import sentences
from qa.text.terms import terms
from qa.errors import BrokenPinsError, EmptyCorpusError, IndexCorruptError, MassDeletionError, StoredIndexError
from qa.index.diff import Changes, content_hash, diff
from qa.index.draft import PassageBatch, Draft, drafting, publish
from qa.index.folder import current_name, new_name, sweep
from qa.index.generations import Generation
from qa.index.manifest import FORMAT, Manifest
from qa.text.passages import encoded_text, split, told_alone
from qa.settings import IndexSettings
from qa.types import Article, Corpus, Encoder, Passage, Problem, Progress, Receipt, Span

if TYPE_CHECKING:
    from qa.types import Vectors

BATCH = 256  # passages that are encoded and written together; only their texts and vectors are in memory
SAMPLE = 8  # passages of a new generation that are looked for by their own text
ALIKE = 0.98  # cosine of a stored vector with its passage encoded once more; fp16 and batching cost less than 0.001

Check = Callable[[Generation], Problem | None]
"""Something that a new generation must pass; returns what is wrong, if anything."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where and how to build: settings, encoder, the generation to reuse vectors of, and what is agreed to.

    `confirm_deletions` lets a build lose more than half of the articles, `strict` lets a failed check stop it,
    `allow_empty` lets it begin without any.
    """

    settings: IndexSettings
    encoder: Encoder
    previous: Generation | None = None
    progress: Progress | None = None
    confirm_deletions: bool = False
    strict: bool = False
    allow_empty: bool = False  # build an index of no articles where there is none yet
    recheck: bool = True  # make the checks on a generation that nothing changed, too

    @property
    def fits(self) -> bool:
        """Whether the previous generation is made by the same model, splitter and text analysis."""
        if self.previous is None:
            return False
        made = self.previous.manifest
        return (made.fingerprint, made.passage_chars, made.overlap_chars, made.analysis) == (
            self.encoder.fingerprint,
            self.settings.passage_chars,
            self.settings.overlap_chars,
            ANALYSIS_VERSION,
        )


def build(corpus: Corpus, plan: Plan, checks: Sequence[Check] = ()) -> tuple[Receipt, Generation]:
    """Bring the index in step with the corpus; return what was done and the generation to serve.

    Nothing is written when nothing changed. Vectors of passages whose encoded text is unchanged are taken from the
    previous generation. Before a new generation becomes the current one its files are read back, a sample of its
    passages is retrieved by their own text, and the checks are made. Call under `build_lock`.

    Raises `EmptyCorpusError` when there is no article (unless `plan.allow_empty` and there was none before), `MassDeletionError`, `BrokenPinsError` (only if `strict`) or
    another `StoredIndexError`; the index then stays as it was.
    """
    if not corpus.articles and not (plan.allow_empty and not (plan.previous and plan.previous.hashes)):
        raise EmptyCorpusError(f"{empty_message(corpus)}; the index stays as it was")
    started = time.perf_counter()
    kept = _kept(corpus, plan.previous)
    articles = tuple(sorted((*corpus.articles, *kept), key=lambda article: article.id))
    hashes = {article.id: content_hash(article) for article in articles}
    changes = diff(plan.previous.hashes if plan.previous else {}, hashes)
    _guard(changes, plan)
    damaged = _damaged(plan)
    encoded, generation = 0, plan.previous
    if generation is not None and plan.fits and not changes and damaged is None:
        checks = checks if plan.recheck else ()
        broken = _checked(generation, checks, plan)
    else:
        with drafting(plan.settings.folder, new_name(), plan.encoder.dimension) as draft:
            encoded = _fill(draft, articles, hashes, plan)
            generation = draft.seal(_manifest(draft, hashes, plan))
            _probe(generation, plan.encoder)
            broken = _checked(generation, checks, plan)
            generation = publish(plan.settings.folder, generation)
        sweep(plan.settings.folder, plan.settings.keep_generations, damaged)
    receipt = Receipt(
        scanned=len(corpus.articles) + len(corpus.rejected),
        unchanged=len(changes.unchanged) - len(kept),
        added=changes.added,
        modified=changes.modified,
        renamed=changes.renamed,
        deleted=changes.deleted,
        kept=tuple(article.id for article in kept),
        rejected=corpus.rejected,
        warnings=corpus.warnings,
        pinned=len(checks),
        broken=broken,
        passages=generation.manifest.passages,
        encoded=encoded,
        reused=generation.manifest.passages - encoded,
        seconds=round(time.perf_counter() - started, 3),
        generation=generation.name,
        skipped=corpus.skipped,
    )
    return receipt, generation


def empty_message(corpus: Corpus) -> str:
    """Return why a corpus has no article, and what to do."""
    if corpus.rejected:
        first = corpus.rejected[0]
        return f"none of the {len(corpus.rejected)} files can be read; the first, {first.id}: {first.cause}"
    return "the corpus folder holds no article; put .md, .txt, .html, .pdf, .docx or other files in it"


def _kept(corpus: Corpus, previous: Generation | None) -> list[Article]:
    """Return the articles of the previous generation whose folder could not be read: they were not deleted."""
    read = {article.id for article in corpus.articles}
    old = previous.articles if previous else {}
    return [article for i, article in old.items() if i not in read and corpus.left_unread(i)]


def _guard(changes: Changes, plan: Plan) -> None:
    """Refuse a build that loses more than half of the articles, unless that was agreed to."""
    before = len(plan.previous.hashes) if plan.previous else 0
    if plan.confirm_deletions or 2 * len(changes.deleted) <= before:
        return
    raise MassDeletionError(
        f"{len(changes.deleted)} of the {before} articles in {plan.settings.folder.absolute()} are gone from the corpus "
        f"(the first: {changes.deleted[0]}); the index stays as it was. Is the folder the right one, and mounted? "
        "If they are meant to go: `briefing index --confirm-deletions`. For another corpus name another --index"
    )


def _damaged(plan: Plan) -> str | None:
    """Return what the pointer names where that is not the generation to build upon: it could not be opened."""
    if plan.previous is None:
        return None
    try:
        name = current_name(plan.settings.folder)
    except StoredIndexError:
        return ""
    return name if name != plan.previous.name else None


def _checked(generation: Generation, checks: Sequence[Check], plan: Plan) -> tuple[Problem, ...]:
    broken = tuple(problem for check in checks if (problem := check(generation)) is not None)
    if broken and plan.strict:
        told = "; ".join(f"{problem.id}: {problem.cause}" for problem in broken)
        raise BrokenPinsError(f"{len(broken)} of {len(checks)} pinned questions fail, the index stays as it was: {told}")
    return broken


@dataclass(frozen=True, slots=True)
class _Piece:
    """A passage on its way into a generation; `row` is its place in the previous one if its vectors are there."""

    title: str
    passage: Passage
    spans: tuple[Span, ...]
    key: str
    row: int | None

    @property
    def text(self) -> str:
        """The text as encoded."""
        return encoded_text(self.title, self.passage)

    @property
    def sentences(self) -> list[str]:
        """The sentences as encoded, below the title: alone, "It would cost $6 billion" is about nothing."""
        return [told_alone(self.title, self.passage, span) for span in self.spans]


def _fill(draft: Draft, articles: Sequence[Article], hashes: Mapping[str, str], plan: Plan) -> int:
    """Write articles and passages; return how many passages had to be encoded."""
    pieces = list(_pieces(articles, hashes, plan))
    for article in articles:
        draft.add_article(article, hashes[article.id])
    new = [piece for piece in pieces if piece.row is None]
    work = _Work(sum(1 + len(piece.spans) for piece in new), plan.progress)
    for start in range(0, len(pieces), BATCH):
        draft.add(_batch(pieces[start : start + BATCH], plan, work))
    return len(new)


def _pieces(articles: Sequence[Article], hashes: Mapping[str, str], plan: Plan) -> Iterator[_Piece]:
    """Yield the passages of all articles in order; those of an unchanged article are not split again."""
    previous = plan.previous
    usable = previous is not None and previous.manifest.fingerprint == plan.encoder.fingerprint
    known = {key: row for row, key in enumerate(previous.keys)} if previous and usable else {}
    for article in articles:
        rows = previous.rows_of(article.id) if previous and plan.fits else range(0)
        if previous is not None and rows and previous.hashes[article.id] == hashes[article.id]:
            for row in rows:
                yield _Piece(article.title, previous.passages[row], previous.sentences[row], previous.keys[row], row)
            continue
        for passage in split(article, plan.settings.passage_chars, plan.settings.overlap_chars):
            key = _sha256(encoded_text(article.title, passage))
            spans = tuple(sentences(passage.text))
            found = known.get(key)
            same = found is not None and previous is not None and previous.sentences[found] == spans
            yield _Piece(article.title, passage, spans, key, found if same else None)


class _Work:
    """Encodes texts and reports how many of the total are done."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self.total, self.progress, self.done = total, progress, 0

    def encode(self, texts: Sequence[str], encoder: Encoder) -> Vectors:
        """Encode some texts, (n, d); a text met twice is encoded once."""
        places = {text: i for i, text in enumerate(dict.fromkeys(texts))}
        vectors = encoder.encode_passages(list(places), self._told)
        self.done += len(texts)
        if self.progress is not None and texts:
            self.progress("encoding", self.done, self.total)
        return vectors[[places[text] for text in texts]]

    def _told(self, _stage: str, done: int, _total: int) -> None:
        if self.progress is not None:
            self.progress("encoding", self.done + done, self.total)


def _batch(pieces: Sequence[_Piece], plan: Plan, work: _Work) -> PassageBatch:
    old = {i: piece.row for i, piece in enumerate(pieces) if piece.row is not None}
    new = [i for i, piece in enumerate(pieces) if piece.row is None]
    vectors = np.empty((len(pieces), plan.encoder.dimension), dtype=np.float32)
    sentence_vectors: dict[int, Vectors] = {}
    if plan.previous is not None and old:
        rows = np.array(list(old.values()), dtype=np.int64)
        vectors[list(old)] = plan.previous.store.vectors(rows)
        sentence_vectors.update(zip(old, plan.previous.store.sentence_vectors(rows), strict=True))
    if new:
        vectors[new] = work.encode([pieces[i].text for i in new], plan.encoder)
        encoded = work.encode([sentence for i in new for sentence in pieces[i].sentences], plan.encoder)
        ends = np.cumsum([len(pieces[i].spans) for i in new])[:-1]
        sentence_vectors.update(zip(new, np.split(encoded, ends), strict=True))
    return PassageBatch(
        passages=[piece.passage for piece in pieces],
        keys=[piece.key for piece in pieces],
        spans=[piece.spans for piece in pieces],
        vectors=vectors,
        sentence_vectors=[sentence_vectors[i] for i in range(len(pieces))],
        terms=[terms(piece.text) for piece in pieces],
    )


def _probe(generation: Generation, encoder: Encoder) -> None:
    """Retrieve a sample of passages by their own text, encoded once more; each must find its own row.

    Raises `IndexCorruptError`.
    """
    count = len(generation.passages)
    if not count:
        return
    rows = np.unique(np.linspace(0, count - 1, min(SAMPLE, count)).astype(np.int64))
    texts = [_text(generation, row) for row in rows]
    for row, text, query in zip(rows, texts, encoder.encode_passages(texts), strict=True):
        own = float(generation.store.dense_scores(query, np.array([row]))[0])
        _, best = generation.store.dense_top(query, 1, None)
        words = terms(text)
        found = own >= ALIKE and own >= float(best[0]) - (1 - ALIKE)
        if not found or (words and not any(row in generation.store.postings(word)[0] for word in words)):
            raise IndexCorruptError(
                f"{generation.passages[row].id} is not found by its own text (cosine {own:.3f}); the index stays as it was. "
                "This is a fault of the program or of the machine's memory: build again, and report it if it stays"
            )


def _text(generation: Generation, row: int) -> str:
    passage = generation.passages[row]
    return encoded_text(generation.articles[passage.article_id].title, passage)


def _manifest(draft: Draft, hashes: Mapping[str, str], plan: Plan) -> Manifest:
    return Manifest(
        format=FORMAT,
        generation=draft.name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        model=plan.encoder.name,
        fingerprint=plan.encoder.fingerprint,
        dimension=plan.encoder.dimension,
        passage_chars=plan.settings.passage_chars,
        overlap_chars=plan.settings.overlap_chars,
        analysis=ANALYSIS_VERSION,
        corpus=_sha256("\n".join(f"{i} {hashes[i]}" for i in sorted(hashes))),
        articles=len(hashes),
        passages=draft.passages,
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
