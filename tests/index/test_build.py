"""Building a generation: what is encoded, what is reused, what the receipt says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import sys
import numpy as np
import pytest

from qa.text.sentences import sentences
from qa.errors import BrokenPinsError, EmptyCorpusError, IndexCorruptError, MassDeletionError
from qa.index import Generation, Plan, build, current_generation
from qa.settings import IndexSettings
from qa.types import Article, Corpus, Problem, Progress, Receipt, Rename
from tests.fakes import FakeEncoder

build_module = import_module("qa.index.build")

LONG = "\n\n".join(
    f"Paragraph {n} tells of the {thing} and of nothing else, at some length."
    for n, thing in enumerate(["railway", "pipeline", "bank", "bond", "bridge", "helium plant"])
)
RAIL = Article("rail.md", LONG, "Railway")
GAS = Article("gas.md", "Gas flows.", "Gas")
BANK = Article("bank.md", "The bank lends.", "Bank")


class Workshop:
    """An index folder with an encoder, for one build after another."""

    def __init__(self, folder: Path) -> None:
        self.encoder = FakeEncoder()
        self.settings = IndexSettings(folder=folder, passage_chars=100, overlap_chars=0, keep_generations=2)
        self.current: Generation | None = None

    def build(self, *articles: Article, rejected: Iterable[Problem] = ()) -> Receipt:
        """Build over the generation before."""
        corpus = Corpus(tuple(sorted(articles, key=lambda a: a.id)), tuple(rejected))
        plan = Plan(self.settings, self.encoder, self.current, confirm_deletions=True)
        receipt, self.current = build(corpus, plan)
        assert self.current == replace(current_generation(self.settings.folder), store=self.current.store)
        return receipt


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A workshop over an empty index folder."""
    return Workshop(tmp_path / "index")


def counts(receipt: Receipt) -> tuple[int, int, int]:
    """Return passages, encoded, reused."""
    return receipt.passages, receipt.encoded, receipt.reused


def check_vectors(workshop: Workshop) -> None:
    """See that row i is the vector of passage i as it reads now, wherever it came from."""
    assert workshop.current is not None
    generation = workshop.current
    texts = [f"{generation.articles[p.article_id].title}\n{p.text}" for p in generation.passages]
    stored = generation.store.vectors(np.arange(len(texts), dtype=np.int64))
    np.testing.assert_array_equal(stored, FakeEncoder().encode_passages(texts))
    of_sentences = generation.store.sentence_vectors(np.arange(len(texts), dtype=np.int64))
    for passage, spans, vectors in zip(generation.passages, generation.sentences, of_sentences, strict=True):
        assert list(spans) == list(sentences(passage.text))
        title = generation.articles[passage.article_id].title
        expected = FakeEncoder().encode_passages([f"{title}\n{passage.text[start:end]}" for start, end in spans])
        np.testing.assert_array_equal(vectors, expected.astype(np.float16))


def test_first_build_encodes_every_passage_under_its_title(workshop: Workshop) -> None:
    receipt = workshop.build(RAIL, GAS)
    assert workshop.encoder.texts[0] == "Gas\nGas flows."
    assert workshop.encoder.texts[1] == "Railway\nParagraph 0 tells of the railway and of nothing else, at some length."
    assert counts(receipt) == (7, 7, 0)
    assert (receipt.scanned, receipt.added, receipt.unchanged) == (2, ("gas.md", "rail.md"), 0)
    check_vectors(workshop)


def test_second_build_of_the_same_encodes_and_writes_nothing(workshop: Workshop) -> None:
    first = workshop.build(RAIL, GAS)
    after_first = workshop.encoder.encoded
    second = workshop.build(RAIL, GAS)
    assert counts(second) == (7, 0, 7)
    assert (second.generation, second.unchanged, second.changed) == (first.generation, 2, False)
    assert workshop.encoder.encoded == after_first
    assert [f.name for f in workshop.settings.folder.glob("gen-*")] == [first.generation]


def test_edit_encodes_only_the_passages_that_changed(workshop: Workshop) -> None:
    workshop.build(RAIL, GAS)
    before = workshop.encoder.encoded
    edited = replace(RAIL, text=LONG.replace("bond and", "green bond and"))
    receipt = workshop.build(edited, GAS)
    assert workshop.encoder.texts[before:] == [
        "Railway\nParagraph 3 tells of the green bond and of nothing else, at some length.",
        "Railway\nParagraph 3 tells of the green bond and of nothing else, at some length.",  # its one sentence
    ]
    assert counts(receipt) == (7, 1, 6)
    assert (receipt.modified, receipt.unchanged) == (("rail.md",), 1)
    check_vectors(workshop)


