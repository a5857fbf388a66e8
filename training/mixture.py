"""The order of the training data: short easy questions first, what is reported last, negatives throughout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from qa.evaluation.datasets import is_held_out, is_trained, read_beir
from qa.text.sentences import sentences
from qa.text.terms import terms
from training.agreement import LabelAgreement
from training.augment import alter, names
from training.data import (
    BUDGETS,
    CHARS,
    TRIES,
    Asked,
    Example,
    Negatives,
    Paragraph,
    Source,
    apart,
    occurrences,
    read_squad,
    targets,
    window,
    without_leaks,
)
from training.news import Quiz, early_and_late, read_generated, read_quizzes

Unit = list[Example]  # one example, or a group: a passage that answers, then others that do not

FILES = {
    "qamr": "qamr.json",
    "squad": "squad_v2.0_dev.json",
    "wiki": "squadshifts_new_wiki.json",
    "reddit": "squadshifts_reddit.json",
    "amazon": "squadshifts_amazon.json",
}
NEWS, QUIZZES, NQ = "news_generated.json", "news_quiz.jsonl", "nq_open_oracle"
# Share of the questions drawn from each file, at these points of the run; between them in proportion.
POINTS = (0.0, 0.15, 0.4, 0.7, 1.0)
SHARES = {
    "qamr": (0.60, 0.40, 0.16, 0.07, 0.03),
    "squad": (0.14, 0.22, 0.25, 0.20, 0.18),
    "wiki": (0.14, 0.20, 0.20, 0.14, 0.12),
    "reddit": (0.06, 0.09, 0.10, 0.06, 0.05),
    "amazon": (0.06, 0.09, 0.10, 0.06, 0.05),
    "nq": (0.0, 0.0, 0.05, 0.15, 0.17),
    "quiz": (0.0, 0.0, 0.06, 0.18, 0.24),
    "news": (0.0, 0.0, 0.08, 0.14, 0.16),
}
# Of an answerable question: how often altered, and how often in a group with negatives.
ALTERED = {
    "qamr": 0.12,
    "squad": 0.15,
    "wiki": 0.17,
    "reddit": 0.15,
    "amazon": 0.15,
    "nq": 0.1,
    "quiz": 0.08,
    "news": 0.12,
}
GROUPED = {
    "qamr": 0.18,
    "squad": 0.30,
    "wiki": 0.28,
    "reddit": 0.12,
    "amazon": 0.10,
    "nq": 0.3,
    "quiz": 0.5,
    "news": 0.25,
}
SPREAD = ("squad", "wiki")  # of two questions, the one whose evidence lies more in several sentences
IN_GROUP = 2  # negatives
UNTITLED = 0.25  # how often a title is left out
UNMARKED = 0.4  # how often the question mark is left out: people type without
NAMED = 60  # names kept of a paragraph's article


@dataclass
class Mixture:
    """Draws units of all files."""

    sources: dict[str, Source]
    rng: np.random.Generator
    accepts: Callable[[Paragraph, Asked], bool] = lambda paragraph, asked: True  # asked where a label is not sure

    def __post_init__(self) -> None:
        self._negatives = {name: Negatives(source.paragraphs) for name, source in self.sources.items()}
        self._names = {name: _names_by_article(source.paragraphs) for name, source in self.sources.items()}

    def draw(self, progress: float) -> Unit:
        """Return the next unit at a point, 0..1, of the run."""
        shares = np.array([np.interp(progress, POINTS, SHARES[name]) for name in self.sources])
        name = list(self.sources)[int(self.rng.choice(len(shares), p=shares / shares.sum()))]
        drawn = self._drawn(name)
        if name in SPREAD:
            drawn = max(drawn, self._drawn(name), key=lambda each: apart(*each))
        return self._unit(name, *drawn)

    def _drawn(self, name: str) -> tuple[Paragraph, Asked]:
        for _ in range(TRIES):
            paragraph, asked = self.sources[name].draw()
            if asked.sure or self.accepts(paragraph, asked):
                break
        return paragraph, asked

    def state(self) -> dict[str, Any]:
        """Return what is needed to go on from here, as JSON values."""
        return {"rng": self.rng.bit_generator.state, "drawn": {n: s.drawn for n, s in self.sources.items()}}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.rng.bit_generator.state = state["rng"]
        for name, source in self.sources.items():
            source.drawn = state["drawn"][name]

    def _unit(self, name: str, paragraph: Paragraph, asked: Asked) -> Unit:
        example = self._example(name, paragraph, asked)
        kind = self.rng.random()
        if not example.answerable:
            return [example]
        if kind < ALTERED[name]:
            articles = self._names[name]
            own = articles[paragraph.article]
            pool = own if self.rng.random() < 0.7 else list(articles.values())[int(self.rng.integers(len(articles)))]
            changed = alter(example.question, example.passage, pool, self.rng)
            return [Example(changed, example.title, example.passage, (), False, None)] if changed else [example]
        if kind < ALTERED[name] + GROUPED[name]:
            others = self._negatives[name].draw(paragraph, asked, IN_GROUP, self.rng)
            return [example, *(self._negative(example, asked, other) for other in others)]
        return [example]

    def _example(self, name: str, paragraph: Paragraph, asked: Asked) -> Example:
        spans = sentences(paragraph.text)
        found = targets(paragraph, asked)
        core = _core(paragraph.text, spans, found, asked, self.rng)
        start, end = window(spans, core, self._chars(name), self.rng)
        inside = [(a - start, b - start, w) for a, b, w in found if a >= start and b <= end]
        total = sum(w for _, _, w in inside)
        kept = tuple((a, b, w / total) for a, b, w in inside)
        return (
            Example(
                self._question(asked.text), self._title(paragraph), paragraph.text[start:end], kept, bool(kept), True
            )
            if kept
            else Example(self._question(asked.text), self._title(paragraph), paragraph.text[start:end], (), False, None)
        )

    def _negative(self, positive: Example, asked: Asked, paragraph: Paragraph) -> Example:
        spans = sentences(paragraph.text)
        chars = max(CHARS[0], len(positive.passage))  # of the same length: it says nothing, and pads little
        start, end = window(spans, _nearest(paragraph.text, spans, asked, self.rng), chars, self.rng)
        return Example(positive.question, self._title(paragraph), paragraph.text[start:end], (), False, False)

    def _chars(self, name: str) -> int:
        shares = BUDGETS.get(name, BUDGETS[""])
        return int(CHARS[int(self.rng.choice(len(CHARS), p=shares))] * self.rng.uniform(0.8, 1.2))

    def _title(self, paragraph: Paragraph) -> str:
        return "" if self.rng.random() < UNTITLED else paragraph.title

    def _question(self, text: str) -> str:
        return text.rstrip("?. ") if self.rng.random() < UNMARKED else text


def _core(
    text: str,
    spans: Sequence[tuple[int, int]],
    found: Sequence[tuple[int, int, float]],
    asked: Asked,
    rng: np.random.Generator,
) -> int:
    """Return the sentence that the window is built around: an answer's, or the one nearest to the question."""
    if not found:
        return _nearest(text, spans, asked, rng)
    place = found[int(rng.choice(len(found), p=np.array([w for _, _, w in found]) / sum(w for _, _, w in found)))][0]
    return max(0, sum(start <= place for start, _ in spans) - 1)


