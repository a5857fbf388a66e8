from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import qa.text.near_copies
from qa.corpus import read_corpus
from qa.text.near_copies import are_copies, group_copies
from tests.texts import HOSTILE

TEXT = """The Development Bank finances the northern railway with a loan of 400 billion roubles. The loan runs for
twenty years and carries an interest rate of 4 percent. The railway between Kazan and Moscow is 770 kilometres long.
Trains will cover the distance in three and a half hours. Construction is to begin in May 2018, after the route has been
surveyed. Economists doubt that ticket sales can repay the loan. The ministry of Sergei Orlov answers that freight will
grow."""

BUNDLED = Path(__file__).parents[2] / "corpus"


def owners(texts: list[str]) -> list[str]:
    return [str(i) for i in range(len(texts))]


def replaced(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new, 1)


@pytest.mark.parametrize(
    "other",
    [
        f"MOSCOW, June 29 (Reuters) - {TEXT}",
        f"(AP) — {TEXT}",
        TEXT.replace("\n", "\n\n"),
        replaced("Economists doubt that ticket sales can repay the loan. ", ""),
        replaced("Trains will cover the distance in three and a half hours. ", ""),
        TEXT + " More is expected on Monday.",
        replaced("Development", "Devleopment"),
        replaced("railway between", "raiilway between"),
        replaced("answers", "replies"),
        replaced("percent", "per cent"),
        TEXT.partition(". ")[2],  # the window of a passage has moved on by a sentence
    ],
)
def test_edited_copies_are_copies(other: str) -> None:
    assert are_copies(TEXT, other)
    assert are_copies(other, TEXT)


def test_dateline_may_differ() -> None:
    assert are_copies(f"MOSCOW, June 29 (Reuters) - {TEXT}", f"BEIJING, July 1 (Xinhua) -- {TEXT}")
    # what stands before a dash is no dateline unless it looks like one
    assert not are_copies(f"Exports rose 3 % in May — {TEXT}", f"Exports rose 5 % in June — {TEXT}")


@pytest.mark.parametrize(
    "other",
    [
        replaced("400", "470"),
        replaced("4 percent", "5 percent"),
        replaced("May", "June"),
        replaced("Kazan", "Minsk"),
        replaced("Sergei", "Mikhail"),
        replaced("twenty", "thirty"),
        replaced("will\ngrow", "will shrink"),
        replaced("will\ngrow", "will not grow"),
        replaced("roubles", "yuan"),
        replaced("between Kazan and Moscow", "between Moscow and Kazan"),
        replaced("400 billion", "770 billion").replace("770 kilo", "400 kilo"),
    ],
)
def test_texts_that_differ_in_a_fact_are_none(other: str) -> None:
    assert not are_copies(TEXT, other)
    assert not are_copies(other, TEXT)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Exports rose 3 % in May.", "Exports rose 5 % in June."),
        ("Exports rose by three percent in the month of May", "Exports fell by three percent in the month of May"),
        ("the minister has approved the bridge over the river", "the minister has approved the tunnel under the river"),
        (
            "the bank lends money to the railway company in the north",
            "the bank lends money to the gas company in the north",
        ),
        ("Iran will sell its oil to the refinery in the port", "Iraq will sell its oil to the refinery in the port"),
        ("中国国家开发银行在六月为铁路提供贷款", "中国国家开发银行在五月为铁路提供贷款"),
        ("", "Gas flows east."),
    ],
)
def test_short_texts_that_say_different_things_are_none(one: str, other: str) -> None:
    assert not are_copies(one, other)


def test_template_filled_in_often_is_no_copy_and_each_of_its_copies_is_found() -> None:
    """Far more texts are alike than one is compared with."""
    reports = [f"On day {n} the office said: exports rose {n % 7} % to {3 * n} million. {TEXT}" for n in range(60)]
    copies = [f"KAZAN (TASS) - {text.replace('Economists', 'Ecnomists')}" for text in reports]
    assert len(reports) > 3 * qa.text.near_copies.CROWD
    groups = group_copies(reports + copies, owners(reports + copies))
    assert groups[: qa.text.near_copies.CROWD] == [[n, n + 60] for n in range(qa.text.near_copies.CROWD)]
    assert [group[0] for group in groups[: len(reports)]] == list(range(60))


def test_groups_come_in_order_of_their_first_with_the_exact_members() -> None:
    other = "Gas flows east through the pipeline."
    texts = [other, TEXT, "GAS flows\neast through the  pipeline.", f"(AP) - {TEXT}", "Something else.", other]
    assert group_copies(texts, owners(texts)) == [[0, 2, 5], [1, 3], [4]]


