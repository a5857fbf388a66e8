"""Commands about the language model of `[writer]`: `writer check`."""

from __future__ import annotations

from dataclasses import asdict

import typer

from qa.cli.options import JsonOption
from qa.cli.terminal import print_json, print_line, waiting
from qa.errors import SettingsError

writer = typer.Typer(help="The language model of [writer].", no_args_is_help=True)


@writer.callback()
def _group() -> None:
    """Hold the commands, of which there is one."""


@writer.command()
def check(as_json: JsonOption = False) -> None:
    """Say whether the language model's server answers, which model it is, how fast, and what it can do."""
    from qa.settings import load_settings

    settings = load_settings().writer
    if not settings.base_url:
        raise SettingsError(
            "no language model is set, and nothing is sent anywhere; set [writer] base_url in briefing.toml, or "
            "BRIEFING_WRITER__BASE_URL, to the /v1 address of an OpenAI-compatible server"
        )
    from qa.writer.check import examined

    with waiting("asking the model"):
        found = examined(settings)
    if as_json:
        print_json(found)
        return
    print_line(
        (f"{found.model}", "bold"), f" at {found.sent_to}, {'this machine' if found.local else 'another machine'}"
    )
    for name, value in asdict(found).items():
        if name not in ("model", "sent_to", "local"):
            print_line(f"{name.replace('_', ' ')}: {_shown(value)}")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(str(part) for part in value) or "none"
    return "unknown" if value is None else str(value)
