"""The facade end to end with the fake encoder: asking, refreshing, refusing, and never losing an index."""

from __future__ import annotations

import json
import random
import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings

import qa.briefing
from qa.briefing import Briefing
from qa.corpus import read_corpus
from qa.errors import (
    ArticleNotFoundError,
    BriefingError,
    BrokenPinsError,
    CorpusNotFoundError,
    EmptyCorpusError,
    IndexCorruptError,
    IndexMismatchError,
    IndexNotFoundError,
    QuestionError,
    StoredIndexError,
)
from qa.settings import Settings
from qa.types import Answer, Corpus, Limits, Rename, Verdict
from tests.conftest import ARTICLES
from tests.corpus import samples
from tests.fakes import FakeEncoder
from tests.texts import ANY_TEXT, write_article

QUESTION = "Who finances the northern railway?"
LOAN = "2016-06-29-railway-loan.md"
FINANCES = "The Development Bank finances the northern railway with a loan of 400 billion roubles."


def edit(corpus: Path, article_id: str, old: str, new: str) -> None:
    """Replace words in an article's file."""
    file = corpus / article_id
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def served(settings: Settings) -> Briefing:
    """Open what the index folder holds, without building."""
    return Briefing.open(settings=settings, encoder=FakeEncoder(), update="never")


def cited(answer: Answer) -> set[str]:
    """Return the ids of the cited articles."""
    return {citation.article_id for citation in answer.citations}


# Asking


def test_question_is_answered_by_a_quotation_with_its_source(briefing: Briefing) -> None:
    answer = briefing.ask(QUESTION)
    assert (answer.verdict, answer.text) == (Verdict.ANSWERED, FINANCES)
    first = answer.citations[0]
    assert (first.article_id, first.title, first.source) == (LOAN, "Loan for the northern railway", "Rail Gazette")
    assert (str(first.published), first.url) == ("2016-06-29", "https://example.org/rail/loan")
    assert (first.start, first.end, first.quote) == (0, len(FINANCES), FINANCES)
    assert (answer.question, answer.generation) == (QUESTION, briefing.generation.name)
    assert [hit.rank for hit in answer.hits] == [1, 2, 3, 4, 5, 6]
    assert set(answer.trace.milliseconds) == {"retrieve", "read"}


def test_question_of_another_subject_is_refused_with_the_nearest(briefing: Briefing) -> None:
    answer = briefing.ask("What do penguins eat?")
    assert (answer.verdict, answer.citations) == (Verdict.NOT_IN_CORPUS, ())
    assert list(answer.hits) == briefing.retrieve("What do penguins eat?", k=6)


def test_question_is_trimmed(briefing: Briefing) -> None:
    assert briefing.ask(f"  \n{QUESTION}\u3000") == briefing.ask(QUESTION)
    assert briefing.retrieve(f" {QUESTION} ") == briefing.retrieve(QUESTION)


@pytest.mark.parametrize("question", ["", "   ", "\r\n\t", "\u3000"])
def test_empty_question_is_refused(briefing: Briefing, question: str) -> None:
    for call in (briefing.ask, briefing.retrieve):
        with pytest.raises(QuestionError, match="the question is empty; ask something"):
            call(question)


def test_question_of_ten_thousand_characters_is_refused(briefing: Briefing) -> None:
    for call in (briefing.ask, briefing.retrieve):
        with pytest.raises(QuestionError, match="the question has 10,000 characters, more than 2,000; shorten it"):
            call("x" * 10_000)
    assert briefing.ask("railway " * 250).hits  # 1,999 characters without the last space


@pytest.mark.parametrize("k", [0, -1, 1001])
def test_k_out_of_range_is_a_briefing_error(briefing: Briefing, k: int) -> None:
    with pytest.raises(BriefingError, match="k"):
        briefing.retrieve(QUESTION, k=k)


@pytest.mark.parametrize("article_id", ["nope.md", "", "../corpus/" + LOAN, "banks", "x" * 10_000, "\0"])
def test_unknown_article_is_told(briefing: Briefing, article_id: str) -> None:
    with pytest.raises(
        ArticleNotFoundError, match="no article .* in the index; `briefing articles` lists them"
    ) as caught:
        briefing.article(article_id)
    assert len(str(caught.value)) < 400


