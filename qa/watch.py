"""Follow a corpus folder: when files in it change, bring the index in step.

Changes are collected until the folder has been quiet for a moment. Failures are logged, and the last good generation
stays in service.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from watchfiles import Change, watch

from qa.briefing import Briefing
from qa.errors import BriefingError
from qa.types import Receipt

log = logging.getLogger(__name__)

QUIET_MS, LONGEST_MS = 500, 5_000  # an update waits until the folder is quiet for so long, or changes for so long
LOOK_MS = 5_000  # how often it is seen whether the folder is still there (unmounted, renamed)


def follow(briefing: Briefing, stop: threading.Event, told: Callable[[Receipt], None] | None = None) -> None:
    """Bring the index in step soon and whenever the corpus folder changes, until `stop` is set.

    `told` gets the receipt of every update that was made. Failures are logged; nothing is raised for them.
    """
    folder = briefing.settings.corpus.folder
    while not stop.is_set():
        try:
            _follow(briefing, folder, stop, told)
        except OSError as exc:  # the folder is not there, or the system has no more watches
            log.warning("%s cannot be watched: %s; trying again every %d s", folder, exc, LOOK_MS // 1000)
        stop.wait(LOOK_MS / 1000)


def _follow(briefing: Briefing, folder: Path, stop: threading.Event, told: Callable[[Receipt], None] | None) -> None:
    changes = watch(
        folder,
        watch_filter=visible(folder),
        debounce=LONGEST_MS,
        step=QUIET_MS,
        rust_timeout=LOOK_MS,
        yield_on_timeout=True,
        stop_event=stop,
    )
    caught_up = False  # with what changed before the watch began, which it does with the first item asked for
    for changed in changes:
        if not folder.is_dir():
            raise FileNotFoundError("the folder is gone")
        if changed or not caught_up:
            _update(briefing, told)
            caught_up = True


def visible(folder: Path) -> Callable[[Change, str], bool]:
    """Return a filter for changes that leaves out hidden files and folders, below the watched one."""

    def passes(_change: Change, path: str) -> bool:
        try:
            parts = Path(path).relative_to(folder.resolve()).parts
        except ValueError:
            return True
        return not any(part.startswith(".") for part in parts)

    return passes


def _update(briefing: Briefing, told: Callable[[Receipt], None] | None) -> None:
    try:
        receipt = briefing.update(allow_empty=True)
    except BriefingError as exc:
        log.warning("the index was not brought up to date: %s", exc)
    except Exception:
        log.exception("the index was not brought up to date")
    else:
        if receipt is not None and told is not None:
            told(receipt)
