"""The child process that reads hostile formats: `python -m qa.corpus.worker`, spoken to by `qa.corpus.sandbox`.

It reads from standard input, file after file, a line of JSON `{"format", "bytes", "limits", "page"}` and then the
file's bytes, and answers with a line of JSON: `{"text", "title", …}`, `{"parts": [{"key", "text", …}]}` for a file of
several articles, `{"refused": cause}` or `{"exhausted": true}`. It opens no network connection, starts no program and
writes no file.
"""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from qa.corpus.decoding import UnreadableError
from qa.corpus.fields import bounded
from qa.types import Limits

try:
    import resource
except ImportError:  # Windows: the clock of the parent process still holds
    resource = None  # type: ignore[assignment]

MAX_PARTS = 10_000  # articles of a file that is read as a whole
FORBIDDEN = frozenset(
    "socket.connect socket.sendto socket.bind socket.getaddrinfo socket.gethostbyname urllib.Request "
    "subprocess.Popen os.system os.exec os.posix_spawn os.fork os.forkpty".split()
)


def main() -> None:
    """Serve files until standard input ends."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whatever a library prints is no answer
    logging.disable(logging.CRITICAL)
    refuse_the_outside()
    while header := requests.readline():
        request = json.loads(header)
        limits = Limits(**request["limits"])
        import_module(f"qa.corpus.{request['format']}")  # before the clock starts: no file is to blame for it
        bound(limits)
        answer = _answer(request, requests.read(request["bytes"]), limits)
        answers.write(json.dumps(answer).encode("ascii") + b"\n")
        answers.flush()
        if "exhausted" in answer:
            return
        gc.collect()


def _answer(request: Mapping[str, Any], data: bytes, limits: Limits) -> dict[str, object]:
    try:
        return extract(request["format"], data, limits, request.get("page"))
    except UnreadableError as exc:
        return {"refused": str(exc)}
    except MemoryError:
        return {"exhausted": True}
    except RecursionError:
        return {"refused": "nested too deep; simplify it, or save its text"}
    except Exception as exc:  # hostile input finds what no one thought of: one file is refused, not the folder
        cause = " ".join((str(exc) or "").split())[:100]
        return {"refused": f"cannot be read ({type(exc).__name__}: {cause}); save it again, or as text"}


def extract(name: str, data: bytes, limits: Limits, page: int | None = None) -> dict[str, object]:
    """Return text, fields and remarks of a file, or of a page of it where one is named.

    Raises `UnreadableError`, and what else its parser may raise.
    """
    function: Callable[..., dict[str, object]] = import_module(f"qa.corpus.{name}").extract
    found = function(data, limits) if page is None else function(data, limits, page)
    parts = found.get("parts")
    if isinstance(parts, list):
        _bound_parts(parts, limits)
    elif found["text"] or not found.get("blank"):
        bounded(str(found["text"]), limits)
    return found


def _bound_parts(parts: Sequence[Mapping[str, object]], limits: Limits) -> None:
    """Refuse more parts, or more text in all of them, than one article may have."""
    if len(parts) > MAX_PARTS:
        raise UnreadableError(f"holds {len(parts):,} articles, more than {MAX_PARTS:,}; split it")
    chars = sum(len(str(part["text"])) for part in parts)
    if chars > limits.max_text_chars:
        cause = f"{chars:,} characters of text, more than {limits.max_text_chars:,}"
        raise UnreadableError(f"{cause}; split it, or raise [corpus] max_text_chars")


def bound(limits: Limits) -> None:
    """Limit memory, and the processor seconds of the next file; where the system knows such limits."""
    if resource is None:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + limits.max_parse_seconds + 1
    for kind, most in (
        (resource.RLIMIT_AS, limits.max_parser_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),  # pipes are no files
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # macOS refuses some
            resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))


def refuse_the_outside() -> None:
    """Refuse network connections and other programs from now on, whatever a parser wants."""

    def refuse(event: str, _: tuple[object, ...]) -> None:
        if event in FORBIDDEN:
            raise UnreadableError(f"its parser wanted {event}, which is refused")

    sys.addaudithook(refuse)


if __name__ == "__main__":
    main()
