"""The command that measures: `eval`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from qa.cli.opening import opened, settings_of
from qa.cli.options import CorpusOption, IndexOption, JsonOption, UpdateOption
from qa.cli.show import print_outcomes, print_retrievers
from qa.cli.terminal import print_json, print_line, progress, waiting

READER_QUESTIONS = 600  # of each set


def evaluate(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="Folder in BEIR form (corpus.jsonl, queries.jsonl, qrels/*.tsv): measure BM25, dense and hybrid.",
            show_default=False,
        ),
    ] = None,
    questions: Annotated[
        Path | None,
        typer.Option(
            "--questions",
            help='Instead of a folder, JSON Lines: {"question": …, "verdict": "answered|related|not_in_corpus", '
            '"evidence": [{"article": …, "quote": …}], "answers": […]}.',
            show_default=False,
        ),
    ] = None,
    reader: Annotated[
        Path | None,
        typer.Option(
            "--reader",
            help="Folder of data sets: measure how the reader reads and refuses on nq_open_oracle, clapnq_dev, "
            "squad_v2.0_dev and squad_v1.1_dev.",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="With a folder: the first N judged questions; with --reader: N of each set."),
    ] = None,
    typos: Annotated[
        int, typer.Option(min=0, max=9, help="With a folder: measure also with N typing errors a question.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Of the typing errors.")] = 0,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    update: UpdateOption = True,
    as_json: JsonOption = False,
) -> None:
    """Measure retrieval on a BEIR folder, or the reader on data sets, or compare the answers to a file of questions."""
    if sum(value is not None for value in (folder, questions, reader)) != 1:
        raise typer.BadParameter(
            "name either a folder in BEIR form, a file with --questions, or data sets with --reader"
        )
    if reader is not None:
        _evaluate_reader(reader, index, limit or READER_QUESTIONS, as_json)
        return
    if folder is not None:
        _evaluate_folder(folder, index, limit, (typos, seed) if typos else None, as_json)
        return
    from qa.evaluation.questions import ask_all, read_questions, summary

    asked = read_questions(questions)  # type: ignore[arg-type]
    briefing = opened(corpus, index, update)
    with waiting("asking"):
        outcomes = ask_all(briefing, asked)
    if as_json:
        print_json({"summary": summary(outcomes), "outcomes": [asdict(outcome) for outcome in outcomes]})
    else:
        print_outcomes(outcomes, summary(outcomes))


def _evaluate_reader(data: Path, index: Path | None, most: int, as_json: bool) -> None:
    import tempfile

    from qa.evaluation.reading import evaluate_reader
    from qa.live import encoder_of

    settings = settings_of(None, None)
    encoder = encoder_of(settings.index)
    with tempfile.TemporaryDirectory(prefix="briefing-eval-") as work, waiting("reading"):
        sections = evaluate_reader(data, index or Path(work), encoder, settings, most)
    if as_json:
        print_json(sections)
        return
    for name, figures in sections.items():
        print_line((name, "bold"))
        print_line("  ".join(f"{key} {value}" for key, value in figures.items() if key != "curve"))
        for point in figures.get("curve", ()):  # type: ignore[attr-defined]
            print_line(("    " + "  ".join(f"{key} {value}" for key, value in point.items()), "dim"))


def _evaluate_folder(
    folder: Path, index: Path | None, limit: int | None, noise: tuple[int, int] | None, as_json: bool
) -> None:
    from qa.evaluation.retrieval import open_set, report

    with progress() as shown:
        dataset, briefing = open_set(folder, settings_of(None, None), index, shown)
        found = report(briefing, dataset, limit, noise, shown)
    if as_json:
        print_json(found)
        return
    print_line(f"{found['questions']} questions, {found['documents']} documents, {found['passages']} passages")
    print_retrievers(found["retrievers"])
    if noise:
        print_line("")
        print_line(f"with {noise[0]} typing errors a question (seed {noise[1]})")
        print_retrievers(found["typos"]["retrievers"])