def test_articles_come_in_order_of_id_and_one_by_one(briefing: Briefing) -> None:
    assert [article.id for article in briefing.articles()] == sorted(ARTICLES)
    assert all(briefing.article(article.id) == article for article in briefing.articles())


def test_briefing_that_serves_nothing_yet_says_so(settings: Settings) -> None:
    with pytest.raises(IndexNotFoundError, match=r"nothing is served yet; call refresh\(\) first"):
        Briefing(settings, FakeEncoder()).ask(QUESTION)


def test_folders_given_to_open_win_over_the_settings(settings: Settings, tmp_path: Path) -> None:
    write_article(tmp_path / "other", "a.md", "Gas flows.")
    briefing = Briefing.open(tmp_path / "other", str(tmp_path / "ix"), settings=settings, encoder=FakeEncoder())
    assert [article.id for article in briefing.articles()] == ["a.md"]
    assert briefing.generation.folder.parent == tmp_path / "ix"
    assert briefing.settings.index.passage_chars == settings.index.passage_chars
    assert not settings.index.folder.exists()


def some_questions(n: int) -> list[str]:
    """Return questions made of the corpus' own words, some of its names, and some of none."""
    rng = random.Random(11)
    words = sorted({word for text in ARTICLES.values() for word in text.split()}) + ["penguin", "Zürich", "42", "—"]
    starts = ["Who", "When", "Where", "Why", "How many", "What is", "Is it true that", ""]
    return [f"{rng.choice(starts)} {' '.join(rng.sample(words, rng.randint(1, 8)))}?" for _ in range(n)]


def check_citations(briefing: Briefing, answer: Answer) -> None:
    """See that every citation is verbatim, in its passage, and of an article that is served."""
    assert bool(answer.citations) is (answer.verdict is Verdict.ANSWERED)
    assert [citation.number for citation in answer.citations] == list(range(1, len(answer.citations) + 1))
    for citation in answer.citations:
        text = briefing.article(citation.article_id).text
        assert text[citation.start : citation.end] == citation.quote == citation.quote.strip() != ""
        assert citation.passage.start <= citation.start < citation.end <= citation.passage.end
        assert citation.passage in [hit.passage for hit in answer.hits]
    if answer.citations:  # the answer, or the first sentences of the articles on a subject
        listed = "\n".join(f"{citation.quote} [{citation.number}]" for citation in answer.citations)
        assert answer.text == (listed if answer.listing else answer.citations[0].quote)


def test_every_citation_is_verbatim_over_many_questions(briefing: Briefing) -> None:
    answers = [briefing.ask(question) for question in some_questions(300)]
    for answer in answers:
        check_citations(briefing, answer)
    assert sum(len(answer.citations) for answer in answers) > 100  # or this test would say nothing
    assert {answer.verdict for answer in answers} >= {Verdict.ANSWERED, Verdict.RELATED}


@given(ANY_TEXT)
@example("FIAE")  # a few words that ask nothing: the latest on them
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_question_is_answered_or_refused(briefing: Briefing, question: str) -> None:
    try:
        check_citations(briefing, briefing.ask(question))
    except QuestionError:
        assert not question.strip()


# Incremental


def test_second_opening_encodes_nothing(briefing: Briefing, settings: Settings) -> None:
    encoder = FakeEncoder()
    again = Briefing.open(settings=settings, encoder=encoder)
    assert again.receipt is not None
    assert (encoder.encoded, again.receipt.encoded, again.receipt.reused) == (0, 0, 8)
    assert again.generation.name == briefing.generation.name
    assert again.ask(QUESTION) == briefing.ask(QUESTION)


def test_touched_file_is_unchanged(briefing: Briefing, corpus_folder: Path) -> None:
    before = briefing.generation.name
    file = corpus_folder / LOAN
    file.write_bytes(file.read_bytes())
    assert briefing.refresh().generation == before


