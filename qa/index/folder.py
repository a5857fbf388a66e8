"""The index folder: its generations, the pointer to the current one, and the lock of who builds.

    index/
    ├── CURRENT                     name of the current generation; a second word `held` after a rollback
    ├── .lock                       held while one is built
    ├── .building-gen-…/            half-built; swept away by the next build
    └── gen-20261124T101500-…/      one generation

Only the pointer ever changes, atomically: whoever reads finds the old generation or the new one, whole.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from qa.disk import sync, sync_folder
from qa.errors import IndexBusyError, IndexCorruptError, IndexNotFoundError, StoredIndexError
from qa.index.generations import Generation, open_generation
from qa.index.manifest import REBUILD, Manifest, read_manifest

log = logging.getLogger(__name__)

POINTER = "CURRENT"
HELD = "held"
BUILDING = ".building-"
LOCK_SECONDS = 600  # how long a build waits for another one


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which generation is current, and whether a rollback keeps it there against automatic updates."""

    name: str
    held: bool = False


@dataclass(frozen=True, slots=True)
class GenerationEntry:
    """One generation of an index folder, as its manifest describes it; counts are None where that is damaged."""

    name: str
    created: str | None
    articles: int | None
    passages: int | None
    current: bool
    held: bool
    damage: str | None


@contextlib.contextmanager
def build_lock(index: Path) -> Iterator[None]:
    """Hold the index folder's build lock; the system frees it when the process ends, however it ends.

    Raises `IndexBusyError` after `LOCK_SECONDS`, `StoredIndexError` where no lock can be had.
    """
    try:
        index.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StoredIndexError(f"no index can be kept at {index.absolute()}: {exc.strerror}; name another folder") from exc
    lock = FileLock(index / ".lock")
    try:
        try:
            lock.acquire(blocking=False)
        except Timeout:
            log.warning("another build holds %s; waiting for it, up to %s seconds", index / ".lock", LOCK_SECONDS)
            lock.acquire(timeout=LOCK_SECONDS)
    except Timeout as exc:
        message = f"another build has held {index / '.lock'} for {LOCK_SECONDS} seconds; wait for it or stop it"
        raise IndexBusyError(message) from exc
    except OSError as exc:
        raise StoredIndexError(f"{index / '.lock'} cannot be opened: {exc.strerror}; mend its permissions") from exc
    try:
        yield
    finally:
        lock.release()


def new_name() -> str:
    """Return a name for a generation that sorts by time."""
    return f"gen-{datetime.now(UTC):%Y%m%dT%H%M%S-%f}-{secrets.token_hex(2)}"


def read_pointer(index: Path) -> Pointer:
    """Return which generation the index folder names as current.

    Raises `IndexNotFoundError` or `IndexCorruptError`.
    """
    try:
        words = (index / POINTER).read_text(encoding="utf-8").split()
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise IndexNotFoundError(
            f"no index at {index.absolute()}; build it with `briefing index`, or name another "
            "(--index on the command line, index=… in Python, [index] folder in briefing.toml)"
        ) from exc
    except (OSError, UnicodeDecodeError) as exc:
        raise IndexCorruptError(f"{index / POINTER} cannot be read: {exc}; {REBUILD}") from exc
    name = words[0] if words else ""
    if not name.startswith("gen-") or Path(name).name != name or words[1:] not in ([], [HELD]):
        raise IndexCorruptError(f"{index / POINTER} names no generation: {' '.join(words)[:80]!r}; {REBUILD}")
    return Pointer(name, held=len(words) == 2)


def current_name(index: Path) -> str:
    """Return the name of the current generation. Raises as `read_pointer`."""
    return read_pointer(index).name


def current_generation(index: Path) -> Generation:
    """Open the current generation.

    Raises `IndexNotFoundError`, `IndexMismatchError` (another format) or `IndexCorruptError`.
    """
    return open_generation(index / current_name(index))


