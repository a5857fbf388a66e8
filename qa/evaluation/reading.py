"""How well the reader reads and refuses: `briefing eval --reader DATA`.

DATA holds `nq_open_oracle`, `clapnq_dev` and `squad_v1.1_dev` in BEIR form and `reader_training/squad_v2.0_dev.json`.
Each set becomes a collection that is indexed like any corpus. "Given" means that only the question's own passage is
read; "asked" means that the whole collection is asked, as a user would. Nothing is reported that the network or the
verdict was fitted on: the split is by article, by fixed hashes (`CollectionQuestion.reported`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from qa.briefing import Briefing
from qa.evaluation.datasets import Collection, CollectionQuestion, beir_collection, squad_collection, unseen_squad
from qa.evaluation.statistics import auroc, calibration_error, exact, f1
from qa.reader import linear
from qa.reader.answer import Findings, answer_from
from qa.search import Search
from qa.settings import IndexSettings, Settings
from qa.types import Answer, Article, Corpus, Hit, Verdict

if TYPE_CHECKING:
    from qa.types import Encoder, Reader

DEPTH = 100  # hits fetched, so that enough are left when some are taken away
STEPS = np.arange(0.05, 1.0, 0.05)  # thresholds of the curve


Keeps = Callable[[Hit], bool]


class Desk:
    """A briefing over a collection whose hits can be taken away."""

    def __init__(self, collection: Collection, work: Path, encoder: Encoder, settings: Settings) -> None:
        folder = work / re.sub(r"\W+", "-", collection.name)
        self.collection = collection
        self.briefing = Briefing(settings.model_copy(update={"index": IndexSettings(folder=folder)}), encoder)
        self.briefing.index(Corpus(collection.articles))

    def answer(self, question: str, keeps: Keeps | None = None) -> Answer:
        """Return the answer from the best passages that may be kept."""
        return answer_from(self.findings(question, keeps), self.briefing.settings.reader, {})

    def findings(self, question: str, keeps: Keeps | None = None, reader: Reader | None = None) -> Findings:
        """Return hits and readings, as `Briefing.ask` takes them, by default with its reader."""
        snapshot = self.briefing.snapshot
        generation = snapshot.generation
        settings = self.briefing.settings.retrieval.model_copy(update={"k": DEPTH})
        hits = Search(generation, self.briefing.encoder, settings).hits(question)
        kept = [hit for hit in hits if keeps is None or keeps(hit)][: self.briefing.settings.reader.passages]
        ranked = [replace(hit, rank=rank) for rank, hit in enumerate(kept, start=1)]
        readings = (reader or snapshot.reader).read(question, ranked)
        return Findings(question, ranked, readings, generation.articles, generation.name)

    def own(self, asked: CollectionQuestion) -> Keeps:
        """Keep only the question's own passage."""
        return lambda hit: hit.passage.article_id == asked.article

    def without_own(self, asked: CollectionQuestion) -> Keeps:
        """Take the passages that answer the question away."""
        return lambda hit: hit.passage.article_id not in asked.own

    def without_group(self, asked: CollectionQuestion) -> Keeps:
        """Take all passages of the question's article away."""
        groups = self.collection.groups
        return lambda hit: groups[hit.passage.article_id] != asked.group


