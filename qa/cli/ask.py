"""Commands that ask: `ask`, `chat`, `retrieve`, `articles`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from qa.cli.opening import opened
from qa.cli.options import (
    AsOfOption,
    CorpusOption,
    IndexOption,
    JsonOption,
    SinceOption,
    SourceOption,
    TagOption,
    UntilOption,
    UpdateOption,
    Words,
    day_of,
    filters_of,
)
from qa.cli.show import print_answer, print_hits, warn_of_no_hits
from qa.cli.terminal import err, out, print_json, print_line, printable, waiting
from qa.errors import QuestionError
from qa.types import Answer, Mode


def ask(
    question: Words,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    as_of: AsOfOption = None,
    source: SourceOption = None,
    tag: TagOption = None,
    update: UpdateOption = True,
    as_json: JsonOption = False,
) -> None:
    """Answer a question with citations, or say that the briefing does not."""
    briefing = opened(corpus, index, update)
    with waiting("reading"):
        filters = filters_of(since, until, source, tag)
        answer = briefing.ask(" ".join(question), as_of=day_of(as_of), **filters)
    warn_of_no_hits(answer.hits, any(filters.values()))
    print_json(answer) if as_json else print_answer(answer, briefing)


def chat(
    corpus: CorpusOption = None,
    index: IndexOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    as_of: AsOfOption = None,
    source: SourceOption = None,
    tag: TagOption = None,
    update: UpdateOption = True,
) -> None:
    """Ask one question after the other; follow-ups are understood. /quit or Ctrl+D ends it."""
    briefing = opened(corpus, index, update)
    filters = filters_of(since, until, source, tag)
    history: list[tuple[str, Answer]] = []
    for question in _typed():
        try:
            answer = briefing.ask(question, history=history, as_of=day_of(as_of), **filters)
        except QuestionError as exc:
            err.print(Text(printable(str(exc)), style="red"))
            continue
        if answer.trace.searched_for != question:
            print_line((f"searched for: {answer.trace.searched_for}", "dim"))
        print_answer(answer, briefing)
        history.append((question, answer))


def _typed() -> Iterator[str]:
    """Yield the lines that are typed, without empty ones, until /quit or the end of the input."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 (lines can be edited and recalled)
    prompt = "> " if sys.stdin.isatty() else ""
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while (line := input(prompt).strip()) != "/quit":
            if line:
                yield line


def retrieve(
    question: Words,
    k: Annotated[
        int | None, typer.Option("-k", min=1, max=1000, help="How many hits.", show_default="from the settings: 5")
    ] = None,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    as_of: AsOfOption = None,
    source: SourceOption = None,
    tag: TagOption = None,
    mode: Annotated[Mode | None, typer.Option(help="What ranks.", show_default="from the settings: hybrid")] = None,
    rerank: Annotated[
        bool | None,
        typer.Option(
            "--rerank/--no-rerank",
            help="Put the first 20 in order of the reader's relevance too.",
            show_default="from the settings: no",
        ),
    ] = None,
    collapse: Annotated[
        bool, typer.Option("--collapse/--no-collapse", help="Fold near copies under the best of them, or list each.")
    ] = True,
    update: UpdateOption = True,
    as_json: JsonOption = False,
) -> None:
    """List the passages nearest to a question, best first."""
    briefing = opened(corpus, index, update)
    with waiting("retrieving"):
        filters = filters_of(since, until, source, tag)
        asked = " ".join(question)
        hits = briefing.retrieve(
            asked, k=k, as_of=day_of(as_of), collapse=collapse, mode=mode, rerank=rerank, **filters
        )
    warn_of_no_hits(hits, any(filters.values()))
    if hits and hits[0].trace.undated:
        err.print(f"{hits[0].trace.undated} articles without a date are left out")
    if as_json:
        print_json({"question": " ".join(question), "hits": [asdict(hit) for hit in hits]})
    else:
        print_hits(hits, briefing)


def articles(
    corpus: CorpusOption = None, index: IndexOption = None, update: UpdateOption = True, as_json: JsonOption = False
) -> None:
    """List the articles of the index."""
    found = opened(corpus, index, update).articles()
    if as_json:
        print_json({"articles": [{k: v for k, v in asdict(article).items() if k != "text"} for article in found]})
        return
    table = Table("published", "source", "title", "id", box=None, header_style="dim")
    for article in found:
        cells = (str(article.published or ""), article.source or "", article.title, article.id)
        table.add_row(*(Text(printable(cell)) for cell in cells))
    out.print(table)
