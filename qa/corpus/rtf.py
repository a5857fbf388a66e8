"""RTF: its text, rows of tables as lines; title, day of creation and keywords from its info group.

Runs in the worker only.
"""

from __future__ import annotations

import re

from striprtf.striprtf import rtf_to_text

from qa.corpus.archive import PROPERTIES
from qa.corpus.decoding import UnreadableError
from qa.corpus.fields import clean
from qa.types import Limits

LINE = re.compile(r"\\line\b ?")
BREAK = "\v"  # stands for a line end within a paragraph until paragraphs are parted
CELL = "|"  # what striprtf ends a cell by
BAR = "\x1f"  # stands for a bar of the text
INFO = re.compile(r"\{\\(title|keywords|creatim)\b ?((?:[^{}\\]|\\[^{}]){0,1000})\}")
CODE_PAGE = re.compile(r"\\ansicpg\d{1,5}")
DAY = re.compile(r"\\yr(\d{4})\\mo(\d{1,2})\\dy(\d{1,2})")
LOOKED_AT = 100_000  # characters in which the info group is looked for


def extract(data: bytes, limits: Limits) -> dict[str, object]:
    """Return text and fields of an RTF document. Raises `UnreadableError`."""
    source = data.decode("cp1252", "replace").lstrip("\ufeff \r\n")
    if not source.startswith("{\\rtf"):
        raise UnreadableError("no .rtf, or damaged; save it again from the program that made it")
    notes = len(re.findall(r"\\footnote\b", source))
    remarks = [f"{notes} {'footnote is' if notes == 1 else 'footnotes are'} not read"] if notes else []
    return {**_fields(source[:LOOKED_AT]), "text": _text(source), "remarks": remarks}


def _text(source: str) -> str:
    """Return the text: a blank line between paragraphs, a line for each table row."""
    source = LINE.sub(BREAK, source.replace(CELL, BAR)).replace("HYPERLINK", "")  # addresses are no text
    out: list[str] = []
    was_row = False
    for line in rtf_to_text(source, errors="replace").split("\n"):
        is_row = line.endswith(CELL)
        out += ["\n" if is_row and was_row else "\n\n", _row(line) if is_row else line.strip(" \t")]
        was_row = is_row
    text = "".join(out).replace(BREAK, "\n").replace(BAR, CELL)
    return clean(re.sub(r"\n{3,}", "\n\n", text))


def _row(line: str) -> str:
    return " | ".join(" ".join(cell.split()) for cell in line.removesuffix(CELL).split(CELL))


def _fields(head: str) -> dict[str, object]:
    page = CODE_PAGE.search(head)
    found = {name: value for name, value in reversed(INFO.findall(head))}
    texts = {
        name: rtf_to_text(f"{{\\rtf1{page[0] if page else ''} {found.get(name, '')}}}", errors="replace").strip()
        for name in ("title", "keywords")
    }
    day = DAY.search(found.get("creatim", ""))
    published = f"{day[1]}-{int(day[2]):02}-{int(day[3]):02}" if day else None
    return {"title": texts["title"], "published": published, "dated_by": PROPERTIES, "tags": texts["keywords"]}
