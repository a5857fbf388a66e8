"""The chat page over a briefing: a FastAPI application with a Gradio page at its root."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from qa.settings import Settings
    from qa.types import Progress

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # Gradio reads it when imported; the page stays offline
# Gradio's queue would keep its last 10,000 events, and make a table of them with pandas after each one.
os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "10"
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = "1000000000"

__all__ = ["serve"]


def serve(settings: Settings, progress: Callable[[], AbstractContextManager[Progress | None]] | None = None) -> None:
    """Serve the page of these settings until it is stopped; `progress` opens what shows how far the index is.

    Raises `BriefingError`: no corpus and no index, model not usable, or port taken.
    """
    from qa.web import server  # here, so that importing this package stays light

    server.serve(settings, progress or server.silent)
