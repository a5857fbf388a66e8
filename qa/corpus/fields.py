"""What a file says about itself, made safe: bounded, on one line, with a sane date and an address of the web.

Front matter and exports name the same things in many ways; `named` brings them to the names used here.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from qa.corpus.dates import YEARS, day_in_path, day_of
from qa.corpus.decoding import UnreadableError
from qa.text.unseen import without_unseen
from qa.types import Article, Limits

MAX_FIELD = 500  # characters of a title, source or tag
MAX_URL = 2_000  # characters: what browsers take
MAX_TAGS = 50
# Control characters, halves of surrogate pairs, and the marks that turn the direction of what follows.
UNSHOWABLE = re.compile("[\x00-\x08\x0e-\x1b\x7f\x80-\x84\x86-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
# The same in a text, but that it keeps its tabs, line ends and marks of direction.
CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
SHARED = re.compile(r"(?i).*?\.(jsonl|ndjson|json|mbox|xlsx|epub|rss|atom|xml)(?=#)")  # a file of several articles
LINE_END = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")


# The usual names of each field, folded (lower case, letters only); the first that has a value counts.
SYNONYMS: dict[str, tuple[str, ...]] = {
    field: tuple(names.split())
    for field, names in {
        "title": "title headline name heading ogtitle",
        "source": "source sitename publisher publication sourcename site newspaper outlet website feed feedtitle "
        "containertitle domain sourcedomain hostname",
        "published": "published publishdate datepublished publisheddate publishedat publishedon pubdate datepublish "
        "publicationdate publishedtime datetimepublished firstpublished firstpublishedat postdate dateposted postedat "
        "issued dateissued releasedate dcdate date datetime created createdat datecreated creationdate createddate "
        "isodate timestamp",
        "modified": "modified lastmod lastmodified lastmodifiedat datemodified datemodify modifiedat modifieddate "
        "updated updatedat dateupdated lastupdated updateddate",
        "url": "url link permalink canonicalurl canonical sourceurl originalurl articleurl weburl href externalurl",
        "tags": "tags keywords categories category topics labels",
        "authors": "author authors byline creator writer dccreator",
    }.items()
}
PROGRAM_TITLE = re.compile(
    r"microsoft (?:word|powerpoint|excel|office \w+)(?: - .*)?|(?:word|office|new|pdf|html|text|open ?document) "
    r"document(?: \(?\d+\)?)?|powerpoint[- ]pr[^ ]+|presentation ?\d*|document ?\d*|book ?\d+|slide ?\d+|titel|title|"
    r"\(?(?:anonymous|unspecified|unknown|no title|none|null)\)?|untitled.*|unbenannt.*|sans titre.*|"
    r"[^ ]*.*\.(?:docx?|dotx?|pdf|tex|dvi|indd|pptx?|rtf|odt|odp|qxd|xlsx?|pages)",
    re.IGNORECASE,
)
INNER = ("name", "title", "rendered", "value", "href", "url")
NESTED = ("params", "extra", "taxonomies", "metadata", "meta")  # where Hugo, Zola and others keep further fields
INDEXES = frozenset({"index", "_index", "readme"})  # names of the main file of a folder
DATED_NAME = re.compile(r"\d{4}[-_]\d\d[-_]\d\d[-_ ]+(?=\S)")


def title_from_path(article_id: str) -> str:
    """Return a readable title made of a file's name; of its folder's for `index.md`, and without a date before it."""
    shared = SHARED.match(article_id)
    path = PurePosixPath(shared[0] if shared else article_id)
    stem = path.parent.name if path.stem.casefold() in INDEXES and path.parent.name else path.stem
    return " ".join(re.split(r"[-_\s]+", DATED_NAME.sub("", stem, count=1))).strip() or article_id


def folded(name: object) -> str:
    """Return a field's name in lower case, letters only."""
    return re.sub(r"[^a-z]", "", str(name)[:100].casefold())


def named(record: Mapping[str, object]) -> dict[str, object]:
    """Return the fields of front matter or an export by the names that `article_of` knows.

    `dated_by` says which field gave the date. A source that is an address, as web clippers write it, is the URL.
    """
    known: dict[str, tuple[str, object]] = {}
    for name, value in _flat(record):
        if value not in (None, "", [], {}):
            known.setdefault(folded(name), (str(name), value))
    found: dict[str, object] = {}
    for field, synonyms in SYNONYMS.items():
        present = [known[synonym] for synonym in synonyms if synonym in known]
        if field == "tags":
            found[field] = [item for _, value in present for item in _items(value)]
        elif present:
            name, found[field] = _dated(present) if field in ("published", "modified") else present[0]
            if field == "published":
                found["dated_by"] = f"field `{one_line(name, 40)}`"
    for field in ("title", "source", "url"):
        found[field] = _inner(found.get(field))
    source = found["source"]
    if isinstance(source, str) and re.match(r"https?://\S+$", source):
        found["url"] = found["url"] or source
        found["source"] = _host(source)
    if isinstance(found["url"], str) and "url" not in known and not web_host(found["url"]):
        found["url"] = None  # a permalink within its site
    return found


