"""Marks inside words that no one sees, and words that a line end cuts."""

from __future__ import annotations

import re

# Soft hyphen, zero-width space, word joiner, byte order mark; and ligatures of type, which are two letters.
UNSEEN = {0xAD: None, 0x200B: None, 0x2060: None, 0xFEFF: None} | {
    0xFB00 + i: letters for i, letters in enumerate(("ff", "fi", "fl", "ffi", "ffl", "ft", "st"))
}
HAS_UNSEEN = re.compile("[\u00ad\u200b\u2060\ufeff\ufb00-\ufb06]")
CUT = re.compile(r"([^\W\d_]+)[-\u2010][ \t]*\r?\n[ \t]*([^\W\d_]+)(\S*)[ \t]?")


def without_unseen(text: str) -> str:
    """Return a text without marks that no one sees; they would split words for search, and stand in answers."""
    return text.translate(UNSEEN) if HAS_UNSEEN.search(text) else text


def joined_lines(text: str) -> str:
    """Return a text with words whole that a hyphen cuts at a line's end; the line ends after the word.

    A hyphen stays where the text has the word with it elsewhere, or a capital follows ("Moscow-Kazan").
    """
    if not CUT.search(text):
        return text
    words = frozenset(re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", text.casefold()))

    def whole(match: re.Match[str]) -> str:
        first, second, rest = match.groups()
        if len(first) < 2 or len(second) < 2 or not first[-1].islower():
            return match[0]
        hyphenated, solid = f"{first}-{second}".casefold(), f"{first}{second}".casefold()
        keeps = second[0].isupper() or (hyphenated in words and solid not in words)
        return f"{first}{'-' if keeps else ''}{second}{rest}\n"

    return CUT.sub(whole, text)
