"""The parent's side of the worker: one child process for many files, ended when one is too much for it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import qa
from qa.corpus.cache import Extractions
from qa.corpus.decoding import UnreadableError
from qa.corpus.fields import article_of, one_line, title_from_path
from qa.corpus.scans import completed, engine
from qa.types import Article, Limits

# Suffix -> module of this package: of files that are an article each, and of those that hold several.
FORMATS = {
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".eml": "mail",
    ".csv": "delimited",
    ".tsv": "delimited",
    ".pptx": "pptx",
    ".odt": "odt",
    ".rtf": "rtf",
}
CONTAINERS = {".xlsx": "xlsx", ".epub": "epub", ".rss": "feed", ".atom": "feed", ".xml": "feed"}
MAIL, PDF, OCR = "mail", "pdf", "ocr"
COMMAND = (sys.executable, "-B", "-m", "qa.corpus.worker")
ROOT = Path(qa.__file__).parents[1]  # where `-m` finds the package
# All that the child sees of the environment: what Python and its libraries need to start, nothing secret.
KEPT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP", "LANG", "LC_ALL", "TZ")
# One thread: others, and the stacks and heaps set aside for them, would count against the memory it may have.
ALONE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
PATIENCE = 3  # seconds on the clock for each processor second allowed: others compute, too
START = 10  # seconds on the clock to start and to load the libraries
GRACE = 5  # seconds for a child that has closed its end to be gone
MAX_REMARKS = 20
MAX_KEY = 200  # characters
NO_SOUND_ANSWER = "its parser gave no sound answer ({}); save it again, or as text"


class _EndedError(Exception):
    """The child process ended before it answered."""


class Sandbox:
    """Reads hostile formats in a child process, started with the first file. A context manager; not thread-safe."""

    def __init__(
        self, limits: Limits, extractions: Extractions | None = None, command: Sequence[str] = COMMAND
    ) -> None:
        self._limits = limits
        self._extractions = extractions
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def read(self, article_id: str, suffix: str, data: bytes) -> tuple[Article, list[str]]:
        """Return the article of a file's bytes, and remarks. Raises `UnreadableError`."""
        answer = self.extract(FORMATS[suffix], data)
        if answer.get("pages") and FORMATS[suffix] == PDF:
            answer = self._scans_read(answer, data)
        return _article(article_id, answer, self._limits)

    def _scans_read(self, answer: dict[str, Any], data: bytes) -> dict[str, Any]:
        """Return an answer of the PDF reader with the pages read by OCR that have no text layer."""

        def read(page: int) -> str:
            return str(self.extract(OCR, data, page)["text"])

        try:
            return completed(answer, read if engine() else None, self._limits.max_ocr_pages)
        except (LookupError, TypeError, ValueError) as exc:  # no pages as they ought to be
            raise UnreadableError(NO_SOUND_ANSWER.format(exc)) from exc

    def extract(self, name: str, data: bytes, page: int | None = None) -> dict[str, Any]:
        """Return what a module of the worker makes of a file, or of a page of it. Raises `UnreadableError`."""
        answer = self._extraction(name, data, page)
        if "refused" in answer:
            raise UnreadableError(str(answer["refused"])[:500])
        return answer

    def read_mail(self, path_id: str, data: bytes, key: str) -> tuple[Article, list[str]]:
        """Return the article of a mail in a mailbox, and remarks; `key` serves where it has none of its own.

        Raises `UnreadableError`.
        """
        answer = self.extract(MAIL, data)
        return _article(_id(path_id, answer, key), answer, self._limits)

    def read_parts(self, path_id: str, suffix: str, data: bytes) -> tuple[list[tuple[Article, list[str]]], list[str]]:
        """Return the articles of a file that holds several, each with remarks, and remarks on the file.

        An article's id is `path#key`. Raises `UnreadableError`.
        """
        answer = self.extract(CONTAINERS[suffix], data)
        parts = answer.get("parts")
        if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
            raise UnreadableError(NO_SOUND_ANSWER.format("no parts"))
        if not parts:
            raise UnreadableError("empty: there is no text in it")
        articles = [
            _article(_id(path_id, part, str(number)), _named(path_id, part, len(parts)), self._limits)
            for number, part in enumerate(parts, start=1)
        ]
        return articles, _remarks(answer)

    def _extraction(self, name: str, data: bytes, page: int | None) -> dict[str, Any]:
        """Return what the child makes of a file, or of a page of it, or made of it before."""
        if self._extractions is None:
            return self._asked(name, data, page)
        made_by = name if page is None else f"{name} of page {page} by {engine()}"
        key = self._extractions.key(made_by, data, self._limits)
        known = self._extractions.get(key)
        if known is not None:
            return known
        answer = self._asked(name, data, page)
        self._extractions.put(key, answer)
        return answer

    def _asked(self, name: str, data: bytes, page: int | None) -> dict[str, Any]:
        fresh = self._process is None
        seconds = self._limits.max_parse_seconds if page is None else self._limits.max_ocr_seconds
        try:
            return self._exchange(name, data, page, replace(self._limits, max_parse_seconds=seconds))
        except _EndedError as exc:
            if fresh:
                raise UnreadableError(str(exc)) from exc
            return self._asked(name, data, page)  # files before it may have used up what it needs

    def _exchange(self, name: str, data: bytes, page: int | None, limits: Limits) -> dict[str, Any]:
        process = self._process = self._process or self._start()
        if process.stdin is None or process.stdout is None:
            raise AssertionError("the worker has pipes")
        header = json.dumps({"format": name, "bytes": len(data), "limits": asdict(limits), "page": page})
        line, late = b"", threading.Event()
        clock = self._clock(process, late, limits.max_parse_seconds)
        try:
            with contextlib.suppress(OSError):  # it may end before it has read everything
                process.stdin.write(header.encode("ascii") + b"\n" + data)
                process.stdin.flush()
            line = process.stdout.readline(20 * self._limits.max_text_chars + 1_000_000)
        except BaseException:  # Ctrl-C: the child would go on
            self._end()
            raise
        finally:
            clock.cancel()
        if not line.endswith(b"\n"):
            raise self._failure(self._end(at_once=bool(line)), late.is_set(), page)
        answer: dict[str, Any] = json.loads(line)
        if "exhausted" in answer:
            self._end()
            limit = f"{self._limits.max_parser_bytes:,} bytes of memory"
            raise _EndedError(f"needs more than {limit}; simplify it, or raise [corpus] max_parser_bytes")
        return answer

    def _clock(self, process: subprocess.Popen[bytes], late: threading.Event, seconds: int) -> threading.Timer:
        """Start the clock that kills the child; `late` tells that it did."""

        def end() -> None:
            late.set()
            process.kill()

        clock = threading.Timer(START + PATIENCE * seconds, end)
        clock.daemon = True
        clock.start()
        return clock

    def _failure(self, code: int, late: bool, page: int | None) -> Exception:
        if late or code == -getattr(signal, "SIGXCPU", 0):
            setting = "max_parse_seconds" if page is None else "max_ocr_seconds"
            seconds = f"{getattr(self._limits, setting)} seconds"
            return UnreadableError(f"took longer than {seconds}; simplify it, or raise [corpus] {setting}")
        reason = f"signal {-code}" if code < 0 else f"exit code {code}"
        return _EndedError(f"its parser broke down ({reason}); save it again, or as text")

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={name: os.environ[name] for name in KEPT if name in os.environ} | ALONE,
        )

    def _end(self, at_once: bool = True) -> int:
        """End the child, which has nothing to lose, and return its exit code: its own where it ends by itself."""
        process, self._process = self._process, None
        if process is None:
            return 0
        if at_once:
            process.kill()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        try:
            return process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()


