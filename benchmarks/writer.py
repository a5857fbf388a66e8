"""What a language model adds: right, wrong and held back when quoted, picked, written, and without verification.

    python benchmarks/writer.py URL [--model NAME] [--passages 5] [--limit N] [--replies FILE]
                                [--cases FOLDER …] [--quiz FILE] [--show]

Asks the bundled questions of tests/data, those of case folders (corpus/, questions.jsonl) and those of a quiz (JSON
Lines: question, answer, date, positives, negatives; its last 100 questions, over the windows of all of them). `--limit`
takes so many of each set, drawn once. Replies are written to a file as they come, and taken from there: a run that was
interrupted goes on. `--offline` asks no server and takes only the questions whose replies are there. "unverified" is
what the model says as it is; `--show` prints every shown sentence beside its citation, for reading by hand.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import qa.briefing  # noqa: E402 (the script runs from anywhere)
from qa.errors import WriterError  # noqa: E402
from qa.evaluation.questions import read_questions  # noqa: E402
from qa.evaluation.statistics import says  # noqa: E402
from qa.settings import Settings, WriterSettings  # noqa: E402
from qa.types import Answer, Verdict  # noqa: E402
from qa.writer.client import Message, ModelClient, Reply, Usage  # noqa: E402
from qa.writer.replies import extraction_of  # noqa: E402
from qa.writer.writing import Writer  # noqa: E402

FILES = ("questions.jsonl", "questions_hard.jsonl", "questions_blind.jsonl")
QUIZ = 100
WINDOWS = 3  # of a quiz question that hold its answer, and as many that do not
WAYS = ("extractive", "extract", "write", "extract, unverified", "write, unverified")


@dataclass(frozen=True, slots=True)
class PosedQuestion:
    """A question, the briefing it is put to, and what is right; no answers where none is there."""

    group: str
    question: str
    briefing: qa.briefing.Briefing
    answers: tuple[str, ...] = ()
    pattern: str | None = None

    @property
    def absent(self) -> bool:
        """Whether no article answers."""
        return not self.answers and self.pattern is None

    def right(self, text: str) -> bool:
        """Return whether a text gives the answer."""
        if self.pattern is not None:
            return re.search(self.pattern, text) is not None
        return bool(self.answers) and says(text, self.answers)


class RecordingClient(ModelClient):
    """A client that keeps every reply in a file, and asks for none that it has."""

    def __init__(self, settings: WriterSettings, file: Path, offline: bool) -> None:
        super().__init__(settings)
        self._file, self._offline = file, offline
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        self._held: dict[str, dict[str, Any]] = {row["key"]: row for row in map(json.loads, lines)}
        self.last = ""
        self.seconds: list[float] = []

    def reply(self, messages: list[Message], schema: dict[str, Any] | None = None) -> Reply:
        """Return a reply, recorded or new. Raises `WriterError` offline for one that is not there."""
        told = tuple((message["role"], message["content"]) for message in messages)
        key = hashlib.sha256(repr(told).encode("utf-8", "replace")).hexdigest()
        if key not in self._held:
            if self._offline:
                raise WriterError("no such reply is recorded")
            self._held[key] = self._asked(key, messages, schema)
            with self._file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(self._held[key]) + "\n")
        row = self._held[key]
        self.last = row["text"]
        self.seconds.append(row["seconds"])
        return Reply(iter([row["text"]]), Usage(row["prompt"], row["completion"]), complete=row["complete"])

    def _asked(self, key: str, messages: list[Message], schema: dict[str, Any] | None) -> dict[str, Any]:
        started = time.perf_counter()
        reply = super().reply(messages, schema)
        text = "".join(reply)
        return {
            "key": key,
            "text": text,
            "seconds": round(time.perf_counter() - started, 2),
            "prompt": reply.usage.prompt,
            "completion": reply.usage.completion,
            "complete": reply.complete,
        }


def bundled(work: Path) -> Iterator[PosedQuestion]:
    """Yield the questions of the tests, over the bundled articles."""
    briefing = qa.briefing.Briefing.open(ROOT / "corpus", work / "bundled", settings=Settings())
    for name in FILES:
        for q in read_questions(ROOT / "tests" / "data" / name):
            answers = tuple(q.answers) or tuple(e.quote for e in q.evidence)
            yield PosedQuestion(name.removesuffix(".jsonl"), q.question, briefing, answers)


def of_case(folder: Path, work: Path) -> Iterator[PosedQuestion]:
    """Yield the questions of a case that name what is right, or that there is nothing."""
    briefing = qa.briefing.Briefing.open(folder / "corpus", work / folder.name, settings=Settings())
    for line in (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        refused = "first" not in row and re.search("related|not_in_corpus", row.get("verdict", ""))
        if ("first" in row or refused) and "as_of" not in row:
            yield PosedQuestion(folder.name, row["question"], briefing, pattern=row.get("first"))


def of_quiz(file: Path, work: Path) -> Iterator[PosedQuestion]:
    """Yield the last questions of a quiz, over the windows of all of them."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    rows = sorted((row for row in rows if row["positives"]), key=lambda row: row["date"], reverse=True)[:QUIZ]
    corpus = work / "quiz-corpus"
    corpus.mkdir(exist_ok=True)
    windows = [w for row in rows for w in (*row["positives"][:WINDOWS], *row["negatives"][:WINDOWS])]
    unique = {window["text"]: window["title"] or "News" for window in windows}
    lines = [json.dumps({"id": f"w{n}", "title": t, "text": x}) for n, (x, t) in enumerate(unique.items(), start=1)]
    (corpus / "windows.jsonl").write_text("\n".join(lines), encoding="utf-8")
    briefing = qa.briefing.Briefing.open(corpus, work / "quiz", settings=Settings())
    for row in rows:
        yield PosedQuestion("quiz", row["question"], briefing, (row["answer"],))


