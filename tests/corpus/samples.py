"""Files of every format, made by code: small, whole, and the same each time."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage

from docx import Document
from openpyxl import Workbook
from pptx import Presentation

LOAN = "The Development Bank finances the northern railway with a loan of 400 billion roubles."
TERM = "The loan runs for twenty years and carries an interest rate of four percent."
ROUTE = "The railway between Kazan and Moscow is 770 kilometres long."

HTML = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Loan | Rail Gazette</title>
<meta property="og:title" content="Loan for the northern railway">
<meta property="og:site_name" content="Rail Gazette">
<meta property="article:published_time" content="2016-06-29T08:00:00Z">
<link rel="canonical" href="https://example.org/rail/loan">
<style>p {{ color: red }}</style><script>alert("STYLED")</script></head>
<body onload="alert('LOADED')"><nav><a href="/">Home</a> <a href="/rail">Rail</a></nav>
<article><h1>Loan for the northern railway</h1>
<p onclick="alert('CLICKED')">{LOAN} {TERM}</p>
<p>{ROUTE} It costs 5&nbsp;&lt;b&gt; <a href="javascript:alert(1)">billion</a>.</p>
<table><tr><th>Year</th><th>Cost</th></tr><tr><td>2016</td><td>400</td></tr></table>
<ul><li>First item</li><li>Second item</li></ul>
</article><footer>Copyright 2024 Rail Gazette</footer></body></html>
"""


def pdf(pages: Sequence[str], info: str = "", compress: bool = True, extra: Sequence[bytes] = ()) -> bytes:
    """Return a PDF whose pages show these lines in Helvetica; `info` is what stands in its info dictionary."""
    streams = [_shown(page).encode("cp1252") for page in pages]
    return pdf_of_streams(streams, info, compress, extra)


def _shown(page: str) -> str:
    lines = [line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for line in page.splitlines()]
    return "BT /F1 12 Tf 14 TL 72 720 Td " + " ".join(f"({line}) Tj T*" for line in lines) + " ET" if lines else ""


def pdf_of_streams(
    streams: Sequence[bytes], info: str = "", compress: bool = True, extra: Sequence[bytes] = (), resources: str = ""
) -> bytes:
    """Return a PDF with these content streams, a page each; `extra` are objects numbered after all others."""
    kids = " ".join(f"{5 + 2 * i} 0 R" for i in range(len(streams)))
    objects: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(streams)} /Kids [{kids}] >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        f"<< {info} >>".encode(),
    ]
    for i, stream in enumerate(streams):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {6 + 2 * i} 0 R "
            f"/Resources << /Font << /F1 3 0 R >> {resources} >> >>".encode()
        )
        data = zlib.compress(stream) if compress else stream
        filters = "/Filter /FlateDecode " if compress else ""
        objects.append(f"<< {filters}/Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream")
    return _pdf_file([*objects, *extra])