def test_rename_encodes_nothing(workshop: Workshop) -> None:
    workshop.build(RAIL, GAS)
    receipt = workshop.build(replace(RAIL, id="a/north.md"), GAS)
    assert counts(receipt) == (7, 0, 7)
    assert (receipt.renamed, receipt.added, receipt.deleted) == ((Rename("rail.md", "a/north.md"),), (), ())
    check_vectors(workshop)  # rows moved: a/north.md now sorts before gas.md


def test_deletion_takes_the_passages_out(workshop: Workshop) -> None:
    workshop.build(RAIL, GAS, BANK)
    receipt = workshop.build(RAIL, BANK)
    assert counts(receipt) == (7, 0, 7)
    assert (receipt.deleted, receipt.unchanged) == (("gas.md",), 2)
    check_vectors(workshop)


def test_change_of_metadata_alone_encodes_nothing_and_is_stored(workshop: Workshop) -> None:
    workshop.build(RAIL, GAS)
    receipt = workshop.build(RAIL, replace(GAS, source="Energy Weekly", tags=("gas",)))
    assert counts(receipt) == (7, 0, 7)
    assert receipt.modified == ("gas.md",)
    assert workshop.current is not None
    assert workshop.current.articles["gas.md"].source == "Energy Weekly"


def test_change_of_title_encodes_the_article_anew(workshop: Workshop) -> None:
    workshop.build(RAIL, GAS)
    assert counts(workshop.build(replace(RAIL, title="Northern railway"), GAS)) == (7, 6, 1)
    check_vectors(workshop)


def test_same_text_in_two_articles_stays_two_passages(workshop: Workshop) -> None:
    workshop.build(GAS, replace(GAS, id="copy.md"))
    assert workshop.current is not None
    assert [p.id for p in workshop.current.passages] == ["copy.md:0-10", "gas.md:0-10"]


def test_receipt_adds_up(workshop: Workshop) -> None:
    workshop.build(RAIL, GAS, BANK, replace(GAS, id="old.md", text="Other."))
    problem = Problem("x.pdf", "format .pdf is not read")
    receipt = workshop.build(
        RAIL, replace(BANK, text="No."), replace(GAS, id="moved.md"), Article("new.md", "N.", "N"), rejected=[problem]
    )
    assert receipt.scanned == 5
    assert (receipt.added, receipt.modified, receipt.deleted) == (("new.md",), ("bank.md",), ("old.md",))
    assert (receipt.renamed, receipt.unchanged, receipt.rejected) == ((Rename("gas.md", "moved.md"),), 1, (problem,))


def test_other_model_encodes_everything_anew(workshop: Workshop) -> None:
    first = workshop.build(RAIL, GAS)
    workshop.encoder = FakeEncoder("other", "fake-fingerprint-2", dimension=32)
    second = workshop.build(RAIL, GAS)
    assert counts(second) == (7, 7, 0)
    assert second.generation != first.generation
    assert workshop.current is not None
    assert (workshop.current.manifest.fingerprint, workshop.current.store.dimension) == ("fake-fingerprint-2", 32)


def test_other_splitter_builds_anew_and_reuses_what_stayed(workshop: Workshop) -> None:
    workshop.build(RAIL, GAS)
    workshop.settings = workshop.settings.model_copy(update={"passage_chars": 900})
    assert counts(workshop.build(RAIL, GAS)) == (2, 1, 1)
    check_vectors(workshop)


@pytest.mark.parametrize(
    ("rejected", "message"),
    [
        ((), r"the corpus folder holds no article; put \.md, \.txt, .* files in it; the index stays as it was"),
        (
            (Problem("a.pdf", "format .pdf is not read"), Problem("b.md", "empty")),
            r"none of the 2 files (?:in the corpus )?can be read; the first, a\.pdf: format \.pdf is not read",
        ),
    ],
)
def test_empty_corpus_never_replaces_an_index(workshop: Workshop, rejected: tuple[Problem, ...], message: str) -> None:
    first = workshop.build(GAS)
    with pytest.raises(EmptyCorpusError, match=message):
        workshop.build(rejected=rejected)
    assert current_generation(workshop.settings.folder).name == first.generation


def test_encoder_that_fails_leaves_the_index_as_it_was(workshop: Workshop) -> None:
    first = workshop.build(GAS)

    class Broken(FakeEncoder):
        def encode_passages(self, *_: object) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
            raise MemoryError

    workshop.encoder = Broken()
    with pytest.raises(MemoryError):
        workshop.build(GAS, BANK)
    assert current_generation(workshop.settings.folder).name == first.generation
    assert [f.name for f in workshop.settings.folder.iterdir() if f.is_dir()] == [first.generation]


