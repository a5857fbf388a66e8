"""Fit the choice of a span and its verdict, and report both on questions kept aside.

    python -m training.fit_spans DATA [--write] [--questions 800 800 1000] [--weights FILE]

Three linear models over the features of `qa.reader.spans`, written to `qa/weights/spans.json`:

- `choice`: is this span right, against the others of the same question (RankNet, Burges et al. 2005, linear);
- `span_answered`: does the best span's sentence hold the answer. The same questions are asked again without their
  passage, without their whole article, and altered by rule (`training/augment.py`) so that nothing answers them;
- `span_subject`: is the question's subject in the corpus at all.

The questions are of sets that the network was not trained on: `nq_open_oracle`, the articles of `squad_v1.1_dev` that
are not in SQuAD 2.0, and the articles of SQuAD 2.0 that were kept out of training, whose questions without an answer
people wrote to look as if they had one. Some of the articles are fitted on, the others are reported
(`qa.evaluation.datasets.CollectionQuestion.reported`).
"""

from __future__ import annotations

import json
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from qa.encoder import SentenceEncoder
from qa.evaluation.datasets import (
    Collection,
    CollectionQuestion,
    beir_collection,
    is_trained,
    squad_collection,
    unseen_squad,
)
from qa.evaluation.reading import Desk, Keeps
from qa.evaluation.statistics import auroc, calibration_error, exact, f1
from qa.reader import Linear, Network, SentenceReader, SpanReader
from qa.reader.network import WindowReading
from qa.settings import Settings
from qa.types import Reading
from training.augment import alter, names
from training.mixture import FILES, NQ, QUIZZES
from training.news import early_and_late, news_collection, read_quizzes
from training.verdict import best_threshold, probabilities

WEIGHTS = Path(__file__).parents[1] / "qa" / "weights" / "spans.json"
WORK = Path(tempfile.gettempdir()) / "briefing-fit-spans"
RIGHT = 0.6  # F1 from which a span counts as right
MOST_PAIRS = 60_000
WRONG_COST = 1.5  # refusals that one answer where there is none costs
SLACK = 0.03  # share of the least cost within which thresholds count as equally good
REFUSED_COST = 1.5  # "not in the briefing" said wrongly costs two "related" said wrongly
FOLDS = 5  # of articles, for the calibration error
# Few features: in folds of what is fitted on, all that there are choose and judge as well as these, within .01.
CHOICE = "above_null probability sentence_score span_shows span_words".split()
ANSWERED = "above_null relevant names_missing passage_cosine cosine".split()
SUBJECT = "relevant passage_score passage_cosine held_around names_missing".split()
# Shares of the questions without an answer, by how they come to have none.
ABSENT = {"passage": 0.2, "article": 0.15, "altered": 0.15, "written": 0.2, "news": 0.3}
# Shares of the questions with an answer, by the set that they are of.
PRESENT = {"nq": 0.3, "squad": 0.2, "written": 0.2, "news": 0.3}


@dataclass(frozen=True, slots=True)
class SpanCase:
    """What was read for a question; `absent` says in which way its answer was taken away, "" that it is there."""

    source: str  # a key of `PRESENT`
    group: str
    reported: bool
    absent: str
    readings: list[Reading]
    right: list[bool]
    held: list[bool]  # right, or its sentence holds the answer
    unclear: list[bool]  # the right words in another passage


