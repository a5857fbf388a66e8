"""From the flags of a command to its settings and its briefing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.cli.terminal import err, progress, stoppable

if TYPE_CHECKING:
    from qa.briefing import Briefing
    from qa.settings import Settings

SAMPLE = Path(__file__).parents[1] / "sample"  # the bundled briefing, in a wheel


def settings_of(corpus: Path | None, index: Path | None, serve: dict[str, Any] | None = None) -> Settings:
    """Return the settings with the folders of the flags, and the sample briefing where there is no corpus at all.

    Raises `CorpusError` if the named corpus cannot be used.
    """
    from qa.corpus.folder import check_folder
    from qa.settings import load_settings, with_folders

    settings = load_settings(flags={"serve": serve or {}})
    if corpus is not None:
        check_folder(corpus)
    elif index is None and not settings.corpus.folder.exists() and SAMPLE.is_dir():
        corpus = SAMPLE
        err.print("no corpus here: the sample briefing answers; name your own folder of articles with --corpus")
    return with_folders(settings, corpus, index)


def opened(corpus: Path | None, index: Path | None, update: bool) -> Briefing:
    """Return a briefing that is in step with its corpus, or with `update` off, one that serves its index as it is."""
    from qa.briefing import Briefing

    briefing = Briefing(settings_of(corpus, index))
    if not update:
        briefing.serve_current()
        return briefing
    with progress() as report, stoppable():
        receipt = briefing.update(report)
    if receipt and receipt.rejected:
        files = "file" if len(receipt.rejected) == 1 else "files"
        err.print(f"{len(receipt.rejected)} {files} refused; `briefing doctor` says which and why")
    return briefing
