"""Let many people ask on the page at once: `python benchmarks/load_page.py [--askers 20] [--seconds 60]`.

Starts the page over a copy of the bundled corpus and asks as a browser does. Prints a table: one person alone,
many at once, many at once while the index is rebuilt, and the server's memory. Fails on an error, on an answer
that mixes two generations, and where the wanted ratios are missed. Needs the extra `dev` and Linux (for the memory).
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from statistics import quantiles
from typing import Any

import httpx

ROOT = Path(__file__).parents[1]
NEW = " (second edition)"  # ends every title of the corpus that is built meanwhile
FILLERS = 300  # articles added meanwhile, so that the rebuild has something to encode
ALONE = 40  # questions of the one person


@dataclass
class Round:
    """What a number of people saw."""

    name: str
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    mixed: int = 0
    told: int = 0  # askers who were told that others are before them
    began: float = field(default_factory=time.monotonic)
    lasted: float = 0.0

    def p(self, percent: int) -> float:
        """Return a percentile of the seconds."""
        return quantiles(self.seconds, n=100)[percent - 1] if len(self.seconds) > 1 else float("nan")

    def row(self) -> str:
        """Return a line of the table."""
        a_second = len(self.seconds) / self.lasted
        return (
            f"{self.name:<32}{len(self.seconds):>8}{len(self.errors):>8}{self.mixed:>7}{self.told:>7}"
            f"{self.p(50):>9.3f}{self.p(95):>9.3f}{a_second:>9.1f}"
        )


class Page:
    """The page as a browser calls it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.config: dict[str, Any] = httpx.get(url + "config", timeout=60).json()
        self.box, self.articles = (self._id(name) for name in ("box", "library"))
        calls = self.config["dependencies"]
        self.call = next(c["id"] for c in calls if [self.box, "submit"] in [list(t) for t in c["targets"]])

    def _id(self, elem_id: str) -> int:
        return next(int(c["id"]) for c in self.config["components"] if c["props"].get("elem_id") == elem_id)

    def ask(self, client: httpx.Client, session: str, question: str) -> tuple[dict[str, Any], bool]:
        """Return the turn that answers a question of a visit, and whether its asker was told to wait."""
        told, saved = False, None
        call = {"data": [question, {}, []], "fn_index": self.call, "trigger_id": self.box, "session_hash": session}
        client.post(self.url + "gradio_api/queue/join", json=call).raise_for_status()
        with client.stream("GET", self.url + "gradio_api/queue/data", params={"session_hash": session}) as stream:
            for line in stream.iter_lines():
                if not line.startswith("data:"):
                    continue
                message = json.loads(line[5:])
                told = told or "before yours" in line
                if message["msg"] == "process_generating":
                    saved = _kept(message["output"]["data"]) or saved
                if message["msg"] == "process_completed":
                    if not message["success"]:
                        raise RuntimeError(f"not answered: {message['output']}")
                    break
        if not saved or saved[-1]["kind"] == "error":
            raise RuntimeError(f"no answer: {saved}")
        return saved[-1], told

    def rebuild(self) -> float:
        """Rebuild the index as an admin does, and return how long that took."""
        began = time.monotonic()
        job = self._admin("rebuild")
        while job.get("running"):
            time.sleep(0.2)
            job = self._admin("progress")
        if job.get("error"):
            raise RuntimeError(job["error"])
        return time.monotonic() - began

    def _admin(self, name: str) -> dict[str, Any]:
        call = {"session_hash": "load", "component_id": self.articles, "fn_name": name, "data": None}
        headers = {"origin": self.url.rstrip("/")}
        reply = httpx.post(self.url + "gradio_api/component_server", json=call, headers=headers, timeout=60)
        reply.raise_for_status()
        return dict(reply.json())


def _kept(data: list[Any]) -> list[dict[str, Any]] | None:
    """Return the conversation in a step's outputs; the first step is whole, later ones tell what changed in it."""
    last = data[-1]
    if isinstance(last, list) and last and isinstance(last[0], dict):
        return last
    if isinstance(last, list):  # [[action, path, value], …]
        return next((value for action, path, value in last if action == "replace" and path == []), None)
    return None


@contextmanager
def served(folder: Path) -> Iterator[tuple[Page, int]]:
    """Start the page over a copy of the bundled corpus; yield it, and the number of its process."""
    shutil.copytree(ROOT / "corpus", folder / "corpus")
    variables = {
        "BRIEFING_CORPUS__FOLDER": str(folder / "corpus"),
        "BRIEFING_INDEX__FOLDER": str(folder / "index"),
        "BRIEFING_SERVE__PORT": "0",
        "BRIEFING_SERVE__ADMIN": "true",
        "BRIEFING_SERVE__CALLS_PER_MINUTE": "0",  # all askers have one address
    }
    command = [sys.executable, str(ROOT / "app.py")]
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | variables, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        if not found:
            raise SystemExit("the server did not start")
        try:
            yield Page(found[0]), process.pid
        finally:
            process.terminate()


