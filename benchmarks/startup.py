"""Seconds until something happens: `import qa`, a cold `briefing ask`, a warm ask.

    python benchmarks/startup.py [--runs 5]

Cold runs start a new process each, with the index built; the warm figure is over the 40 questions of the tests, each
asked once, since the vectors of questions are remembered. Medians are printed, with the processor: machines differ.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
QUESTIONS = ROOT / "tests" / "data" / "questions.jsonl"


def processor() -> str:
    """Return the processor's name, and which of the wide instructions it has."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    lines = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith(("model name", "flags"))]
    wide = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in " ".join(lines).split()]
    return f"{lines[0] if lines else platform.machine()}, {os.cpu_count()} cores, {' '.join(wide)}"


def seconds(action: Callable[[], object]) -> float:
    """Return how long an action takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def process(*command: str) -> Callable[[], object]:
    """Return an action that runs a command of this Python in the repository."""
    return lambda: subprocess.run([sys.executable, *command], cwd=ROOT, check=True, capture_output=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    main_code = "from qa.cli import main; main()"
    cold = {
        "python -c pass": process("-c", "pass"),
        "python -c 'import qa'": process("-c", "import qa"),
        "briefing --help": process("-c", main_code, "--help"),
        "briefing ask (cold)": process("-c", main_code, "ask", "who finances the railway?", "--json"),
    }
    print(processor())
    for name, action in cold.items():
        action()
        print(f"{name:28} {statistics.median(seconds(action) for _ in range(runs)):8.3f} s")
    import qa
    from qa.evaluation.questions import read_questions

    briefing = qa.Briefing.open(ROOT / "corpus", ROOT / "index")
    briefing.ask("warm up")
    questions = [question.question for question in read_questions(QUESTIONS)]
    asked = [seconds(lambda text=text: briefing.ask(text)) for text in questions]  # type: ignore[misc]
    print(f"{'briefing.ask (warm)':28} {statistics.median(asked):8.3f} s")


if __name__ == "__main__":
    main()