class CachedNetwork(Network):
    """Remembers what it read: the same passages come again with another one taken away."""

    def __init__(self, weights: Path | None) -> None:
        super().__init__(weights)
        self._known: dict[tuple[str, str, str], WindowReading] = {}

    def read(self, texts: Sequence[tuple[str, str, str]]) -> list[WindowReading]:
        """Read what is new, return all."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(new, super().read(new), strict=True))
        return [self._known[text] for text in texts]


def cases(desk: Desk, reader: SpanReader, source: str) -> Iterator[SpanCase]:
    """Ask every question as it is, and in the ways in which its answer is not there."""
    rng = np.random.default_rng(0)
    others = names(" ".join(article.text for article in desk.collection.articles))
    texts = {article.id: article.text for article in desk.collection.articles}
    for asked in desk.collection.asked:
        changed = alter(asked.text, texts[asked.article], others, rng) if rng.random() < 0.7 else None
        ways: list[tuple[str, str, Keeps | None]] = [
            ("", asked.text, None),
            ("passage", asked.text, desk.without_own(asked)),
            ("article", asked.text, desk.without_group(asked)),
        ]
        if changed:
            ways.append(("altered", changed, None))
        for absent, question, keeps in ways:
            found = desk.findings(question, keeps, reader)
            if found.readings:
                yield _case(source, asked, absent, found.readings, texts)


def news(desk: Desk, reader: SpanReader, source: str) -> Iterator[SpanCase]:
    """Ask every question as it is, and without all windows that hold its answer: near ones are left."""
    texts = {article.id: article.text for article in desk.collection.articles}
    for asked in desk.collection.asked:
        for absent, keeps in (("", None), ("news", desk.without_own(asked))):
            found = desk.findings(asked.text, keeps, reader)
            if found.readings:
                yield _case(source, asked, absent, found.readings, texts)


def given(desk: Desk, reader: SpanReader, source: str) -> Iterator[SpanCase]:
    """Ask every question of its own passage alone; some were written to have no answer there."""
    texts = {article.id: article.text for article in desk.collection.articles}
    for asked in desk.collection.asked:
        found = desk.findings(asked.text, desk.own(asked), reader)
        if found.readings:
            yield _case(source, asked, "" if asked.answers else "written", found.readings, texts)


def _case(
    source: str, asked: CollectionQuestion, absent: str, readings: Sequence[Reading], texts: dict[str, str]
) -> SpanCase:
    said = [texts[r.hit.passage.article_id][r.answer_start : r.answer_end] for r in readings]
    own = [r.hit.passage.article_id in asked.own for r in readings]
    good = [not absent and f1(text, asked.answers) >= RIGHT for text in said]
    same = [bool(exact(text, asked.answers)) for text in said]
    right = [g and (o or s) for g, o, s in zip(good, own, same, strict=True)]
    quotes = [texts[r.hit.passage.article_id][r.start : r.end].casefold() for r in readings]
    answers = [] if absent else [a.casefold() for a in asked.answers]
    held = [r or (o and any(a in q for a in answers)) for r, o, q in zip(right, own, quotes, strict=True)]
    unclear = [g and not r for g, r in zip(good, right, strict=True)]
    return SpanCase(source, asked.group, asked.reported, absent, list(readings), right, held, unclear)


def fit_choice(fitted: Sequence[SpanCase]) -> Linear:
    """Fit the score: each right span against each wrong one of the same question."""
    differences = []
    for case in fitted:
        rows = np.array([[r.features[name] for name in CHOICE] for r in case.readings])
        right, wrong = np.array(case.right), ~np.array(case.right) & ~np.array(case.unclear)
        if not case.absent and right.any() and wrong.any():
            pairs = (rows[right][:, None, :] - rows[wrong][None, :, :]).reshape(-1, len(CHOICE))
            differences.append(pairs)
    every = np.concatenate(differences)
    weight = np.concatenate([np.full(len(d), 1 / len(d)) for d in differences])  # each question counts once
    chosen = np.random.default_rng(0).permutation(len(every))[:MOST_PAIRS]
    pairs, weight = every[chosen], weight[chosen]
    scale = pairs.std(axis=0) + 1e-6
    model = LogisticRegression(C=1.0, fit_intercept=False, max_iter=3000)
    both = np.concatenate([pairs, -pairs]) / scale
    model.fit(both, np.repeat([True, False], len(pairs)), sample_weight=np.tile(weight, 2))
    return Linear(0.0, _named(CHOICE, model.coef_[0] / scale))


def _named(names: Sequence[str], weights: np.ndarray) -> dict[str, float]:
    return {name: round(float(w), 4) for name, w in zip(names, weights, strict=True)}


def first_spans(
    found: Sequence[SpanCase], choice: Linear
) -> tuple[list[dict[str, float]], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return, for the span that the choice puts first in each case, the verdict's features; is it right, is it held."""
    rows, right, held = [], [], []
    for case in found:
        scores = [choice(r.features) for r in case.readings]
        first = int(np.argmax(scores))
        rows.append({**case.readings[first].features, "score": scores[first]})
        right.append(case.right[first])
        held.append(case.held[first])
    return rows, np.array(right), np.array(held)


