"""Every format, from a file to the place that a citation opens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qa.briefing import Briefing
from qa.corpus.folder import KNOWN
from qa.settings import CorpusSettings, IndexSettings, Settings
from qa.web.page.article_view import Mark, page_of
from tests.corpus import samples
from tests.fakes import FakeEncoder

BRIDGES = dict(zip(sorted(KNOWN), (f"Bridge{chr(97 + i)}{chr(97 + i)}" for i in range(len(KNOWN))), strict=True))


def file_of(suffix: str, sentence: str) -> bytes:
    """Return a file of a format that says this sentence among others."""
    rows = [("Bridge", "Metres"), ("Old", "12"), (sentence, "770")]
    record = {"title": "Bridges", "text": f"{samples.LOAN}\n\n{sentence}"}
    made = {
        ".pdf": lambda: samples.pdf([samples.LOAN, sentence]),
        ".docx": lambda: samples.docx([samples.LOAN, sentence]),
        ".jsonl": lambda: samples.jsonl(record),
        ".ndjson": lambda: samples.jsonl(record),
        ".json": lambda: json.dumps([record]).encode(),
        ".eml": lambda: samples.mail(f"{samples.LOAN}\n\n{sentence}\n"),
        ".mbox": lambda: samples.mbox(samples.mail(samples.LOAN, Message__ID="<1>"), samples.mail(sentence)),
        ".csv": lambda: "\n".join(";".join(row) for row in rows).encode(),
        ".tsv": lambda: "\n".join("\t".join(row) for row in rows).encode(),
        ".xlsx": lambda: samples.xlsx({"Loans": [(samples.LOAN,)], "Bridges": rows}),
        ".epub": lambda: samples.epub({"a.xhtml": f"<p>{samples.LOAN}</p>", "b.xhtml": f"<p>{sentence}</p>"}),
        ".pptx": lambda: samples.pptx([("Loan", samples.LOAN), ("Bridges", sentence)]),
        ".odt": lambda: samples.odt(f"<p>{samples.LOAN}</p><p>{sentence}</p>"),
        ".rtf": lambda: samples.rtf(rf"{samples.LOAN}\par {sentence}\par"),
        **dict.fromkeys((".rss", ".xml"), lambda: samples.RSS.replace(samples.ROUTE, sentence).encode()),
        ".atom": lambda: samples.ATOM.replace(samples.LOAN, sentence).encode(),
        **dict.fromkeys((".html", ".htm"), lambda: samples.HTML.replace(samples.TERM, sentence).encode()),
    }
    return made[suffix]() if suffix in made else f"# Bridges\n\n{samples.LOAN}\n\n{sentence}\n".encode()


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> Briefing:
    """A briefing over a file of each format, with a bridge of its own in each."""
    folder = tmp_path_factory.mktemp("corpus")
    for suffix, bridge in BRIDGES.items():
        (folder / f"file{suffix}").write_bytes(file_of(suffix, f"{bridge} is 770 metres long."))
    index = IndexSettings(folder=tmp_path_factory.mktemp("index") / "index")
    return Briefing.open(settings=Settings(corpus=CorpusSettings(folder=folder), index=index), encoder=FakeEncoder())


@pytest.mark.parametrize("suffix", sorted(KNOWN))
def test_sentence_is_found_in_its_file_and_opens_at_its_place(every: Briefing, suffix: str) -> None:
    (hit,) = every.retrieve(BRIDGES[suffix], k=1)
    article = every.article(hit.passage.article_id)
    assert Path(article.id.partition("#")[0]).name == f"file{suffix}"
    start = article.text.index(BRIDGES[suffix])
    end = start + len(f"{BRIDGES[suffix]} is 770 metres long.")
    assert hit.passage.start <= start < end <= hit.passage.end
    blocks = page_of(article, Mark(start, end)).blocks
    shown = [part for block in blocks for part in (*block.parts, *(part for cell in block.cells for part in cell))]
    assert "".join(part.text for part in shown if part.marked) == article.text[start:end]
    page = next((block.page for block in reversed(blocks) if block.page), None)
    assert page == (2 if suffix in (".pdf", ".pptx") else None)