def short(answer: Answer) -> str:
    """Return the short answer of the first citation, or its quotation; "" without one."""
    if not answer.citations:
        return ""
    first = answer.citations[0]
    if first.answer_start is None or first.answer_end is None:
        return first.quote
    return first.quote[first.answer_start - first.start : first.answer_end - first.start]


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer to a question that has one there, or has none."""

    answer: Answer
    present: bool
    f1: float
    exact: float
    right: bool  # the first citation quotes the answer from the question's own passage


def judge(asked: CollectionQuestion, answer: Answer, present: bool) -> Judged:
    """Compare an answer with the gold ones."""
    text, first = short(answer), answer.citations[0] if answer.citations else None
    right = first is not None and present and any(a.casefold() in first.quote.casefold() for a in asked.answers)
    answers = asked.answers if present else ()
    return Judged(answer, present, f1(text, answers), exact(text, answers) if answers else 0.0, right)


def refusal(judged: Sequence[Judged], threshold: float) -> dict[str, object]:
    """Return AUROC of the confidence, both error rates at the threshold and along the curve, and the calibration error.

    Calibration is that of "the first citation answers", on questions with and without an answer.
    """
    confidence = np.array([j.answer.confidence for j in judged])
    present = np.array([j.present for j in judged])
    answered = np.array([j.answer.verdict is Verdict.ANSWERED for j in judged])
    wrong_yes, wrong_no = float(answered[~present].mean()), float((~answered)[present].mean())
    return {
        "questions": len(judged),
        "with_answer": int(present.sum()),
        "auroc": round(auroc(confidence, present), 4),
        "balanced_accuracy": round(1 - (wrong_yes + wrong_no) / 2, 4),
        "answered_though_absent": round(wrong_yes, 4),
        "refused_though_present": round(wrong_no, 4),
        "calibration_error": round(calibration_error(confidence, present), 4),
        "threshold": threshold,
        "curve": [
            {
                "threshold": round(float(step), 2),
                "answered_though_absent": round(float((confidence[~present] >= step).mean()), 4),
                "refused_though_present": round(float((confidence[present] < step).mean()), 4),
            }
            for step in STEPS
        ],
    }


def reading(judged: Sequence[Judged]) -> dict[str, float | int]:
    """Return F1, exact match and the share of right first citations over the questions that have an answer."""
    present = [j for j in judged if j.present]
    return {
        "questions": len(present),
        "f1": round(float(np.mean([j.f1 for j in present])), 4),
        "exact": round(float(np.mean([j.exact for j in present])), 4),
        "first_citation_right": round(float(np.mean([j.right for j in present])), 4),
    }


def verbatim(judged: Iterable[Judged], articles: dict[str, Article]) -> tuple[int, int]:
    """Return how many citations there are, and how many of them are slices of their articles, short answer included."""
    cited = [c for j in judged for c in j.answer.citations]
    whole = [
        c
        for c in cited
        if articles[c.article_id].text[c.start : c.end] == c.quote
        and (c.answer_start is None or c.answer_end is None or c.start <= c.answer_start < c.answer_end <= c.end)
    ]
    return len(cited), len(whole)


def open_settings(settings: Settings) -> Settings:
    """Return settings under which every question is answered, so that the choice can be judged by itself."""
    return settings.model_copy(update={"reader": settings.reader.model_copy(update={"answered_from": 0.0})})


def evaluate_reader(
    data: Path, work: Path, encoder: Encoder, settings: Settings, limit: int
) -> dict[str, dict[str, object]]:
    """Return all figures, `limit` questions of each set at most. Raises `DatasetError` for a set that is absent."""
    return dict(_sections(data, work, encoder, settings, limit))


def _sections(
    data: Path, work: Path, encoder: Encoder, settings: Settings, limit: int
) -> Iterator[tuple[str, dict[str, object]]]:
    cited = whole = 0
    nq = _reported(beir_collection(data / "nq_open_oracle"))
    squad = _reported(unseen_squad(data))
    kept = _reported(squad_collection(data / "reader_training" / "squad_v2.0_dev.json"))
    clapnq = beir_collection(data / "clapnq_dev")
    for collection in (nq, clapnq, kept):
        desk = Desk(collection.thinned(limit), work, encoder, settings)
        judged = [
            judge(asked, desk.answer(asked.text, desk.own(asked)), bool(asked.answers))
            for asked in desk.collection.asked
        ]
        figures: dict[str, object] = {}
        if all(j.present for j in judged):
            figures |= reading(_opened(desk, judged, settings))
        else:
            figures |= {**reading(_opened(desk, judged, settings)), **refusal(judged, _threshold(settings))}
        counted = verbatim(judged, {a.id: a for a in collection.articles})
        cited, whole = cited + counted[0], whole + counted[1]
        yield f"{collection.name}, passage given", figures
    for collection, other in ((nq, squad), (squad, nq)):
        desk = Desk(collection.thinned(limit), work, encoder, settings)
        present = [judge(a, desk.answer(a.text), True) for a in desk.collection.asked]
        absent = {
            "passage taken away": [
                judge(a, desk.answer(a.text, desk.without_own(a)), False) for a in desk.collection.asked
            ],
            "article taken away": [
                judge(a, desk.answer(a.text, desk.without_group(a)), False) for a in desk.collection.asked
            ],
            "asked of another collection": [judge(a, desk.answer(a.text), False) for a in other.thinned(limit).asked],
        }
        for kind, judged in absent.items():
            yield f"{collection.name}, asked; absent: {kind}", refusal([*present, *judged], _threshold(settings))
        yield f"{collection.name}, asked", dict(reading(_opened(desk, present, settings, whole=True)))
        everything = [*present, *(j for judged in absent.values() for j in judged)]
        counted = verbatim(everything, {a.id: a for a in collection.articles})
        cited, whole = cited + counted[0], whole + counted[1]
    yield "citations", {"given": cited, "verbatim": whole}


def _opened(desk: Desk, judged: Sequence[Judged], settings: Settings, whole: bool = False) -> list[Judged]:
    """Judge the choice where nothing is refused; what was answered anyway stays as it is."""
    reader = open_settings(settings).reader
    found = []
    for asked, j in zip(desk.collection.asked, judged, strict=True):
        if j.present and j.answer.verdict is not Verdict.ANSWERED:
            findings = desk.findings(asked.text, None if whole else desk.own(asked))
            found.append(judge(asked, answer_from(findings, reader, {}), True))
        else:
            found.append(j)
    return found


def _threshold(settings: Settings) -> float:
    part = "answered" if settings.reader.model == "sentences" else "span_answered"
    chosen = settings.reader.answered_from
    return linear(part).threshold if chosen is None else chosen


def _reported(collection: Collection) -> Collection:
    return replace(collection, asked=tuple(a for a in collection.asked if a.reported))