def test_edited_article_encodes_only_its_changed_passages(
    briefing: Briefing, encoder: FakeEncoder, corpus_folder: Path
) -> None:
    before = encoder.encoded
    edit(corpus_folder, LOAN, "freight will double", "freight will treble")
    receipt = briefing.refresh()
    assert (receipt.modified, receipt.encoded, receipt.reused) == ((LOAN,), 1, 7)
    passage, *of_it = encoder.texts[before:]
    assert passage.startswith("Loan for the northern railway\n")
    assert passage.endswith("freight will treble.")
    assert of_it == [
        "Loan for the northern railway\n## Critics",
        "Loan for the northern railway\nEconomists doubt that ticket sales can repay the loan.",
        "Loan for the northern railway\nThe ministry answers that freight will treble.",
    ]
    assert briefing.ask("What does the ministry answer about freight?").text.endswith("freight will treble.")


def test_added_article_is_found(briefing: Briefing, corpus_folder: Path) -> None:
    write_article(corpus_folder, "penguins.md", "Penguins eat krill and small fish.", title="Penguins")
    receipt = briefing.refresh()
    assert (receipt.added, receipt.encoded, receipt.reused) == (("penguins.md",), 1, 8)
    assert briefing.ask("What do penguins eat?").text == "Penguins eat krill and small fish."


def test_renamed_article_encodes_nothing_and_is_cited_by_its_new_name(
    briefing: Briefing, encoder: FakeEncoder, corpus_folder: Path
) -> None:
    before = encoder.encoded
    (corpus_folder / "moved").mkdir()
    (corpus_folder / LOAN).rename(corpus_folder / "moved" / "loan.md")
    receipt = briefing.refresh()
    assert (receipt.renamed, encoder.encoded - before) == ((Rename(LOAN, "moved/loan.md"),), 0)
    answer = briefing.ask(QUESTION)
    assert (answer.text, answer.citations[0].article_id) == (FINANCES, "moved/loan.md")
    with pytest.raises(ArticleNotFoundError):
        briefing.article(LOAN)


def test_deleted_article_is_no_longer_cited_nor_found(
    briefing: Briefing, encoder: FakeEncoder, corpus_folder: Path
) -> None:
    assert LOAN in cited(briefing.ask(QUESTION))
    before = encoder.encoded
    (corpus_folder / LOAN).unlink()
    receipt = briefing.refresh()
    assert (receipt.deleted, receipt.unchanged, encoder.encoded - before) == ((LOAN,), 5, 0)
    for question in [QUESTION, *some_questions(50)]:
        answer = briefing.ask(question)
        assert LOAN not in cited(answer) | {hit.passage.article_id for hit in answer.hits}


def test_change_of_metadata_alone_encodes_nothing_and_shows_in_the_citation(
    briefing: Briefing, encoder: FakeEncoder, corpus_folder: Path
) -> None:
    before = encoder.encoded
    edit(
        corpus_folder, LOAN, "source: Rail Gazette\npublished: 2016-06-29", "source: The Sleeper\npublished: 2016-06-30"
    )
    receipt = briefing.refresh()
    assert (receipt.modified, encoder.encoded - before) == ((LOAN,), 0)
    citation = briefing.ask(QUESTION).citations[0]
    assert (citation.source, str(citation.published), citation.quote) == ("The Sleeper", "2016-06-30", FINANCES)


def test_file_that_becomes_unreadable_is_rejected_and_taken_out(briefing: Briefing, corpus_folder: Path) -> None:
    (corpus_folder / LOAN).write_bytes(b"\0\0")
    receipt = briefing.refresh()
    assert [(problem.id, problem.cause[:11]) for problem in receipt.rejected] == [(LOAN, "binary data")]
    assert (receipt.scanned, receipt.unchanged, receipt.deleted) == (6, 5, (LOAN,))


def test_incremental_index_equals_one_built_from_nothing(
    briefing: Briefing, settings: Settings, corpus_folder: Path, tmp_path: Path
) -> None:
    edit(corpus_folder, LOAN, "Economists doubt", "Some economists doubt")
    (corpus_folder / "banks" / "about.txt").unlink()
    write_article(corpus_folder, "0.md", "Penguins eat krill and small fish.", title="Penguins")
    briefing.refresh()
    fresh = Briefing.open(index=tmp_path / "fresh", settings=settings, encoder=FakeEncoder())
    assert briefing.generation.passages == fresh.generation.passages
    assert briefing.generation.keys == fresh.generation.keys
    for question in some_questions(50):
        assert replace(briefing.ask(question), generation="") == replace(fresh.ask(question), generation="")