def drawn(questions: Sequence[PosedQuestion], limit: int | None) -> list[PosedQuestion]:
    """Return so many questions of each group, the same ones each time, the groups by turns."""
    groups: dict[str, list[PosedQuestion]] = {}
    for question in questions:
        groups.setdefault(question.group, []).append(question)
    for members in groups.values():
        random.Random(7).shuffle(members)
        del members[limit:]
    longest = max(map(len, groups.values()))
    return [members[i] for i in range(longest) for members in groups.values() if i < len(members)]


def outcome(question: PosedQuestion, answered: bool, text: str) -> str:
    """Return what became of a question."""
    if question.absent:
        return "answered though absent" if answered else "absent, refused"
    return ("right" if question.right(text) else "wrong") if answered else "held back"


def unverified(use: str, reply: str) -> str:
    """Return what a model's reply would show if nobody checked it."""
    if use == "write":
        return "" if reply.strip(" .!\n").upper() == "NONE" else reply.strip()
    try:
        return extraction_of(reply).answer
    except WriterError:
        return reply.strip()


def shown(answer: Answer) -> Iterator[str]:
    """Yield each written sentence beside what carries it, and what was dropped."""
    quotes = {c.number: c.quote for c in answer.citations}
    for s in answer.written:
        carried = " | ".join(" ".join(quotes[n].split()) for n in s.citations)
        yield f"    {'verbatim' if s.verbatim else 'written '} {s.text}\n             <- {carried}"
    for dropped in answer.trace.writer.dropped if answer.trace.writer else ():
        yield f"    dropped  {dropped.text}  ({dropped.cause})"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="the /v1 address of an OpenAI-compatible server")
    parser.add_argument("--model", default="", help="by default the first that the server lists")
    parser.add_argument("--passages", type=int, default=5)
    parser.add_argument("--limit", type=int, help="questions of each set")
    parser.add_argument("--replies", type=Path, help="file of replies, to go on with")
    parser.add_argument("--timeout", type=float, default=600, help="seconds of a reply")
    parser.add_argument("--max-tokens", type=int, default=400)
    parser.add_argument("--cases", type=Path, nargs="*", default=[])
    parser.add_argument("--quiz", type=Path)
    parser.add_argument("--offline", action="store_true", help="only questions whose replies are in the file")
    parser.add_argument("--show", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="briefing-writer-") as folder:
        measure(args, Path(folder))


def measure(args: argparse.Namespace, work: Path) -> None:
    """Ask every question in every way, and print the table."""
    settings = WriterSettings(
        base_url=args.url,
        model=args.model or ("recorded" if args.offline else ""),
        passages=args.passages,
        timeout_seconds=args.timeout,
        max_tokens=args.max_tokens,
    )
    client = RecordingClient(settings, args.replies or work / "replies.jsonl", args.offline)
    writers = {
        use: Writer(Settings(writer=settings.model_copy(update={"use": use})), client) for use in ("extract", "write")
    }
    questions = [*bundled(work), *(q for case in args.cases for q in of_case(case, work))]
    questions += of_quiz(args.quiz, work) if args.quiz else []
    counts: dict[str, Counter[str]] = {way: Counter() for way in WAYS}
    by_group: Counter[str] = Counter()
    pieces: Counter[str] = Counter()
    for question in drawn(questions, args.limit):
        snapshot, ours = question.briefing.snapshot, question.briefing.ask(question.question)
        said = {"extractive": (ours.verdict is Verdict.ANSWERED, ours.text)}
        answers = []
        for use, writer in writers.items():
            *_, answer = writer.revised(ours, snapshot)
            told = answer.trace.writer
            if told is None or told.failure == "no such reply is recorded":
                break
            said[use] = (answer.verdict is Verdict.ANSWERED, answer.text)
            raw = unverified(use, client.last)
            said[f"{use}, unverified"] = (bool(raw), raw)
            pieces.update({f"{use}, dropped": len(told.dropped), f"{use}, failed": int(told.failure is not None)})
            pieces["written sentences shown"] += sum(not s.verbatim for s in answer.written)
            pieces["verbatim in place of a dropped one"] += sum(s.verbatim for s in answer.written)
            answers.append(answer)
        if len(said) < len(WAYS):
            continue
        by_group[question.group] += 1
        outcomes = {way: outcome(question, *said[way]) for way in WAYS}
        for way in WAYS:
            counts[way][outcomes[way]] += 1
        if args.show:
            print(
                f"{question.group}: {question.question}  {list(question.answers)[:3] or question.pattern or 'absent'}"
            )
            for way in WAYS:
                print(f"  {way:22} {outcomes[way]:24} {' '.join(said[way][1].split())[:200] if said[way][0] else '-'}")
            print("\n".join(line for answer in answers for line in shown(answer)), flush=True)
    columns = ("right", "wrong", "held back", "answered though absent", "absent, refused")
    print(dict(by_group), dict(pieces))
    print(f"{'':22} " + "  ".join(columns))
    for way in WAYS:
        print(f"{way:22} " + "  ".join(f"{counts[way][column]:>{len(column)}}" for column in columns))
    if client.seconds:
        ordered = sorted(client.seconds)
        print(f"seconds a reply: median {ordered[len(ordered) // 2]:.1f}, longest {ordered[-1]:.1f}")


if __name__ == "__main__":
    main()
