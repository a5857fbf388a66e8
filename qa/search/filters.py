"""Filters: which articles a question is put to."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import TypedDict

from qa.errors import FilterError
from qa.types import Article, Mode


class FilterOptions(TypedDict, total=False):
    """The fields of `Filters` as keywords."""

    since: date | None
    until: date | None
    sources: Collection[str] | None
    tags: Collection[str] | None


class SearchOptions(FilterOptions, total=False):
    """Keywords of a search besides the question: filters, and settings for this call."""

    collapse: bool
    mode: Mode | None
    rerank: bool | None


@dataclass(frozen=True, slots=True)
class Filters:
    """What an article must be: published from `since` to `until` (both included), from one of `sources`,
    with one of `tags`. An article without a date passes neither of these; it passes `as_of`, which takes the articles
    published until that day.

    Raises `FilterError` for values of another type, or `since` after `until`.
    """

    since: date | None = None
    until: date | None = None
    sources: Collection[str] | None = None
    tags: Collection[str] | None = None
    as_of: date | None = None

    def __post_init__(self) -> None:
        for name in ("since", "until", "as_of"):
            value = getattr(self, name)
            if value is not None and type(value) is not date:  # a datetime is a date that cannot be compared with one
                raise FilterError(f"{name} must be a datetime.date, not {value!r}")
        if self.since and self.until and self.since > self.until:
            raise FilterError(f"since {self.since} is after until {self.until}; exchange them")
        for name in ("sources", "tags"):
            if isinstance(getattr(self, name), str):
                raise FilterError(f"{name} must be a list of strings, not the string {getattr(self, name)!r}")

    @classmethod
    def of(cls, options: FilterOptions | SearchOptions, as_of: date | None = None) -> Filters:
        """Return the filters among the keywords of a call. Raises `FilterError`."""
        return cls(options.get("since"), options.get("until"), options.get("sources"), options.get("tags"), as_of)

    def __bool__(self) -> bool:
        """Return whether anything is filtered."""
        return any(value is not None for value in (self.since, self.until, self.sources, self.tags, self.as_of))

    def narrowed(self, since: date | None, until: date | None, sources: Collection[str]) -> Filters:
        """Return the filters that also hold for what a question names itself; none pass where both exclude each other.

        Sources that were chosen beside the question count alone.
        """
        first = max((day for day in (self.since, since) if day), default=None)
        last = min((day for day in (self.until, until) if day), default=None)
        chosen = self.sources if self.sources is not None else sources or None
        if first and last and first > last:
            return replace(self, sources=())
        return replace(self, since=first, until=last, sources=chosen)

    def undated(self, articles: Iterable[Article]) -> int:
        """Return how many articles a date filter leaves out for want of a date."""
        if not (self.since or self.until):
            return 0
        return sum(article.published is None for article in articles)

    def admits(self, article: Article) -> bool:
        """Return whether an article passes."""
        if (self.since or self.until) and article.published is None:
            return False
        return (
            (self.since is None or article.published is None or article.published >= self.since)
            and (self.until is None or article.published is None or article.published <= self.until)
            and (self.as_of is None or article.published is None or article.published <= self.as_of)
            and (self.sources is None or article.source in self.sources)
            and (self.tags is None or not set(article.tags).isdisjoint(self.tags))
        )
