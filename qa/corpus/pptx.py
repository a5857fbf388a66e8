"""PPTX: slide by slide, its title first; tables and charts as rows; what the speaker notes say below the slide.

Runs in the worker only. A slide is a page; hidden slides are left out.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from pptx import Presentation
from pptx.enum.shapes import PP_PLACEHOLDER as PLACEHOLDER

from qa.corpus.archive import check_archive, core_fields
from qa.corpus.decoding import UnreadableError
from qa.corpus.fields import clean
from qa.corpus.pages import joined
from qa.corpus.rows import table
from qa.types import Limits

FURNITURE = {PLACEHOLDER.DATE, PLACEHOLDER.FOOTER, PLACEHOLDER.HEADER, PLACEHOLDER.SLIDE_NUMBER}
PROGRAM_TITLE = "PowerPoint Presentation"


def extract(data: bytes, limits: Limits) -> dict[str, object]:
    """Return text, where each slide starts, and fields of a presentation. Raises `UnreadableError`."""
    check_archive(data, limits, ".pptx", ".ppt")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        fields = core_fields(archive, limits)
    try:
        slides = list(Presentation(io.BytesIO(data)).slides)
        if len(slides) > limits.max_pages:
            cause = f"{len(slides):,} slides, more than {limits.max_pages:,}"
            raise UnreadableError(f"{cause}; split it, or raise [corpus] max_pages")
        hidden = [slide._element.get("show") in ("0", "false") for slide in slides]
        texts = ["" if unseen else _slide(slide, limits) for slide, unseen in zip(slides, hidden, strict=True)]
    except (UnreadableError, MemoryError):
        raise
    except Exception as exc:  # python-pptx raises whatever a broken package provokes
        cause = " ".join((str(exc) or type(exc).__name__).split())[:100]
        raise UnreadableError(f"damaged: {cause}; save it again from the program that made it") from exc
    text, starts = joined(texts, "\n\n")
    if fields.get("title") in (None, "", PROGRAM_TITLE):
        fields["title"] = text.partition("\n")[0]
    count = sum(hidden)
    remarks = [f"{count} hidden {'slide is' if count == 1 else 'slides are'} not read"] if count else []
    return {**fields, "text": text, "pages": starts, "remarks": remarks}


def _slide(slide: Any, limits: Limits) -> str:  # noqa: ANN401 - python-pptx has no types
    title = slide.shapes.title
    blocks = [_words(title.text_frame)] if title is not None else []
    blocks += _blocks((shape for shape in slide.shapes if title is None or shape.shape_id != title.shape_id), limits)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        blocks.append(_words(slide.notes_slide.notes_text_frame))
    return clean(re.sub(r"\n{3,}", "\n\n", "\n\n".join(block for block in blocks if block.strip())))


def _blocks(shapes: Any, limits: Limits) -> Iterator[str]:  # noqa: ANN401
    for shape in shapes:
        if shape.is_placeholder and shape.placeholder_format.type in FURNITURE:
            continue
        if hasattr(shape, "shapes"):  # a group
            yield from _blocks(shape.shapes, limits)
        elif shape.has_text_frame:
            yield _words(shape.text_frame)
        elif getattr(shape, "has_table", False):
            yield table(([cell.text for cell in row.cells] for row in shape.table.rows), limits)
        elif getattr(shape, "has_chart", False):
            yield table(_chart(shape.chart), limits)


def _words(frame: Any) -> str:  # noqa: ANN401
    """Return paragraphs with a blank line between them: those of a slide seldom end in a full stop."""
    return "\n\n".join(paragraph.text.replace("\v", "\n") for paragraph in frame.paragraphs)


def _chart(chart: Any) -> Iterator[list[str]]:  # noqa: ANN401
    """Yield the title of a chart, then a row for each category."""
    if chart.has_title and chart.chart_title.has_text_frame:
        yield [chart.chart_title.text_frame.text]
    for plot in chart.plots:
        yield ["", *(series.name for series in plot.series)]
        for i, category in enumerate(plot.categories):
            values = [series.values[i] if i < len(series.values) else None for series in plot.series]
            yield [str(category), *("" if value is None else f"{value:.15g}" for value in values)]
