"""The queue before the model: order, places, and those who leave."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future

import pytest

from qa.errors import BusyError
from qa.web.queue import Queue, Ticket
from tests.web.running import awaited


def test_calls_run_in_order_and_know_how_many_are_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.web.queue.PULSE_SECONDS", 0.01)
    ran: list[int] = []
    gates = [threading.Event() for _ in range(3)]

    def call(number: int) -> int:
        assert gates[number].wait(20)
        ran.append(number)
        return number

    async def wait() -> list[list[int]]:
        queue = Queue(workers=1, max_waiting=2)
        tickets = [queue.submit(lambda n=n: call(n)) for n in range(3)]  # type: ignore[misc]
        with pytest.raises(BusyError, match="2 questions are waiting"):
            queue.submit(lambda: 9)

        async def places(number: int) -> list[int]:
            seen: list[int] = []
            async for ahead in tickets[number].pulse():
                seen += [] if seen and seen[-1] == ahead else [ahead]
                if ahead == 0:
                    gates[number].set()
            assert tickets[number].result == number
            return seen

        found = await asyncio.gather(*map(places, range(3)))
        assert queue.submit(lambda: 7)  # there is room again
        return found

    found = awaited(wait)
    assert ran == [0, 1, 2]
    assert found[0] == [0]
    assert found[1][0] == 1
    assert found[2][0] == 2
    assert all(places == sorted(places, reverse=True) for places in found)


def test_one_who_leaves_is_not_run() -> None:
    ran: list[str] = []
    gate = threading.Event()

    async def leave() -> None:
        queue = Queue(workers=1, max_waiting=8)
        queue.submit(lambda: None if gate.wait(20) else None)
        gone, stays = queue.submit(lambda: ran.append("gone")), queue.submit(lambda: ran.append("stays"))
        pulse = gone.pulse()
        assert await anext(pulse) == 1
        await pulse.aclose()  # type: ignore[attr-defined]
        gate.set()
        async for _ in stays.pulse():
            pass

    awaited(leave)
    assert ran == ["stays"]


def test_a_call_that_ends_as_it_is_looked_at_is_not_looked_for_in_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    future: Future[str] = Future()

    async def wait_too_short(*_: object, **__: object) -> None:
        if future.done():
            await asyncio.sleep(0)
        else:
            future.set_result("answer")  # in another thread, say: the loop has not heard of it yet

    def gone(_: Ticket[str]) -> int:
        raise AssertionError("what is done may have left the line")

    async def follow() -> list[int]:
        future.set_running_or_notify_cancel()
        return [ahead async for ahead in Ticket(future, gone).pulse()]

    monkeypatch.setattr("qa.web.queue.asyncio.wait", wait_too_short)
    assert awaited(follow) == [0]
