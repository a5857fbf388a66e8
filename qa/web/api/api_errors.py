"""Errors as programs receive them: a status, a type and one sentence, never a path or a stack trace."""

from __future__ import annotations

from dataclasses import dataclass

from qa.errors import (
    ArticleExistsError,
    ArticleNotFoundError,
    BriefingError,
    BusyError,
    CorpusError,
    FilterError,
    IndexBusyError,
    IndexNotFoundError,
    LibraryError,
    MassDeletionError,
    ModelError,
    QuestionError,
    StoredIndexError,
    UpdateRefusedError,
)


@dataclass(frozen=True, slots=True)
class Fault:
    """An error as others see it; `type` is the name of our error class, or of a status."""

    type: str
    message: str


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """A fault with its HTTP status."""

    status: int
    fault: Fault


LOG_HAS_IT = "the log of the server has the details"
# The first matching class counts. None passes the error's own message on; those name no folder.
FAULTS: tuple[tuple[type[Exception], int, str | None], ...] = (
    (QuestionError, 400, None),
    (FilterError, 400, None),
    (ArticleNotFoundError, 404, None),
    (ArticleExistsError, 409, None),
    (LibraryError, 400, None),
    (BusyError, 503, None),
    (IndexBusyError, 409, "another build is going on; try again when it is done"),
    (MassDeletionError, 409, "more than half of the articles are gone; confirm_deletions agrees to that"),
    (UpdateRefusedError, 409, f"the update was refused; {LOG_HAS_IT}"),
    (IndexNotFoundError, 404, "there is no such generation, or none yet"),
    (StoredIndexError, 503, f"the index cannot be used at the moment; {LOG_HAS_IT}"),
    (CorpusError, 503, f"the corpus folder cannot be used at the moment; {LOG_HAS_IT}"),
    (ModelError, 503, f"the model cannot be used at the moment; {LOG_HAS_IT}"),
    (BriefingError, 503, f"the briefing cannot do that at the moment; {LOG_HAS_IT}"),
)


def told(exc: Exception) -> ErrorReply:
    """Return the reply for an error."""
    for kind, status, message in FAULTS:
        if isinstance(exc, kind):
            return ErrorReply(status, Fault(type(exc).__name__, message or str(exc)))
    return ErrorReply(500, Fault("InternalError", f"something went wrong; {LOG_HAS_IT}"))
