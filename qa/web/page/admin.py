"""The writing side of the page: files come and go, the index is rebuilt or rolled back. For admins only.

Who may come in, from which origin and how often is `qa.web.security.guard`'s to say, as for everything else.
"""

from __future__ import annotations

import base64
import logging
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from qa.briefing import Briefing
from qa.corpus.folder import KNOWN
from qa.corpus.library import add_article, remove_article
from qa.errors import ArticleExistsError, BriefingError, LibraryError, MassDeletionError
from qa.index import GenerationEntry
from qa.types import Receipt
from qa.web.page.library import Library

log = logging.getLogger(__name__)

MAX_UPLOADS = 3  # files on their way at once
MAX_NAMED = 50  # articles named of each kind in a receipt

Reply = dict[str, Any]


@dataclass(slots=True)
class Job:
    """A rebuild: how far it is, and what came of it."""

    running: bool = False
    stage: str = ""
    done: int = 0
    total: int = 0
    receipt: Reply | None = None
    error: str = ""
    confirm: bool = False  # whether it can go on once deletions are agreed to


class Admin:
    """What an admin may do. One rebuild at a time; every admin's page sees its progress.

    Each function takes what a browser sent, which may be anything, and returns `{"error": …}` in words
    without paths where it cannot be done.
    """

    def __init__(self, briefing: Briefing, library: Library) -> None:
        self.briefing = briefing
        self.library = library
        self.job = Job()
        self._starting = threading.Lock()
        self._uploads: dict[str, bytes] = {}  # by the browser's name for an upload, in the order they came
        self._uploading = threading.Lock()

    @property
    def functions(self) -> list[Callable[..., Reply]]:
        """What the page's script may call, by name."""
        acts = (self.limits, self.add, self.remove, self.rebuild, self.progress, self.generations, self.roll_back)
        return [self._guarded(act) for act in acts]

    def limits(self, _: object) -> Reply:
        """Return what may be uploaded."""
        return {"bytes": self.briefing.settings.corpus.max_file_bytes, "suffixes": sorted(KNOWN)}

    def add(self, wanted: object) -> Reply:
        """Take a piece of a file; with the last one, put the file into the corpus folder.

        `exists` in the reply says that it would have to replace one.
        """
        name, settings = _text(wanted, "name"), self.briefing.settings.corpus
        try:
            content = self._collected(_text(wanted, "upload"), _text(wanted, "content"), _number(wanted, "at"))
            if _flag(wanted, "more"):
                return {"taken": len(content)}
            self._uploads.pop(_text(wanted, "upload"), None)
            added = add_article(settings.folder, name, content, settings, replace=_flag(wanted, "replace"))
            self.library.files(fresh=True)
            return {"added": added}
        except ArticleExistsError as exc:
            return {"error": str(exc), "exists": True}

    def _collected(self, upload: str, encoded: str, at: int) -> bytes:
        """Return a file as far as it has arrived; few are kept at once, none beyond the limit of a file."""
        most = self.briefing.settings.corpus.max_file_bytes
        try:
            piece = base64.b64decode(encoded, validate=True)
        except ValueError as exc:
            raise LibraryError("it did not arrive whole; send it again") from exc
        with self._uploading:
            before = self._uploads.pop(upload, b"") if at else b""
            if len(before) != at:
                raise LibraryError("it did not arrive whole; send it again")
            if at + len(piece) > most:
                raise LibraryError(f"it has more than the limit of {most:,} bytes")
            while len(self._uploads) >= MAX_UPLOADS:
                del self._uploads[next(iter(self._uploads))]
            self._uploads[upload] = before + piece
            return self._uploads[upload]

    def remove(self, wanted: object) -> Reply:
        """Take a file out of the corpus folder."""
        article_id = _text(wanted, "id")
        remove_article(self.briefing.settings.corpus.folder, article_id)
        self.library.files(fresh=True)
        return {"removed": article_id}

    def rebuild(self, wanted: object) -> Reply:
        """Begin to bring the index in step with the folder."""
        with self._starting:
            if self.job.running:
                return {"error": "The index is being rebuilt already."}
            self.job = Job(running=True, stage="reading the folder")
        threading.Thread(target=self._rebuild, args=(self.job, _flag(wanted, "confirm")), daemon=True).start()
        return self.progress(None)

    def progress(self, _: object) -> Reply:
        """Return how far the rebuild is, or what came of the last one."""
        return asdict(self.job)

    def generations(self, _: object) -> Reply:
        """Return the states of the index that are kept, the newest first."""
        return {"generations": [_kept(each) for each in self.briefing.generations()]}

    def roll_back(self, wanted: object) -> Reply:
        """Serve an earlier state of the index."""
        with self._starting:
            if self.job.running:
                return {"error": "The index is being rebuilt; roll back when that is done."}
            return {"generation": self.briefing.rollback(_text(wanted, "generation") or None)}

    def _rebuild(self, job: Job, confirm: bool) -> None:
        def progress(stage: str, done: int, total: int) -> None:
            job.stage, job.done, job.total = stage, done, total

        try:
            seen = self.library.files(fresh=True)
            receipt = self.briefing.refresh(progress, confirm_deletions=confirm)
            self.library.indexed(seen)
            job.receipt = _told(receipt)
        except Exception as exc:  # it runs in a thread of its own: nobody else would hear of it
            log.error("not rebuilt", exc_info=exc)
            job.error, job.confirm = self._pathless(exc), isinstance(exc, MassDeletionError)
        finally:
            job.running = False

    def _guarded(self, act: Callable[[object], Reply]) -> Callable[..., Reply]:
        """Return a function that calls come through: its errors are told without paths."""

        def guarded(wanted: object) -> Reply:
            try:
                return act(wanted)
            except Exception as exc:  # the last resort: whatever it was, the admin gets a sentence
                log.warning("%s failed", act.__name__, exc_info=exc)
                return {"error": self._pathless(exc)}

        guarded.__name__ = act.__name__
        return guarded

    def _pathless(self, exc: Exception) -> str:
        """Return what the page says about an error: folders by what they are, nothing of errors that are not ours."""
        if not isinstance(exc, BriefingError):
            return "Something went wrong; the log has the details."
        text = str(exc)
        settings = self.briefing.settings
        for folder, name in (
            (settings.corpus.folder, "the corpus folder"),
            (settings.index.folder, "the index folder"),
        ):
            for path in (folder.resolve(), folder.absolute(), folder):
                text = text.replace(str(path), name) if str(path) != "." else text
        return text


def _told(receipt: Receipt) -> Reply:
    """Return a receipt with no more names than can be read."""
    told = asdict(receipt)
    for name in ("added", "modified", "deleted", "renamed", "rejected", "warnings", "broken"):
        told[name] = {"count": len(told[name]), "first": told[name][:MAX_NAMED]}
    return told


def _kept(generation: GenerationEntry) -> Reply:
    kept = {name: getattr(generation, name) for name in ("name", "created", "articles", "passages", "current")}
    return kept | {"damage": generation.damage is not None}


def _text(wanted: object, name: str) -> str:
    value = wanted.get(name) if isinstance(wanted, dict) else None
    return value if isinstance(value, str) else ""


def _number(wanted: object, name: str) -> int:
    value = wanted.get(name) if isinstance(wanted, dict) else None
    return value if isinstance(value, int) else 0


def _flag(wanted: object, name: str) -> bool:
    return isinstance(wanted, dict) and wanted.get(name) is True