def test_progress_reaches_the_caller(workshop: Workshop) -> None:
    seen: list[tuple[str, int, int]] = []
    build(Corpus((GAS, RAIL)), Plan(workshop.settings, workshop.encoder, None, lambda *args: seen.append(args)))
    assert ("encoding", 7, 14) in seen  # seven passages, then their seven sentences
    assert seen[-1] == ("encoding", 14, 14)


def test_text_met_twice_under_one_title_is_encoded_once(workshop: Workshop) -> None:
    workshop.build(GAS, replace(GAS, id="copy.md"), replace(GAS, id="other.md", title="Other"))
    passages = ["Gas\nGas flows.", "Other\nGas flows."]
    assert workshop.encoder.texts == passages + passages  # the passages, then their sentences
    check_vectors(workshop)


def test_vectors_of_another_sentence_splitter_are_not_mixed_with_the_spans_of_this_one(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An update of the splitter's library may cut a sentence elsewhere; then old vectors and new spans do not fit."""
    two = Article("two.md", "Gas flows. It is sold.", "Two")
    with monkeypatch.context() as patch:
        patch.setattr(build_module, "sentences", lambda text: ((0, len(text)),))
        workshop.build(two)
    workshop.build(two, GAS)
    assert workshop.current is not None
    vectors = workshop.current.store.sentence_vectors(np.arange(2, dtype=np.int64))
    assert [len(each) for each in vectors] == [len(spans) for spans in workshop.current.sentences]


def test_index_of_another_text_analysis_is_built_anew_and_keeps_its_vectors(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = workshop.build(RAIL, GAS)
    monkeypatch.setattr(sys.modules["qa.index.build"], "ANALYSIS_VERSION", "2, of tomorrow")
    second = workshop.build(RAIL, GAS)
    assert second.generation != first.generation
    assert (second.changed, second.encoded) == (False, 0)
    assert current_generation(workshop.settings.folder).manifest.analysis == "2, of tomorrow"


@pytest.mark.parametrize("size", [1, 2, 3, 256])
def test_batches_of_any_size_make_the_same_index(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(build_module, "BATCH", size)
    workshop.build(RAIL, GAS)
    receipt = workshop.build(replace(RAIL, text=LONG.replace("bond and", "green bond and")), GAS, BANK)
    assert counts(receipt) == (8, 2, 6)
    check_vectors(workshop)


# Before the swap: a sample is looked for, more than half of the articles stay, pinned questions are asked


class Drifting(FakeEncoder):
    """An encoder that gives other vectors from the second call on, under the same fingerprint."""

    calls = 0

    def _vector(self, text: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        vector = super()._vector(text)
        return np.roll(vector, 1) if self.calls > 2 else vector

    def encode_passages(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        self.calls += 1
        return super().encode_passages(texts, progress)


def test_passages_that_are_not_found_by_their_own_text_are_not_published(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_module, "SAMPLE", 8)
    first = workshop.build(RAIL, GAS)
    drifting = Drifting()
    drifting.calls = 2
    workshop.encoder = drifting
    with pytest.raises(IndexCorruptError, match=r"gas\.md:0-10 is not found by its own text \(cosine [-0-9.]+\)"):
        workshop.build(GAS, RAIL, BANK)
    assert current_generation(workshop.settings.folder).name == first.generation
    assert [f.name for f in workshop.settings.folder.iterdir() if f.is_dir()] == [first.generation]


def test_rows_out_of_step_are_not_published(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_module, "SAMPLE", 8)
    original = build_module._batch

    def shifted(*args: object) -> object:
        batch = original(*args)
        return replace(batch, vectors=np.roll(batch.vectors, 1, axis=0))

    monkeypatch.setattr(build_module, "_batch", shifted)
    with pytest.raises(IndexCorruptError, match="is not found by its own text"):
        workshop.build(RAIL, GAS)


def test_sample_is_spread_over_the_passages(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_module, "SAMPLE", 3)
    workshop.build(RAIL, GAS)
    assert [text.split()[:3] for text in workshop.encoder.texts[-3:]] == [
        ["Gas", "Gas", "flows."],
        ["Railway", "Paragraph", "2"],
        ["Railway", "Paragraph", "5"],
    ]


def deletion(workshop: Workshop, before: int, after: int, confirm: bool = False) -> Receipt:
    """Build over `before` articles, then over the first `after` of them."""
    articles = tuple(replace(GAS, id=f"{n}.md", text=f"Gas flows {n}.") for n in range(before))
    workshop.build(*articles)
    plan = Plan(workshop.settings, workshop.encoder, workshop.current, confirm_deletions=confirm)
    return build(Corpus(articles[:after]), plan)[0]


@pytest.mark.parametrize(("before", "after"), [(2, 1), (4, 2), (5, 3), (9, 5)])
def test_half_of_the_articles_may_go(workshop: Workshop, before: int, after: int) -> None:
    assert len(deletion(workshop, before, after).deleted) == before - after


@pytest.mark.parametrize(("before", "after"), [(3, 1), (5, 2), (9, 4)])
def test_more_than_half_go_only_when_that_is_confirmed(workshop: Workshop, before: int, after: int) -> None:
    gone = before - after
    message = rf"{gone} of the {before} articles in /.* are gone from the corpus \(the first: {after}\.md\); .*--confirm"
    with pytest.raises(MassDeletionError, match=message):
        deletion(workshop, before, after)
    assert workshop.current is not None
    assert current_generation(workshop.settings.folder).name == workshop.current.name
    assert len(deletion(workshop, before, after, confirm=True).deleted) == gone


def test_renames_and_edits_are_no_deletions(workshop: Workshop) -> None:
    workshop.build(RAIL, GAS, BANK)
    moved = [replace(article, id=f"moved/{article.id}") for article in (RAIL, GAS, BANK)]
    plan = Plan(workshop.settings, workshop.encoder, workshop.current)
    assert len(build(Corpus(tuple(moved)), plan)[0].renamed) == 3


def fails(generation: Generation) -> Problem | None:
    """Fail on every generation that knows of banks."""
    return Problem("Who lends?", "not answered") if "bank.md" in generation.articles else None


def test_failed_check_is_reported_and_refuses_only_if_strict(workshop: Workshop) -> None:
    first = workshop.build(GAS)
    plan = Plan(workshop.settings, workshop.encoder, workshop.current)
    corpus = Corpus((BANK, GAS))
    with pytest.raises(BrokenPinsError, match=r"1 of 2 pinned questions fail.*: Who lends\?: not answered"):
        build(corpus, replace(plan, strict=True), [fails, lambda _: None])
    assert current_generation(workshop.settings.folder).name == first.generation
    receipt, generation = build(corpus, plan, [fails, lambda _: None])
    assert (receipt.pinned, receipt.broken) == (2, (Problem("Who lends?", "not answered"),))
    assert current_generation(workshop.settings.folder).name == generation.name == receipt.generation


def test_checks_see_the_generation_before_it_is_current(workshop: Workshop) -> None:
    first = workshop.build(GAS)
    seen: list[tuple[str, str]] = []

    def look(generation: Generation) -> None:
        seen.append((generation.name, current_generation(workshop.settings.folder).name))

    receipt, _ = build(Corpus((BANK, GAS)), Plan(workshop.settings, workshop.encoder, workshop.current), [look])
    assert seen == [(receipt.generation, first.generation)]


def test_checks_are_made_though_nothing_changed(workshop: Workshop) -> None:
    workshop.build(BANK, GAS)
    plan = Plan(workshop.settings, workshop.encoder, workshop.current)
    receipt, _ = build(Corpus((BANK, GAS)), plan, [fails])
    assert (receipt.changed, len(receipt.broken)) == (False, 1)


def test_articles_whose_place_could_not_be_read_are_kept(workshop: Workshop) -> None:
    there = [replace(article, id=f"closed/{article.id}") for article in (RAIL, BANK)]
    workshop.build(GAS, *there)
    corpus = Corpus((GAS,), (Problem("closed", "cannot be read: Permission denied"),), unread=("closed/",))
    receipt, generation = build(corpus, Plan(workshop.settings, workshop.encoder, workshop.current))
    assert (receipt.kept, receipt.deleted, receipt.unchanged) == (("closed/bank.md", "closed/rail.md"), (), 1)
    assert receipt.scanned == receipt.unchanged + len(receipt.rejected) == 2
    assert set(generation.articles) == {"gas.md", "closed/rail.md", "closed/bank.md"}
    edited = replace(corpus, articles=(replace(GAS, text="Gas stopped."),))
    receipt, generation = build(edited, Plan(workshop.settings, workshop.encoder, generation))
    assert (receipt.modified, len(receipt.kept), receipt.encoded) == (("gas.md",), 2, 1)
    assert generation.articles["closed/bank.md"].text == BANK.text


def test_change_in_one_row_of_a_table_encodes_one_passage(workshop: Workshop) -> None:
    rows = [f"| Station {name}{n} | {n}00 |" for n in range(1, 10) for name in ("North", "South", "East", "West")]
    table = "\n".join(["| Station | Length |", "|---|---|", *rows])
    workshop.settings = workshop.settings.model_copy(update={"passage_chars": 300})
    receipt = workshop.build(Article("t.md", table, "Stations"), RAIL)
    assert receipt.passages > 8
    changed = workshop.build(Article("t.md", table.replace("East5 | 500", "East5 | 512"), "Stations"), RAIL)
    assert (changed.modified, changed.encoded) == (("t.md",), 1)
