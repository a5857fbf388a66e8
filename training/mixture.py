"""The order of the training data: short easy questions first, what is reported last, negatives throughout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from qa.evaluation.datasets import is_held_out, read_beir
from qa.text.sentences import sentences
from qa.text.terms import terms
from training.augment import alter, names
from training.data import (
    BUDGETS,
    CHARS,
    Asked,
    Example,
    Negatives,
    Paragraph,
    Source,
    read_squad,
    targets,
    window,
    without_leaks,
)

Unit = list[Example]  # one example, or a group: a passage that answers, then others that do not

FILES = {
    "qamr": "qamr.json",
    "squad": "squad_v2.0_dev.json",
    "wiki": "squadshifts_new_wiki.json",
    "reddit": "squadshifts_reddit.json",
    "amazon": "squadshifts_amazon.json",
}
# Share of the questions drawn from each file, at these points of the run; between them in proportion.
POINTS = (0.0, 0.15, 0.4, 0.7, 1.0)
SHARES = {
    "qamr": (0.60, 0.40, 0.18, 0.10, 0.05),
    "squad": (0.14, 0.22, 0.30, 0.32, 0.34),
    "wiki": (0.14, 0.20, 0.24, 0.26, 0.27),
    "reddit": (0.06, 0.09, 0.14, 0.16, 0.17),
    "amazon": (0.06, 0.09, 0.14, 0.16, 0.17),
}
# Of an answerable question: how often altered, and how often in a group with negatives.
ALTERED = {"qamr": 0.12, "squad": 0.15, "wiki": 0.17, "reddit": 0.15, "amazon": 0.15}
GROUPED = {"qamr": 0.18, "squad": 0.30, "wiki": 0.28, "reddit": 0.12, "amazon": 0.10}
IN_GROUP = 2  # negatives
UNTITLED = 0.25  # how often a title is left out
UNMARKED = 0.4  # how often the question mark is left out: people type without
NAMED = 60  # names kept of a paragraph's article


@dataclass
class Mixture:
    """Draws units of all files."""

    sources: dict[str, Source]
    rng: np.random.Generator

    def __post_init__(self) -> None:
        self._negatives = {name: Negatives(source.paragraphs) for name, source in self.sources.items()}
        self._names = {name: _names_by_article(source.paragraphs) for name, source in self.sources.items()}

    def draw(self, progress: float) -> Unit:
        """Return the next unit at a point, 0..1, of the run."""
        shares = np.array([np.interp(progress, POINTS, SHARES[name]) for name in self.sources])
        name = list(self.sources)[int(self.rng.choice(len(shares), p=shares / shares.sum()))]
        return self._unit(name, *self.sources[name].draw())

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


def kept_out(data: Path) -> Kept:
    """Read all reported texts: nq_open_oracle, clapnq_dev, SQuAD 2.0 kept aside, SQuAD 1.1 articles not in 2.0."""
    everything = read_squad(data / "reader_training" / FILES["squad"])
    squad = [p for p in everything if is_held_out(p.article)]
    texts = [p.text for p in squad]
    questions = set()
    for name in ("nq_open_oracle", "clapnq_dev"):
        dataset = read_beir(data / name)
        texts += [article.text for article in dataset.articles]
        questions |= {plain(text) for text in dataset.queries.values()}
    known = {p.article for p in everything}
    texts += [a.text for a in read_beir(data / "squad_v1.1_dev").articles if a.id.rsplit("#", 1)[0] not in known]
    return Kept(squad, texts, frozenset(questions))


def plain(question: str) -> str:
    """Return a question as it is compared: lower case, no question mark."""
    return question.casefold().rstrip("?. ")


def open_mixture(data: Path, seed: int, kept: Kept) -> Mixture:
    """Return the mixture of all files in a data folder, without what is kept out."""
    sources = {}
    for place, (name, file) in enumerate(FILES.items()):
        read = read_squad(data / "reader_training" / file)
        trained = [p for p in read if name != "squad" or not is_held_out(p.article)]
        clean = [
            Paragraph(p.article, p.text, tuple(a for a in p.asked if plain(a.text) not in kept.questions))
            for p in without_leaks(trained, kept.texts)
        ]
        sources[name] = Source(name, [p for p in clean if p.asked], seed + place)
        print(
            f"{name}: {len(read)} paragraphs, {len(trained) - len(clean)} near-duplicates dropped, "
            f"{len(sources[name])} questions to train on",
            flush=True,
        )
    return Mixture(sources, np.random.default_rng(seed))
