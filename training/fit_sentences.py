"""Fit the weights of the sentence reader and of the verdict, and report them on data kept aside.

    python -m training.fit_sentences DATA [--write] [--questions 1200]

DATA holds `squad_v1.1_dev`, `nq_open_oracle` (BEIR form, gold answers in `metadata.answers`) and
`clapnq_dev` (`metadata.answerable`). Three linear models over the features of `qa.reader`:

- `sentence`: is this the sentence with the gold answer, in its gold passage;
- `answered`: does the best sentence answer the question. The same questions are asked again with their
  gold passage taken away, and with all of their article taken away;
- `subject`: is the question's subject in the corpus at all (gold passage away against article away).

Questions are split by article (by passage where there are no articles): two thirds to fit, one third to
report. clapnq_dev is never fitted on. Everything is seeded; no figure is reported on fitted data.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from qa.briefing import Briefing
from qa.encoder import SentenceEncoder
from qa.evaluation.datasets import BeirSet, is_reported, read_beir
from qa.evaluation.statistics import calibration_error
from qa.reader import Linear, SentenceReader
from qa.reader.verdict import verdict_features
from qa.search import Search
from qa.settings import IndexSettings, Settings
from qa.types import Corpus, Encoder, Hit, Reading
from training.verdict import best_threshold, evenly, probabilities

WEIGHTS = Path(__file__).parents[1] / "qa" / "weights" / "sentences.json"
DEPTH = 40  # hits fetched, so that enough are left when gold ones are taken away
MOST_PAIRS = 100_000  # right and wrong sentences compared
WRONG_COST = 2  # a wrong answer costs the trust of two refusals; a wrong "not in the briefing", that of two "related"
READ = 6  # hits read, as the product does


@dataclass(frozen=True)
class SentenceCase:
    """A question with what was read for it, and which of its passages were taken away."""

    query: str
    group: str  # what must not be split between fitting and reporting
    absent: str  # "", "passage" or "article"
    readings: list[Reading]
    correct: list[bool]


def group_of(dataset: BeirSet, document: str) -> str:
    """Return the article of a document: its title, or the document itself."""
    return dataset.titles[document] or document


def cases(dataset: BeirSet, briefing: Briefing, most: int, altered: bool) -> Iterator[SentenceCase]:
    """Ask the first `most` questions as they are and, if `altered`, without their passage and without their article."""
    generation = briefing.generation
    reader = SentenceReader(briefing.encoder, generation, Linear(0.0, {}))  # the features alone are wanted
    settings = briefing.settings.retrieval.model_copy(update={"k": DEPTH})
    for query in list(dataset.queries)[:most]:
        gold = set(dataset.qrels.get(query) or dataset.metadata[query]["passage"])
        groups = {group_of(dataset, document) for document in gold}
        answers = [a.casefold() for a in dataset.metadata[query].get("answers", [])]
        hits = Search(generation, briefing.encoder, settings).hits(dataset.queries[query])
        kept: dict[str, Callable[[str], bool]] = {
            "": lambda d: True,
            "passage": lambda d, gold=gold: d not in gold,  # type: ignore[misc]
            "article": lambda d, groups=groups: group_of(dataset, d) not in groups,  # type: ignore[misc]
        }
        for absent, keeps in list(kept.items())[: 3 if altered else 1]:
            left = [hit for hit in hits if keeps(hit.passage.article_id)][:READ]
            yield from _case(dataset.queries[query], left, reader, (query, gold, answers, min(groups), absent))


def _case(
    question: str,
    hits: list[Hit],
    reader: SentenceReader,
    known: tuple[str, set[str], list[str], str, str],
) -> Iterator[SentenceCase]:
    query, gold, answers, group, absent = known
    renumbered = [Hit(h.passage, h.score, rank, h.also_in, h.trace) for rank, h in enumerate(hits, start=1)]
    readings = reader.read(question, renumbered)
    if readings:
        yield SentenceCase(query, group, absent, readings, [_is_correct(r, gold, answers) for r in readings])


def _is_correct(reading: Reading, gold: set[str], answers: list[str]) -> bool:
    passage = reading.hit.passage
    text = passage.text[reading.start - passage.start : reading.end - passage.start].casefold()
    return passage.article_id in gold and any(answer in text for answer in answers)


def fit(rows: list[dict[str, float]], labels: np.ndarray, names: list[str]) -> Linear:
    """Return a logistic regression over named features."""
    matrix = np.array([[row[name] for name in names] for row in rows])
    model = LogisticRegression(C=1.0, max_iter=2000, random_state=0).fit(matrix, labels)
    weights = {name: round(float(w), 4) for name, w in zip(names, model.coef_[0], strict=True)}
    return Linear(round(float(model.intercept_[0]), 4), weights)


def fit_sentence(fitted: list[SentenceCase], names: list[str]) -> Linear:
    """Fit the choice of a sentence: each right one against each wrong one of the same question.

    A logistic regression over differences of features (RankNet, Burges et al. 2005, with a linear score).
    """
    differences = []
    for case in fitted:
        rows = np.array([[r.features[name] for name in names] for r in case.readings])
        right = np.array(case.correct)
        if not case.absent and right.any() and not right.all():
            differences.append((rows[right][:, None, :] - rows[~right][None, :, :]).reshape(-1, len(names)))
    pairs = np.random.default_rng(0).permutation(np.concatenate(differences))[:MOST_PAIRS]
    labels = np.repeat([True, False], len(pairs))
    model = LogisticRegression(C=1.0, fit_intercept=False, max_iter=2000, random_state=0)
    model.fit(np.concatenate([pairs, -pairs]), labels)
    return Linear(0.0, {name: round(float(w), 4) for name, w in zip(names, model.coef_[0], strict=True)})


def best(case: SentenceCase, sentence: Linear) -> tuple[Reading, bool]:
    """Return the reading that the fitted sentence score puts first, and whether it is right."""
    i = max(range(len(case.readings)), key=lambda i: sentence(case.readings[i].features))
    r = case.readings[i]
    return Reading(r.hit, r.start, r.end, sentence(r.features), r.features), case.correct[i]


def report(name: str, p: np.ndarray, labels: np.ndarray, threshold: float) -> None:
    """Print how well probabilities tell the labels apart."""
    answered_absent = float((p[~labels] >= threshold).mean())
    refused_present = float((p[labels] < threshold).mean())
    balanced = 1 - (answered_absent + refused_present) / 2
    print(
        f"{name}: n {len(p)}, AUROC {roc_auc_score(labels, p):.3f}, "
        f"calibration error {calibration_error(p, labels):.3f}; at {threshold} balanced accuracy {balanced:.3f}, "
        f"yes though no {answered_absent:.3f}, "
        f"no though yes {refused_present:.3f}"
    )


def load(
    folder: Path, work: Path, most: int, encoder: Encoder, altered: bool = True
) -> tuple[BeirSet, list[SentenceCase]]:
    """Index a set and ask its questions."""
    dataset = read_beir(folder)
    settings = Settings(index=IndexSettings(folder=work / folder.name))
    briefing = Briefing(settings, encoder)
    briefing.index(Corpus(dataset.articles))
    found = list(cases(dataset, briefing, most, altered))
    print(f"{folder.name}: {len(dataset.articles)} documents, {len(found)} cases", flush=True)
    return dataset, found


def report_clapnq(dataset: BeirSet, found: list[SentenceCase], models: dict[str, Linear], threshold: float) -> None:
    """Report refusal on clapnq: half of its questions are not answered by their own passage."""
    rows = [verdict_features(best(case, models["sentence"])[0]) for case in found]
    labels = np.array([bool(dataset.metadata[case.query]["answerable"]) for case in found])
    report("clapnq_dev, answerable or not (kept aside)", probabilities(models["answered"], rows), labels, threshold)


def main() -> int:
    """Fit, report and, if asked, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--questions", type=int, default=1200, help="questions of each set")
    parser.add_argument(
        "--work", type=Path, default=Path(tempfile.gettempdir()) / "briefing-fit", help="indexes go here"
    )
    parser.add_argument("--write", action="store_true", help=f"write {WEIGHTS.name}")
    options = parser.parse_args()
    sets = [options.data / name for name in ("squad_v1.1_dev", "nq_open_oracle")]
    if missing := [str(folder) for folder in [*sets, options.data / "clapnq_dev"] if not folder.is_dir()]:
        print(f"evaluation sets are absent: {', '.join(missing)}", file=sys.stderr)
        return 1
    encoder = SentenceEncoder()
    found = [case for folder in sets for case in load(folder, options.work, options.questions, encoder)[1]]
    fitted, kept = [c for c in found if not is_reported(c.group)], [c for c in found if is_reported(c.group)]
    models, thresholds = fit_all(fitted)
    report_all(kept, models, thresholds)
    clapnq = load(options.data / "clapnq_dev", options.work, 600, encoder, altered=False)
    report_clapnq(*clapnq, models, thresholds["answered"])
    values = {name: {"bias": m.bias, "weights": dict(m.weights)} for name, m in models.items()}
    for name, threshold in thresholds.items():
        values[name]["threshold"] = threshold
    print(json.dumps(values, indent=1))
    if options.write:
        WEIGHTS.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    return 0