def _nearest(text: str, spans: Sequence[tuple[int, int]], asked: Asked, rng: np.random.Generator) -> int:
    wanted = set(terms(asked.text))
    overlap = [len(wanted & set(terms(text[start:end]))) + rng.random() for start, end in spans]
    return int(np.argmax(overlap))


def _names_by_article(paragraphs: Sequence[Paragraph]) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = {}
    for paragraph in paragraphs:
        own = found.setdefault(paragraph.article, {})
        if len(own) < NAMED:
            own.update(dict.fromkeys(names(paragraph.text)))
    return {article: list(own) for article, own in found.items()}


@dataclass(frozen=True, slots=True)
class Kept:
    """What is reported and never trained on."""

    squad: list[Paragraph]
    texts: list[str]
    questions: frozenset[str]
    quizzes: list[Quiz]  # of the last weeks


def kept_out(data: Path) -> Kept:
    """Read all reported texts.

    nq_open_oracle but what is trained on, clapnq_dev, SQuAD 2.0 kept aside, SQuAD 1.1 articles that are not in 2.0, the
    last weeks of news quizzes.
    """
    everything = read_squad(data / "reader_training" / FILES["squad"])
    squad = [p for p in everything if is_held_out(p.article)]
    texts = [p.text for p in squad]
    questions = set()
    for name in (NQ, "clapnq_dev"):
        dataset = read_beir(data / name)
        own = {a.id for a in dataset.articles if name != NQ or not is_trained(a.title or a.id)}
        texts += [article.text for article in dataset.articles if article.id in own]
        questions |= {plain(dataset.queries[q]) for q, judged in dataset.qrels.items() if own & judged.keys()}
    known = {p.article for p in everything}
    texts += [a.text for a in read_beir(data / "squad_v1.1_dev").articles if a.id.rsplit("#", 1)[0] not in known]
    _, late = early_and_late(read_quizzes(data / "reader_training" / QUIZZES))
    texts += [window.text for quiz in late for window in (*quiz.positives, *quiz.negatives)]
    return Kept(squad, texts, frozenset(questions), late)


