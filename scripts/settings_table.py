"""Write docs/settings.md, the table of every setting, from `qa.settings`: python scripts/settings_table.py."""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

sys.path.insert(0, str(Path(__file__).parents[1]))

from qa.settings import Settings

FILE = Path(__file__).parents[1] / "docs" / "settings.md"
HEAD = """# Settings

From `briefing.toml` (section in brackets), then variables (`BRIEFING_SERVE__PORT=8000`), then flags; the later wins.
Relative folders in the file are taken from where the file lies. Lists are written `["a", "b"]`, in variables too.

<!-- Made by scripts/settings_table.py; a test compares. -->
"""


def table() -> str:
    """Return the text of docs/settings.md."""
    parts = [HEAD]
    for group, section in Settings.model_fields.items():
        kind = section.annotation
        assert isinstance(kind, type) and issubclass(kind, BaseModel)
        parts.append(f"\n## [{group}]\n\n{(kind.__doc__ or '').splitlines()[0]}\n\n")
        parts.append("| setting | variable | default | limits | what it is |\n|---|---|---|---|---|\n")
        for name, field in kind.model_fields.items():
            variable = f"BRIEFING_{group.upper()}__{name.upper()}"
            cells = (f"`{name}`", f"`{variable}`", _default(field), _limits(field), field.description or "")
            parts.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n")
    return "".join(parts)


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is PydanticUndefined:
        value = field.get_default(call_default_factory=True)
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value is None or value == "" or value == ():
        return "unset"
    shown = {True: "true", False: "false"}.get(value) if isinstance(value, bool) else str(value)
    return f"`{shown}`"


def _limits(field: FieldInfo) -> str:
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    told = [f"{sign} {getattr(m, name)}" for m in field.metadata for name, sign in signs.items() if hasattr(m, name)]
    return ", ".join(told)


if __name__ == "__main__":
    FILE.write_text(table(), encoding="utf-8")
