"""Lines of a picture, put in the order in which they are read."""

from __future__ import annotations

import random

from qa.corpus.reading_order import Line, text_of_lines


def line(left: float, top: float, words: str, width: float = 200) -> Line:
    return Line(left, top, left + width, top + 20, words)


def test_columns_are_read_one_after_the_other_below_the_heading_of_both() -> None:
    heading = line(0, 0, "Heading of all", 450)
    left = [line(0, 60 + 25 * i, f"left {i}") for i in range(4)]
    right = [line(250, 60 + 25 * i, f"right {i}") for i in range(4)]
    lines = [heading, *left, *right]
    random.Random(0).shuffle(lines)
    assert text_of_lines(lines) == (
        "Heading of all\n\nleft 0\nleft 1\nleft 2\nleft 3\n\nright 0\nright 1\nright 2\nright 3"
    )


def test_gaps_part_paragraphs() -> None:
    lines = [line(0, 0, "a"), line(0, 25, "b"), line(0, 80, "c")]
    assert text_of_lines(lines) == "a\nb\n\nc"


def test_cells_of_a_row_are_parted_by_bars_and_words_by_blanks() -> None:
    lines = [
        *(line(0, 25 * i, cell, 60) for i, cell in enumerate(["Year", "2016"])),
        *(line(120, 25 * i + 3, cell, 60) for i, cell in enumerate(["Cost", "400"])),
        line(190, 28, "roubles", 60),
    ]
    assert text_of_lines(lines) == "Year | Cost\n2016 | 400 roubles"


def test_no_lines_are_no_text() -> None:
    assert text_of_lines([]) == ""
