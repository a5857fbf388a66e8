"""Commands that tell what came when: `timeline` and `digest`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

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
    day_of,
    filters_of,
)
from qa.cli.show import print_answer
from qa.cli.terminal import out, print_json, printable, waiting


def timeline(
    subject: Annotated[
        list[str],
        typer.Argument(help="The subject; it needs no quotation marks.", metavar="SUBJECT", show_default=False),
    ],
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
    """Tell the story of a subject in order of time, each line a quotation."""
    briefing = opened(corpus, index, update)
    with waiting("reading"):
        filters = filters_of(since, until, source, tag)
        answer = briefing.timeline(" ".join(subject), as_of=day_of(as_of), **filters)
    print_json(answer) if as_json else print_answer(answer, briefing)


def digest(
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="What came on this day or later.")],
    corpus: CorpusOption = None,
    index: IndexOption = None,
    html: Annotated[bool, typer.Option("--html", help="Write HTML instead of Markdown.")] = False,
    update: UpdateOption = True,
    as_json: JsonOption = False,
) -> None:
    """Write one page: new articles, pinned questions whose answer changed, sources that differ."""
    from qa.asking.digest import as_html, as_markdown

    briefing = opened(corpus, index, update)
    with waiting("reading"):
        found = briefing.digest(since.date())
    if as_json:
        print_json(found)
        return
    page = as_html(found) if html else as_markdown(found)
    out.out("\n".join(printable(line) for line in page.split("\n")), end="", highlight=False)
