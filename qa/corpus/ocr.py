"""OCR of one page of a PDF, by rapidocr, whose models come with its wheel; nothing is downloaded.

Runs in the worker only, where the extra [ocr] is installed.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pypdfium2

from qa.corpus.decoding import UnreadableError
from qa.corpus.fields import clean
from qa.corpus.reading_order import Line, text_of_lines
from qa.types import Limits

DPI = 200
MAX_SIDE = 2_000  # pixels of a page
# One thread and one line at a time: it fits into the memory that the worker may have.
PARAMS = {
    "Global.log_level": "critical",
    "Global.use_cls": False,  # lines that stand upside down are not looked for
    "Global.max_side_len": MAX_SIDE,
    "Det.limit_type": "max",
    "Det.limit_side_len": 1_280,
    "Rec.rec_batch_num": 1,
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}
PLAIN = 8  # levels of grey; a page whose pixels differ by less is blank


def extract(data: bytes, limits: Limits, page: int) -> dict[str, object]:
    """Return the text of a page, from 1, as OCR reads it; `blank` allows it to be empty. Raises `UnreadableError`."""
    picture = _picture(data, page)
    if picture.max() - picture.min() < PLAIN:
        return {"text": "", "blank": True}
    try:
        found = _engine()(picture)
    except Exception as exc:
        if "bad_alloc" in str(exc):  # onnxruntime's word for it
            raise MemoryError from exc
        raise
    corners = [(box.min(axis=0), box.max(axis=0)) for box in (found.boxes if found.boxes is not None else ())]
    lines = [
        Line(float(left), float(top), float(right), float(bottom), words)
        for ((left, top), (right, bottom)), words in zip(corners, found.txts or (), strict=True)
    ]
    return {"text": clean(text_of_lines(lines)), "blank": True}


@cache
def _engine() -> Any:  # noqa: ANN401 - rapidocr has no types
    from rapidocr import RapidOCR  # takes seconds, and blank pages do without

    return RapidOCR(params=PARAMS)


def _picture(data: bytes, page: int) -> Any:  # noqa: ANN401 - a numpy array
    try:
        opened = pypdfium2.PdfDocument(data)[page - 1]
        scale = min(DPI / 72, MAX_SIDE / max(*opened.get_size(), 1))
        return opened.render(scale=scale).to_numpy()
    except (pypdfium2.PdfiumError, IndexError) as exc:
        raise UnreadableError(f"cannot be shown: {str(exc)[:100]}; save it again") from exc
