"""What changed between two states of a corpus, by content and never by time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from qa.corpus.fields import title_from_path
from qa.types import Article, Rename


@dataclass(frozen=True, slots=True)
class Changes:
    """Article ids by what happened to them, each in order of id."""

    added: tuple[str, ...]
    modified: tuple[str, ...]
    renamed: tuple[Rename, ...]
    deleted: tuple[str, ...]
    unchanged: tuple[str, ...]

    def __bool__(self) -> bool:
        """Return whether anything changed."""
        return bool(self.added or self.modified or self.renamed or self.deleted)


def content_hash(article: Article) -> str:
    """Return a SHA-256 over all of an article but its id, and a title that was made from it."""
    content = asdict(article)
    del content["id"]
    if article.title == title_from_path(article.id):
        del content["title"]  # so that an article without one can be renamed
    if not article.scanned:
        del content["scanned"]  # so that an index made before there was OCR stays as it is
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def diff(old: Mapping[str, str], new: Mapping[str, str]) -> Changes:
    """Compare two mappings of article id to content hash.

    An id that vanished and one that appeared with the same content are a rename; where several could
    pair, they pair in order of id.
    """
    modified = tuple(sorted(i for i in new if i in old and new[i] != old[i]))
    unchanged = tuple(sorted(i for i in new if i in old and new[i] == old[i]))
    gone: dict[str, list[str]] = {}
    for i in sorted((i for i in old if i not in new), reverse=True):
        gone.setdefault(old[i], []).append(i)
    added, renamed = [], []
    for i in sorted(i for i in new if i not in old):
        if gone.get(new[i]):
            renamed.append(Rename(old=gone[new[i]].pop(), new=i))
        else:
            added.append(i)
    deleted = tuple(sorted(i for ids in gone.values() for i in ids))
    return Changes(tuple(added), modified, tuple(renamed), deleted, unchanged)
