"""The writing side of the corpus folder: put a file in, take a file out.

A file comes in under a hidden name, is read as any article of the folder would be, and only then gets its
own name; nothing is left of one that is refused. A file that goes, or makes way for a newer one, is kept in
`.removed/` inside the folder, which no reader enters.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import stat
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

from qa.corpus.folder import corpus_files, read_corpus
from qa.disk import sync_folder
from qa.errors import ArticleExistsError, ArticleNotFoundError, CorpusNotFoundError, LibraryError
from qa.settings import CorpusSettings

REMOVED = ".removed"
INCOMING = ".incoming-"
MAX_NAME = 200  # bytes in UTF-8; file systems take 255
# Names that mean a device on Windows, with any suffix: learn.microsoft.com/windows/win32/fileio/naming-a-file
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)
UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})  # control characters, half surrogate pairs, line separators
STEERS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})  # turn the writing direction
NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


def add_article(folder: Path, name: str, content: bytes, settings: CorpusSettings, *, replace: bool = False) -> str:
    """Put a file into the corpus folder and return its id, which is its name in Unicode's form NFC.

    With `replace` a file of that name makes way, and is kept in `.removed/`. The index does not know of
    the file until the next build.

    Raises `CorpusNotFoundError`; `ArticleExistsError`; `LibraryError` for a name that is not plain, a file
    that is too large, or one that cannot be read as an article: the folder then stays as it was.
    """
    name = _plain(name)
    if len(content) > settings.max_file_bytes:
        raise LibraryError(f"{name}: {len(content):,} bytes, more than the limit of {settings.max_file_bytes:,}")
    target = _corpus(folder) / name
    incoming = folder / f"{INCOMING}{secrets.token_hex(6)}"
    try:
        incoming.mkdir()
        try:
            _write(incoming / name, content)
            _check_readable(incoming, name, settings)
            _place(incoming / name, target, replace)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)
        sync_folder(folder)
    except OSError as exc:
        raise LibraryError(f"{name} cannot be written to the corpus folder: {exc.strerror or exc}") from exc
    return name


def remove_article(folder: Path, article_id: str) -> None:
    """Move a file of the corpus folder into `.removed/`; the index knows of it until the next build.

    Raises `CorpusNotFoundError`; `ArticleNotFoundError`; `LibraryError` for a link or special file, for an
    article that shares its file with others, or where the folder cannot be written.
    """
    files = {file.relative_to(folder).as_posix(): file for file in corpus_files(_corpus(folder))}
    file = files.get(article_id)
    if file is None:
        shared = article_id.rpartition("#")[0]
        if shared in files:
            raise LibraryError(
                f"{article_id[:MAX_NAME]} is one article of a file; remove the file {shared}, or edit it"
            )
        raise ArticleNotFoundError(f"no article file {article_id[:MAX_NAME]!r} in the corpus folder")
    try:
        _check_regular(file)
        os.rename(file, _resting_place(folder, article_id))
        sync_folder(file.parent)
    except OSError as exc:
        raise LibraryError(f"{article_id} cannot be removed: {exc.strerror or exc}") from exc


def _corpus(folder: Path) -> Path:
    if not folder.is_dir():
        raise CorpusNotFoundError(f"no corpus folder at {folder.absolute()}; create it, or set [corpus] folder")
    return folder


def _plain(name: str) -> str:
    """Return a file name in form NFC. Raises `LibraryError` for one that is more, or less, than a plain name."""
    name = unicodedata.normalize("NFC", name)
    unseen = any(unicodedata.category(c) in UNSEEN or unicodedata.bidirectional(c) in STEERS for c in name)
    shown = ascii(name[:80]) if unseen else repr(name[:80])
    if not name.strip() or name != name.strip() or name.endswith("."):
        raise LibraryError(f"{shown} is no usable file name; give it letters, and neither blanks nor a dot at its ends")
    if unseen or "/" in name or "\\" in name:
        raise LibraryError(f"{shown} is no plain file name; leave out folders and characters that cannot be shown")
    if name.startswith(".") or DEVICE.match(name):
        raise LibraryError(f"{shown} is a reserved or hidden name; rename the file")
    if len(name.encode()) > MAX_NAME:
        raise LibraryError(f"{shown}… is longer than {MAX_NAME} bytes; shorten the name")
    return name


def _write(file: Path, content: bytes) -> None:
    with file.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _check_readable(incoming: Path, name: str, settings: CorpusSettings) -> None:
    """Read the one file as the corpus folder would be read. Raises `LibraryError` with the reader's cause."""
    found = read_corpus(incoming, settings.limits)
    if found.articles:
        return  # lines of a JSON Lines file that cannot be read are named by the next build
    if found.rejected:
        raise LibraryError(f"{name}: {found.rejected[0].cause}")
    raise LibraryError(f"{name} has a name, or a content, that is not read as an article; rename or mend it")


def _check_regular(file: Path) -> None:
    if not stat.S_ISREG(file.lstat().st_mode):
        raise LibraryError(f"{file.name} is a link or special file, which only the folder's owner may change")


def _place(file: Path, target: Path, replace: bool) -> None:
    """Give a file its name in the corpus folder, in one step; what had the name is kept."""
    if replace and os.path.lexists(target):
        _check_regular(target)
        shutil.copy2(target, _resting_place(target.parent, target.name), follow_symlinks=False)
        os.replace(file, target)
        return
    try:
        os.link(file, target)  # unlike a rename, it never overwrites
        return
    except OSError as exc:
        if exc.errno not in NO_LINKS | {errno.EEXIST}:
            raise
    if os.path.lexists(target):
        raise ArticleExistsError(f"{target.name} is already in the corpus folder; rename it, or replace it")
    os.rename(file, target)


def _resting_place(folder: Path, article_id: str) -> Path:
    """Return where a removed file goes: below `.removed/`, in a folder of its own."""
    removed = folder / REMOVED
    removed.mkdir(exist_ok=True)
    if not stat.S_ISDIR(removed.lstat().st_mode):
        raise LibraryError(f"{REMOVED} in the corpus folder is a link; make it a folder")
    place = removed / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}" / article_id
    place.parent.mkdir(parents=True)
    return place
