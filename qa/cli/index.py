"""Commands about the index: `index`, `generations`, `rollback`, `doctor`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from qa.cli.opening import settings_of
from qa.cli.options import CorpusOption, IndexOption, JsonOption
from qa.cli.show import print_receipt, print_report
from qa.cli.terminal import err, out, print_json, print_line, printable, progress, stoppable, waiting
from qa.types import Receipt

if TYPE_CHECKING:
    from qa.briefing import Briefing


def index(
    corpus: CorpusOption = None,
    index: IndexOption = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Keep the old index when a question of pinned.toml fails.")
    ] = False,
    confirm_deletions: Annotated[
        bool, typer.Option("--confirm-deletions", help="Agree that more than half of the articles go.")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on following the folder until Ctrl+C.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring the index in step with the corpus folder and say what changed."""
    from qa.briefing import Briefing

    show = print_json if as_json else print_receipt
    briefing = Briefing(settings_of(corpus, index))
    with progress() as report, stoppable():
        receipt = briefing.refresh(report, confirm_deletions=confirm_deletions, strict=strict)
    show(receipt)
    if watch:
        _follow(briefing, show)


def _follow(briefing: Briefing, show: Callable[[Receipt], None]) -> None:
    """Keep the index in step until Ctrl+C."""
    import threading

    from qa.watch import follow

    stop = threading.Event()
    err.print("following the folder; Ctrl+C ends it")
    with contextlib.suppress(KeyboardInterrupt):
        follow(briefing, stop, lambda receipt: show(receipt) if receipt.changed else None)


def generations(index: IndexOption = None, as_json: JsonOption = False) -> None:
    """List the generations of the index, newest first."""
    from qa.index import listed

    found = listed(settings_of(None, index).index.folder)
    if as_json:
        print_json({"generations": [asdict(each) for each in found]})
        return
    table = Table("", "name", "created", "articles", "passages", "", box=None, header_style="dim")
    for each in found:
        counts = ("" if n is None else str(n) for n in (each.articles, each.passages))
        state = each.damage or ("held since a rollback" if each.held else "")
        cells = ("*" if each.current else "", each.name, each.created or "", *counts, state)
        table.add_row(*(Text(printable(cell)) for cell in cells))
    out.print(table)


def rollback(
    generation: Annotated[
        str | None, typer.Argument(help="Name of a generation; without it, the one before.", show_default=False)
    ] = None,
    index: IndexOption = None,
) -> None:
    """Go back to an older generation, and stay there until the next `briefing index`."""
    from qa.briefing import Briefing

    name = Briefing(settings_of(None, index)).rollback(generation)
    print_line(f"{name} is the current generation, until the next `briefing index`")


def doctor(corpus: CorpusOption = None, index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Say what is wrong with the articles and the index, and what to do; exit code 1 if something needs attention."""
    from qa.doctor import examine

    with waiting("examining"):
        report = examine(settings_of(corpus, index))
    if as_json:
        print_json(asdict(report) | {"attention": report.attention})
    else:
        print_report(report)
    if report.attention:
        raise typer.Exit(1)
