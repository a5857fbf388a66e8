"""The command line: `briefing COMMAND`; `briefing --help` lists the commands.

Answers go to stdout, logs, progress and errors to stderr. Exit codes: 0 fine, 1 error, 2 usage.
"""

from __future__ import annotations

import contextlib
import getpass
import itertools
import json
import logging
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from qa import __version__
from qa.errors import BriefingError, QuestionError
from qa.types import Answer, Citation, Hit, Mode, Problem, Receipt, Verdict

if TYPE_CHECKING:
    from qa.briefing import Briefing
    from qa.doctor import Report
    from qa.evaluation.questions import Outcome
    from qa.settings import Settings
    from qa.types import Progress

app = typer.Typer(
    name="briefing",
    help="Ask a folder of articles; get a short answer with verbatim citations, or a plain no.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
SHOWN = 5  # findings of a kind on the terminal
SAMPLE = Path(__file__).parent / "sample"  # the bundled briefing, in a wheel
PLAIN_SECONDS = 5  # between two lines of progress where stderr is no terminal
WIDE = 4000  # columns where stdout is no terminal: nothing is cut for a pipe
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDE)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Words = Annotated[
    list[str], typer.Argument(help="The question; it needs no quotation marks.", metavar="QUESTION", show_default=False)
]
CorpusOption = Annotated[
    Path | None, typer.Option("--corpus", help="Folder of the articles.", show_default="from the settings: corpus")
]
IndexOption = Annotated[
    Path | None,
    typer.Option(
        "--index", help="Folder of the index; another corpus has its own.", show_default="from the settings: index"
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
UpdateOption = Annotated[
    bool,
    typer.Option("--update/--no-update", help="Bring the index in step with the corpus first, or ask it as it is."),
]
SinceOption = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only articles published on this day or later.")
]
UntilOption = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only articles published on this day or earlier.")
]
SourceOption = Annotated[list[str] | None, typer.Option("--source", help="Only this source; may be repeated.")]
TagOption = Annotated[list[str] | None, typer.Option("--tag", help="Only articles with this tag; may be repeated.")]


# Control characters but new line and tab, marks of writing direction, halves of surrogate pairs.
STEERING = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff]"
)

READER_QUESTIONS = 600  # of each set
STYLES = {
    Verdict.ANSWERED: "bold green",
    Verdict.RELATED: "bold yellow",
    Verdict.NOT_IN_CORPUS: "bold red",
    Verdict.ABOUT: "bold",
}


def main() -> None:
    """Run the command line."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s", stream=sys.stderr)
    try:
        app()
    except BriefingError as exc:
        err.print(Text(f"error: {printable(str(exc))}", style="red"))
        sys.exit(1)


def _version(wanted: bool) -> None:
    if wanted:
        out.print(__version__)
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that stand before the command."""


