"""Validate a network alone on parts of the reported sets, each passage given; while training, and by itself.

    python -m training.validate DATA [--weights FILE] [--float32]

The shipped weights are read in int8, as they are used, unless `--float32` says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from tokenizers import Tokenizer
from torch import Tensor, nn

from qa.encoder import model_folder
from qa.evaluation.datasets import is_trained, read_beir
from qa.evaluation.statistics import auroc, exact, f1
from qa.reader.int8 import quantize
from qa.reader.model import PairBatch, load_model, load_tokenizer, make_pairs
from qa.reader.network import MAX_TOKENS, weights_file
from qa.settings import BUNDLED_MODEL
from training.data import Paragraph
from training.mixture import Kept, kept_out
from training.news import Quiz

MAX_ANSWER = 30  # tokens
BATCH = 16


@dataclass(frozen=True, slots=True)
class ReadingCase:
    """A pair to read, with what is right."""

    question: str
    title: str
    passage: str
    answers: tuple[str, ...]  # none: unanswerable


@dataclass(frozen=True, slots=True)
class Read:
    """What a model made of a pair: the best span's text, its logits above null, and the two verdict logits."""

    text: str
    above_null: float
    answerable: float
    relevant: float


def moved(x: Tensor, device: torch.device) -> Tensor:
    """Return the same numbers on a device; the program does not wait for what the device still has to do."""
    return x.contiguous().pin_memory().to(device, non_blocking=True) if device.type == "cuda" else x


def moved_batch(batch: PairBatch, device: torch.device) -> PairBatch:
    """Return the same batch on a device."""
    return PairBatch(*(moved(x, device) for x in (batch.ids, batch.types, batch.mask, batch.allowed)))


@torch.inference_mode()
def read(model: nn.Module, tokenizer: Tokenizer, cases: Sequence[ReadingCase]) -> list[Read]:
    """Read every case, in batches of like length."""
    device = next(model.parameters()).device
    pairs = make_pairs(tokenizer, [(c.question, c.title, c.passage) for c in cases], MAX_TOKENS)
    order = sorted(range(len(pairs)), key=lambda i: len(pairs[i]))
    results: dict[int, Read] = {}
    for at in range(0, len(order), BATCH):
        chosen = order[at : at + BATCH]
        out = model(moved_batch(PairBatch.of([pairs[i] for i in chosen]), device))
        for row, i in enumerate(chosen):
            pair = pairs[i]
            n = len(pair.spans)
            start, end = (x[row, pair.first : pair.first + n].float().cpu().numpy() for x in (out.start, out.end))
            scores = np.triu(start[:, None] + end[None, :]) + np.tril(np.full((n, n), -1e9), -1)
            scores += np.triu(np.full((n, n), -1e9), MAX_ANSWER)
            a, b = divmod(int(scores.argmax()), n)
            null = float(out.start[row, 0] + out.end[row, 0])
            results[i] = Read(
                cases[i].passage[pair.spans[a][0] : pair.spans[b][1]],
                float(scores[a, b]) - null,
                float(out.answerable[row]),
                float(out.relevant[row]),
            )
    return [results[i] for i in range(len(cases))]


def nq(data: Path, most: int) -> list[ReadingCase]:
    """Return questions of nq_open_oracle with their passages, evenly taken."""
    dataset = read_beir(data / "nq_open_oracle")
    texts = {a.id: a for a in dataset.articles}
    found = []
    for query, judged in dataset.qrels.items():
        article = texts[next(iter(judged))]
        answers = tuple(dataset.metadata[query]["answers"])
        if is_trained(article.title or article.id):
            continue
        found.append(ReadingCase(dataset.queries[query], article.title, article.text, answers))
    return _thinned(found, most)


def clapnq(data: Path, most: int) -> list[ReadingCase]:
    """Return questions of clapnq_dev with their passages; half are unanswerable."""
    dataset = read_beir(data / "clapnq_dev")
    texts = {a.id: a for a in dataset.articles}
    found = []
    for query, values in dataset.metadata.items():
        article = texts[values["passage"][0]]
        answers = tuple(values["answers"]) if values["answerable"] else ()
        found.append(ReadingCase(dataset.queries[query], article.title, article.text, answers))
    return _thinned(found, most)


