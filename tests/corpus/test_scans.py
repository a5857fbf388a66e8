"""Pages without a text layer: read by OCR where the extra is installed, else named."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from qa.corpus import read_corpus, scans
from qa.corpus.decoding import UnreadableError
from qa.corpus.sandbox import Sandbox
from qa.types import Limits
from tests.corpus.samples import LOAN, TERM, pdf

ANSWER = {"text": f"{LOAN}\n{TERM}", "pages": [0, len(LOAN) + 1, len(LOAN) + 1], "remarks": []}  # page 2 is blank
SCAN = {"text": "", "pages": [0, 0, 0], "remarks": [], "blank": True}


def read(page: int) -> str:
    if page == 3:
        raise UnreadableError("took too long")
    return f"read {page}"


def test_blank_pages_get_what_ocr_read_and_say_so() -> None:
    found = scans.completed(ANSWER, read, 9)
    assert found["text"] == f"{LOAN}\nread 2\n{TERM}"
    assert found["pages"] == [0, len(LOAN) + 1, len(LOAN) + 8]
    assert found["scanned"] == [2]
    assert found["remarks"] == ["page 2 read by OCR; compare names and figures with the scan"]


def test_pages_that_fail_or_are_too_many_are_named() -> None:
    found = scans.completed(SCAN | {"pages": [0, 0, 0, 0]}, read, 3)
    assert found["text"] == "read 1\nread 2"
    assert found["scanned"] == [1, 2]
    assert found["remarks"][1:] == [
        "page 3 not read by OCR: took too long",
        "page 4 not read by OCR; split it, or raise [corpus] max_ocr_pages",
    ]


def test_page_on_which_nothing_stands_is_not_marked() -> None:
    assert scans.completed(ANSWER, lambda page: "", 9) == ANSWER | {"scanned": []}


@pytest.mark.parametrize(
    ("reader", "cause"),
    [
        (None, r"^holds no text layer, as scans do; install the extra \[ocr\] "),
        (lambda page: "", "^holds neither a text layer nor words that OCR can read$"),
    ],
)
def test_scan_without_words_is_refused(reader: None, cause: str) -> None:
    with pytest.raises(UnreadableError, match=cause):
        scans.completed(SCAN, reader, 9)


def test_without_the_extra_the_refusal_and_the_remark_name_it(tmp_path: Path) -> None:
    (tmp_path / "scan.pdf").write_bytes(pdf([""]))
    (tmp_path / "part.pdf").write_bytes(pdf([LOAN, ""]))
    corpus = read_corpus(tmp_path)
    assert [problem.id for problem in corpus.rejected] == ["scan.pdf"]
    assert "briefing-qa[ocr]" in corpus.rejected[0].cause
    assert [remark.cause[:46] for remark in corpus.warnings] == ["page 2 without text; if there is something to "]


def picture(*lines: str) -> bytes:
    """Return a PDF of one page that is a picture of these lines."""
    page = Image.new("L", (1_240, 700), 255)
    for number, words in enumerate(lines):
        ImageDraw.Draw(page).text((80, 80 + 60 * number), words, font=ImageFont.load_default(size=32), fill=20)
    out = io.BytesIO()
    page.save(out, "PDF", resolution=150)
    return out.getvalue()


@pytest.mark.slow
def test_scan_is_read_in_the_child_and_its_citations_say_so() -> None:
    pytest.importorskip("rapidocr")
    with Sandbox(Limits()) as sandbox:
        article, remarks = sandbox.read("a.pdf", ".pdf", picture("The bank lends 400 billion roubles."))
        with pytest.raises(UnreadableError, match="holds neither a text layer nor words"):
            sandbox.read("b.pdf", ".pdf", pdf([""]))
    assert article.text == "The bank lends 400 billion roubles."
    assert article.scanned == (1,)
    assert article.by_ocr(5)
    assert remarks == ["page 1 read by OCR; compare names and figures with the scan"]