def test_refresh_serves_in_the_briefing_that_runs(briefing: Briefing, settings: Settings, corpus_folder: Path) -> None:
    other = served(settings)
    edit(corpus_folder, LOAN, "400 billion", "500 billion")
    receipt = briefing.refresh()
    assert briefing.receipt is receipt
    assert briefing.generation.name == receipt.generation
    assert "500 billion" in briefing.ask(QUESTION).text
    assert "500 billion" in other.ask(QUESTION).text  # it moved over, as another process would
    assert (other.refresh().encoded, other.generation.name) == (0, receipt.generation)


def test_generation_of_another_process_that_cannot_be_opened_is_not_served(
    briefing: Briefing, settings: Settings, corpus_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    served_name, text = briefing.generation.name, briefing.ask(QUESTION).text
    edit(corpus_folder, LOAN, "400 billion", "500 billion")
    newer = Briefing.open(settings=settings, encoder=FakeEncoder()).generation
    with (newer.folder / "articles.jsonl").open("a") as stream:
        stream.write("damage")
    assert (briefing.generation.name, briefing.ask(QUESTION).text) == (served_name, text)
    assert f"still serving {served_name}" in caplog.text
    assert len(caplog.records) == 1  # tried once, not at every question


def test_progress_is_reported(settings: Settings) -> None:
    seen: list[tuple[str, int, int]] = []
    Briefing(settings, FakeEncoder()).refresh(lambda *args: seen.append(args))
    assert {stage for stage, *_ in seen} == {"encoding"}
    assert seen[-1][1] == seen[-1][2] > 8
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


def test_other_passage_size_is_built_anew_and_old_vectors_are_reused(briefing: Briefing, settings: Settings) -> None:
    longer = settings.model_copy(update={"index": settings.index.model_copy(update={"passage_chars": 2000})})
    again = Briefing.open(settings=longer, encoder=FakeEncoder())
    assert len(again.generation.passages) == 6  # one each; five of them were one before
    assert again.receipt is not None
    assert (again.receipt.encoded, again.receipt.reused) == (1, 5)


# Bad corpus


def empty(folder: Path) -> None:
    for file in list(folder.rglob("*.*")):
        file.unlink()


def spoil(folder: Path) -> None:
    for file in list(folder.rglob("*.*")):
        file.write_bytes(b"\0")


def vanish(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))


@pytest.mark.parametrize(
    ("harm", "error", "message"),
    [
        (empty, EmptyCorpusError, r"holds no article; put \.md, \.txt, .* files in it"),
        (
            spoil,
            EmptyCorpusError,
            r"none of the 6 files .*can be read; the first, 2016-06-29-railway-loan\.md: binary data",
        ),
        (vanish, CorpusNotFoundError, r"no corpus folder at /.*corpus; create it"),
    ],
)
def test_unusable_corpus_is_told_and_the_index_stays(
    briefing: Briefing,
    settings: Settings,
    corpus_folder: Path,
    harm: Callable[[Path], None],
    error: type[Exception],
    message: str,
) -> None:
    before = briefing.ask(QUESTION)
    harm(corpus_folder)
    with pytest.raises(error, match=message):
        briefing.refresh()
    assert briefing.ask(QUESTION) == before
    assert served(settings).ask(QUESTION) == before
    opened = Briefing.open(settings=settings, encoder=FakeEncoder())
    assert opened.warning is not None
    assert re.search(rf"^serving {before.generation} of 20.*: .*{message}", opened.warning)
    assert opened.ask(QUESTION) == before


def test_unusable_corpus_without_an_index_leaves_no_generation(settings: Settings, corpus_folder: Path) -> None:
    empty(corpus_folder)
    with pytest.raises(EmptyCorpusError):
        Briefing.open(settings=settings, encoder=FakeEncoder())
    with pytest.raises(IndexNotFoundError):
        served(settings)


# Bad index