def squad(paragraphs: Sequence[Paragraph], most: int) -> list[ReadingCase]:
    """Return SQuAD 2.0 questions of the articles kept aside."""
    found = [ReadingCase(a.text, p.title, p.text, tuple(t for _, t in a.answers)) for p in paragraphs for a in p.asked]
    return _thinned(found, most)


def news(quizzes: Sequence[Quiz], most: int) -> list[ReadingCase]:
    """Return quiz questions of the last weeks, each with a window that holds its answer and one that does not."""
    found = []
    chosen = [quiz for quiz in quizzes if quiz.negatives]
    for quiz in chosen[:: max(1, len(chosen) // most)][:most]:
        there, absent = quiz.positives[-1], quiz.negatives[0]
        found.append(ReadingCase(quiz.question, there.title, there.text, (quiz.answer,)))
        found.append(ReadingCase(quiz.question, absent.title, absent.text, ()))
    return found


def _thinned(cases: list[ReadingCase], most: int) -> list[ReadingCase]:
    return cases[:: max(1, len(cases) // most)][:most]


def shifted(cases: Sequence[ReadingCase]) -> list[ReadingCase]:
    """Pair each question with the passage of another: no answer."""
    return [
        ReadingCase(c.question, d.title, d.passage, ()) for c, d in zip(cases, [*cases[7:], *cases[:7]], strict=True)
    ]


def validate(model: nn.Module, tokenizer: Tokenizer, sets: dict[str, list[ReadingCase]]) -> dict[str, float]:
    """Return F1 and exact match where there is an answer, and the AUROC of answerable, of span over null, of both."""
    model.eval()
    figures: dict[str, float] = {}
    for name, cases in sets.items():
        results = read(model, tokenizer, cases)
        present = [(r, c) for r, c in zip(results, cases, strict=True) if c.answers]
        figures[f"{name} f1"] = float(np.mean([f1(r.text, c.answers) for r, c in present]))
        figures[f"{name} exact"] = float(np.mean([exact(r.text, c.answers) for r, c in present]))
        labels = np.array([bool(c.answers) for c in cases])
        if not labels.all():
            scores = {
                "answerable": [r.answerable for r in results],
                "span": [r.above_null for r in results],
                "both": [r.answerable + 0.5 * r.above_null for r in results],
                "relevant": [r.relevant for r in results],
            }
            figures |= {f"{name} auroc {kind}": auroc(np.array(s), labels) for kind, s in scores.items()}
    model.train()
    return {name: round(value, 4) for name, value in figures.items()}


def validation_sets(data: Path, kept: Kept, most: tuple[int, int, int, int]) -> dict[str, list[ReadingCase]]:
    """Return NQ, CLAP NQ, SQuAD 2.0 and news; each question of NQ and news stands in twice, once without its answer."""
    asked = nq(data, most[0])
    return {
        "nq": [*asked, *shifted(asked)],
        "clapnq": clapnq(data, most[1]),
        "squad": squad(kept.squad, most[2]),
        "news": news(kept.quizzes, most[3]),
    }


def main(
    data: Annotated[Path, typer.Argument(help="Folder of the data sets.")],
    weights: Annotated[Path | None, typer.Option(help="Reader weights other than the shipped ones.")] = None,
    float32: Annotated[bool, typer.Option(help="Not in int8, as it is used.")] = False,
    questions: Annotated[tuple[int, int, int, int], typer.Option(help="Of NQ, CLAP NQ, SQuAD 2.0 and news.")] = (
        600,
        300,
        450,
        300,
    ),
) -> None:
    """Print the figures of weights that ship or could."""
    torch.set_flush_denormal(True)
    folder, file = model_folder(BUNDLED_MODEL), weights or weights_file()
    if file is None:
        raise typer.BadParameter("the package has no reader weights; name some with --weights")
    model = load_model(folder, file, None)
    sets = validation_sets(data, kept_out(data), questions)
    figures = validate(model if float32 else quantize(model), load_tokenizer(folder), sets)
    for name, value in figures.items():
        print(f"{name}: {value:.4f}")


if __name__ == "__main__":
    typer.run(main)
