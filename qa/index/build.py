"""Build a generation from articles, encoding only what is new."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from qa import analysis
from qa.analysis import sentences, terms
from qa.errors import EmptyCorpusError
from qa.index.diff import Changes, content_hash, diff
from qa.index.generations import FORMAT, Draft, Generation, Manifest, new_name, write_generation
from qa.passages import encoded_text, split
from qa.settings import IndexSettings
from qa.types import Corpus, Encoder, Passage, Progress, Receipt, Span

if TYPE_CHECKING:
    from qa.types import Vector, Vectors


@dataclass(frozen=True, slots=True)
class Plan:
    """Where and how to build: the settings, the encoder, and the generation to reuse vectors of."""

    settings: IndexSettings
    encoder: Encoder
    previous: Generation | None = None
    progress: Progress | None = None

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
            analysis.VERSION,
        )


def build(corpus: Corpus, plan: Plan) -> Receipt:
    """Bring the index in step with the corpus and return what was done.

    Nothing is written when nothing changed. Vectors of passages whose encoded text is unchanged are
    taken from the previous generation.

    Raises `EmptyCorpusError` when there is no article: an index is never replaced by an empty one.
    """
    if not corpus.articles:
        raise EmptyCorpusError(_empty_message(corpus))
    started = time.perf_counter()
    hashes = {article.id: content_hash(article) for article in corpus.articles}
    changes = diff(plan.previous.hashes if plan.previous else {}, hashes)
    if plan.fits and not changes and plan.previous is not None:
        return _receipt(corpus, changes, plan.previous.manifest, 0, started)
    draft, encoded = _draft(corpus, hashes, plan)
    write_generation(plan.settings.folder, draft, plan.settings.keep_generations)
    return _receipt(corpus, changes, draft.manifest, encoded, started)


def _empty_message(corpus: Corpus) -> str:
    if corpus.rejected:
        first = corpus.rejected[0]
        return f"none of the {len(corpus.rejected)} files can be read; the first, {first.id}: {first.cause}"
    return "the corpus folder holds no article; put .md or .txt files in it (the index stays as it was)"


def _draft(corpus: Corpus, hashes: Mapping[str, str], plan: Plan) -> tuple[Draft, int]:
    settings = plan.settings
    titles = {article.id: article.title for article in corpus.articles}
    passages = tuple(
        p for article in corpus.articles for p in split(article, settings.passage_chars, settings.overlap_chars)
    )
    texts = [encoded_text(titles[p.article_id], p) for p in passages]
    keys = tuple(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for text in texts)
    spans = [sentences(p.text) for p in passages]
    vectors, sentence_vectors, encoded = _vectors(_Split(titles, passages, spans, texts, keys), plan)
    manifest = Manifest(
        format=FORMAT,
        generation=new_name(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        model=plan.encoder.name,
        fingerprint=plan.encoder.fingerprint,
        dimension=vectors.shape[1],
        passage_chars=settings.passage_chars,
        overlap_chars=settings.overlap_chars,
        analysis=analysis.VERSION,
        corpus=_corpus_hash(hashes),
        articles=len(corpus.articles),
        passages=len(passages),
    )
    return Draft(
        manifest=manifest,
        articles=corpus.articles,
        hashes=dict(hashes),
        passages=passages,
        keys=keys,
        sentences=spans,
        vectors=vectors,
        sentence_vectors=sentence_vectors,
        terms=[terms(text) for text in texts],
    ), encoded


@dataclass(frozen=True, slots=True)
class _Split:
    """The passages of a corpus, with what goes into the encoder."""

    titles: Mapping[str, str]  # article id -> title
    passages: Sequence[Passage]
    spans: Sequence[Sequence[Span]]  # sentences of each passage
    texts: Sequence[str]  # of each passage, as encoded
    keys: Sequence[str]  # their hashes


def _vectors(split: _Split, plan: Plan) -> tuple[Vectors, list[Vectors], int]:
    """Return the vector of each passage, those of its sentences, and how many passages had to be encoded."""
    titles, passages, spans, texts, keys = split.titles, split.passages, split.spans, split.texts, split.keys
    known: dict[str, int] = {}
    if plan.previous is not None and plan.previous.manifest.fingerprint == plan.encoder.fingerprint:
        known = {key: row for row, key in enumerate(plan.previous.keys)}
    reused = {i: known[key] for i, key in enumerate(keys) if key in known and _same_spans(plan, known[key], spans[i])}
    new, old = [i for i in range(len(keys)) if i not in reused], list(reused)
    vectors: dict[int, Vector] = {}
    sentence_vectors: dict[int, Vectors] = {}
    if plan.previous is not None and old:
        rows = np.array(list(reused.values()), dtype=np.int64)
        vectors.update(zip(old, plan.previous.store.vectors(rows), strict=True))
        sentence_vectors.update(zip(old, plan.previous.store.sentence_vectors(rows), strict=True))
    if new:
        vectors.update(zip(new, plan.encoder.encode_passages([texts[i] for i in new], plan.progress), strict=True))
        contexts = [(titles[passages[i].article_id], passages[i], spans[i]) for i in new]
        sentence_vectors.update(zip(new, _encode_sentences(contexts, plan), strict=True))
    everything = range(len(texts))
    return np.stack([vectors[i] for i in everything]), [sentence_vectors[i] for i in everything], len(new)


def _same_spans(plan: Plan, row: int, spans: Sequence[Span]) -> bool:
    """Return whether the previous generation cut a passage into the same sentences."""
    return plan.previous is not None and plan.previous.sentences[row] == tuple(spans)


def _encode_sentences(contexts: list[tuple[str, Passage, Sequence[Span]]], plan: Plan) -> Iterator[Vectors]:
    """Yield the sentence vectors of each (title, passage, spans); a sentence in an overlap is encoded once.

    A sentence is encoded below its article's title: alone, "It would cost $6 billion" is about nothing.
    """
    texts = [[f"{title}\n{p.text[start:end]}" for start, end in spans] for title, p, spans in contexts]
    unique = list(dict.fromkeys(sentence for each in texts for sentence in each))
    vectors = plan.encoder.encode_passages(unique, _renamed(plan.progress))
    places = {sentence: i for i, sentence in enumerate(unique)}
    for each in texts:
        yield vectors[[places[sentence] for sentence in each]]


def _renamed(progress: Progress | None) -> Progress | None:
    if progress is None:
        return None
    return lambda _, done, total: progress("encoding sentences", done, total)


def _corpus_hash(hashes: Mapping[str, str]) -> str:
    listing = "\n".join(f"{i} {hashes[i]}" for i in sorted(hashes))
    return hashlib.sha256(listing.encode("utf-8", "surrogatepass")).hexdigest()


def _receipt(corpus: Corpus, changes: Changes, manifest: Manifest, encoded: int, started: float) -> Receipt:
    return Receipt(
        scanned=len(corpus.articles) + len(corpus.rejected),
        unchanged=len(changes.unchanged),
        added=changes.added,
        modified=changes.modified,
        renamed=changes.renamed,
        deleted=changes.deleted,
        rejected=corpus.rejected,
        warnings=corpus.warnings,
        passages=manifest.passages,
        encoded=encoded,
        reused=manifest.passages - encoded,
        seconds=round(time.perf_counter() - started, 3),
        generation=manifest.generation,
    )
