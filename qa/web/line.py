"""A line before the model: a few calls run at once, the others wait and know how many are before them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

Result = TypeVar("Result")

PULSE_SECONDS = 1.0  # how often one who waits is told how it stands: not for nothing when many wait


class LineFullError(Exception):
    """So many wait that another one would only wait in vain."""


class Ticket(Generic[Result]):
    """One call in the line."""

    def __init__(self, future: Future[Result], ahead: Callable[[Ticket[Result]], int]) -> None:
        self.future = future
        self._ahead = ahead

    async def pulse(self) -> AsyncIterator[int]:
        """Yield how many calls are before this one, now and then until it is done; 0 while it runs.

        A call that nobody waits for any more is taken out of the line.
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
        """Whether it is in the line still: what has just ended may have left it before the loop hears of it."""
        return not self.future.running() and not self.future.done()

    @property
    def result(self) -> Result:
        """What the call returned, once `pulse` has ended."""
        return self.future.result()


class Line(Generic[Result]):
    """Runs calls in threads, `workers` at a time, in the order they came. Belongs to one event loop."""

    def __init__(self, workers: int, most: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="answer")
        self._tickets: list[Ticket[Result]] = []
        self._most = most

    def join(self, call: Callable[[], Result]) -> Ticket[Result]:
        """Put a call at the end of the line. Raises `LineFullError` when `most` calls are in it."""
        self._tickets = [ticket for ticket in self._tickets if not ticket.future.done()]
        if len(self._tickets) >= self._most:
            raise LineFullError
        ticket = Ticket(self._pool.submit(call), self._ahead)
        self._tickets.append(ticket)
        return ticket

    def _ahead(self, mine: Ticket[Result]) -> int:
        before = self._tickets[: self._tickets.index(mine)]
        return sum(not ticket.future.done() for ticket in before)