def fit_logistic(
    rows: Sequence[dict[str, float]], names: Sequence[str], labels: np.ndarray, weights: np.ndarray
) -> Linear:
    """Fit a probability to features; these are scaled for the penalty and scaled back."""
    matrix = np.array([[row[name] for name in names] for row in rows])
    mean, scale = matrix.mean(axis=0), matrix.std(axis=0) + 1e-6
    model = LogisticRegression(C=0.3, max_iter=3000).fit((matrix - mean) / scale, labels, sample_weight=weights)
    weight = model.coef_[0] / scale
    return Linear(round(float(model.intercept_[0] - (weight * mean).sum()), 4), _named(names, weight))


def balance(found: Sequence[SpanCase]) -> np.ndarray:
    """Weigh questions with an answer one half, by shares of the sets, those without by how they come to have none."""
    keys = [f"present {case.source}" if not case.absent else case.absent for case in found]
    counts = Counter(keys)
    shares = {**ABSENT, **{f"present {name}": share for name, share in PRESENT.items()}}
    return np.array([shares[key] * len(found) / 2 / counts[key] for key in keys])


def report(kept: Sequence[SpanCase], models: dict[str, Linear], thresholds: dict[str, float]) -> None:
    """Print the figures on the part that was not fitted on."""
    rows, right, held = first_spans(kept, models["choice"])
    present = np.array([not case.absent for case in kept])
    possible = np.array([any(case.right) for case in kept])
    print(
        f"span right first {right[present].mean():.3f}, sentence {held[present].mean():.3f} of {present.sum()}, "
        f"among those read {possible[present].mean():.3f}"
    )
    p, drawn = probabilities(models["span_answered"], rows), _as_balanced(kept)
    error = calibration_error(p[drawn], held[drawn])
    print(
        f"quotes the answer: AUROC {auroc(p, held):.3f}, calibration error {error:.3f} "
        f"(mean {p[drawn].mean():.3f}, true {held[drawn].mean():.3f})"
    )
    t = thresholds["span_answered"]
    for way in ABSENT:
        absent = np.array([case.absent == way for case in kept])
        groups = {case.group for case in kept if case.absent == way}  # the same articles, with an answer
        there = present & np.array([case.group in groups for case in kept])
        both = there | absent
        yes, no = (p[absent] >= t).mean(), (p[there] < t).mean()
        print(
            f"{way} absent: AUROC {auroc(p[both], present[both]):.3f}, "
            f"at {t} balanced accuracy {1 - (yes + no) / 2:.3f}, "
            f"answered though absent {yes:.3f}, refused though present {no:.3f}"
        )
    q = probabilities(models["span_subject"], rows)
    near = np.array([case.absent != "article" for case in kept])
    print(f"subject in the corpus: AUROC {auroc(q, near):.3f}")


def left_out(found: Sequence[SpanCase], source: str) -> str:
    """Return what is lost on a set that neither choice nor verdict was fitted on, next to all in folds of articles."""
    others = [case for case in found if case.source != source]
    inside = [case for case in found if case.source == source]
    choice = fit_choice(others)
    rows, _, labels = first_spans(others, choice)
    model = fit_logistic(rows, ANSWERED, labels, balance(others))
    judged, right, held = first_spans(inside, choice)
    p, drawn = probabilities(model, judged), _as_balanced(inside)
    there = np.array([not case.absent for case in inside])
    return (
        f"{source} left out: right first {right[there].mean():.3f}, AUROC {auroc(p, held):.3f}, "
        f"calibration error {calibration_error(p[drawn], held[drawn]):.3f}"
    )


def crossed_calibration(found: Sequence[SpanCase]) -> float:
    """Return the calibration error of "quotes the answer", each article judged by models fitted on the others.

    Ways of having no answer count as in the fit. Between the two parts that `report` compares it is larger: they are
    of few articles, some of them easier than others.
    """
    folds = np.array([zlib.crc32(case.group.encode()) % FOLDS for case in found])
    p, held = np.zeros(len(found)), np.zeros(len(found), dtype=bool)
    for fold in range(FOLDS):
        inside = np.flatnonzero(folds == fold)
        others = [case for case, place in zip(found, folds, strict=True) if place != fold]
        choice = fit_choice(others)
        rows, _, labels = first_spans(others, choice)
        model = fit_logistic(rows, ANSWERED, labels, balance(others))
        judged, _, held[inside] = first_spans([found[i] for i in inside], choice)
        p[inside] = probabilities(model, judged)
    drawn = _as_balanced(found)
    return calibration_error(p[drawn], held[drawn])


