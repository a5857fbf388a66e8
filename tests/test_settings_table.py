"""docs/settings.md tells what `Settings` is."""

from __future__ import annotations

import runpy
from pathlib import Path

from pydantic import BaseModel

from qa.settings import Settings

ROOT = Path(__file__).parents[1]


def test_the_table_is_what_the_settings_are() -> None:
    made: str = runpy.run_path(str(ROOT / "scripts" / "settings_table.py"))["table"]()
    stored = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert stored == made, "run: python scripts/settings_table.py"


def test_every_setting_is_in_it_and_says_what_it_is() -> None:
    stored = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for group, section in Settings.model_fields.items():
        assert isinstance(section.annotation, type) and issubclass(section.annotation, BaseModel)
        for name, field in section.annotation.model_fields.items():
            assert f"| `{name}` | `BRIEFING_{group.upper()}__{name.upper()}` |" in stored
            assert field.description and field.description.endswith("."), f"[{group}] {name}"
