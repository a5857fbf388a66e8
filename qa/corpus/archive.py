"""Documents that are ZIP archives of XML: what they unpack to is bounded before a parser sees them."""

from __future__ import annotations

import io
import zipfile

from lxml import etree

from qa.corpus.decoding import UnreadableError
from qa.types import Limits

OLD_OFFICE = b"\xd0\xcf\x11\xe0"  # the container of .doc, .xls and .ppt, and of a new document with a password
MAX_MEMBERS = 10_000
PROPERTIES = "document properties"  # where a date comes from
CHUNK = 1 << 16  # bytes unpacked at once


def check_archive(data: bytes, limits: Limits, suffix: str, old: str = "document", doctypes: bool = False) -> None:
    """Refuse what unpacks to more than it may, by its directory and in truth, and what declares entities.

    `suffix` and `old` name the format and the one before it. `doctypes` lets document types pass, for formats that
    have them; parse their members by `parse_xml`. Raises `UnreadableError`.
    """
    if data.startswith(OLD_OFFICE):
        raise UnreadableError(f"is encrypted, or an old {old}; save it as {suffix} without a password")
    most = limits.max_unpacked_bytes
    too_large = f"unpacks to more than {most:,} bytes; remove pictures, or raise [corpus] max_unpacked_bytes"
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > most:
                raise UnreadableError(too_large)
            for member in members:
                if member.flag_bits & 1:
                    raise UnreadableError("is encrypted; save it without a password")
                if _declares_entities(archive, member) and not doctypes:
                    raise UnreadableError("declares XML entities, which no office program does; save it again")
    except (UnreadableError, MemoryError):
        raise
    except Exception as exc:  # zipfile and zlib raise a dozen kinds
        cause = " ".join((str(exc) or type(exc).__name__).split())[:100]
        raise UnreadableError(f"no {suffix}, or damaged: {cause}; save it again from the program that made it") from exc


def _declares_entities(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    """Unpack a member to its end, which checks size and checksum, and return whether it has a document type."""
    is_xml = member.filename.endswith((".xml", ".rels"))
    last = b""
    found = False
    with archive.open(member) as file:
        while chunk := file.read(CHUNK):
            seen = last + chunk
            found = found or (is_xml and b"<!DOCTYPE" in seen.replace(b"\0", b""))  # zeros: UTF-16
            last = seen[-40:]
    return found


def parse_xml(data: bytes, limits: Limits) -> etree._Element:
    """Return the root of an XML member. Raises `UnreadableError`, also for one that declares entities."""
    if b"<!ENTITY" in data.replace(b"\0", b""):  # zeros: UTF-16
        raise UnreadableError("declares XML entities, which no program needs; save it again")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as exc:
        cause = " ".join(str(exc).split())[:100]
        raise UnreadableError(f"damaged: {cause}; save it again from the program that made it") from exc
    check_depth(root, limits.max_depth)
    return root


def check_depth(root: etree._Element, most: int) -> None:
    """Raise `UnreadableError` for a tree that is nested deeper than `most` levels."""
    depth = deepest = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    if deepest > most:
        raise UnreadableError(f"nested more than {most} levels deep; simplify it, or save its text")


def core_fields(archive: zipfile.ZipFile, limits: Limits) -> dict[str, object]:
    """Return title, dates, author and keywords of an Office document, as far as it names them."""
    try:
        core = parse_xml(archive.read("docProps/core.xml"), limits)
    except (KeyError, UnreadableError):  # a document may do without
        return {}
    found = {etree.QName(element).localname: (element.text or "").strip() for element in core}
    return {
        "title": found.get("title"),
        "published": found.get("created"),
        "modified": found.get("modified"),
        "dated_by": PROPERTIES,
        "authors": found.get("creator"),
        "tags": found.get("keywords"),
    }