def _pdf_file(objects: Sequence[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    for offset in offsets:
        out += f"{offset:010} 00000 n \n".encode()
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info 4 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)


def docx(
    paragraphs: Sequence[str] = (LOAN, TERM), title: str = "Loan for the northern railway", table: bool = True
) -> bytes:
    """Return a Word document of these paragraphs, with a table of two rows."""
    document = Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    if table:
        cells = document.add_table(2, 2)
        for row, texts in zip(cells.rows, [("Year", "Cost"), ("2016", "400")], strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                cell.text = text
    core = document.core_properties
    core.title, core.keywords, core.created = title, "railway, finance", datetime(2016, 6, 29, 8)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def docx_with(body: str, **members: bytes) -> bytes:
    """Return a Word document whose body is this XML, and with members added (`__` stands for `/`)."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(docx())) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            data = old.read(member)
            if member.filename == "word/document.xml":
                head, _, rest = data.partition(b"<w:body>")
                data = head + b"<w:body>" + body.encode() + b"</w:body></w:document>"
                assert rest
            new.writestr(member.filename, data)
        for name, data in members.items():
            new.writestr(name.replace("__", "/"), data)
    return out.getvalue()


def jsonl(*records: object) -> bytes:
    """Return records as JSON Lines."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


def mail(text: str = f"{LOAN}\n{TERM}\n", html: str = "", **headers: str) -> bytes:
    """Return a mail of Rail Gazette; `__` in the name of a header stands for `-`."""
    message = EmailMessage()
    given = {
        "From": "Rail Gazette <desk@example.org>",
        "Subject": "Loan for the northern railway",
        "Date": "Wed, 29 Jun 2016 08:00:00 +0300",
        "Message__ID": "<loan@example.org>",
    }
    for name, value in (given | headers).items():
        if value:
            message[name.replace("__", "-")] = value
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
        message.set_boundary("=====parts=====")  # drawn at random otherwise
    return bytes(message)


def mbox(*mails: bytes) -> bytes:
    """Return a mailbox of these mails."""
    separator = b"From desk@example.org Wed Jun 29 08:00:00 2016\n"
    return b"".join(separator + mail.replace(b"\nFrom ", b"\n>From ").rstrip() + b"\n\n" for mail in mails)


def xlsx(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    """Return an Excel workbook of these sheets, rows of cells each."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.properties.created = datetime(2016, 6, 29, 8)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def archive(members: Mapping[str, str | bytes]) -> bytes:
    """Return a ZIP archive of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in members.items():
            new.writestr(name, data)
    return out.getvalue()


def epub(
    chapters: Mapping[str, str], titles: Mapping[str, str] | None = None, more: Mapping[str, str] | None = None
) -> bytes:
    """Return a book of these chapters (path -> body); `titles` is its table of contents, `more` are members by name."""
    items = "".join(f'<item id="i{i}" href="{path}" media-type="x"/>' for i, path in enumerate(chapters))
    links = "".join(f'<li><a href="{path}#top">{title}</a></li>' for path, title in (titles or {}).items())
    members: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container xmlns="urn:x"><rootfile full-path="book/p.opf"/></container>',
        "book/p.opf": '<package xmlns="urn:o" xmlns:dc="urn:d"><metadata><dc:title>Railways</dc:title><dc:creator>'
        "Ann Author</dc:creator><dc:date>2016-06-29</dc:date><dc:subject>rail</dc:subject></metadata><manifest>"
        f'{items}<item id="n" href="nav.xhtml" properties="nav"/></manifest><spine><itemref idref="n"/>'
        + "".join(f'<itemref idref="i{i}"/>' for i in range(len(chapters)))
        + "</spine></package>",
        "book/nav.xhtml": f'<!DOCTYPE html><html xmlns="urn:h"><body><nav><ol>{links}</ol></nav></body></html>',
    }
    for path, body in chapters.items():
        members[f"book/{path}"] = (
            f'<?xml version="1.0"?><html xmlns="urn:h"><head><title/></head><body>{body}</body></html>'
        )
    return archive(members | dict(more or {}))


def odt(body: str = f"<p>{LOAN}</p><p>{TERM}</p>", title: str = "Loan", manifest: str = "<m/>") -> bytes:
    """Return an OpenDocument text with this body, whose elements are those of the namespace `text` unless named."""
    names = "".join(f' xmlns:{name}="urn:{name}"' for name in ("office", "table", "meta", "dc", "draw"))
    names += ' xmlns="urn:text"'
    return archive(
        {
            "META-INF/manifest.xml": manifest,
            "content.xml": f"<office:c{names}><office:body><office:text>{body}</office:text></office:body></office:c>",
            "meta.xml": f"<office:m{names}><dc:title>{title}</dc:title><meta:creation-date>2016-06-29T08:00:00"
            "</meta:creation-date><meta:keyword>rail</meta:keyword></office:m>",
        }
    )


def rtf(body: str = rf"{LOAN}\par {TERM}\par") -> bytes:
    """Return an RTF document with this body."""
    info = r"{\info{\title Loan}{\author Ann}{\keywords rail, bank}{\creatim\yr2016\mo6\dy29\hr8\min0}}"
    return rf"{{\rtf1\ansi\ansicpg1252{{\fonttbl{{\f0 Arial;}}}}{info}\f0 {body}}}".encode("cp1252")


def pptx(slides: Sequence[Sequence[str]], title: str = "Northern railway") -> bytes:
    """Return a presentation of these slides: a title and paragraphs each."""
    show = Presentation()
    for heading, *paragraphs in slides:
        slide = show.slides.add_slide(show.slide_layouts[1])
        slide.shapes.title.text = heading
        slide.placeholders[1].text = "\n".join(paragraphs)
    show.core_properties.title, show.core_properties.created = title, datetime(2016, 6, 29, 8)
    out = io.BytesIO()
    show.save(out)
    return out.getvalue()


RSS = f"""<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>Rail Gazette</title><link>https://example.org/</link><item><title>Loan &amp;amp; bank</title>
<link>https://example.org/rail/loan</link><guid>loan-1</guid><pubDate>Wed, 29 Jun 2016 08:00:00 GMT</pubDate>
<category>rail</category><description>Short.</description>
<content:encoded><![CDATA[<p>{LOAN}</p><p>{TERM}</p><script>alert(1)</script>]]></content:encoded></item>
<item><title>Route</title><link>https://example.org/rail/route</link><description>{ROUTE}</description></item>
<item><title>No text</title><link>https://example.org/rail/none</link></item></channel></rss>"""

ATOM = f"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Rail Gazette</title><entry>
<id>urn:1</id><title type="html">&lt;b&gt;Loan&lt;/b&gt;</title><link href="https://example.org/rail/loan"/>
<updated>2016-06-29T08:00:00Z</updated><content type="html">&lt;p&gt;{LOAN}&lt;/p&gt;</content></entry></feed>"""
