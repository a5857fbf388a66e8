"""Replies that were given before, in memory: the same question over the same passages is not sent twice."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoredReply:
    """A whole reply: its text, what it cost when it was sent for, and whether it ended by itself."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    complete: bool


class ReplyCache:
    """The replies used last, so many at most. Safe to share between threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[str, StoredReply] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> StoredReply | None:
        """Return the reply under a key, or None."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def put(self, key: str, reply: StoredReply) -> None:
        """Keep a reply; the one that was not used for longest makes room."""
        with self._lock:
            self._held[key] = reply
            self._held.move_to_end(key)
            while len(self._held) > self._most:
                self._held.popitem(last=False)