def test_index_that_was_never_built_is_told(settings: Settings) -> None:
    with pytest.raises(IndexNotFoundError, match=r"no index at /.*index; build it with `briefing index`"):
        served(settings)
    assert not settings.index.folder.exists()  # asking leaves no trace


def test_index_of_another_model_is_refused_or_built_anew(briefing: Briefing, settings: Settings) -> None:
    before = briefing.ask(QUESTION)
    other = FakeEncoder("other-model", "other-fingerprint", dimension=32)
    with pytest.raises(
        IndexMismatchError,
        match=r"gen-.* was built with the model 'fake' \(fake-fingerp\), the settings name 'other-model' "
        r"\(other-finger\); run `briefing index`",
    ):
        Briefing.open(settings=settings, encoder=other, update="never")
    assert served(settings).ask(QUESTION) == before
    rebuilt = Briefing.open(settings=settings, encoder=other, update="auto")
    assert rebuilt.receipt is not None
    assert (rebuilt.receipt.encoded, rebuilt.receipt.reused) == (8, 0)
    assert rebuilt.generation.store.dimension == 32
    assert rebuilt.ask(QUESTION).text == FINANCES
    assert briefing.ask(QUESTION) == before  # a running briefing keeps its generation


def set_format(index: Path) -> None:
    for manifest in index.glob("gen-*/manifest.json"):
        manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 99}))


def alter(name: str) -> Callable[[Path], None]:
    """Return a harm that replaces a file of the current generation; the file served until now stays mapped."""

    def harm(index: Path) -> None:
        file = index / (index / "CURRENT").read_text().strip() / name
        data = file.read_bytes()
        file.unlink()
        file.write_bytes(data[:-3])

    return harm


def lose_files(index: Path) -> None:
    for file in index.glob("gen-*/*.jsonl"):
        file.unlink()


HARMS: dict[str, tuple[Callable[[Path], object], type[StoredIndexError], str]] = {
    "format": (
        set_format,
        IndexMismatchError,
        r"gen-.* has format version 99, this program reads \d+; run `briefing index`",
    ),
    "articles": (
        alter("articles.jsonl"),
        IndexCorruptError,
        r"articles\.jsonl is not as it was written; run `briefing",
    ),
    "passages": (
        alter("passages.jsonl"),
        IndexCorruptError,
        r"passages\.jsonl is not as it was written; run `briefing",
    ),
    "vectors": (alter("vectors.faiss"), IndexCorruptError, r"vectors\.faiss is not as it was written; run `briefing"),
    "manifest": (alter("manifest.json"), IndexCorruptError, r"manifest\.json cannot be read.*run `briefing index`"),
    "lost": (lose_files, IndexCorruptError, r"articles\.jsonl cannot be read: No such file.*run `briefing index`"),
}


@pytest.mark.parametrize("harm", HARMS)
def test_damaged_index_is_told_and_built_anew(briefing: Briefing, settings: Settings, harm: str) -> None:
    before = briefing.ask(QUESTION)
    damage, error, message = HARMS[harm]
    damage(settings.index.folder)
    with pytest.raises(error, match=message):
        served(settings)
    assert briefing.ask(QUESTION) == before  # what runs goes on
    rebuilt = Briefing.open(settings=settings, encoder=FakeEncoder())
    assert rebuilt.receipt is not None
    assert (rebuilt.receipt.encoded, rebuilt.receipt.added) == (8, tuple(sorted(ARTICLES)))
    assert replace(rebuilt.ask(QUESTION), generation="") == replace(before, generation="")
    assert served(settings).generation.name == rebuilt.generation.name


def test_a_flipped_byte_in_any_file_falls_back_to_the_generation_before_and_says_so(
    briefing: Briefing, settings: Settings, corpus_folder: Path
) -> None:
    before = briefing.ask(QUESTION)
    edit(corpus_folder, LOAN, "400 billion", "500 billion")
    newest = Briefing.open(settings=settings, encoder=FakeEncoder()).generation
    for name in [*newest.manifest.files, "manifest.json"]:
        file = newest.folder / name
        whole = file.read_bytes()
        middle = len(whole) // 2
        file.unlink()  # what is served stays mapped
        file.write_bytes(whole[:middle] + bytes([whole[middle] ^ 0x80]) + whole[middle + 1 :])
        opened = served(settings)
        assert opened.ask(QUESTION) == before
        assert opened.warning is not None
        assert name in opened.warning
        assert opened.warning.endswith(f"serving {before.generation} until then")
        file.write_bytes(whole)
    assert served(settings).warning is None