@app.command()
def index(
    corpus: CorpusOption = None,
    index: IndexOption = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Keep the old index when a question of pinned.toml fails.")
    ] = False,
    confirm_deletions: Annotated[
        bool, typer.Option("--confirm-deletions", help="Agree that more than half of the articles go.")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on following the folder until Ctrl+C.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring the index in step with the corpus folder and say what changed."""
    from qa.briefing import Briefing

    show = _print_json if as_json else _print_receipt
    briefing = Briefing(_settings(corpus, index))
    with progress() as report, _stoppable():
        receipt = briefing.refresh(report, confirm_deletions=confirm_deletions, strict=strict)
    show(receipt)
    if watch:
        _follow(briefing, show)


@app.command()
def generations(index: IndexOption = None, as_json: JsonOption = False) -> None:
    """List the generations of the index, newest first."""
    from qa.index import listed

    found = listed(_settings(None, index).index.folder)
    if as_json:
        _print_json({"generations": [asdict(each) for each in found]})
        return
    table = Table("", "name", "created", "articles", "passages", "", box=None, header_style="dim")
    for each in found:
        counts = ("" if n is None else str(n) for n in (each.articles, each.passages))
        state = each.damage or ("held since a rollback" if each.held else "")
        cells = ("*" if each.current else "", each.name, each.created or "", *counts, state)
        table.add_row(*(Text(printable(cell)) for cell in cells))
    out.print(table)


@app.command()
def rollback(
    generation: Annotated[
        str | None, typer.Argument(help="Name of a generation; without it, the one before.", show_default=False)
    ] = None,
    index: IndexOption = None,
) -> None:
    """Go back to an older generation, and stay there until the next `briefing index`."""
    from qa.briefing import Briefing

    name = Briefing(_settings(None, index)).rollback(generation)
    _line(f"{name} is the current generation, until the next `briefing index`")


@app.command()
def ask(
    question: Words,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    source: SourceOption = None,
    tag: TagOption = None,
    update: UpdateOption = True,
    as_json: JsonOption = False,
) -> None:
    """Answer a question with citations, or say that the briefing does not."""
    briefing = _opened(corpus, index, update)
    with _waiting("reading"):
        answer = briefing.ask(" ".join(question), **_filters(since, until, source, tag))
    _tell_of_no_hits(answer.hits)
    _print_json(answer) if as_json else _print_answer(answer, briefing)


@app.command()
def chat(
    corpus: CorpusOption = None,
    index: IndexOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    source: SourceOption = None,
    tag: TagOption = None,
    update: UpdateOption = True,
) -> None:
    """Ask one question after the other; follow-ups are understood. /quit or Ctrl+D ends it."""
    briefing = _opened(corpus, index, update)
    filters = _filters(since, until, source, tag)
    history: list[tuple[str, Answer]] = []
    for question in _typed():
        try:
            answer = briefing.ask(question, history=history, **filters)
        except QuestionError as exc:
            err.print(Text(printable(str(exc)), style="red"))
            continue
        if answer.trace.searched_for != question:
            _line((f"searched for: {answer.trace.searched_for}", "dim"))
        _print_answer(answer, briefing)
        history.append((question, answer))


def _typed() -> Iterator[str]:
    """Yield the lines that are typed, without empty ones, until /quit or the end of the input."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 (lines can be edited and recalled)
    prompt = "> " if sys.stdin.isatty() else ""
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while (line := input(prompt).strip()) != "/quit":
            if line:
                yield line


@app.command()
def retrieve(
    question: Words,
    k: Annotated[
        int | None, typer.Option("-k", min=1, max=1000, help="How many hits.", show_default="from the settings: 5")
    ] = None,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    source: SourceOption = None,
    tag: TagOption = None,
    mode: Annotated[Mode | None, typer.Option(help="What ranks.", show_default="from the settings: hybrid")] = None,
    rerank: Annotated[
        bool | None,
        typer.Option(
            "--rerank/--no-rerank",
            help="Put the first 20 in order of the reader's relevance too.",
            show_default="from the settings: no",
        ),
    ] = None,
    collapse: Annotated[
        bool, typer.Option("--collapse/--no-collapse", help="Fold near copies under the best of them, or list each.")
    ] = True,
    update: UpdateOption = True,
    as_json: JsonOption = False,
) -> None:
    """List the passages nearest to a question, best first."""
    briefing = _opened(corpus, index, update)
    with _waiting("retrieving"):
        filters = _filters(since, until, source, tag)
        hits = briefing.retrieve(" ".join(question), k=k, collapse=collapse, mode=mode, rerank=rerank, **filters)
    _tell_of_no_hits(hits)
    if hits and hits[0].trace.undated:
        err.print(f"{hits[0].trace.undated} articles without a date are left out")
    if as_json:
        _print_json({"question": " ".join(question), "hits": [asdict(hit) for hit in hits]})
    else:
        _print_hits(hits, briefing)


@app.command()
def articles(
    corpus: CorpusOption = None, index: IndexOption = None, update: UpdateOption = True, as_json: JsonOption = False
) -> None:
    """List the articles of the index."""
    found = _opened(corpus, index, update).articles()
    if as_json:
        _print_json({"articles": [{k: v for k, v in asdict(article).items() if k != "text"} for article in found]})
        return
    table = Table("published", "source", "title", "id", box=None, header_style="dim")
    for article in found:
        cells = (str(article.published or ""), article.source or "", article.title, article.id)
        table.add_row(*(Text(printable(cell)) for cell in cells))
    out.print(table)


@app.command()
def serve(
    corpus: CorpusOption = None,
    index: IndexOption = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port.", show_default="7860")] = None,
    admin: Annotated[
        bool | None, typer.Option("--admin/--no-admin", help="Offer upload, removal and rebuild.", show_default="no")
    ] = None,
    root_path: Annotated[
        str | None, typer.Option(help="Path prefix, if a proxy serves this below one.", show_default="none")
    ] = None,
) -> None:
    """Serve the chat page, REST at /api (described at /api/docs) and MCP at /mcp."""
    from qa.web import serve as run

    run(_settings(corpus, index, {"host": host, "port": port, "admin": admin, "root_path": root_path}), progress)


@app.command()
def mcp(corpus: CorpusOption = None, index: IndexOption = None, update: UpdateOption = True) -> None:
    """Serve MCP over stdin and stdout, for agents that start this command."""
    briefing = _opened(corpus, index, update)
    from qa.web.api.mcp import run_stdio

    run_stdio(briefing)


@app.command()
def login(
    name: Annotated[str, typer.Argument(help="Name of the user or program.", show_default=False)],
    token: Annotated[bool, typer.Option("--token", help="Make a token for a program.")] = False,
) -> None:
    """Print a line for the logins file; reads the password from stdin, or prints the new token to stderr."""
    from qa.web.security.auth import token_line, user_line

    if token:
        made, line = token_line(name)
        err.print(f"token, shown this once: {made}")
    else:
        password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
        line = user_line(name, password)
    sys.stdout.write(line + "\n")


@app.command()
def doctor(corpus: CorpusOption = None, index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Say what is wrong with the articles and the index, and what to do; exit code 1 if something needs attention."""
    from qa.doctor import examine

    with _waiting("examining"):
        report = examine(_settings(corpus, index))
    if as_json:
        _print_json(asdict(report) | {"attention": report.attention})
    else:
        _print_report(report)
    if report.attention:
        raise typer.Exit(1)


@app.command("eval")
def evaluate(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="Folder in BEIR form (corpus.jsonl, queries.jsonl, qrels/*.tsv): measure BM25, dense and hybrid.",
            show_default=False,
        ),
    ] = None,
    questions: Annotated[
        Path | None,
        typer.Option(
            "--questions",
            help='Instead of a folder, JSON Lines: {"question": …, "verdict": "answered|related|not_in_corpus", '
            '"evidence": [{"article": …, "quote": …}], "answers": […]}.',
            show_default=False,
        ),
    ] = None,
    reader: Annotated[
        Path | None,
        typer.Option(
            "--reader",
            help="Folder of data sets: measure how the reader reads and refuses on nq_open_oracle, clapnq_dev, "
            "squad_v2.0_dev and squad_v1.1_dev.",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="With a folder: the first N judged questions; with --reader: N of each set."),
    ] = None,
    typos: Annotated[
        int, typer.Option(min=0, max=9, help="With a folder: measure also with N typing errors a question.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Of the typing errors.")] = 0,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    update: UpdateOption = True,
    as_json: JsonOption = False,
) -> None:
    """Measure retrieval on a BEIR folder, or the reader on data sets, or compare the answers to a file of questions."""
    if sum(value is not None for value in (folder, questions, reader)) != 1:
        raise typer.BadParameter(
            "name either a folder in BEIR form, a file with --questions, or data sets with --reader"
        )
    if reader is not None:
        _evaluate_reader(reader, index, limit or READER_QUESTIONS, as_json)
        return
    if folder is not None:
        _evaluate_folder(folder, index, limit, (typos, seed) if typos else None, as_json)
        return
    from qa.evaluation.questions import ask_all, read_questions, summary

    asked = read_questions(questions)  # type: ignore[arg-type]
    briefing = _opened(corpus, index, update)
    with _waiting("asking"):
        outcomes = ask_all(briefing, asked)
    if as_json:
        _print_json({"summary": summary(outcomes), "outcomes": [asdict(outcome) for outcome in outcomes]})
    else:
        _print_outcomes(outcomes, summary(outcomes))


def _evaluate_reader(data: Path, index: Path | None, most: int, as_json: bool) -> None:
    import tempfile

    from qa.evaluation.reading import evaluate_reader
    from qa.live import encoder_of

    settings = _settings(None, None)
    encoder = encoder_of(settings.index)
    with tempfile.TemporaryDirectory(prefix="briefing-eval-") as work, _waiting("reading"):
        sections = evaluate_reader(data, index or Path(work), encoder, settings, most)
    if as_json:
        _print_json(sections)
        return
    for name, figures in sections.items():
        _line((name, "bold"))
        _line("  ".join(f"{key} {value}" for key, value in figures.items() if key != "curve"))
        for point in figures.get("curve", ()):  # type: ignore[attr-defined]
            _line(("    " + "  ".join(f"{key} {value}" for key, value in point.items()), "dim"))


def _evaluate_folder(
    folder: Path, index: Path | None, limit: int | None, noise: tuple[int, int] | None, as_json: bool
) -> None:
    from qa.evaluation.retrieval import open_set, report

    with progress() as shown:
        dataset, briefing = open_set(folder, _settings(None, None), index, shown)
        found = report(briefing, dataset, limit, noise, shown)
    if as_json:
        _print_json(found)
        return
    _line(f"{found['questions']} questions, {found['documents']} documents, {found['passages']} passages")
    _print_retrievers(found["retrievers"])
    if noise:
        _line("")
        _line(f"with {noise[0]} typing errors a question (seed {noise[1]})")
        _print_retrievers(found["typos"]["retrievers"])


def printable(text: str) -> str:
    """Return a text without the control characters that could steer a terminal."""
    return STEERING.sub("�", text.replace("\r\n", "\n"))


def _settings(corpus: Path | None, index: Path | None, serve: dict[str, Any] | None = None) -> Settings:
    from qa.corpus.folder import check_folder
    from qa.settings import load_settings, with_folders

    settings = load_settings(flags={"serve": serve or {}})
    if corpus is not None:
        check_folder(corpus)
    elif index is None and not settings.corpus.folder.exists() and SAMPLE.is_dir():
        corpus = SAMPLE
        err.print("no corpus here: the sample briefing answers; name your own folder of articles with --corpus")
    return with_folders(settings, corpus, index)


def _opened(corpus: Path | None, index: Path | None, update: bool) -> Briefing:
    from qa.briefing import Briefing

    briefing = Briefing(_settings(corpus, index))
    if not update:
        briefing.serve_current()
        return briefing
    with progress() as report, _stoppable():
        receipt = briefing.update(report)
    if receipt and receipt.rejected:
        files = "file" if len(receipt.rejected) == 1 else "files"
        err.print(f"{len(receipt.rejected)} {files} refused; `briefing doctor` says which and why")
    return briefing


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Turn Ctrl+C during a build into one line and exit code 130."""
    try:
        yield
    except KeyboardInterrupt:
        err.print("stopped; the index stays as it was")
        raise typer.Exit(130) from None


def _follow(briefing: Briefing, show: Callable[[Receipt], None]) -> None:
    """Keep the index in step until Ctrl+C."""
    import threading

    from qa.watch import follow

    stop = threading.Event()
    err.print("following the folder; Ctrl+C ends it")
    with contextlib.suppress(KeyboardInterrupt):
        follow(briefing, stop, lambda receipt: show(receipt) if receipt.changed else None)


def _filters(
    since: datetime | None, until: datetime | None, sources: list[str] | None, tags: list[str] | None
) -> dict[str, Any]:
    return {
        "since": since.date() if since else None,
        "until": until.date() if until else None,
        "sources": sources or None,
        "tags": tags or None,
    }


def _tell_of_no_hits(hits: Sequence[Hit]) -> None:
    if not hits:  # the nearest passages are always found, so it is the filters
        err.print("no article passes the filters; `briefing articles` lists sources and dates")


@contextlib.contextmanager
def progress() -> Iterator[Progress]:
    """Show on stderr how far a build is: a bar on a terminal, else a line every few seconds."""
    if not err.is_terminal:
        yield _plain_progress()
        return
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    with Bar(console=err, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done)

        yield report


def _plain_progress() -> Progress:
    import time

    told = time.monotonic()

    def report(stage: str, done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told >= PLAIN_SECONDS:
            told = time.monotonic()
            err.print(f"{stage}: {done} of {total}")

    return report


def _waiting(what: str) -> contextlib.AbstractContextManager[object]:
    """Show that something goes on (the model takes seconds to load); nothing where stderr is no terminal."""
    return err.status(f"{what}…") if err.is_terminal else contextlib.nullcontext()


def _print_json(value: Any) -> None:  # noqa: ANN401 - whatever the commands return
    plain = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    sys.stdout.write(json.dumps(plain, default=str, ensure_ascii=True) + "\n")


def _line(*parts: tuple[str, str] | str) -> None:
    out.print(Text.assemble(*(printable(p) if isinstance(p, str) else (printable(p[0]), p[1]) for p in parts)))


def _print_receipt(receipt: Receipt) -> None:
    counts = {
        "added": len(receipt.added),
        "modified": len(receipt.modified),
        "renamed": len(receipt.renamed),
        "deleted": len(receipt.deleted),
        "kept": len(receipt.kept),
        "unchanged": receipt.unchanged,
        "rejected": len(receipt.rejected),
    }
    told = ", ".join(f"{number} {name}" for name, number in counts.items() if number) or "nothing"
    _line((f"{receipt.scanned} files: ", "bold"), told)
    _line(
        f"{receipt.passages} passages, {receipt.encoded} encoded, {receipt.reused} reused, "
        f"{receipt.seconds:.1f} s, {receipt.generation}"
    )
    if receipt.skipped:
        _line(f"{receipt.skipped} files skipped: pictures, styles and the like are no articles")
    if receipt.pinned:
        _line(f"{receipt.pinned} pinned questions asked, {len(receipt.broken)} broken")
    problems: tuple[tuple[str, str, tuple[Problem, ...]], ...] = (
        ("rejected", "red", receipt.rejected),
        ("broken", "red", receipt.broken),
        ("note", "yellow", receipt.warnings),
    )
    for label, style, items in problems:
        for problem in items:
            _line((f"{label} ", style), f"{problem.id}: {problem.cause}")


def _print_answer(answer: Answer, briefing: Briefing) -> None:
    _line((answer.text, STYLES[answer.verdict]))
    _line((f"{answer.verdict}, confidence {answer.confidence:.2f}", "dim"))
    for citation in answer.citations:
        told = " · ".join(filter(None, (citation.title, citation.source, str(citation.published or ""))))
        _line("")
        _line((f"[{citation.number}] ", "bold"), told)
        _line("    ", *_marked(citation))
        _line((f"    {citation.article_id}, characters {citation.start} to {citation.end}", "dim"))
    if not answer.citations and answer.verdict is Verdict.RELATED:
        _line("")
        _print_hits(list(answer.hits[:3]), briefing)


def _marked(citation: Citation) -> tuple[str | tuple[str, str], ...]:
    """Return the quotation, its short answer marked."""
    quote, start, end = citation.quote, citation.answer_start, citation.answer_end
    if start is None or end is None:
        return (quote,)
    a, b = start - citation.start, end - citation.start
    return quote[:a], (quote[a:b], "bold underline"), quote[b:]


def _print_hits(hits: list[Hit], briefing: Briefing) -> None:
    for hit in hits:
        article = briefing.article(hit.passage.article_id)
        _line((f"{hit.rank}. ", "bold"), article.title, (f"  {hit.score:.3f}", "dim"))
        _line(f"   {' '.join(hit.passage.text.split())}")
        _line((f"   {hit.passage.id}  matched: {' '.join(hit.trace.terms) or 'by meaning only'}", "dim"))
        if hit.also_in:
            _line((f"   nearly the same in {', '.join(hit.also_in)}", "dim"))


def _print_report(report: Report) -> None:
    for code, group in itertools.groupby(report.findings, key=lambda finding: finding.code):
        first, *others = group
        style = "bold red" if first.severity == "attention" else "bold yellow"
        _line((f"{code} ", style), (f"{first.severity}, {1 + len(others)}", "dim"))
        for finding in [first, *others][:SHOWN]:
            _line("  ", (finding.id, "bold"), f": {finding.problem}")
        if len(others) >= SHOWN:
            _line(f"  and {1 + len(others) - SHOWN} more; --json lists all")
        for remedy in dict.fromkeys(finding.remedy for finding in [first, *others][:SHOWN]):
            _line((f"  → {remedy}", "dim"))
    hints = len(report.findings) - report.attention
    _line((f"{report.articles} articles: ", "bold"), f"{report.attention} need attention, {hints} hints")


def _print_retrievers(retrievers: dict[str, dict[str, dict[str, float]]]) -> None:
    """Print one line a retriever: each figure with its 95 % interval, and the latency in milliseconds."""
    names = list(next(iter(retrievers.values())))
    table = Table("", *names, box=None, header_style="dim")
    for retriever, figures in retrievers.items():
        cells = (
            f"{e['value']:.3f} ({e['low']:.3f} to {e['high']:.3f})" if "value" in e else f"{e['p50']} / {e['p95']}"
            for e in figures.values()
        )
        table.add_row(retriever, *cells)
    out.print(table)


def _print_outcomes(outcomes: list[Outcome], figures: dict[str, float | int]) -> None:
    table = Table("", "id", "expected", "verdict", "rank", "question", box=None, header_style="dim")
    for o in outcomes:
        rank = str(o.evidence_rank or "-") if o.cited_right is not None else ""
        right = o.verdict is o.expected and o.answer_right is not False
        cells = ("ok" if right else "--", o.id, str(o.expected), str(o.verdict), rank, o.question)
        table.add_row(*(Text(printable(cell)) for cell in cells))
    out.print(table)
    for name, figure in figures.items():
        _line(f"{name.replace('_', ' ')}: {figure}")
