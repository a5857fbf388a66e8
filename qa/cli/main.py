"""The list of commands, and what surrounds each: errors, logging, the version."""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer
from rich.text import Text

from qa import __version__
from qa.cli.ask import articles, ask, chat, retrieve
from qa.cli.evaluate import evaluate
from qa.cli.fetch import fetch
from qa.cli.index import doctor, generations, index, rollback
from qa.cli.serve import login, mcp, serve
from qa.cli.story import digest, timeline
from qa.cli.terminal import err, out, printable
from qa.cli.writer import writer
from qa.errors import BriefingError

app = typer.Typer(
    name="briefing",
    help="Ask a folder of articles; get a short answer with verbatim citations, or a plain no.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s", stream=sys.stderr)
    try:
        app()
    except BriefingError as exc:
        err.print(Text(f"error: {printable(str(exc))}", style="red"))
        sys.exit(1)


def _version(wanted: bool) -> None:
    if wanted:
        out.print(__version__)
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that stand before the command."""


for command in (
    ask,
    chat,
    retrieve,
    articles,
    timeline,
    digest,
    fetch,
    index,
    generations,
    rollback,
    doctor,
    serve,
    mcp,
    login,
):
    app.command()(command)
app.command("eval")(evaluate)
app.add_typer(writer, name="writer")