def last_good_generation(index: Path) -> tuple[Generation, str | None]:
    """Open the current generation or, where that is damaged, the newest other one that is whole.

    Returns it with what was the matter, None if nothing was. Raises as `current_generation` when none is whole.
    """
    try:
        return current_generation(index), None
    except IndexCorruptError as exc:
        for folder in _newest_first(index):
            with contextlib.suppress(StoredIndexError):
                generation = open_generation(folder)
                return generation, f"{exc}; serving {generation.name} until then"
        raise


def listed(index: Path) -> list[GenerationEntry]:
    """Return the generations of an index folder, newest first. Raises as `read_pointer` where there is none."""
    try:
        pointer = read_pointer(index)
    except IndexCorruptError:
        pointer = Pointer("")
    return [_entry(folder, pointer) for folder in _newest_first(index)]


def _entry(folder: Path, pointer: Pointer) -> GenerationEntry:
    made: Manifest | None = None
    damage = None
    try:
        made = read_manifest(folder)
    except StoredIndexError as exc:
        damage = str(exc)
    current = folder.name == pointer.name
    return GenerationEntry(
        name=folder.name,
        created=made.created if made else None,
        articles=made.articles if made else None,
        passages=made.passages if made else None,
        current=current,
        held=current and pointer.held,
        damage=damage,
    )


def roll_back(index: Path, name: str | None, usable: Callable[[Generation], Generation]) -> Generation:
    """Make an older generation the current one and hold it there; return it. Call under `build_lock`.

    Without a name it is the newest of those before the current one. `usable` raises for one that is not. Raises
    `IndexNotFoundError` when there is no such generation, `IndexCorruptError` or `IndexMismatchError`; the pointer
    then stays.
    """
    kept = [folder.name for folder in _newest_first(index)]
    if name is None:
        current = current_name(index)
        older = [each for each in kept if each < current]
        if not older:
            raise IndexNotFoundError(f"{index.absolute()} holds no generation before {current}; nothing to roll back to")
        name = older[0]
    elif name not in kept:
        raise IndexNotFoundError(f"{index.absolute()} holds no generation {name[:80]!r}; it holds {', '.join(kept)}")
    generation = usable(open_generation(index / name))
    point_to(index, Pointer(name, held=True))
    return generation


def release(index: Path) -> None:
    """Let the current generation follow the corpus folder again. Call under `build_lock`."""
    pointer = read_pointer(index)
    if pointer.held:
        point_to(index, Pointer(pointer.name))


def point_to(index: Path, pointer: Pointer) -> None:
    """Move the pointer atomically: readers see the old name or the new one. Raises `StoredIndexError`."""
    target, draft = index / POINTER, index / f"{POINTER}.new"
    try:
        draft.write_text(pointer.name + (f" {HELD}\n" if pointer.held else "\n"), encoding="utf-8")
        sync(draft)
        draft.replace(target)
    except OSError as exc:
        raise StoredIndexError(f"{target} cannot be replaced: {exc.strerror}; remove it and build again") from exc
    sync_folder(index)


def sweep(index: Path, keep: int, damaged: str | None = None) -> None:
    """Remove half-built folders, a damaged generation, and all but the current one and the `keep - 1` newest others."""
    current = current_name(index)
    others = [folder for folder in _newest_first(index) if folder.name != current]
    doomed = [folder for folder in others if folder.name == damaged]
    for folder in doomed + [folder for folder in others if folder not in doomed][keep - 1 :]:
        with contextlib.suppress(OSError):  # renamed to a hidden name first, so that an interrupted removal leaves no half generation
            folder.rename(index / f"{BUILDING}{folder.name}")
    for folder in index.glob(f"{BUILDING}*"):
        shutil.rmtree(folder, ignore_errors=True)


def _newest_first(index: Path) -> list[Path]:
    return sorted((folder for folder in index.glob("gen-*") if folder.is_dir()), reverse=True)
