"""What readers think of answers: one JSON object a line, in a file that never leaves this machine."""

from __future__ import annotations

import json
import logging
import threading
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from qa.web.page.view import ChatTurn

log = logging.getLogger(__name__)

FILE_NAME = "feedback.jsonl"  # in the index folder
MAX_BYTES = 20_000_000  # the file grows no further: some 40,000 votes


class Vote(BaseModel):
    """A turn, and whether it helped; None takes an earlier vote back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    turn: ChatTurn
    helpful: bool | None


class Feedback:
    """The file of votes. Safe to share between threads."""

    def __init__(self, file: Path, question_chars: int) -> None:
        self.file = file
        self.question_chars = question_chars
        self._writing = threading.Lock()

    def vote(self, given: object) -> bool:
        """Write down what a browser sent; return whether that was done. It may have sent anything."""
        try:
            vote = Vote.model_validate(given)
        except ValidationError:
            return False
        line = json.dumps(self._record(vote)) + "\n"
        with self._writing:
            try:
                if self.file.exists() and self.file.stat().st_size + len(line) > MAX_BYTES:
                    log.warning("%s is full: move it away to collect further votes", self.file)
                    return False
                with self.file.open("a", encoding="utf-8", newline="\n") as stream:
                    stream.write(line)
            except OSError as exc:
                log.warning("a vote could not be written to %s: %s", self.file, exc.strerror)
                return False
        return True

    def _record(self, vote: Vote) -> dict[str, object]:
        turn = vote.turn
        return {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "helpful": vote.helpful,
            "question": turn.question[: self.question_chars],
            "searched_for": turn.searched_for[: self.question_chars],
            "only": turn.only[: self.question_chars],
            "verdict": turn.kind,
            "confidence": turn.confidence,
            "generation": turn.generation[:100],
            "citations": [
                {"article": card.article_id[:1000], "start": card.start, "end": card.end} for card in turn.cards[:10]
            ],
        }
