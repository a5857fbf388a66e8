"""Real pages against their text by hand: words kept, words too many, title, date, URL, seconds.

    python benchmarks/pages.py FOLDER [--worst 5]

FOLDER is in the form of the article extraction benchmark: `html/NAME.html.gz`, and `ground_truth.json` with
`articleBody` and `url` of each NAME. Words are compared as bags. The date is compared with what the markup itself says:
`datePublished` in JSON-LD or microdata and `article:published_time`. Nothing is fetched.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from qa.corpus import html  # noqa: E402
from qa.corpus.decoding import UnreadableError  # noqa: E402
from qa.types import Limits  # noqa: E402

WORD = re.compile(r"\w+")
DECLARED = re.compile(
    r"""["']datePublished["']\s*:\s*["']([12]\d{3}-\d\d-\d\d)|itemprop=["']?datePublished["']?[^>]{0,80}?"""
    r"""(?:content|datetime)=["']?([12]\d{3}-\d\d-\d\d)|article:published_time["'][^>]{0,80}?content=["']([12]\d{3}-\d\d-\d\d)""",
    re.IGNORECASE,
)
TITLE = re.compile(r"og:title[\"'][^>]{0,40}?content=\"([^\"]+)|<title[^>]*>([^<]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a page."""

    name: str
    kept: float  # share of the words of the text by hand
    extra: float  # share of the words taken that are not in it
    title: bool | None  # whether it has words of the page's title
    dated: bool | None  # whether the date is one that the markup declares, None where it declares none
    found: object  # the date that was found
    address: bool  # whether the URL is that of the page, if there is one
    seconds: float
    remarks: object

    @property
    def f(self) -> float:
        """F1 of the words."""
        precision = 1 - self.extra
        return 2 * precision * self.kept / (precision + self.kept) if precision + self.kept else 0.0


def measured(name: str, data: bytes, truth: dict[str, str]) -> Result:
    """Return how well a page is read."""
    start = time.perf_counter()
    try:
        found = html.extract(data, Limits())
    except UnreadableError as exc:
        found = {"text": "", "title": None, "published": None, "url": None, "remarks": [str(exc)]}
    seconds = time.perf_counter() - start
    page = data.decode("utf-8", "replace")
    taken, wanted = (Counter(WORD.findall(str(text).casefold())) for text in (found["text"], truth["articleBody"]))
    both = (taken & wanted).total()
    days = {day for match in DECLARED.findall(page) for day in match if day}
    titles = " ".join(part for match in TITLE.findall(page)[:3] for part in match).casefold()
    words = WORD.findall(str(found["title"] or "").casefold())
    return Result(
        name=name,
        kept=both / max(1, wanted.total()),
        extra=1 - both / max(1, taken.total()),
        title=bool(words) and sum(word in titles for word in words) / len(words) > 0.7,
        dated=(str(found["published"])[:10] in days) if days else None,
        found=found["published"],
        address=_path(found["url"]) == _path(truth["url"]),
        seconds=seconds,
        remarks=found["remarks"],
    )


def _path(url: object) -> str:
    parts = urlsplit(str(url))
    return f"{parts.netloc.removeprefix('www.')}{parts.path.rstrip('/')}"


def pages(folder: Path) -> list[Result]:
    """Return the result of each page. Raises `SystemExit` with a message where the folder holds none."""
    file = folder / "ground_truth.json"
    if not file.is_file():
        raise SystemExit(
            f"no pages at {folder.absolute()}: it needs html/NAME.html.gz and ground_truth.json, see above"
        )
    truth = json.loads(file.read_text(encoding="utf-8"))
    return [
        measured(name, gzip.decompress((folder / "html" / f"{name}.html.gz").read_bytes()), truth[name])
        for name in sorted(truth)
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--worst", type=int, default=0, help="name the worst pages")
    arguments = parser.parse_args()
    results = pages(arguments.folder)
    dated = [r for r in results if r.dated is not None]
    print(f"{len(results)} pages")
    print(f"words kept      {statistics.mean(r.kept for r in results):.3f}")
    print(f"words too many  {statistics.mean(r.extra for r in results):.3f}")
    print(f"F               {statistics.mean(r.f for r in results):.3f}")
    print(f"title           {sum(bool(r.title) for r in results)} of {len(results)} have the words of the page's own")
    print(f"date            {sum(bool(r.dated) for r in dated)} of {len(dated)} whose markup declares one")
    print(f"dated otherwise {sum(r.found is not None for r in results if r.dated is None)} of the rest")
    print(f"URL             {sum(r.address for r in results)} of {len(results)}")
    print(f"seconds         {sum(r.seconds for r in results):.1f}, longest {max(r.seconds for r in results):.1f}")
    for r in sorted(results, key=lambda r: r.f)[: arguments.worst]:
        print(f"  {r.name} F {r.f:.2f} kept {r.kept:.2f} extra {r.extra:.2f} {r.remarks}")
    for r in dated:
        if arguments.worst and not r.dated:
            print(f"  {r.name} date {r.found}")


if __name__ == "__main__":
    main()
