"""Run one peer over one task, in the peer's own environment: `python worker.py ADAPTER.py task.json result.json`.

An adapter has one function, `load(model, depth)`: it loads the encoder of a folder, warms it up, and returns a function
that takes the documents, indexes them, and returns how many chunks there are and the ways to search them by name. A
way takes a question and returns the documents of up to `depth` chunks, best first, one as often as it has chunks.

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
Search = Callable[[str], list[str]]
Index = Callable[[list[Document]], tuple[int, dict[str, Search]]]
Load = Callable[[str, int], Index]

RANKED = 20  # documents kept of a ranking
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
    index = load(task["model"], task["depth"])
    loaded = time.perf_counter()
    chunks, ways = index(task["documents"])
    indexed = time.perf_counter()
    return {
        "load_seconds": loaded - started,
        "index_seconds": indexed - loaded,
        "chunks": chunks,
        "ways": {name: ask(search, task["queries"]) for name, search in ways.items()},
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RSS_UNIT,
    }


def ask(search: Search, queries: Sequence[dict[str, str]]) -> dict[str, Any]:
    """Return the ranking of each question, and the seconds it took; the first is asked once more, to warm up."""
    search(queries[0]["text"])
    ranks, seconds = {}, []
    for query in queries:
        started = time.perf_counter()
        found = search(query["text"])
        seconds.append(time.perf_counter() - started)
        ranks[query["id"]] = by_document(found)
    return {"ranks": ranks, "seconds": seconds}


def main() -> None:
    """Read the task, run it, write the result."""
    file, task, result = map(Path, sys.argv[1:])
    sys.addaudithook(refuse_network)
    found = run(adapter(file), json.loads(task.read_text(encoding="utf-8")))
    result.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
