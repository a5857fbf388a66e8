"""Commands that serve: `serve`, `mcp`, `login`."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated

import typer

from qa.cli.opening import opened, settings_of
from qa.cli.options import CorpusOption, IndexOption, UpdateOption
from qa.cli.terminal import err, progress


def serve(
    corpus: CorpusOption = None,
    index: IndexOption = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port.", show_default="7860")] = None,
    admin: Annotated[
        bool | None, typer.Option("--admin/--no-admin", help="Offer upload, removal and rebuild.", show_default="no")
    ] = None,
    root_path: Annotated[
        str | None, typer.Option(help="Path prefix, if a proxy serves this below one.", show_default="none")
    ] = None,
) -> None:
    """Serve the chat page, REST at /api (described at /api/docs) and MCP at /mcp."""
    from qa.web import serve as run

    run(settings_of(corpus, index, {"host": host, "port": port, "admin": admin, "root_path": root_path}), progress)


def mcp(corpus: CorpusOption = None, index: IndexOption = None, update: UpdateOption = True) -> None:
    """Serve MCP over stdin and stdout, for agents that start this command."""
    briefing = opened(corpus, index, update)
    from qa.web.api.mcp import run_stdio

    run_stdio(briefing)


def login(
    name: Annotated[str, typer.Argument(help="Name of the user or program.", show_default=False)],
    token: Annotated[bool, typer.Option("--token", help="Make a token for a program.")] = False,
) -> None:
    """Print a line for the logins file; reads the password from stdin, or prints the new token to stderr."""
    from qa.web.security.auth import token_line, user_line

    if token:
        made, line = token_line(name)
        err.print(f"token, shown this once: {made}")
    else:
        password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
        line = user_line(name, password)
    sys.stdout.write(line + "\n")
