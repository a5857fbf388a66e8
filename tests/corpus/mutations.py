"""Files that have come to harm: the samples of every format, mutated by a seed."""

from __future__ import annotations

import io
import json
import random
import re
import zipfile
from collections.abc import Callable

from tests.corpus import samples

Mutation = Callable[[random.Random, bytes], bytes]

MARKDOWN = f"---\ntitle: Loan\npublished: 2016-06-29\ntags: [rail, bank]\nurl: https://example.org/a\n---\n{samples.LOAN}\n\n{samples.TERM}\n"
RECORDS = [
    {
        "id": str(i),
        "title": f"Title {i}",
        "text": samples.LOAN,
        "published": "2016-06-29",
        "url": "https://example.org/",
    }
    for i in range(5)
]
JSON_LD = (
    '<script type="application/ld+json">{"@context":"https://schema.org","@type":"NewsArticle","headline":"Loan",'
    '"datePublished":"2016-06-29","publisher":{"@type":"Organization","name":"Rail Gazette"}}</script>'
)


MAIN_MEMBERS = frozenset(
    "word/document.xml xl/worksheets/sheet1.xml xl/sharedStrings.xml book/p.opf book/a.xhtml ppt/slides/slide1.xml "
    "content.xml".split()
)


def wholes(rng: random.Random) -> dict[str, bytes]:
    """Return a whole file of each suffix, and of some a second kind."""
    pages = [f"{samples.LOAN}\n{samples.TERM}", "", samples.ROUTE]
    info = "/Title (Loan) /CreationDate (D:20160629080000Z) /Keywords (rail, bank)"
    return {
        "a.md": MARKDOWN.encode(),
        "b.txt": f"Loan\n\n{samples.LOAN}\n{samples.TERM}".encode(),
        "c.html": samples.HTML.encode(),
        "d.htm": samples.HTML.replace("</head>", f"{JSON_LD}</head>").encode(rng.choice(["utf-8", "utf-16", "cp1252"])),
        "e.pdf": samples.pdf(pages, info),
        "f.pdf": samples.pdf(pages, info, compress=False),
        "g.docx": samples.docx(),
        "h.jsonl": samples.jsonl(*RECORDS),
        "i.json": json.dumps(RECORDS).encode(),
        "j.eml": samples.mail(html=samples.HTML),
        "k.mbox": samples.mbox(samples.mail(), samples.mail(samples.ROUTE, Message__ID="<route@example.org>")),
        "l.csv": 'Year;Cost\n2016;400\n2017;"1,7"\n'.encode(rng.choice(["utf-8", "utf-16", "cp1252"])),
        "m.xlsx": samples.xlsx({"Costs": [("Year", "Cost"), (2016, 400)], "Notes": [(samples.LOAN,)]}),
        "n.epub": samples.epub({"a.xhtml": f"<h1>Loan</h1><p>{samples.LOAN}</p>"}, {"a.xhtml": "The loan"}),
        "o.pptx": samples.pptx([("Loan", samples.LOAN), ("Route", samples.ROUTE)]),
        "p.odt": samples.odt(),
        "q.rtf": samples.rtf(),
        "r.xml": samples.RSS.encode(),
        "s.atom": samples.ATOM.encode(),
    }


def _place(rng: random.Random, data: bytes) -> int:
    return rng.randrange(len(data) + 1)