def test_damage_seen_by_a_running_briefing_is_mended_by_its_refresh(briefing: Briefing, settings: Settings) -> None:
    alter("articles.jsonl")(settings.index.folder)
    assert briefing.refresh().encoded == 8
    assert served(settings).ask(QUESTION).text == FINANCES


POINTERS = {
    "rubbish": r"CURRENT names no generation: 'rubbish'; run `briefing index`",
    "gen-away": r"gen-away/manifest\.json cannot be read.*run `briefing index`",
}


@pytest.mark.parametrize("text", POINTERS)
def test_damaged_pointer_is_told_the_newest_generation_served_and_the_pointer_mended(
    briefing: Briefing, settings: Settings, text: str
) -> None:
    before = briefing.ask(QUESTION)
    (settings.index.folder / "CURRENT").write_text(text)
    fallen_back = served(settings)
    assert fallen_back.ask(QUESTION) == before
    assert fallen_back.warning is not None
    assert re.search(rf"{POINTERS[text]}.*; serving {before.generation} until then", fallen_back.warning)
    mended = Briefing.open(settings=settings, encoder=FakeEncoder())
    assert mended.receipt is not None
    assert (mended.receipt.encoded, mended.receipt.unchanged, mended.warning) == (0, 6, None)
    assert served(settings).warning is None


def test_pointer_that_cannot_be_replaced_is_told_and_leaves_nothing_behind(
    briefing: Briefing, settings: Settings
) -> None:
    pointer = settings.index.folder / "CURRENT"
    pointer.unlink()
    pointer.mkdir()
    generations = sorted(settings.index.folder.glob("gen-*"))
    opened = Briefing.open(settings=settings, encoder=FakeEncoder())
    assert opened.ask(QUESTION) == briefing.ask(QUESTION)
    assert "CURRENT cannot be replaced" in (opened.warning or "")
    assert sorted(settings.index.folder.glob("gen-*")) == generations


@pytest.mark.parametrize("update", ["auto", "never"])
def test_file_in_place_of_the_index_folder_is_a_stored_index_error(
    settings: Settings, tmp_path: Path, update: qa.briefing.Update
) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoredIndexError, match="file"):
        Briefing.open(index=tmp_path / "file", settings=settings, encoder=FakeEncoder(), update=update)
    assert (tmp_path / "file").read_text() == "not a folder"


# Threads


def versions(answer: Answer) -> set[str]:
    """Return which states of the corpus the hits of an answer come from."""
    return {hit.passage.text.split()[-1] for hit in answer.hits}


def write_version(corpus: Path, version: int) -> None:
    for n in range(4):
        write_article(
            corpus, f"{n}.md", f"Railway number {n} is built by the bank of state v{version}", title=f"Railway {n}"
        )


def test_threads_get_a_whole_generation_old_or_new_while_it_is_refreshed(tmp_path: Path, fixed_weights: None) -> None:
    write_version(tmp_path / "c", 0)
    briefing = Briefing.open(tmp_path / "c", tmp_path / "i", settings=Settings(), encoder=FakeEncoder())
    states = {briefing.generation.name: "v0"}
    started, done = threading.Barrier(5), threading.Event()
    seen: list[tuple[str, set[str], list[str]]] = []

    def keep_asking() -> int:
        started.wait(10)
        asked = 0
        while not done.is_set() or asked == 0:
            answer = briefing.ask("Which railway is built by the bank?")
            seen.append((answer.generation, versions(answer), [citation.quote for citation in answer.citations]))
            asked += 1
        return asked

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(keep_asking) for _ in range(4)]
        started.wait(10)
        try:
            for version in range(1, 8):
                write_version(tmp_path / "c", version)
                states[briefing.refresh().generation] = f"v{version}"
        finally:
            done.set()
        assert all(future.result() > 0 for future in asking)
    assert len(states) == 8
    assert len({generation for generation, *_ in seen}) > 1
    for generation, found, quotes in seen:
        assert found == {states[generation]}
        assert quotes
        assert all(quote.endswith(states[generation]) for quote in quotes)


