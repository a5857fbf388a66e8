"""Options that several commands take."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

Words = Annotated[
    list[str], typer.Argument(help="The question; it needs no quotation marks.", metavar="QUESTION", show_default=False)
]
CorpusOption = Annotated[
    Path | None, typer.Option("--corpus", help="Folder of the articles.", show_default="from the settings: corpus")
]
IndexOption = Annotated[
    Path | None,
    typer.Option(
        "--index", help="Folder of the index; another corpus has its own.", show_default="from the settings: index"
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
UpdateOption = Annotated[
    bool,
    typer.Option("--update/--no-update", help="Bring the index in step with the corpus first, or ask it as it is."),
]
SinceOption = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only articles published on this day or later.")
]
UntilOption = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only articles published on this day or earlier.")
]
AsOfOption = Annotated[
    datetime | None,
    typer.Option(
        "--as-of", formats=["%Y-%m-%d"], help="As on this day: later articles do not count.", show_default="today"
    ),
]
SourceOption = Annotated[list[str] | None, typer.Option("--source", help="Only this source; may be repeated.")]
TagOption = Annotated[list[str] | None, typer.Option("--tag", help="Only articles with this tag; may be repeated.")]


def day_of(moment: datetime | None) -> date | None:
    """Return the day of an option."""
    return moment.date() if moment else None


def filters_of(
    since: datetime | None, until: datetime | None, sources: list[str] | None, tags: list[str] | None
) -> dict[str, Any]:
    """Return the keywords of `Briefing.retrieve` that these options stand for."""
    return {
        "since": day_of(since),
        "until": day_of(until),
        "sources": sources or None,
        "tags": tags or None,
    }