def flip_bits(rng: random.Random, data: bytes) -> bytes:
    """Flip 1 to 64 bits."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 64) if data else 0):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def truncate(rng: random.Random, data: bytes) -> bytes:
    """Cut the end, or the beginning, off."""
    at = _place(rng, data)
    return data[:at] if rng.random() < 0.8 else data[at:]


def splice(rng: random.Random, data: bytes) -> bytes:
    """Put a piece of another format into it."""
    other = rng.choice(list(wholes(rng).values()))
    start, at = _place(rng, other), _place(rng, data)
    return data[:at] + other[start : start + rng.randint(1, 5_000)] + data[at + rng.randint(0, 500) :]


def repeat(rng: random.Random, data: bytes) -> bytes:
    """Repeat a piece up to 1,000 times."""
    at = _place(rng, data)
    piece = data[at : at + rng.randint(1, 200)]
    return data[:at] + piece * rng.randint(2, 1_000) + data[at:]


def giant_token(rng: random.Random, data: bytes) -> bytes:
    """Put a word of up to a million letters into it."""
    at = _place(rng, data)
    return (
        data[:at]
        + rng.choice([b"A", b"9", b"\xff", b" ", b"&", b"\\", "é".encode()]) * rng.randint(1_000, 1_000_000)
        + data[at:]
    )


def nested(rng: random.Random, data: bytes) -> bytes:
    """Put up to 20,000 opening brackets or tags into it."""
    opening = rng.choice([b"<div>", b"<table><tr><td>", b"[", b'{"a":', b"<<", b"(", b"<b><i>", b"> ", b"- ", b"<w:p>"])
    at = _place(rng, data)
    return data[:at] + opening * rng.randint(100, 20_000) + data[at:]


def blank(rng: random.Random, data: bytes) -> bytes:
    """Overwrite a stretch with zeros or noise."""
    at, length = _place(rng, data), rng.randint(1, 2_000)
    return data[:at] + rng.choice([bytes(length), rng.randbytes(length)]) + data[at + length :]


def numbers(rng: random.Random, data: bytes) -> bytes:
    """Change numbers that stand in it: lengths, counts, references, offsets, years."""
    odd = [b"0", b"-1", b"1", b"2", b"5", b"65536", b"2147483648", b"99999999999999999999", b"1e999"]
    return re.sub(rb"\d+", lambda m: rng.choice(odd) if rng.random() < 0.05 else m[0], data)


def elements(rng: random.Random, data: bytes) -> bytes:
    """Change what stands between tags, and repeat tags without content: XML stays well formed."""
    pieces = re.split(rb"(<[^>]*>)", data)  # text at even places, tags at odd ones
    texts = [b"", b"A" * rng.randint(1, 100_000), b"&amp;" * 1_000, b"&#x202e;&#xe000;", "\ufeff é".encode(), b"\n\n\t"]
    for _ in range(rng.randint(1, 20)):
        at = rng.randrange(len(pieces))
        if at % 2 == 0 and at > 3:  # not before the root
            pieces[at] = rng.choice(texts)
        elif pieces[at].endswith(b"/>"):
            pieces[at] = pieces[at][:200] * rng.randint(0, 500)
    return b"".join(pieces)


def members(rng: random.Random, data: bytes) -> bytes:
    """Mutate the members of an archive and pack it again, so that its checksums hold; other files, flip bits."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        contents = {name: archive.read(name) for name in archive.namelist()}
    except Exception:  # no archive, or no longer one
        return flip_bits(rng, data)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        lost = rng.choice(list(contents)) if rng.random() < 0.15 else None
        for name, content in contents.items():
            if name == lost:
                continue
            chosen = name in MAIN_MEMBERS or rng.random() < 0.02
            mutation = elements if rng.random() < 0.7 else rng.choice(GENERAL)
            new.writestr(name, mutation(rng, content) if chosen else content)
        if rng.random() < 0.2:
            new.writestr("word/media/image1.png", bytes(rng.choice([10_000, 300_000_000])))
    return out.getvalue()


def streams(rng: random.Random, data: bytes) -> bytes:
    """Give a PDF that is sound a content stream that is not; other files, change their numbers."""
    if not data.startswith(b"%PDF"):
        return numbers(rng, data)
    whole = f"BT /F1 12 Tf 14 TL 72 720 Td ({samples.LOAN}) Tj T* [({samples.TERM[:20]}) -250 (x)] TJ ET".encode()
    loop = b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X0 9 0 R >> >> /Length 14 >>\n"
    loop += b"stream\n/X0 Do /X0 Do \nendstream"
    hurt = [rng.choice(GENERAL)(rng, whole), b"/X0 Do", whole]
    resources = "/XObject << /X0 9 0 R >>"
    return samples.pdf_of_streams(rng.sample(hurt, 2), compress=rng.random() < 0.5, extra=[loop], resources=resources)


GENERAL: list[Mutation] = [flip_bits, truncate, splice, repeat, giant_token, nested, blank, numbers, elements]
MUTATIONS: list[Mutation] = [*GENERAL, members, streams]


def mutated(seed: int) -> tuple[str, bytes]:
    """Return the name and the bytes of a mutated file: one to three mutations, one in twelve of the wrong suffix."""
    rng = random.Random(seed)
    whole = wholes(rng)
    name = rng.choice(sorted(whole))
    data = whole[name]
    done: list[str] = []
    inside = [members] if data.startswith(b"PK") else [streams] if name.endswith(".pdf") else []
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        mutation = rng.choice(inside if inside and not done and rng.random() < 0.6 else MUTATIONS)
        data = mutation(rng, data)
        done.append(mutation.__name__)
    suffix = "." + name.partition(".")[2]
    if rng.random() < 1 / 12:
        suffix = rng.choice(sorted({"." + each.partition(".")[2] for each in whole}))
        done.append("wrong_suffix")
    return f"{seed:05}-{'-'.join(done)}{suffix}", data
