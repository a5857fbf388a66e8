"""An application that listens on this machine while a test goes on, and asynchronous functions to call it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import anyio
import uvicorn
from starlette.types import ASGIApp

T = TypeVar("T")


def awaited(function: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Return what an asynchronous function returns; in a thread, for Playwright's loop occupies this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(anyio.run, function).result()


@contextlib.contextmanager
def running(app: ASGIApp, **config: Any) -> Iterator[str]:  # noqa: ANN401 - whatever uvicorn.Config takes
    """Serve an application in a thread, and yield its address without a slash at its end."""
    options = {"port": 0, "log_level": "warning", "timeout_graceful_shutdown": 1, **config}
    server = uvicorn.Server(uvicorn.Config(app, **options))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