def fit_all(fitted: list[SentenceCase]) -> tuple[dict[str, Linear], dict[str, float]]:
    """Fit the three models and choose the two thresholds, on the fitted part alone."""
    names = list(fitted[0].readings[0].features)
    verdict_only = ("unknown", "expected", "names_missing", "names_elsewhere")  # (nearly) the same for all sentences
    sentence = fit_sentence(fitted, [name for name in names if name not in verdict_only])
    rows = [verdict_features(best(case, sentence)[0]) for case in fitted]
    right = np.array([best(case, sentence)[1] for case in fitted])
    answered = fit(rows, right, [*names, "score"])
    near = np.array([case.absent != "article" for case in fitted])
    subject = fit(rows, near, [*names, "score"])
    models = {"sentence": sentence, "answered": answered, "subject": subject}
    thresholds = {
        "answered": best_threshold(probabilities(answered, rows), right, evenly(right), WRONG_COST),
        "subject": best_threshold(probabilities(subject, rows), near, evenly(near), 1 / WRONG_COST),
    }
    return models, thresholds


def report_all(kept: list[SentenceCase], models: dict[str, Linear], thresholds: dict[str, float]) -> None:
    """Print the figures on the part kept aside."""
    present = [case for case in kept if not case.absent and any(case.correct)]
    right = sum(best(case, models["sentence"])[1] for case in present)
    by_cosine = sum(_right_by_cosine(case) for case in present)
    n = len(present)
    print(
        f"sentence, where one read holds the answer (n {n}): right first {right / n:.3f}, "
        f"by cosine alone {by_cosine / n:.3f}"
    )
    rows = [verdict_features(best(case, models["sentence"])[0]) for case in kept]
    p = probabilities(models["answered"], rows)
    labels = np.array([best(case, models["sentence"])[1] for case in kept])
    report("answered, right sentence or not", p, labels, thresholds["answered"])
    for absent in ("passage", "article"):
        chosen = np.array([case.absent in ("", absent) and (bool(case.absent) or any(case.correct)) for case in kept])
        present_labels = np.array([not case.absent for case in kept])
        report(f"answered, present against {absent} absent", p[chosen], present_labels[chosen], thresholds["answered"])
    q = probabilities(models["subject"], rows)
    report("subject in the corpus", q, np.array([case.absent != "article" for case in kept]), thresholds["subject"])


def _right_by_cosine(case: SentenceCase) -> bool:
    return case.correct[max(range(len(case.readings)), key=lambda i: case.readings[i].features["cosine"])]


if __name__ == "__main__":
    sys.exit(main())
