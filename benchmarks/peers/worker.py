"""Run one peer over one task, in the peer's own environment: `python worker.py ADAPTER.py task.json result.json`.

An adapter has one function, `load(model)`: it loads the encoder of a folder, warms it up, and returns a function that
takes the documents, indexes them, and returns how many chunks there are and the ways to search them by name. A way
takes a question and how many chunks each of its retrievers shall find, and returns the documents of what it found,
best first, one as often as it has chunks.

The standard library alone, since nothing of ours is installed there. Any attempt to reach a network is refused.
"""

from __future__ import annotations

import importlib.util
import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Document = dict[str, str]  # id, title, text
Search = Callable[[str, int], list[str]]
Index = Callable[[list[Document]], tuple[int, dict[str, Search]]]
Load = Callable[[str], Index]

RANKED = 20  # documents kept of a ranking
TIMED = 200  # questions
NETWORK = (
    "socket.connect",
    "socket.getaddrinfo",
    "socket.sendto",
)  # audit events, docs.python.org/3/library/audit_events
RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes of ru_maxrss, getrusage(2)


def refuse_network(event: str, _: tuple[Any, ...]) -> None:
    """Raise for an audit event of the network."""
    if event in NETWORK:
        raise PermissionError(f"{event}: the network is refused while a peer is measured")


def adapter(file: Path) -> Load:
    """Return the `load` of an adapter's file."""
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    load: Load = module.load
    return load


def by_document(chunks: Sequence[str]) -> list[str]:
    """Return the documents of ranked chunks, each at its best chunk."""
    return list(dict.fromkeys(chunks))[:RANKED]


def run(load: Load, task: dict[str, Any]) -> dict[str, Any]:
    """Index the documents, ask every question in every way, and return rankings and costs."""
    started = time.perf_counter()
    index = load(task["model"])
    loaded = time.perf_counter()
    chunks, ways = index(task["documents"])
    indexed = time.perf_counter()
    return {
        "load_seconds": loaded - started,
        "index_seconds": indexed - loaded,
        "chunks": chunks,
        "ways": {name: ask(search, task) for name, search in ways.items()},
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RSS_UNIT,
    }


def ask(search: Search, task: dict[str, Any]) -> dict[str, Any]:
    """Return the seconds of the first questions, asked for few results, and the ranking of each, asked for many."""
    queries = task["queries"]
    search(queries[0]["text"], task["results"])  # warm
    seconds = []
    for query in queries[:TIMED]:
        started = time.perf_counter()
        search(query["text"], task["results"])
        seconds.append(time.perf_counter() - started)
    ranks = {query["id"]: by_document(search(query["text"], task["depth"])) for query in queries}
    return {"ranks": ranks, "seconds": seconds}


def main() -> None:
    """Read the task, run it, write the result."""
    file, task, result = map(Path, sys.argv[1:])
    sys.addaudithook(refuse_network)
    found = run(adapter(file), json.loads(task.read_text(encoding="utf-8")))
    result.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
