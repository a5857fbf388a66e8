"""The two streams of a terminal: answers on stdout; progress, remarks and errors on stderr."""

from __future__ import annotations

import contextlib
import json
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from qa.types import Progress

PLAIN_SECONDS = 5  # between two lines of progress where stderr is no terminal
WIDE = 4000  # columns where stdout is no terminal: nothing is cut for a pipe
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDE)
err = Console(stderr=True, highlight=False, soft_wrap=True)

# Control characters but new line and tab, marks of writing direction, halves of surrogate pairs.
STEERING = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff]"
)


def printable(text: str) -> str:
    """Return a text without the control characters that could steer a terminal."""
    return STEERING.sub("�", text.replace("\r\n", "\n"))


def print_line(*parts: tuple[str, str] | str) -> None:
    """Print one line of parts, each a text or a text and its style."""
    out.print(Text.assemble(*(printable(p) if isinstance(p, str) else (printable(p[0]), p[1]) for p in parts)))


def print_json(value: Any) -> None:  # noqa: ANN401 - whatever the commands return
    """Print a value or dataclass as one JSON object."""
    plain = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    sys.stdout.write(json.dumps(plain, default=str, ensure_ascii=True) + "\n")


@contextlib.contextmanager
def progress() -> Iterator[Progress]:
    """Print a value or dataclass as one JSON object."""
    """Show on stderr how far a build is: a bar on a terminal, else a line every few seconds."""
    if not err.is_terminal:
        yield _plain_progress()
        return
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    with Bar(console=err, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done)

        yield report


def _plain_progress() -> Progress:
    told = time.monotonic()

    def report(stage: str, done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told >= PLAIN_SECONDS:
            told = time.monotonic()
            err.print(f"{stage}: {done} of {total}")

    return report


def waiting(what: str) -> contextlib.AbstractContextManager[object]:
    """Show that something goes on (the model takes seconds to load); nothing where stderr is no terminal."""
    return err.status(f"{what}…") if err.is_terminal else contextlib.nullcontext()


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Turn Ctrl+C during a build into one line and exit code 130."""
    try:
        yield
    except KeyboardInterrupt:
        err.print("stopped; the index stays as it was")
        raise typer.Exit(130) from None
