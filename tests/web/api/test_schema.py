"""What OpenAPI says of REST is true: schemathesis calls every operation, with fitting and with unfitting data."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from qa.briefing import Briefing
from qa.settings import ServeSettings
from qa.web.queue import Queue
from qa.web.server import create_services
from tests.web.running import running

CONFIG = Path(__file__).parents[3] / "tests" / "data" / "schemathesis.toml"
EXAMPLES = 25  # made up for each operation, beside those that cover its description


@pytest.mark.slow
def test_every_operation_does_what_its_description_says(briefing: Briefing, tmp_path: Path) -> None:
    corpus = briefing.settings.corpus.model_copy(update={"max_file_bytes": 20_000})
    serve = ServeSettings(admin=True, calls_per_minute=0)
    briefing.settings = briefing.settings.model_copy(update={"corpus": corpus, "serve": serve})
    with running(create_services(briefing, Queue.of(briefing.settings.serve))) as url:
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run"]
        options = [f"--max-examples={EXAMPLES}", "--seed=1", "--no-color", "--checks=all", "--mode=all"]
        done = subprocess.run(
            [*command, f"{url}/api/openapi.json", *options], capture_output=True, text=True, cwd=tmp_path
        )
    assert done.returncode == 0, done.stdout[-10_000:] + done.stderr[-2000:]
    assert "11 selected / 11 total" in done.stdout
