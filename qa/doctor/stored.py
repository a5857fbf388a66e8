"""What is wrong with the index: damage, another model or settings, and what the folder has that it has not.

Nothing is written, and no model is loaded: a model is known by the hash of its files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from qa.asking.digest import change_in_words
from qa.doctor.findings import Finding, Severity
from qa.errors import IndexCorruptError, IndexMismatchError, IndexNotFoundError, ModelError, StoredIndexError
from qa.index import Generation, Pointer, current_generation, read_pointer
from qa.index.changed_answers import read_changed
from qa.index.diff import content_hash, diff
from qa.index.generations import open_generation
from qa.settings import IndexSettings
from qa.text import ANALYSIS_VERSION
from qa.types import Corpus

HALF_BUILT = ".building-*"
BUILD = "run `briefing index`"


def check_index(settings: IndexSettings, corpus: Corpus, fingerprint: Callable[[], str]) -> Iterator[Finding]:
    """Yield what is wrong with the index of a corpus. `fingerprint` returns that of the model in the settings."""
    place, expected = str(settings.folder), None
    try:
        expected = fingerprint()
    except ModelError as exc:
        yield Finding(
            "model", Severity.ATTENTION, settings.model, str(exc), "install it, or name another in [index] model"
        )
    try:
        generation = current_generation(settings.folder)
    except IndexNotFoundError:
        yield Finding("no-index", Severity.HINT, place, "nothing is built yet", f"{BUILD}, or just ask")
    except IndexMismatchError as exc:
        yield Finding("index-format", Severity.ATTENTION, place, str(exc), BUILD)
    except StoredIndexError as exc:
        yield Finding("index-damaged", Severity.ATTENTION, place, str(exc), BUILD)
    else:
        yield from _check_made(generation, settings, expected)
        yield from _check_step(generation, corpus)
        for change in read_changed(settings.folder, generation.name):
            yield Finding(
                "answer-changed",
                Severity.HINT,
                "pinned.toml",
                change_in_words(change),
                "read both, and correct the pin",
            )
    yield from _check_leftovers(settings.folder)


def _check_made(generation: Generation, settings: IndexSettings, fingerprint: str | None) -> Iterator[Finding]:
    """Yield what another model, splitter or text analysis made; a fingerprint that is None is not compared."""
    made, place = generation.manifest, str(generation.folder)
    if fingerprint is not None and made.fingerprint != fingerprint:
        problem = (
            f"was built with the model {made.model!r} ({made.fingerprint[:12]}), the settings name "
            f"{settings.model!r} ({fingerprint[:12]})"
        )
        remedy = f"{BUILD} to encode everything again, or set [index] model to what it was"
        yield Finding("index-model", Severity.ATTENTION, place, problem, remedy)
    for name in ("passage_chars", "overlap_chars"):
        was, is_now = getattr(made, name), getattr(settings, name)
        if was != is_now:
            problem = f"was built with {name} {was}, the settings say {is_now}"
            yield Finding("index-settings", Severity.ATTENTION, place, problem, f"{BUILD} to split the articles again")
    if made.analysis != ANALYSIS_VERSION:
        problem = f"was built by the text analysis {made.analysis!r}, this program has {ANALYSIS_VERSION!r}"
        yield Finding("index-analysis", Severity.ATTENTION, place, problem, BUILD)


def _check_step(generation: Generation, corpus: Corpus) -> Iterator[Finding]:
    """Yield what a build would do."""
    read = {article.id: content_hash(article) for article in corpus.articles}
    kept = {i: made for i, made in generation.hashes.items() if i in read or not corpus.left_unread(i)}
    changes = diff(kept, read)
    counts = {
        "added": len(changes.added),
        "modified": len(changes.modified),
        "renamed": len(changes.renamed),
        "deleted": len(changes.deleted),
    }
    if changes:
        told = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
        problem = f"is older than the folder of articles; since then: {told}"
        yield Finding("index-behind", Severity.ATTENTION, str(generation.folder), problem, BUILD)


def _check_leftovers(index: Path) -> Iterator[Finding]:
    """Yield a rollback that holds, older generations that cannot be gone back to, and what a build left half done."""
    try:
        pointer = read_pointer(index)
    except (IndexNotFoundError, IndexCorruptError):
        pointer = Pointer("")
    if pointer.held:
        problem = f"{pointer.name} is held since a rollback; changes in the folder do not reach it"
        yield Finding("index-held", Severity.HINT, str(index), problem, f"{BUILD} when it may follow the folder again")
    for folder in sorted(index.glob("gen-*")):
        if folder.name != pointer.name:
            try:
                open_generation(folder)
            except StoredIndexError as exc:
                remedy = "remove it; it cannot be gone back to"
                yield Finding("old-generation", Severity.HINT, str(folder), str(exc), remedy)
    for folder in sorted(index.glob(HALF_BUILT)):
        problem = "is half-built: a build is going on, or was ended in the middle"
        yield Finding("half-built", Severity.HINT, str(folder), problem, "nothing; the next build removes it")
