"""What answers, hits, receipts and reports look like on a terminal."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from qa.asking.digest import change_in_words
from qa.cli.terminal import err, out, print_line, printable
from qa.types import Answer, Citation, Hit, Problem, Receipt, Verdict, WriterTrace

if TYPE_CHECKING:
    from qa.briefing import Briefing
    from qa.doctor import Report
    from qa.evaluation.questions import Outcome

SHOWN = 5  # findings of a kind on the terminal
STYLES = {
    Verdict.ANSWERED: "bold green",
    Verdict.RELATED: "bold yellow",
    Verdict.NOT_IN_CORPUS: "bold red",
    Verdict.ABOUT: "bold",
}


def print_receipt(receipt: Receipt) -> None:
    """Print what a build changed, and what needs attention."""
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
    print_line((f"{receipt.scanned} files: ", "bold"), told)
    print_line(
        f"{receipt.passages} passages, {receipt.encoded} encoded, {receipt.reused} reused, "
        f"{receipt.seconds:.1f} s, {receipt.generation}"
    )
    if receipt.skipped:
        print_line(f"{receipt.skipped} files skipped: pictures, styles and the like are no articles")
    if receipt.pinned:
        print_line(f"{receipt.pinned} pinned questions asked, {len(receipt.broken)} broken")
    for change in receipt.answers:
        print_line(("answer changed ", "yellow"), change_in_words(change))
    problems: tuple[tuple[str, str, tuple[Problem, ...]], ...] = (
        ("rejected", "red", receipt.rejected),
        ("broken", "red", receipt.broken),
        ("note", "yellow", receipt.warnings),
    )
    for label, style, items in problems:
        for problem in items:
            print_line((f"{label} ", style), f"{problem.id}: {problem.cause}")


def print_answer(answer: Answer, briefing: Briefing) -> None:
    """Print the answer, its verdict and its citations; for a related one without citations, its nearest passages."""
    print_line((answer.text, STYLES[answer.verdict]))
    print_line((f"{answer.verdict}, confidence {answer.confidence:.2f}", "dim"))
    _print_accounts(answer, briefing)
    if answer.trace.writer is not None:
        _print_writer(answer.trace.writer)
    for citation in answer.citations:
        place = f"page {citation.page}" if citation.page else ""
        ocr = "read by OCR" if citation.by_ocr else ""
        told = " · ".join(filter(None, (citation.title, citation.source, str(citation.published or ""), place, ocr)))
        print_line("")
        print_line((f"[{citation.number}] ", "bold"), told)
        if citation.header:
            print_line(("    ", ""), (citation.header, "dim"))
        print_line("    ", *_marked(citation))
        print_line((f"    {citation.article_id}, characters {citation.start} to {citation.end}", "dim"))
    if not answer.citations and answer.verdict is Verdict.RELATED:
        print_line("")
        print_hits(list(answer.hits[:3]), briefing)


def _print_accounts(answer: Answer, briefing: Briefing) -> None:
    """Print what was said before, whether sources differ, what came later, and which days relative dates mean."""
    if answer.agreement and answer.agreement.finding == "differ":
        print_line(("sources differ", "yellow"))
    for said in answer.earlier:
        print_line((f"earlier said: {said.value} [{said.citation}]", "dim"))
    for later in answer.later:
        print_line((f"a later article on this: {later.title} ({later.published}, {later.id})", "dim"))
    cited = {citation.number: citation.article_id for citation in answer.citations}
    for dated in answer.dates:
        words = briefing.article(cited[dated.citation]).text[dated.start : dated.end]
        print_line((f"[{dated.citation}] {words}: {dated.day}", "dim"))


def _print_writer(told: WriterTrace) -> None:
    """Print what a language model did, in a line, and what of it is not shown."""
    if told.failure:
        print_line((f"without the language model: {told.failure}", "dim"))
        return
    did = ("written by" if told.use == "write" else "picked by") if told.changed else "not changed by"
    spent = f"{told.prompt_tokens} + {told.completion_tokens} tokens, {told.seconds:.1f} s"
    cost = "" if told.cost is None else f", cost {told.cost:g}"
    print_line((f"{did} {told.model} at {told.sent_to} ({'remembered' if told.cached else spent + cost})", "dim"))
    for dropped in told.dropped:
        print_line((f"not shown: {' '.join(dropped.text.split())} ({dropped.cause})", "dim"))


def _marked(citation: Citation) -> tuple[str | tuple[str, str], ...]:
    """Return the quotation, its short answer marked."""
    quote, start, end = citation.quote, citation.answer_start, citation.answer_end
    if start is None or end is None:
        return (quote,)
    a, b = start - citation.start, end - citation.start
    return quote[:a], (quote[a:b], "bold underline"), quote[b:]


def warn_of_no_hits(hits: Sequence[Hit], filtered: bool) -> None:
    """Say why there are no hits: the filters leave nothing, or, by BM25 alone, no passage holds a word asked for."""
    if not hits and filtered:
        err.print("no article passes the filters; `briefing articles` lists sources and dates")
    elif not hits:
        err.print("no passage holds a word of the question; ask in other words")


def print_hits(hits: list[Hit], briefing: Briefing) -> None:
    """Print a passage a hit, with why it was found."""
    for hit in hits:
        article = briefing.article(hit.passage.article_id)
        print_line((f"{hit.rank}. ", "bold"), article.title, (f"  {hit.score:.3f}", "dim"))
        print_line(f"   {' '.join(hit.passage.text.split())}")
        print_line((f"   {hit.passage.id}  matched: {' '.join(hit.trace.terms) or 'by meaning only'}", "dim"))
        if hit.also_in:
            print_line((f"   nearly the same in {', '.join(hit.also_in)}", "dim"))


def print_report(report: Report) -> None:
    """Print the findings of the doctor, those of one kind together."""
    for code, group in itertools.groupby(report.findings, key=lambda finding: finding.code):
        first, *others = group
        style = "bold red" if first.severity == "attention" else "bold yellow"
        print_line((f"{code} ", style), (f"{first.severity}, {1 + len(others)}", "dim"))
        for finding in [first, *others][:SHOWN]:
            print_line("  ", (finding.id, "bold"), f": {finding.problem}")
        if len(others) >= SHOWN:
            print_line(f"  and {1 + len(others) - SHOWN} more; --json lists all")
        for remedy in dict.fromkeys(finding.remedy for finding in [first, *others][:SHOWN]):
            print_line((f"  → {remedy}", "dim"))
    hints = len(report.findings) - report.attention
    if report.dates:
        print_line(("dates: ", "bold"), ", ".join(f"{count} by {sign}" for sign, count in report.dates.items()))
    print_line((f"{report.articles} articles: ", "bold"), f"{report.attention} need attention, {hints} hints")


def print_retrievers(retrievers: dict[str, dict[str, dict[str, float]]]) -> None:
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


def print_outcomes(outcomes: list[Outcome], figures: dict[str, float | int]) -> None:
    """Print a line a question, then the figures."""
    table = Table("", "id", "expected", "verdict", "rank", "question", box=None, header_style="dim")
    for o in outcomes:
        rank = str(o.evidence_rank or "-") if o.cited_right is not None else ""
        right = o.verdict is o.expected and o.answer_right is not False
        cells = ("ok" if right else "--", o.id, str(o.expected), str(o.verdict), rank, o.question)
        table.add_row(*(Text(printable(cell)) for cell in cells))
    out.print(table)
    for name, figure in figures.items():
        print_line(f"{name.replace('_', ' ')}: {figure}")