def plain(question: str) -> str:
    """Return a question as it is compared: lower case, no question mark."""
    return question.casefold().rstrip("?. ")


def open_mixture(data: Path, seed: int, kept: Kept) -> Mixture:
    """Return the mixture of all files in a data folder, without what is kept out."""
    folder = data / "reader_training"
    read = {name: read_squad(folder / file) for name, file in FILES.items()}
    read["squad"] = [p for p in read["squad"] if not is_held_out(p.article)]
    early, _ = early_and_late(read_quizzes(folder / QUIZZES))
    read |= {"nq": _nq(data / NQ), "quiz": [p for quiz in early for p in quiz.paragraphs()]}
    read["news"] = read_generated(folder / NEWS)
    sources = {}
    for place, (name, paragraphs) in enumerate(read.items()):
        clean = [
            replace(p, asked=tuple(a for a in p.asked if plain(a.text) not in kept.questions))
            for p in without_leaks(paragraphs, kept.texts)
        ]
        sources[name] = Source(name, [p for p in clean if p.asked or name == "quiz"], seed + place)
        print(
            f"{name}: {len(paragraphs)} paragraphs, {len(paragraphs) - len(clean)} near-duplicates dropped, "
            f"{len(sources[name])} questions to train on",
            flush=True,
        )
    return Mixture(sources, np.random.default_rng(seed), LabelAgreement())


def _nq(folder: Path) -> list[Paragraph]:
    """Return the passages of nq_open_oracle that are trained on, with their questions."""
    dataset = read_beir(folder)
    asked: dict[str, list[Asked]] = {a.id: [] for a in dataset.articles if is_trained(a.title or a.id)}
    texts = {a.id: a for a in dataset.articles}
    for query, judged in dataset.qrels.items():
        for document in judged.keys() & asked.keys():
            answers = dataset.metadata[query]["answers"]
            places = [(p, a) for a in answers for p in occurrences(texts[document].text, a)[:1]]
            if places:
                asked[document].append(Asked(dataset.queries[query], tuple(places)))
    return [Paragraph(texts[d].title, texts[d].text, tuple(those)) for d, those in asked.items() if those]