def test_refresh_that_read_an_older_corpus_does_not_win_over_a_newer_one(
    briefing: Briefing, corpus_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One thread has read the folder; it is edited; another thread refreshes; then the first goes on."""
    original = read_corpus
    has_read, go_on = threading.Event(), threading.Event()

    def slow_once(folder: Path, limits: Limits, skip: Sequence[Path], kept: Path) -> Corpus:
        corpus = original(folder, limits, skip, kept)
        if not has_read.is_set():
            has_read.set()
            assert go_on.wait(10)
        return corpus

    monkeypatch.setattr(qa.live, "read_corpus", slow_once)
    edit(corpus_folder, LOAN, "400 billion", "500 billion")
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(briefing.refresh)
        assert has_read.wait(10)
        edit(corpus_folder, LOAN, "500 billion", "600 billion")
        second = pool.submit(briefing.refresh)
        threading.Event().wait(0.3)  # time for the second to finish, or to wait for the first
        go_on.set()
        first.result(10)
        second.result(10)
    assert "600 billion" in briefing.ask(QUESTION).text


def test_answer_from_a_pdf_names_its_page_after_a_round_through_the_index(
    settings: Settings, corpus_folder: Path, fixed_weights: None
) -> None:
    pages = [samples.ROUTE, "", f"{samples.TERM}\nThe consortium of Oslo finances the northern railway."]
    (corpus_folder / LOAN).unlink()
    (corpus_folder / "report.pdf").write_bytes(samples.pdf(pages, "/Title (Report)"))
    Briefing.open(settings=settings, encoder=FakeEncoder())
    reopened = Briefing.open(settings=settings, encoder=FakeEncoder(), update="never")
    citation = next(c for c in reopened.ask(QUESTION).citations if c.article_id == "report.pdf")
    article = reopened.article("report.pdf")
    assert (article.title, len(article.pages)) == ("Report", 3)
    assert "Oslo finances" in citation.quote
    assert citation.page == article.page_at(citation.start) == 3
    assert article.text[citation.start : citation.end] == citation.quote


def test_index_inside_the_corpus_is_no_article(settings: Settings, corpus_folder: Path) -> None:
    inside = settings.model_copy(
        update={"index": settings.index.model_copy(update={"folder": corpus_folder / "index"})}
    )
    first = Briefing.open(settings=inside, encoder=FakeEncoder())
    second = first.refresh()
    assert second.changed is False
    assert second.rejected == ()
    assert [article.id for article in first.articles()] == sorted(ARTICLES)


def test_two_refreshes_at_once_build_once(settings: Settings, fixed_weights: None) -> None:
    encoder = FakeEncoder()
    briefing = Briefing(settings, encoder)
    with ThreadPoolExecutor(4) as pool:
        receipts = list(pool.map(lambda _: briefing.refresh(), range(4)))
    assert sorted(receipt.encoded for receipt in receipts) == [0, 0, 0, 8]
    loan = [text for text in encoder.texts if text.startswith("Loan for the northern railway\n")]
    assert len(loan) == len(set(loan)) == 11  # three passages and their eight sentences, once each
    assert len({receipt.generation for receipt in receipts}) == 1


# Rolling back


def test_rollback_serves_the_generation_before_and_stays_there(
    briefing: Briefing, settings: Settings, corpus_folder: Path
) -> None:
    before = briefing.ask(QUESTION)
    edit(corpus_folder, LOAN, "400 billion", "500 billion")
    briefing.refresh()
    assert briefing.rollback() == before.generation
    assert briefing.ask(QUESTION) == before
    assert (
        briefing.warning == f"{before.generation} is held since a rollback; `briefing index` follows the folder again"
    )
    opened = Briefing.open(settings=settings, encoder=FakeEncoder())
    assert (opened.ask(QUESTION), opened.warning, opened.receipt) == (before, briefing.warning, None)
    assert [(each.name, each.held) for each in opened.generations() if each.current] == [(before.generation, True)]


def test_refresh_ends_a_rollback(briefing: Briefing, settings: Settings, corpus_folder: Path) -> None:
    edit(corpus_folder, LOAN, "400 billion", "500 billion")
    briefing.refresh()
    briefing.rollback()
    receipt = briefing.refresh()
    assert (receipt.modified, briefing.warning) == ((LOAN,), None)
    assert "500 billion" in Briefing.open(settings=settings, encoder=FakeEncoder()).ask(QUESTION).text


def test_refresh_of_an_unchanged_folder_ends_a_rollback_too(briefing: Briefing, corpus_folder: Path) -> None:
    name = briefing.generation.name
    edit(corpus_folder, LOAN, "400 billion", "500 billion")
    briefing.refresh()
    edit(corpus_folder, LOAN, "500 billion", "400 billion")
    briefing.rollback(name)
    assert not briefing.refresh().changed
    assert [each.held for each in briefing.generations() if each.current] == [False]


def test_rollback_in_another_process_is_followed_between_two_questions(
    briefing: Briefing, settings: Settings, corpus_folder: Path
) -> None:
    before = briefing.ask(QUESTION)
    edit(corpus_folder, LOAN, "400 billion", "500 billion")
    briefing.refresh()
    served(settings).rollback()
    assert briefing.ask(QUESTION) == before


def test_rollback_to_an_index_of_another_model_is_refused(briefing: Briefing, settings: Settings) -> None:
    other = Briefing.open(settings=settings, encoder=FakeEncoder("other", "other-fingerprint"))
    with pytest.raises(IndexMismatchError):
        other.rollback()
    assert [each.current for each in other.generations()] == [True, False]


# Updates that are refused


def test_mass_deletion_serves_what_was_there_with_a_warning(
    briefing: Briefing, settings: Settings, corpus_folder: Path
) -> None:
    before = briefing.ask(QUESTION)
    for name in list(ARTICLES)[2:]:
        (corpus_folder / name).unlink()
    opened = Briefing.open(settings=settings, encoder=FakeEncoder())
    assert opened.ask(QUESTION) == before
    assert "4 of the 6 articles in" in (opened.warning or "")
    assert opened.refresh(confirm_deletions=True).deleted == tuple(sorted(list(ARTICLES)[2:]))
    assert opened.warning is None


PINNED = f"""
[[question]]
question = "{QUESTION}"
evidence = [{{ article = "{LOAN}", quote = "finances the northern railway" }}]

[[question]]
question = "What do penguins eat?"
verdict = "not_in_corpus"
"""


def test_pinned_questions_are_asked_of_every_new_generation(
    briefing: Briefing, settings: Settings, corpus_folder: Path
) -> None:
    (corpus_folder / "pinned.toml").write_text(PINNED)
    assert (briefing.refresh().pinned, briefing.refresh().broken) == (2, ())
    before = briefing.generation.name
    edit(corpus_folder, LOAN, "finances the northern railway", "builds a port")
    with pytest.raises(BrokenPinsError, match=QUESTION.replace("?", r"\?")):
        briefing.refresh(strict=True)
    assert (briefing.generation.name, served(settings).generation.name) == (before, before)
    receipt = briefing.refresh()
    assert [problem.id for problem in receipt.broken] == [QUESTION]
    assert LOAN in receipt.broken[0].cause
    assert briefing.generation.name == receipt.generation != before


def test_opening_what_nothing_changed_asks_no_pinned_question_again(briefing: Briefing, corpus_folder: Path) -> None:
    (corpus_folder / "pinned.toml").write_text(PINNED)
    receipt = briefing.update()
    assert receipt is not None
    assert receipt.pinned == 0
    (corpus_folder / "new.md").write_text("A new article about a new bridge.")
    receipt = briefing.update()
    assert receipt is not None
    assert receipt.pinned == 2


def test_pinned_file_that_cannot_be_read_is_a_warning_of_the_receipt(briefing: Briefing, corpus_folder: Path) -> None:
    (corpus_folder / "pinned.toml").write_text("[[question")
    receipt = briefing.refresh()
    assert receipt.pinned == 0
    assert [problem.id for problem in receipt.warnings] == ["pinned.toml"]
