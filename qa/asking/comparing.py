"""A comparison: of two times, two sources or two things, each side by what its articles say, cited."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qa.asking.kinds import SOURCE
from qa.asking.overview import choose_sentences
from qa.asking.request import Request
from qa.reader import Findings, overview_from
from qa.search import Filters
from qa.settings import ReaderSettings
from qa.types import Answer, Hit, Reading

if TYPE_CHECKING:
    from qa.live import Snapshot

SIDES = 3  # compared at most
SENTENCES = 2  # of a side that is a subject
ON = re.compile(r"^(?P<rest>.*?)\b(?:on|about|regarding|over|concerning)\s+(?P<subject>.+)$", re.I)


@dataclass(frozen=True, slots=True)
class Side:
    """One side: what it is called, what is searched for, and among which articles."""

    label: str
    subject: str
    filters: Filters


def compared(request: Request, snapshot: Snapshot, settings: ReaderSettings, filters: Filters) -> Answer | None:
    """Return what the articles say of each side; None where they are silent on one of them."""
    sides = sides_of(request, filters)
    if len(sides) < 2:
        return None
    each = max(2, settings.passages // len(sides))
    hits = [snapshot.search.using(each).hits(side.subject, side.filters) for side in sides]
    shared = len({side.subject for side in sides}) == 1
    chosen = _values(sides[0].subject, hits, snapshot) if shared else _told(sides, hits, snapshot)
    if not all(chosen):
        return None
    readings = [reading for side in chosen for reading in side]
    found = list({hit.passage.id: hit for side in hits for hit in side}.values())
    generation = snapshot.generation
    answer = overview_from(
        Findings(request.searched_for, found, readings, generation.articles, generation.name), readings, {}
    )
    labels = [side.label for side, own in zip(sides, chosen, strict=True) for _ in own]
    lines = (f"{label}: {c.quote} [{c.number}]" for label, c in zip(labels, answer.citations, strict=True))
    return replace(answer, text="\n".join(lines))


def sides_of(request: Request, filters: Filters) -> list[Side]:
    """Return the sides of a comparison: times where two are named, else sources, else the two things."""
    parsed, wanted = request.parsed, request.wanted
    subject = _subject(request)
    if len(request.periods) > 1 and subject:
        narrowed = ((p, filters.narrowed(p.since, p.until, parsed.sources)) for p in request.periods[:SIDES])
        return [Side(re.sub(r"^(?:in|on|during|of) ", "", p.words), subject, own) for p, own in narrowed]
    own = filters.narrowed(parsed.since, parsed.until, ())
    if len(parsed.sources) > 1 and subject:
        return [Side(s, subject, replace(own, sources=(s,))) for s in parsed.sources[:SIDES]]
    own = filters.narrowed(parsed.since, parsed.until, parsed.sources)
    topic = f" {parsed.subject}" if parsed.subject else ""
    return [Side(side, f"{side}{topic}", own) for side in wanted.sides[:SIDES]]


def _subject(request: Request) -> str | None:
    """Return what the sides are compared in: "the price of milk" in "A and B on the price of milk"."""
    if request.parsed.subject:
        return request.parsed.subject
    for side in reversed(request.wanted.sides):
        if SOURCE in side and (match := ON.match(side)):
            return match["subject"]
    named = [side for side in request.wanted.sides if SOURCE not in side]
    return named[0] if len(named) == 1 else None


def _values(subject: str, hits: Sequence[Sequence[Hit]], snapshot: Snapshot) -> list[list[Reading]]:
    """Return the best reading of each side; the passages of all are read at once."""
    found = snapshot.reader.read(f"What is {subject}?", [hit for side in hits for hit in side])
    chosen = []
    for side in hits:
        own = {hit.passage.id for hit in side}
        best = next((reading for reading in found if reading.hit.passage.id in own), None)
        chosen.append([replace(best, features={**best.features, "held": 1.0})] if best else [])
    return chosen


def _told(sides: Sequence[Side], hits: Sequence[Sequence[Hit]], snapshot: Snapshot) -> list[list[Reading]]:
    """Return sentences about each side."""
    encoder = snapshot.search.encoder
    return [
        choose_sentences(side.subject, own, snapshot.generation, encoder)[:SENTENCES]
        for side, own in zip(sides, hits, strict=True)
    ]