def _id(path_id: str, answer: dict[str, Any], key: str) -> str:
    own = one_line(answer.get("key"), MAX_KEY)
    return f"{path_id}#{own.replace('#', '%23') if own else key}"  # one `#`, so that file and key come apart again


def _named(path_id: str, part: dict[str, Any], parts: int) -> dict[str, Any]:
    """Return a part with a title that names the file, too, where it has several sections."""
    section, title = one_line(part.get("section")), one_line(part.get("title")) or title_from_path(path_id)
    return part | {"title": f"{title}: {section}" if section and parts > 1 else title}


def _remarks(answer: dict[str, Any]) -> list[str]:
    return [str(remark)[:500] for remark in answer.get("remarks", [])[:MAX_REMARKS]]


def _article(article_id: str, answer: dict[str, Any], limits: Limits) -> tuple[Article, list[str]]:
    """Return the article of an answer; what read a hostile file is believed no more than the file."""
    text, pages = answer.get("text"), answer.get("pages", [])
    try:
        if not isinstance(text, str) or not text.strip() or len(text) > limits.max_text_chars:
            raise ValueError("no text")
        text.encode()
        article, more = article_of(article_id, text, answer, pages=[int(page) for page in pages])
        article = replace(article, scanned=tuple(int(page) for page in answer.get("scanned", [])))
    except (ValueError, TypeError) as exc:
        raise UnreadableError(NO_SOUND_ANSWER.format(exc)) from exc
    return article, _remarks(answer) + more