def _as_balanced(found: Sequence[SpanCase]) -> np.ndarray:
    """Draw cases as the fit weighs them."""
    weights = balance(found)
    return np.random.default_rng(0).choice(len(found), 20_000, p=weights / weights.sum())


def fit_all(fitted: Sequence[SpanCase]) -> tuple[dict[str, Linear], dict[str, float]]:
    """Fit the three models and choose two thresholds."""
    choice = fit_choice(fitted)
    rows, _, held = first_spans(fitted, choice)
    near = np.array([case.absent != "article" for case in fitted])
    weights = balance(fitted)
    answered, subject = fit_logistic(rows, ANSWERED, held, weights), fit_logistic(rows, SUBJECT, near, weights)
    p, q = probabilities(answered, rows), probabilities(subject, rows)
    return {"choice": choice, "span_answered": answered, "span_subject": subject}, {
        "span_answered": best_threshold(p, np.array([not case.absent for case in fitted]), weights, WRONG_COST, SLACK),
        "span_subject": best_threshold(q, near, weights, 1 / REFUSED_COST),
    }


def span_reader(desk: Desk, network: Network) -> SpanReader:
    """Return a reader whose spans are not scored yet."""
    generation = desk.briefing.generation
    base = SentenceReader(desk.briefing.encoder, generation)
    return SpanReader(network, base, generation, Linear(0.0, {}))


def _sets(
    data: Path, passages: int
) -> dict[str, tuple[Collection, Callable[[Desk, SpanReader, str], Iterator[SpanCase]]]]:
    """Return the sets and how each is asked."""
    nq = beir_collection(data / NQ)
    untrained = replace(nq, asked=tuple(a for a in nq.asked if not is_trained(a.group)))
    _, late = early_and_late(read_quizzes(data / "reader_training" / QUIZZES))
    return {
        "nq": (untrained.smaller(passages), cases),
        "squad": (unseen_squad(data).smaller(passages), cases),
        "written": (squad_collection(data / "reader_training" / FILES["squad"]), given),
        "news": (news_collection(late), news),
    }


def main(
    data: Annotated[Path, typer.Argument(help="Folder of the data sets.")],
    questions: Annotated[tuple[int, int, int, int], typer.Option(help="Of NQ, SQuAD 1.1, SQuAD 2.0 and news.")] = (
        800,
        800,
        1000,
        600,
    ),
    passages: Annotated[int, typer.Option(help="Articles of each set, about.")] = 900,
    weights: Annotated[Path | None, typer.Option(help="Reader weights other than the shipped ones.")] = None,
    work: Annotated[Path, typer.Option(help="Indexes go here.")] = WORK,
    write: Annotated[bool, typer.Option(help=f"Write {WEIGHTS.name}.")] = False,
) -> None:
    """Fit, report and, if asked, write the weights."""
    torch.set_flush_denormal(True)
    encoder = SentenceEncoder()
    network = CachedNetwork(weights)
    found: list[SpanCase] = []
    for (source, (collection, ask)), most in zip(_sets(data, passages).items(), questions, strict=True):
        desk = Desk(collection.thinned(most), work, encoder, Settings())
        found += ask(desk, span_reader(desk, network), source)
        print(f"{collection.name}: {len(found)} cases so far", flush=True)
    models, thresholds = fit_all([case for case in found if not case.reported])
    report([case for case in found if case.reported], models, thresholds)
    print(f"in {FOLDS} folds of articles: calibration error {crossed_calibration(found):.3f} of {len(found)}")
    for source in PRESENT:
        print(left_out(found, source))
    values: dict[str, dict[str, object]] = {n: {"bias": m.bias, "weights": dict(m.weights)} for n, m in models.items()}
    for name, threshold in thresholds.items():
        values[name]["threshold"] = threshold
    print(json.dumps(values, indent=1))
    if write:
        WEIGHTS.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