def _flat(record: Mapping[str, object]) -> Iterator[tuple[object, object]]:
    yield from record.items()
    for name, inner in record.items():
        if folded(name) in NESTED and isinstance(inner, dict):
            yield from inner.items()


def _dated(present: Sequence[tuple[str, object]]) -> tuple[str, object]:
    """Return the first that is a date; the first of all if none is."""
    return next((each for each in present if day_of(each[1]) is not None), present[0])


def _inner(value: object) -> object:
    """Return the text of a value; of an object, what exports put into it: `{"name": …}`, `{"rendered": …}`."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        value = value[0]
    if isinstance(value, dict):
        value = next((value[key] for key in INNER if key in value), None)
    return value if isinstance(value, str | int | float) else None


def _items(value: object) -> list[object]:
    if isinstance(value, str):
        return list(value.split(","))
    return [_inner(item) for item in value[:MAX_TAGS]] if isinstance(value, list) else []


def _host(url: str) -> str | None:
    parts = web_host(url)
    return parts.removeprefix("www.") if parts else None


def web_host(url: str) -> str | None:
    """Return the host of an http or https address, None for anything else."""
    try:
        parts = urlsplit(url)
        return parts.hostname if parts.scheme in ("http", "https") and len(url) <= MAX_URL else None
    except ValueError:
        return None


def clean(text: str) -> str:
    """Return an extracted text with plain line ends, without control and unseen characters and half surrogate pairs."""
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")  # joins pairs, marks halves
    return CONTROL.sub("", LINE_END.sub("\n", without_unseen(text))).strip()


def bounded(text: str, limits: Limits) -> str:
    """Return a text of an article as it is. Raises `UnreadableError` for an empty one or one that is too long."""
    if not text.strip():
        raise UnreadableError("empty: there is no text in it")
    if len(text) > limits.max_text_chars:
        cause = f"{len(text):,} characters of text, more than {limits.max_text_chars:,}"
        raise UnreadableError(f"{cause}; split it, or raise [corpus] max_text_chars")
    return text


def one_line(value: object, most: int = MAX_FIELD) -> str | None:
    """Return a string or number as one bounded line that can be shown, or None."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    try:
        text = UNSHOWABLE.sub("", str(value)[: 10 * most])
    except ValueError:  # Python refuses to write out integers of thousands of digits
        return None
    return " ".join(text.split())[:most].strip() or None


def article_of(
    article_id: str, text: str, fields: Mapping[str, object], title: str | None = None, pages: Sequence[int] = ()
) -> tuple[Article, list[str]]:
    """Return an article of a text and its untrusted fields, and remarks on those that had to be left out.

    Fields: `title, source, published, modified, dated_by, url, tags, authors`; others are ignored. Without a title, the
    one given or the file's name serves; without a date, the one in the file's name.
    """
    remarks: list[str] = []
    dated_by = one_line(fields.get("dated_by"), 80)
    published = _day(fields.get("published"), dated_by or "published", remarks)
    if published is None:
        published = day_in_path(article_id) if "#" not in article_id else None
        dated_by = "name of its file" if published else None
    article = Article(
        id=article_id,
        text=text,
        title=own_title(one_line(fields.get("title"))) or one_line(title) or title_from_path(article_id),
        source=one_line(fields.get("source")),
        url=_url(fields.get("url"), remarks),
        published=published,
        tags=_tags(fields.get("tags")),
        pages=tuple(pages),
        modified=_day(fields.get("modified"), "modified", []),
        dated_by=(dated_by or "field `published`") if published else None,
        authors=_authors(fields.get("authors")),
    )
    return article, remarks


def own_title(title: str | None) -> str | None:
    """Return a title, None for one that a program wrote: "Word Document", the name of a file, "Untitled"."""
    return None if title is None or PROGRAM_TITLE.fullmatch(title.strip()) else title


def plain_line(value: object) -> object:
    """Return a text without tags and character references, as exports put them into titles; anything else as it is."""
    if not isinstance(value, str) or not re.search(r"[<&]", value[: 10 * MAX_FIELD]):
        return value
    bare = re.sub(r"</?[a-zA-Z][^<>]{0,500}>", "", html.unescape(value[: 10 * MAX_FIELD]))
    return bare or value


def _day(value: object, name: str, remarks: list[str]) -> date | None:
    found = day_of(value)
    if found is not None and found.year in YEARS:
        return found
    if value not in (None, ""):
        shown = f"{one_line(value) or (found and found.isoformat()) or type(value).__name__!s:.40}"
        cause = "is no date; write it as 2016-06-24"
        if found is not None:
            cause = f"is not of the years {YEARS[0]} to {YEARS[-1]} and is left out"
        remarks.append(f"{name.removeprefix('field ').strip('`')}: {shown!r} {cause}")
    return None


def _url(value: object, remarks: list[str]) -> str | None:
    url = one_line(value, MAX_URL + 1)
    if url is None:
        return None
    if web_host(url) is None:
        remarks.append(f"url: {url[:60]!r} is not an http or https address and is left out")
        return None
    return url


def _tags(value: object) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(dict.fromkeys(tag for tag in map(one_line, items[:MAX_TAGS]) if tag))


def _authors(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(name for name in (one_line(_inner(item)) for item in items[:MAX_TAGS]) if name))
