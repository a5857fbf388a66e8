"""What was fetched: for each address its file and what the server said of its age, in `.fetched.json` of the corpus."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from qa.errors import FetchError

FILE = ".fetched.json"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Seen:
    """An address as it was fetched last: its file, none for a feed, and the digest of what was made of it."""

    file: str = ""
    digest: str = ""
    etag: str = ""
    modified: str = ""

    @property
    def conditions(self) -> dict[str, str]:
        """The headers that ask for it only if it has changed."""
        given = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in given.items() if value}


@dataclass
class State:
    """What is kept between two fetches."""

    folder: Path
    seen: dict[str, Seen] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> State:
        """Return the state of a corpus folder. Raises `FetchError` for a file that is not one."""
        try:
            stored = json.loads((folder / FILE).read_text(encoding="utf-8"))
            if stored["version"] != VERSION:
                raise ValueError(f"version {stored['version']}")
            return cls(folder, {url: Seen(**values) for url, values in stored["seen"].items()})
        except FileNotFoundError:
            return cls(folder)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as exc:
            raise FetchError(f"{folder / FILE} cannot be read ({exc}); remove it, and pages are fetched anew") from exc

    def note(self, url: str, headers: Mapping[str, str], file: str = "", digest: str = "") -> None:
        """Keep what is known of an address, at once."""
        self.seen[url] = Seen(file, digest, headers.get("etag", "")[:500], headers.get("last-modified", "")[:100])
        part = self.folder / f"{FILE}.part"
        stored = {"version": VERSION, "seen": {url: asdict(seen) for url, seen in self.seen.items()}}
        try:
            part.write_text(json.dumps(stored, indent=1), encoding="utf-8")
            os.replace(part, self.folder / FILE)
        except OSError as exc:
            raise FetchError(f"{self.folder / FILE} cannot be written: {exc.strerror or exc}") from exc

    def page(self, url: str) -> Seen | None:
        """Return what is known of a page whose file is still in the folder."""
        seen = self.seen.get(url)
        return seen if seen and seen.file and (self.folder / seen.file).is_file() else None