def test_near_copies_of_one_owner_stay_apart_and_the_same_words_do_not() -> None:
    texts = [TEXT, f"(AP) - {TEXT}", " ".join(TEXT.split())]
    assert group_copies(texts, ["a", "a", "a"]) == [[0, 2], [1]]
    assert group_copies(texts, ["a", "b", "a"]) == [[0, 1, 2]]


def test_window_bounds_near_copies_but_not_the_same_words() -> None:
    fill = [f"Filling text of its own, number {n}, about {chr(97 + n) * 5}." for n in range(5)]
    texts = [TEXT, *fill, f"(AP) - {TEXT}", TEXT]
    assert group_copies(texts, owners(texts), window=6) == [[0, 6, 7], [1], [2], [3], [4], [5]]
    assert group_copies(texts, owners(texts), window=5) == [[0, 7], [1], [2], [3], [4], [5], [6]]


@pytest.mark.parametrize("seed", range(20))
def test_first_groups_do_not_depend_on_how_many_are_asked_for(seed: int) -> None:
    rng = random.Random(seed)
    base = [f"{TEXT} Report {n} of agency {chr(65 + n)}." for n in range(4)] + ["Gas flows.", "Gas flows west."]
    edits: list[Callable[[str], str]] = [str, lambda t: f"(AP) - {t}", lambda t: t.replace("repay", "reapy"), str.upper]
    texts = [rng.choice(edits)(rng.choice(base)) for _ in range(40)]
    whose = [str(rng.randrange(25)) for _ in texts]
    everything = group_copies(texts, whose, first=len(texts), window=8)
    for first in range(1, len(everything) + 1):
        assert group_copies(texts, whose, first, 8)[:first] == everything[:first]


def test_bundled_articles_are_copies_of_themselves_with_a_dateline_and_of_no_other() -> None:
    texts = [article.text for article in read_corpus(BUNDLED).articles]
    edited = [f"BEIJING, May {n} (Xinhua) - {text}" for n, text in enumerate(texts, start=1)]
    n = len(texts)
    assert group_copies(texts + edited, owners(texts + edited)) == [[i, i + n] for i in range(n)]


def test_banding_finds_every_pair_that_an_exact_comparison_finds() -> None:
    """Against the oracle that compares every pair."""
    rng = random.Random(3)
    sentences = [s for article in read_corpus(BUNDLED).articles for s in article.text.split(". ") if len(s) > 60]
    texts = []
    for _ in range(60):
        chosen = rng.sample(sentences, 8)
        texts += [". ".join(chosen), ". ".join(chosen[1:]), ". ".join(chosen[:5] + rng.sample(sentences, 3))]
    leaders: list[int] = []
    expected: dict[int, list[int]] = {}
    for i, text in enumerate(texts):
        first = next((j for j in leaders if are_copies(texts[j], text)), i)
        if first == i:
            leaders.append(i)
        expected.setdefault(first, []).append(i)
    assert len(expected) < len(texts) - 50
    assert group_copies(texts, owners(texts)) == list(expected.values())


@given(st.lists(HOSTILE, max_size=12), st.randoms(use_true_random=False))
def test_groups_are_a_partition_whatever_the_texts(texts: list[str], rng: random.Random) -> None:
    texts = texts + [rng.choice(texts) for _ in range(3) if texts]
    groups = group_copies(texts, owners(texts))
    assert sorted(i for group in groups for i in group) == list(range(len(texts)))
    assert [group[0] for group in groups] == sorted(group[0] for group in groups)
    assert groups == group_copies(texts, owners(texts))
    firsts = {" ".join(texts[group[0]].casefold().split()) for group in groups}
    assert len(firsts) == len(groups)


@given(HOSTILE, HOSTILE)
def test_likeness_is_symmetric(one: str, other: str) -> None:
    assert are_copies(one, other) == are_copies(other, one)
    assert are_copies(one + "\ud800", other) in (True, False)  # half a surrogate pair is no crash


def test_long_texts_are_compared_by_their_beginning() -> None:
    long = " ".join(f"Word{n} and {n}" for n in range(60_000))
    assert are_copies(long, f"(AP) - {long}")
    assert not are_copies(long, long + long + long + long + long)  # the same to the bound, and not beyond
    assert not are_copies("a " * 300_000, "b " * 300_000)
