"""The queue before the model: a few calls run at once, the others wait, and one too many is refused.

Page, REST and MCP share one queue, because they share the same cores.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from qa.errors import BusyError
from qa.settings import ServeSettings

Result = TypeVar("Result")

PULSE_SECONDS = 1.0  # how often a caller learns its place: seldom enough to cost nothing when many wait


class Ticket(Generic[Result]):
    """One call in the queue."""

    def __init__(self, future: Future[Result], ahead: Callable[[Ticket[Any]], int]) -> None:
        self.future = future
        self._ahead = ahead

    async def pulse(self) -> AsyncIterator[int]:
        """Yield how many calls are ahead of this one, about once a second until it is done; 0 while it runs.

        A call that nobody waits for any more leaves the queue.
        """
        waiting = asyncio.wrap_future(self.future)
        try:
            while not waiting.done():
                await asyncio.wait({waiting}, timeout=PULSE_SECONDS)
                if not waiting.done():
                    yield self._ahead(self) if self._waits() else 0
        finally:
            self.future.cancel()

    def _waits(self) -> bool:
        """Whether it is still queued: what has just ended may have left before the loop hears of it."""
        return not self.future.running() and not self.future.done()

    @property
    def result(self) -> Result:
        """What the call returned, once `pulse` has ended."""
        return self.future.result()


class Queue:
    """Runs calls in threads, `workers` at a time, in the order they came. Belongs to one event loop."""

    def __init__(self, workers: int, max_waiting: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="answer")
        self._tickets: list[Ticket[Any]] = []
        self._workers = workers
        self._most = workers + max_waiting

    @classmethod
    def of(cls, settings: ServeSettings) -> Queue:
        """Return a queue as the settings have it."""
        return cls(settings.workers, settings.max_waiting)

    def submit(self, call: Callable[[], Result]) -> Ticket[Result]:
        """Put a call at the end of the queue. Raises `BusyError` when `max_waiting` calls wait already."""
        self._tickets = [ticket for ticket in self._tickets if not ticket.future.done()]
        if len(self._tickets) >= self._most:
            raise BusyError(f"{self.waiting} questions are waiting already; try again in a moment")
        ticket = Ticket(self._pool.submit(call), self._ahead)
        self._tickets.append(ticket)
        return ticket

    async def run(self, call: Callable[[], Result]) -> Result:
        """Return what a call returns, once it had its turn. Raises as `submit`, and what the call raises."""
        return await asyncio.wrap_future(self.submit(call).future)

    @property
    def waiting(self) -> int:
        """How many calls wait for a worker."""
        return max(0, sum(not ticket.future.done() for ticket in self._tickets) - self._workers)

    def _ahead(self, mine: Ticket[Any]) -> int:
        before = self._tickets[: self._tickets.index(mine)]
        return sum(not ticket.future.done() for ticket in before)
