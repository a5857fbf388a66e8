"""The sentence reader, with weights of the test's own."""

from __future__ import annotations

from collections.abc import Callable
from math import log
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qa.reader.fitted
from qa.index import Generation
from qa.reader import Linear, SentenceReader, linear, shipped
from qa.text.question import Question
from qa.text.sentences import sentences
from qa.types import Article, Reading
from tests.fakes import FakeEncoder
from tests.texts import HOSTILE, generation_of, hit_on

Read = Callable[..., list[str]]


@pytest.fixture
def read(tmp_path: Path, fixed_weights: None) -> Read:
    """A function that reads articles of these texts, a passage each, and returns the sentences, best first."""

    def read_texts(question: str, *bodies: str, size: int = 20_000, overlap: int = 0) -> list[str]:
        articles = [Article(f"{n}.md", body, "T") for n, body in enumerate(bodies)]
        generation = generation_of(tmp_path / "index", *articles, size=size, overlap=overlap)
        return [text_of(reading, generation) for reading in readings_of(question, generation)]

    return read_texts


def readings_of(question: str, generation: Generation, backwards: bool = False) -> list[Reading]:
    """Return the readings of every passage, the first passage being the first hit."""
    passages = generation.passages[::-1] if backwards else generation.passages
    hits = [
        hit_on(generation.articles[p.article_id], p.start, p.end, rank=rank) for rank, p in enumerate(passages, start=1)
    ]
    return SentenceReader(FakeEncoder(), generation).read(question, hits)


def text_of(reading: Reading, generation: Generation) -> str:
    """Return what a reading says."""
    return generation.articles[reading.hit.passage.article_id].text[reading.start : reading.end]


def test_linear_is_bias_and_weighted_sum_of_the_features_it_names() -> None:
    assert Linear(1.5, {"a": 2.0, "b": -1.0})({"a": 3.0, "b": 0.5, "c": 100.0}) == 7.0
    with pytest.raises(KeyError, match="b"):
        Linear(0.0, {"b": 1.0})({"a": 1.0})


@pytest.mark.parametrize("part", ["sentence", "answered", "subject"])
def test_shipped_weights_name_only_features_there_are(tmp_path: Path, part: str) -> None:
    generation = generation_of(tmp_path, Article("a.md", "Gas flows to the east today.", "T"))
    known = set(readings_of("Where does gas flow?", generation)[0].features) | {"score"}
    weights = shipped(part)["weights"]
    assert isinstance(weights, dict)
    assert set(weights) <= (known - {"score"} if part == "sentence" else known)
    assert isinstance(linear(part)({name: 0.5 for name in known}), float)


def test_features_of_a_sentence(tmp_path: Path, fixed_weights: None) -> None:
    body = "Mikhail Orlov spoke for one hour. The Amur rose again today. The Amur is a wide, cold river."
    generation = generation_of(tmp_path, Article("a.md", body, "River"))
    hit = hit_on(generation.articles["a.md"], rank=4, score=0.7)
    readings = SentenceReader(FakeEncoder(), generation).read("When did the Amur rise near Kazan?", [hit])
    features = {text_of(r, generation): r.features for r in readings}["The Amur rose again today."]
    assert features["passage_cosine"] == 0.5
    assert features["passage_score"] == pytest.approx(0.7)
    asked = Question.of("When did the Amur rise near Kazan?", generation.store)
    assert features["held"] == features["held_around"] == pytest.approx(asked.terms["amur"])
    # "amur" is in two of the three sentences, "rise" and "kazan" are in none
    rarity = {"amur": log(1 + 1.5 / 2.5)} | dict.fromkeys(("rise", "near", "kazan"), log(1 + 3.5 / 0.5))
    assert features["held_rare"] == pytest.approx(rarity["amur"] / sum(rarity.values()))
    assert (features["expected"], features["shows_expected"]) == (1, 0)
    assert features["names_missing"] == features["names_elsewhere"] == 0.5  # Kazan of Amur, Kazan
    assert features["adds"] == pytest.approx(3 / 12)  # rose, again, today


def test_what_all_sentences_share_does_not_tell_them_apart(tmp_path: Path, fixed_weights: None) -> None:
    about = "the railway of the north"
    body = f"Here {about} is very long. Here {about} is quite dear. A bank finances {about}."
    generation = generation_of(tmp_path, Article("a.md", body, "T"))
    readings = readings_of("Who finances the railway of the north?", generation)
    apart = {text_of(r, generation): r.features["cosine_apart"] for r in readings}
    assert max(apart, key=lambda text: apart[text]) == "A bank finances the railway of the north."
    assert apart["Here the railway of the north is quite dear."] < 0


