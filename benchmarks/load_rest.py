"""Ask over REST as many clients at once, with a rebuild in the middle, and say what they saw.

    python benchmarks/load_rest.py --clients 20 --seconds 60

Serves a copy of the bundled corpus with the real model in a process of its own. In the middle an article is uploaded
and the index rebuilt. An answer is mixed when a citation is not verbatim in the article as its generation has it, or
its hits come from articles that its generation does not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[1]
SERVE = "from qa.cli import main; main()"
NEW = ("added-in-the-middle.md", b"# Hangar\n\nThe zeppelin hangar at Friedrichshafen measures 250 metres.\n")


@dataclass
class Seen:
    """What all clients saw."""

    seconds: list[tuple[float, float]] = field(default_factory=list)  # when asked, how long it took
    errors: list[str] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)


def questions() -> list[str]:
    """Return the bundled questions."""
    lines = (ROOT / "tests" / "data" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["question"] for line in lines if line.strip()]


def serve(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start the server over a copy of the corpus; return it and its address once it is ready."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    shutil.copytree(ROOT / "corpus", folder / "corpus")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BRIEFING_SERVE__CALLS_PER_MINUTE": "0"}
    command = [sys.executable, "-c", SERVE, "serve", "--admin", "--port", str(port)]
    folders = ["--corpus", str(folder / "corpus"), "--index", str(folder / "index")]
    process = subprocess.Popen([*command, *folders], env=environment, stderr=(folder / "log").open("wb"))
    url = f"http://127.0.0.1:{port}"
    for _ in range(600):
        if process.poll() is not None:
            raise SystemExit((folder / "log").read_text())
        try:
            if httpx.get(f"{url}/api/health").status_code == 200:
                return process, url
        except httpx.TransportError:
            time.sleep(0.5)
    raise SystemExit("the server was not ready after five minutes")


def ask(url: str, number: int, until: float, seen: Seen) -> None:
    """Ask one question after the other until the time is over."""
    asked = questions()
    with httpx.Client(base_url=url, timeout=60) as client:
        while time.perf_counter() < until:
            question, started = asked[number % len(asked)], time.perf_counter()
            number += 7
            try:
                reply = client.post("/api/ask", json={"question": question})
                seen.seconds.append((started, time.perf_counter() - started))
                if reply.status_code != 200:
                    seen.errors.append(f"{reply.status_code} {reply.text[:100]}")
                else:
                    seen.answers.append(reply.json())
            except httpx.HTTPError as exc:
                seen.errors.append(repr(exc))


def rebuild(url: str) -> tuple[float, float]:
    """Upload an article and rebuild; return when that began and ended."""
    started = time.perf_counter()
    with httpx.Client(base_url=url, timeout=300) as client:
        client.post("/api/articles", files={"file": NEW}).raise_for_status()
        client.post("/api/index").raise_for_status()
    return started, time.perf_counter()


def texts(folder: Path) -> dict[str, dict[str, str]]:
    """Return article texts by generation and id, from the index folder."""
    found: dict[str, dict[str, str]] = {}
    for file in folder.glob("index/gen-*/articles.jsonl"):
        articles = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        articles = [article.get("article", article) for article in articles]
        found[file.parent.name] = {article["id"]: article["text"] for article in articles}
    return found


def mixed(answer: dict[str, Any], stored: dict[str, dict[str, str]]) -> bool:
    """Return whether an answer is not wholly of the generation that it names."""
    articles = stored[answer["generation"]]
    cited = all(articles.get(c["article_id"], "")[c["start"] : c["end"]] == c["quote"] for c in answer["citations"])
    passages = [hit["passage"] for hit in answer["hits"]]
    return not cited or any(articles.get(p["article_id"], "")[p["start"] : p["end"]] != p["text"] for p in passages)


def told(name: str, seconds: list[float]) -> None:
    """Print how long questions took."""
    if len(seconds) < 2:
        print(f"{name:<28} {len(seconds)} questions")
        return
    cuts = statistics.quantiles(seconds, n=20)
    print(
        f"{name:<28} {len(seconds):>6} questions  p50 {cuts[9]:.3f} s  p95 {cuts[18]:.3f} s  max {max(seconds):.3f} s"
    )


def main() -> None:
    """Run the load and print a table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--clients", type=int, default=20)
    options.add_argument("--seconds", type=float, default=60)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        process, url = serve(folder)
        try:
            single = Seen()
            ask(url, 0, time.perf_counter() + 5, single)
            seen, started = Seen(), time.perf_counter()
            until = started + given.seconds
            threads = [threading.Thread(target=ask, args=(url, n, until, seen)) for n in range(given.clients)]
            for thread in threads:
                thread.start()
            time.sleep(given.seconds / 2)
            begun, ended = rebuild(url)
            for thread in threads:
                thread.join()
        finally:
            process.terminate()
            process.wait(20)
        stored = texts(folder)
        answers = seen.answers
        print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        told("one client", [took for _, took in single.seconds])
        told(f"{given.clients} clients", [took for _, took in seen.seconds])
        told("  while the index was rebuilt", [t for at, t in seen.seconds if at < ended and at + t > begun])
        print(f"questions a second: {len(seen.seconds) / given.seconds:.1f}; rebuild: {ended - begun:.1f} s")
        print(f"errors: {len(seen.errors)} {seen.errors[:3]}")
        generations = {name: sum(a["generation"] == name for a in answers) for name in sorted(stored)}
        print(f"answers by generation: {generations}; mixed: {sum(mixed(a, stored) for a in answers)}")


if __name__ == "__main__":
    main()
