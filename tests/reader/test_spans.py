"""The span reader: windows, spans, features; with a network of the test's own."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qa.reader.network
import qa.reader.spans
from qa.errors import ModelError
from qa.index import Generation
from qa.reader import Linear, Network, SentenceReader, SpanReader, weights_file
from qa.reader.network import Found, WindowReading
from qa.text.sentences import sentences
from qa.types import Article, Reading
from tests.fakes import FakeEncoder
from tests.texts import HOSTILE, generation_of, hit_on

CHOICE = Linear(0.0, {"above_null": 1.0})


class MarkedNetwork(Network):
    """Finds what a pattern matches, first match best; remembers what it was given."""

    def __init__(self, pattern: str, relevant: float = 1.0) -> None:
        super().__init__()
        self.pattern, self.relevant = re.compile(pattern), relevant
        self.seen: list[tuple[str, str, str]] = []

    def read(self, texts: Sequence[tuple[str, str, str]]) -> list[WindowReading]:
        self.seen += texts
        return [self._marked(text) for _, _, text in texts]

    def _marked(self, text: str) -> WindowReading:
        found = [
            Found(*m.span(), 2.0 - place, 0.5 / (place + 1)) for place, m in enumerate(self.pattern.finditer(text))
        ]
        return WindowReading(tuple(found[:3]), float(bool(found)), self.relevant)


def read(generation: Generation, network: Network, question: str) -> list[Reading]:
    """Read every passage of a generation, the first passage being the first hit."""
    hits = [
        hit_on(generation.articles[p.article_id], p.start, p.end, rank=rank)
        for rank, p in enumerate(generation.passages, start=1)
    ]
    base = SentenceReader(FakeEncoder(), generation)
    return SpanReader(network, base, generation, CHOICE).read(question, hits)


def short(reading: Reading, generation: Generation) -> str:
    return generation.articles[reading.hit.passage.article_id].text[reading.answer_start : reading.answer_end]


@pytest.mark.usefixtures("fixed_weights")
def test_span_stands_in_its_sentence_with_offsets_of_the_article(tmp_path: Path) -> None:
    body = "Prologue of many quiet words.\n\nTrains run. The bank lends 6 billion roubles to it. Nobody else does 🇷🇺."
    generation = generation_of(tmp_path, Article("a.md", body, "Railway"))
    (best,) = read(generation, MarkedNetwork("lends 6"), "How many roubles does the bank lend?")
    assert body[best.start : best.end] == "The bank lends 6 billion roubles to it."
    assert short(best, generation) == "lends 6 billion"
    assert best.score == 2.0
    assert (best.features["above_null"], best.features["probability"], best.features["span_shows"]) == (2.0, 0.5, 1.0)


@pytest.mark.usefixtures("fixed_weights")
def test_best_span_of_all_passages_is_first_and_equals_keep_their_order(tmp_path: Path) -> None:
    articles = [
        Article("0.md", "The bridge is very old and long. It was built in 1913 by Orlov.", "T"),
        Article("1.md", "They say that it all began in 1913. The bridge leads across the Amur.", "T"),
    ]
    generation = generation_of(tmp_path, *articles)
    found = read(generation, MarkedNetwork(r"1913|Amur"), "When was the bridge built?")
    assert [(short(r, generation), r.hit.passage.article_id) for r in found] == [
        ("1913", "0.md"),
        ("1913", "1.md"),
        ("Amur", "1.md"),
    ]


@pytest.mark.usefixtures("fixed_weights")
def test_long_passages_are_read_around_their_best_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qa.reader.spans, "WINDOW_CHARS", 60)
    body = (
        "Quiet words fill the first line. The bank finances a long bridge. Some more words follow it. "
        + "Nothing here. " * 9
    )
    generation = generation_of(tmp_path, Article("a.md", body, "Title"))
    network = MarkedNetwork("nothing at all")
    assert read(generation, network, "Who finances the bridge?")[0].answer_start is None  # a sentence, then
    ((question, title, text),) = network.seen
    assert (question, title) == ("Who finances the bridge?", "Title")
    assert text == "The bank finances a long bridge. Some more words follow it."


@pytest.mark.usefixtures("fixed_weights")
def test_number_of_windows_is_bounded(tmp_path: Path) -> None:
    articles = [Article(f"{n:02}.md", f"Bank number {n} lends money to somebody.", "T") for n in range(20)]
    network = MarkedNetwork("Bank")
    read(generation_of(tmp_path, *articles), network, "Which bank?")
    assert len(network.seen) == qa.reader.spans.WINDOWS


@pytest.mark.usefixtures("fixed_weights")
def test_nothing_is_read_from_nothing(tmp_path: Path) -> None:
    generation = generation_of(tmp_path, Article("a.md", "Gas flows.", "T"))
    base = SentenceReader(FakeEncoder(), generation)
    reader = SpanReader(MarkedNetwork("x"), base, generation, CHOICE)
    assert reader.read("Who?", []) == []


@given(st.lists(HOSTILE.filter(str.strip), min_size=1, max_size=2), st.sampled_from([r"\w+", r"\S", r".{5}", r"\s\w"]))
@settings(max_examples=40)
def test_every_span_is_a_slice_inside_whole_sentences(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[str], pattern: str
) -> None:
    articles = [Article(f"{n}.md", body, "T") for n, body in enumerate(bodies)]
    generation = generation_of(tmp_path_factory.mktemp("index"), *articles, size=100, overlap=50)
    for reading in read(generation, MarkedNetwork(pattern), "Who?"):
        passage = reading.hit.passage
        spans = sentences(passage.text)
        assert reading.start - passage.start in [a for a, _ in spans]
        assert reading.end - passage.start in [b for _, b in spans]
        if reading.answer_start is not None and reading.answer_end is not None:
            assert reading.start <= reading.answer_start < reading.answer_end <= reading.end


def test_altered_weights_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "reader.safetensors"
    file.write_bytes(b"not weights")
    with pytest.raises(ModelError, match=r"reader\.safetensors is not the published file"):
        Network(file, "0" * 64).read([("Who?", "", "Nobody.")])
    with pytest.raises(ModelError, match="does not fit the bundled model"):
        Network(file).read([("Who?", "", "Nobody.")])
    with pytest.raises(ModelError, match="cannot be read"):
        Network(tmp_path / "absent.safetensors").read([("Who?", "", "Nobody.")])


def test_shipped_weights_are_those_that_are_named() -> None:
    file = weights_file()
    assert file is not None
    assert hashlib.sha256(file.read_bytes()).hexdigest() == qa.reader.network.SHA256
    assert file.stat().st_size < 25e6


@pytest.mark.slow
def test_trained_network_finds_short_answers_and_misses_what_is_not_there() -> None:
    passage = (
        "The Development Bank was founded in Fortaleza in July 2014. Its seat is in Shanghai. 🇷🇺 Five countries hold "
        "equal shares. Anton Orlov is its president."
    )
    asked = [
        "Where was the Development Bank founded?",
        "Who is the president of the bank?",
        "Who won the football match?",
    ]
    found = Network().read([(question, "Development Bank", passage) for question in asked])
    said = [passage[r.spans[0].start : r.spans[0].end] for r in found]
    assert said[:2] == ["Fortaleza", "Anton Orlov"]
    assert min(r.answerable for r in found[:2]) > found[2].answerable
    assert min(r.relevant for r in found[:2]) > found[2].relevant
    for reading in found:
        assert sum(span.probability for span in reading.spans) <= 1 + 1e-6
        assert not any(math.isnan(span.above_null) for span in reading.spans)


@pytest.mark.slow
def test_batch_says_what_each_says_alone() -> None:
    network = Network()
    texts = [
        ("Who?", "", "Anton Orlov lives here."),
        ("Where is the seat of the bank?", "A long title", "The seat is in Shanghai. " * 12),
        ("What?", "T", "政府推迟了铁路。"),
        ("Who?", "T", " "),
    ]
    together, alone = network.read(texts), [network.read([text])[0] for text in texts]
    for a, b in zip(together, alone, strict=True):
        assert a.answerable == pytest.approx(b.answerable, abs=0.05)  # logits; rounding to int8 may go the other way
        assert [(s.start, s.end) for s in a.spans[:1]] == [(s.start, s.end) for s in b.spans[:1]]


@pytest.mark.usefixtures("fixed_weights")
def test_windows_are_asked_in_their_own_words(tmp_path: Path) -> None:
    articles = [
        Article("a.md", "The Amur River Authority (ARA) was set up in Khabarovsk. It is small.", "Defined"),
        Article("b.md", "The ARA met in 2016. It found nothing.", "Meeting"),
    ]
    network = MarkedNetwork("2016")
    read(generation_of(tmp_path, *articles), network, "When did the Amur River Authority meet?")
    assert {(title, question) for question, title, _ in network.seen} == {
        ("Defined", "When did the Amur River Authority meet?"),
        ("Meeting", "When did the ARA meet?"),
    }


@pytest.mark.usefixtures("fixed_weights")
def test_a_heading_is_never_an_answer(tmp_path: Path) -> None:
    body = "## Karin Moe builds a school\n\nThe town pays for it. Karin Moe drew the plans and leads the work."
    generation = generation_of(tmp_path, Article("a.md", body, "School"))
    found = read(generation, MarkedNetwork("Karin Moe"), "Who drew the plans?")
    assert [body[r.start : r.end] for r in found] == ["Karin Moe drew the plans and leads the work."]
    only = generation_of(tmp_path / "only", Article("b.md", "# Karin Moe", "School"))
    assert read(only, MarkedNetwork("Karin Moe"), "Who drew the plans?") == []
