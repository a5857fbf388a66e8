"""PPTX: a slide a page."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from qa.corpus import read_corpus
from qa.corpus.decoding import UnreadableError
from qa.corpus.pptx import extract
from qa.types import Limits
from tests.corpus.samples import LOAN, ROUTE, TERM, docx, pptx

LIMITS = Limits()


def test_slides_are_pages(tmp_path: Path) -> None:
    (tmp_path / "a.pptx").write_bytes(pptx([("Loan", LOAN, TERM), ("",), ("Route", ROUTE)]))
    (article,) = read_corpus(tmp_path).articles
    assert article.text == f"Loan\n\n{LOAN}\n\n{TERM}\n\nRoute\n\n{ROUTE}"
    assert article.title == "Northern railway"
    assert [article.page_at(article.text.index(words)) for words in ("Loan", TERM, "Route", ROUTE)] == [1, 1, 3, 3]


def test_title_that_the_program_wrote_makes_way_for_the_first_slide() -> None:
    assert extract(pptx([("Loan", LOAN)], "PowerPoint Presentation"), LIMITS)["title"] == "Loan"


def test_tables_charts_groups_and_notes_are_read_and_hidden_slides_told() -> None:
    show = Presentation(io.BytesIO(pptx([("Costs",), ("Hidden", "not seen")])))
    shapes = show.slides[0].shapes
    box = (Inches(1), Inches(1), Inches(3), Inches(2))
    cells = shapes.add_table(2, 2, *box).table
    for at, words in {(0, 0): "Year", (0, 1): "Cost", (1, 0): "2016", (1, 1): "400"}.items():
        cells.cell(*at).text = words
    shapes.add_group_shape().shapes.add_textbox(*box).text_frame.text = ROUTE
    data = CategoryChartData()
    data.categories = ["2016", "2017"]
    data.add_series("Passengers", (19.2, None))
    shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *box, data)
    show.slides[0].notes_slide.notes_text_frame.text = TERM
    show.slides[1]._element.set("show", "0")
    out = io.BytesIO()
    show.save(out)
    found = extract(out.getvalue(), LIMITS)
    text = str(found["text"])
    assert text.startswith("Costs\n\nYear | Cost\n2016 | 400\n\n" + ROUTE)
    assert "| Passengers\n2016 | 19.2\n2017" in text
    assert text.endswith(TERM)
    assert "not seen" not in text
    assert found["remarks"] == ["1 hidden slide is not read"]


@pytest.mark.parametrize(
    ("data", "limits", "cause"),
    [
        (b"PK", LIMITS, "no .pptx, or damaged: "),
        (docx(), LIMITS, "damaged: "),
        (b"\xd0\xcf\x11\xe0" + bytes(500), LIMITS, "is encrypted, or an old .ppt; save it as .pptx"),
        (pptx([("a",), ("b",)]), Limits(max_pages=1), "2 slides, more than 1; split it"),
    ],
)
def test_what_is_no_presentation_is_refused(data: bytes, limits: Limits, cause: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        extract(data, limits)
    assert str(caught.value).startswith(cause)
