"""Serve the chat page with the settings of `briefing.toml` and `BRIEFING_…` variables."""

from __future__ import annotations

import sys

from qa import BriefingError, load_settings
from qa.cli.terminal import progress
from qa.web import serve


def main() -> int:
    """Serve until stopped; return the exit code."""
    try:
        serve(load_settings(), progress)
    except BriefingError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
