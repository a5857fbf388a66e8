"""Bytes to text, without guessing silently."""

from __future__ import annotations

import codecs
import re

import charset_normalizer

from qa.text.language import ranked

GUESSED = "not UTF-8, read as {}; save it as UTF-8 to be sure of every letter"
SECOND = 0.4  # share of zeros among every second byte, from which it is UTF-16
MOST_STRANGE = 0.25  # share of letters beyond ASCII in a Western language
WESTERN = frozenset("en fr es pt it de nl da sv no nb nn fi is ca gl eu ga af lb la fo".split())
CENTRAL = frozenset("pl cs sk hu sl hr bs ro sq".split())
# In Windows-1252: a capital or a sign after a small letter, signs between letters, a run of letters with accents.
NOT_WESTERN = re.compile(
    r"[a-z\u00df-\u00ff][\u00c0-\u00de\u0160\u017d\u0178\u0152]|[^\W\d_][^\w\s\u2019\u2018\u00b7\u2013\u2014\x00-\x7f\u00ad"
    r"\u201c\u201d\u00ab\u00bb\u2026\u2122\u00ae\u00a9][^\W\d_]|[\u00c0-\u00ff]{4}|[^\W\d_][\u00b2\u00b3\u00b9\u00be\u00bc][^\W\d_]|[\x00-\x08]"
)
NO_LETTER = re.compile(
    "[\x00-\x08]|[^\\W\\d_][\u00a4\u00a6-\u00a9\u00ab-\u00b1\u00b6\u00bb\u2020-\u2022][^\\W\\d_]"
)  # in Windows-1250
CANDIDATES = (("cp1252", WESTERN, NOT_WESTERN), ("cp1250", CENTRAL, NO_LETTER))

BOMS = {  # the 32-bit marks begin with the 16-bit ones, so they come first
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


class UnreadableError(Exception):
    """A file cannot become an article; the message says why and what to do."""


class UnreachableError(UnreadableError):
    """A file or folder, or the rest of it, stays unread, so that nothing is known of the articles there."""


def decode(data: bytes) -> tuple[str, list[str]]:
    """Return the text of a file and remarks on how it was decoded.

    UTF-8 and marked UTF-16/32 are taken as they are. Other text is decoded by the most likely
    encoding, and the remark names it. Raises `UnreadableError` for data that is no text.
    """
    for bom, encoding in BOMS.items():
        if data.startswith(bom):
            try:
                return data.decode(encoding), []
            except UnicodeDecodeError as exc:
                message = f"marked as {encoding} but damaged at byte {exc.start}; save it as UTF-8"
                raise UnreadableError(message) from exc
    if b"\0" in data:
        unmarked = _utf16(data)
        if unmarked is not None:
            return unmarked, ["UTF-16 without its mark, read as such; save it as UTF-8 to be sure of every letter"]
        raise UnreadableError("binary data, not text; remove it, or save its text as UTF-8")
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError:
        return _decode_guessed(data)


def _utf16(data: bytes) -> str | None:
    """Return UTF-16 without a mark, in which every second byte of most languages is zero; None for anything else."""
    sample = data[:20_000]
    low, high = sample[::2].count(0), sample[1::2].count(0)
    for zeros, others, encoding in ((high, low, "utf-16-le"), (low, high, "utf-16-be")):
        if zeros > SECOND * len(sample) / 2 and others * 50 < zeros:
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                return None
            return None if "\0" in text or any(c < " " and c not in "\t\r\n\f" for c in text[:1_000]) else text
    return None


def _european(data: bytes) -> tuple[str, str] | None:
    """Return text and encoding if this is what Windows writes for a language of Western or Central Europe.

    A guess by single letters takes "£18" for "Ł18"; the language of the other words tells.
    """
    if sum(byte > 127 for byte in data) > MOST_STRANGE * len(data):
        return None
    for encoding, languages, impossible in CANDIDATES:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not impossible.search(text) and ranked(text)[0][0] in languages:
            return text, encoding
    return None


def _decode_guessed(data: bytes) -> tuple[str, list[str]]:
    found = _european(data)
    if found is not None:
        return found[0], [GUESSED.format(found[1])]
    best = charset_normalizer.from_bytes(data).best()  # looks at a few short stretches of it
    if best is None:
        raise UnreadableError("neither UTF-8 nor a known encoding; save it as UTF-8")
    try:
        text = data.decode(best.encoding)
    except UnicodeDecodeError as exc:
        raise UnreadableError(f"neither UTF-8 nor {best.encoding} throughout; save it as UTF-8") from exc
    return text, [GUESSED.format(best.encoding)]