def test_sentences_come_best_first_with_offsets_of_the_article(tmp_path: Path, fixed_weights: None) -> None:
    body = "Prologue of many quiet words.\n\nThe bridge has two wide lanes. The bank finances the long bridge."
    generation = generation_of(tmp_path, Article("a.md", body, "T"))
    readings = readings_of("Who finances the bridge?", generation)
    assert [text_of(r, generation) for r in readings][:2] == [
        "The bank finances the long bridge.",
        "The bridge has two wide lanes.",
    ]
    encoder = FakeEncoder()
    for r in readings:
        cosine = encoder.encode_passages([f"T\n{text_of(r, generation)}"])[0] @ encoder.encode_question(
            "Who finances the bridge?"
        )
        assert r.features["cosine"] == pytest.approx(float(cosine), abs=1e-3)
        expected = r.features["cosine"] + 2 * r.features["held"] + 0.5 * r.features["shows_expected"]
        assert r.score == pytest.approx(expected)


def test_offsets_hold_in_passages_that_do_not_begin_the_article(tmp_path: Path, fixed_weights: None) -> None:
    body = "\n\n".join(f"Bank number {n} lends to the railway of its own town. It is small." for n in range(6))
    generation = generation_of(tmp_path, Article("a.md", body, "T"), size=100)
    assert len(generation.passages) == 6
    best = readings_of("Which bank has number 4?", generation)[0]
    assert text_of(best, generation) == "Bank number 4 lends to the railway of its own town."


def test_ties_come_in_reading_order(tmp_path: Path, fixed_weights: None) -> None:
    twice, once = "Penguins swim under cold water. Penguins swim under cold water.", "Penguins swim under cold water."
    generation = generation_of(tmp_path, Article("0.md", once, "T"), Article("a.md", twice, "T"))
    readings = readings_of("Do penguins swim?", generation, backwards=True)
    assert [(r.hit.passage.article_id, r.start) for r in readings] == [("a.md", 0), ("a.md", 32), ("0.md", 0)]


def test_sentence_in_the_overlap_of_two_passages_is_read_once(tmp_path: Path, fixed_weights: None) -> None:
    sentences_of_it = [f"The {nth} bank lends much money abroad." for nth in ("first", "second", "third", "fourth")]
    generation = generation_of(tmp_path, Article("a.md", " ".join(sentences_of_it), "T"), size=100, overlap=60)
    assert [len(spans) for spans in generation.sentences] == [2, 3]  # the second is in both
    readings = readings_of("Which bank lends money?", generation)
    assert sorted(text_of(r, generation) for r in readings) == sorted(sentences_of_it)
    assert next(r for r in readings if "second" in text_of(r, generation)).hit.rank == 1


def test_headings_fragments_and_tables_are_not_quoted_beside_sentences(read: Read) -> None:
    table = "| bank | bond | " * 120
    body = f"# Bank and bond of the long bridge\n\nBank bond.\n\n{table}\n\nThe bank sold one bond to Kazan."
    assert read("Who sold the bond?", body) == ["The bank sold one bond to Kazan."]


def test_fragments_are_read_when_there_is_nothing_else(read: Read) -> None:
    assert read("Bond?", "Bank bond.") == ["Bank bond."]


def test_nothing_is_read_from_nothing(tmp_path: Path) -> None:
    generation = generation_of(tmp_path, Article("a.md", "Gas flows.", "T"))
    assert SentenceReader(FakeEncoder(), generation).read("Who?", []) == []


def test_weights_decide(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = {"bias": 0.0, "weights": {"held": -1.0}}
    monkeypatch.setattr(qa.reader.fitted, "shipped", {"sentence": weights}.__getitem__)
    found = read("Who finances the bridge?", "The bank finances the long bridge. The tower has two wide lanes.")
    assert found[0] == "The tower has two wide lanes."


@given(st.lists(HOSTILE.filter(str.strip), min_size=1, max_size=3), HOSTILE)
@settings(max_examples=40)
def test_every_reading_is_a_sentence_of_its_passage(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[str], question: str
) -> None:
    articles = [Article(f"{n}.md", body, "T") for n, body in enumerate(bodies)]
    generation = generation_of(tmp_path_factory.mktemp("index"), *articles, size=100, overlap=50)
    readings = readings_of(question, generation)
    assert readings
    for reading in readings:
        passage = reading.hit.passage
        assert (reading.start - passage.start, reading.end - passage.start) in sentences(passage.text)
    scores = [reading.score for reading in readings]
    assert scores == sorted(scores, reverse=True)
    assert len({(r.hit.passage.article_id, r.end) for r in readings}) == len(readings)
