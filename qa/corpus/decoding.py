"""Bytes to text, without guessing silently."""

from __future__ import annotations

import codecs

import charset_normalizer

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
        raise UnreadableError("binary data, not text; remove it, or save its text as UTF-8")
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError:
        return _decode_guessed(data)


def _decode_guessed(data: bytes) -> tuple[str, list[str]]:
    best = charset_normalizer.from_bytes(data).best()  # looks at a few short stretches of it
    if best is None:
        raise UnreadableError("neither UTF-8 nor a known encoding; save it as UTF-8")
    try:
        text = data.decode(best.encoding)
    except UnicodeDecodeError as exc:
        raise UnreadableError(f"neither UTF-8 nor {best.encoding} throughout; save it as UTF-8") from exc
    return text, [f"not UTF-8, read as {best.encoding}; save it as UTF-8 to be sure of every letter"]
