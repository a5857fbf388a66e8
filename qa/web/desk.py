"""Where questions of programs wait: a few are answered at once, some wait, one more is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from qa.errors import BusyError

T = TypeVar("T")


class Desk:
    """Runs work in up to `workers` threads while up to `most_waiting` calls wait."""

    def __init__(self, workers: int, most_waiting: int) -> None:
        self.most_waiting = most_waiting
        self._limiter = CapacityLimiter(workers)

    async def run(self, work: Callable[[], T]) -> T:
        """Return what the work returns. Raises `BusyError` at once when too many wait, and what it raises."""
        if self._limiter.available_tokens <= 0 and self.waiting >= self.most_waiting:
            raise BusyError(f"{self.waiting} questions are waiting already; try again in a moment")
        return await to_thread.run_sync(work, limiter=self._limiter)

    @property
    def waiting(self) -> int:
        """How many calls wait for a thread."""
        return self._limiter.statistics().tasks_waiting