def megabytes(pid: int) -> float:
    """Return the memory that a process holds."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    return int(found[1]) / 1024 if found else float("nan")


@contextmanager
def sampled(pid: int, every: float = 60) -> Iterator[list[float]]:
    """Collect the memory that a process holds, in MB, at the beginning and then once a minute."""
    samples: list[float] = []
    over = threading.Event()

    def watch() -> None:
        samples.append(megabytes(pid))
        while not over.wait(every):
            samples.append(megabytes(pid))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        over.set()
        thread.join()


def ask_on(page: Page, result: Round, until: float, most: int = sys.maxsize) -> None:
    """Ask one question after the other until it is time."""
    pinned = tomllib.loads((ROOT / "corpus" / "pinned.toml").read_text(encoding="utf-8"))["question"]
    questions = itertools.cycle([each["question"] for each in pinned])
    with httpx.Client(timeout=120) as client:
        session = token_hex(6)  # one visit
        for question in itertools.islice(questions, most):
            began = time.monotonic()
            if began > until:
                return
            try:
                turn, told = page.ask(client, session, question)
            except Exception as exc:  # counted, whatever it was
                result.errors.append(repr(exc))
                continue
            result.seconds.append(time.monotonic() - began)
            result.told += told
            result.mixed += len({card["title"].endswith(NEW) for card in turn["cards"]}) > 1


def many(page: Page, name: str, askers: int, seconds: float) -> Round:
    """Return what a number of people saw who asked at once."""
    result = Round(name)
    with ThreadPoolExecutor(askers) as pool:
        for each in [pool.submit(ask_on, page, result, time.monotonic() + seconds) for _ in range(askers)]:
            each.result()
    result.lasted = time.monotonic() - result.began
    print(result.row(), flush=True)
    return result


def change(corpus: Path, fillers: int) -> None:
    """Give every article a new title, and add some."""
    for file in corpus.glob("*.md"):
        text = file.read_text(encoding="utf-8")
        named = re.sub(r"(?m)^title: (.*)$", lambda found: f"title: {json.dumps(_bare(found[1]) + NEW)}", text, count=1)
        file.write_text(named, encoding="utf-8")
    for n in range(fillers):
        words = " ".join(f"Sentence {m} of filler {n} tells of nothing that anyone asks about." for m in range(12))
        (corpus / f"filler-{n}.md").write_text(f"---\ntitle: Filler {n}{NEW}\n---\n{words}\n", encoding="utf-8")


def _bare(title: str) -> str:
    return title.strip().strip("\"'")


def main() -> int:
    """Print the table; return 1 where something wanted is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--askers", type=int, default=20)
    parser.add_argument("--alone", type=int, default=ALONE, help="questions of the one person")
    parser.add_argument("--fillers", type=int, default=FILLERS, help="articles added before the rebuild")
    parser.add_argument("--seconds", type=float, default=60, help="of each round")
    given = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    print(
        f"{'':<32}{'answers':>8}{'errors':>8}{'mixed':>7}{'waited':>7}{'p50 s':>9}{'p95 s':>9}{'a second':>9}",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as (page, pid):
        alone = Round("one person")
        ask_on(page, Round("warm"), time.monotonic() + 60, 8)
        ask_on(page, alone, time.monotonic() + 600, given.alone)
        alone.lasted = time.monotonic() - alone.began
        print(alone.row(), flush=True)
        with sampled(pid) as memory:
            together = many(page, f"{given.askers} at once", given.askers, given.seconds)
            change(Path(folder) / "corpus", given.fillers)
            took: list[float] = []
            rebuilding = threading.Thread(target=lambda: took.append(page.rebuild()))
            rebuilding.start()
            during = many(page, f"{given.askers} at once, rebuild", given.askers, given.seconds)
            rebuilding.join()
            after = many(page, f"{given.askers} at once, again", given.askers, given.seconds)
            memory.append(megabytes(pid))
    rounds = [alone, together, during, after]
    allowed = 3 * alone.p(50) * given.askers / cores
    print(f"{cores} cores; wanted p95 at most 3 x {alone.p(50):.3f} s x {given.askers} / {cores} = {allowed:.2f} s")
    print(f"rebuild: {took[0]:.1f} s" if took else "rebuild: failed")
    print("memory in MB, minute by minute: " + ", ".join(f"{each:.0f}" for each in memory))
    for each in rounds:
        for error in each.errors[:3]:
            print(f"{each.name}: {error}")
    missed = [each.name for each in rounds if each.errors or each.mixed]
    missed += [together.name] if together.p(95) > allowed else []
    print(f"missed: {', '.join(missed)}" if missed or not took else "all as wanted")
    return 1 if missed or not took else 0


if __name__ == "__main__":
    sys.exit(main())
