"""The folder of articles: which files it holds, and what became of each."""

from __future__ import annotations

import errno
import logging
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import IO

from qa.corpus import json_list, jsonl, mailbox, markdown, plain
from qa.corpus.cache import Extractions
from qa.corpus.decoding import UnreachableError, UnreadableError, decode
from qa.corpus.fields import bounded
from qa.corpus.sandbox import CONTAINERS, FORMATS, Sandbox
from qa.errors import CorpusError, CorpusNotFoundError
from qa.types import Article, Corpus, Limits, Problem

log = logging.getLogger(__name__)

Reader = Callable[[str, str], tuple[Article, list[str]]]  # (id, text) -> article, remarks

READERS: dict[str, Reader] = {
    ".md": markdown.read,
    ".markdown": markdown.read,
    ".txt": plain.read,
}
Item = tuple[Article, list[str]] | Problem  # what an article of a file of several became
STREAMS = (".jsonl", ".ndjson", ".mbox")  # files of any number of articles, read one by one
SEVERAL = (*STREAMS, *CONTAINERS, ".json")  # files of several articles, with ids `path#key`
KNOWN = (*READERS, *FORMATS, *SEVERAL)
NOT_ARTICLES = frozenset({"pinned.toml"})  # about the corpus, not of it
SKIPPED = frozenset(
    ".avif .bmp .gif .heic .ico .jpeg .jpg .png .svg .tif .tiff .webp "  # pictures
    ".css .js .map .mjs .eot .otf .ttf .woff .woff2 "  # styles, scripts, fonts
    ".m4a .mov .mp3 .mp4 .ogg .wav .webm "  # sound and film
    ".bak .crdownload .db .ini .lnk .part .swp .tmp .url "  # what systems and programs leave behind
    ".7z .bz2 .gz .rar .tar .tgz .xz .zip".split()  # archives
)
"""Suffixes of files that are no articles by their kind; they are counted, not refused."""

LOCK = "~$"  # begins the name of the file by which Office tells that a document is open
SAVED = ("_files", ".files")  # what a browser adds to a page's name for the folder of its pictures and styles
LINE_ENDS = re.compile("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
LINK = "a link or special file; put a copy of the file there instead"
LINKED_FOLDER = "a link to a folder, which is not followed; put the folder itself there instead"


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long, a folder above it that is closed
        return False


def check_folder(folder: Path) -> None:
    """Raise `CorpusNotFoundError` unless this is a folder that can be listed."""
    if _is_folder(folder):
        if os.access(folder, os.R_OK | os.X_OK):
            return
        raise CorpusNotFoundError(f"the corpus folder {folder.absolute()} cannot be read; allow reading it (chmod)")
    if os.path.exists(folder):  # noqa: PTH110 - unlike Path.exists, it takes names that no system does
        raise CorpusNotFoundError(
            f"{folder.absolute()} is a file, not a folder; the corpus is the folder that holds the articles"
        )
    raise CorpusNotFoundError(
        f"no corpus folder at {folder.absolute()}; create it and put articles in it, or name another "
        "(--corpus on the command line, corpus=… in Python, [corpus] folder in briefing.toml)"
    )


def _of_saved_page(file: Path, folder: Path) -> bool:
    """Return whether a file lies in the `X_files` folder beside a saved page `X.html`."""
    for parent in file.relative_to(folder).parents[:-1]:
        for ending in SAVED:
            page = folder / parent.parent / parent.name.removesuffix(ending)
            if parent.name.endswith(ending) and any(page.with_name(page.name + s).is_file() for s in (".html", ".htm")):
                return True
    return False


def corpus_files(
    folder: Path, skip: Iterable[Path] = (), refuse: Callable[[Path, UnreadableError], None] | None = None
) -> Iterator[Path]:
    """Yield the files that a corpus folder is made of, without hidden ones and the folders to skip.

    Links to folders are not followed. `refuse` is told of these, and of folders that cannot be listed.
    """
    tell = refuse or (lambda _, __: None)
    skipped = {path.resolve() for path in skip}

    def unlisted(exc: OSError) -> None:
        tell(Path(exc.filename), UnreachableError(f"cannot be read: {exc.strerror}"))

    for root, folders, names in os.walk(folder, onerror=unlisted, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for linked in [name for name in folders if Path(root, name).is_symlink()]:
            folders.remove(linked)  # a link into the folders to skip is one, too
            tell(Path(root, linked), UnreadableError(LINKED_FOLDER))
        folders[:] = [name for name in folders if not skipped or Path(root, name).resolve() not in skipped]
        for name in sorted(names):
            if not name.startswith(".") and name not in NOT_ARTICLES:
                yield Path(root, name)


def _open(file: Path, most: int, setting: str) -> IO[bytes]:
    """Open a regular file of at most `most` bytes, and nothing that took its place since."""
    try:
        if not stat.S_ISREG(file.lstat().st_mode):
            raise UnreadableError(LINK)
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        opened = os.fdopen(os.open(file, flags), "rb")
    except OSError as exc:
        if exc.errno == errno.ELOOP:
            raise UnreadableError(LINK) from exc
        raise UnreachableError(f"cannot be read: {exc.strerror or exc}") from exc
    info = os.fstat(opened.fileno())
    if stat.S_ISREG(info.st_mode) and info.st_size <= most:
        return opened
    opened.close()
    if not stat.S_ISREG(info.st_mode):
        raise UnreadableError(LINK)
    raise UnreadableError(
        f"{info.st_size:,} bytes, more than the limit of {most:,}; split it, or raise [corpus] {setting}"
    )


def _read_bytes(file: Path, most: int) -> bytes:
    with _open(file, most, "max_file_bytes") as opened:
        try:
            data = opened.read(most + 1)
        except OSError as exc:
            raise UnreachableError(f"cannot be read: {exc.strerror or exc}") from exc
    if len(data) > most:
        raise UnreadableError("grows while it is read; index again when it is complete")
    return data


class _Reading:
    """What has been read of a folder so far."""

    def __init__(self, folder: Path, limits: Limits, sandbox: Sandbox) -> None:
        self._folder = folder
        self._limits = limits
        self._sandbox = sandbox
        self.articles: dict[str, Article] = {}
        self.rejected: list[Problem] = []
        self.warnings: list[Problem] = []
        self.unread: list[str] = []
        self.skipped = 0  # files that are no articles by their kind

    def read(self, file: Path) -> None:
        """Read a file, and note what became of it."""
        article_id, suffix = file.relative_to(self._folder).as_posix(), file.suffix.lower()
        if suffix in SKIPPED or file.name.startswith(LOCK) or _of_saved_page(file, self._folder):
            self.skipped += 1
            return
        try:
            if suffix not in KNOWN:
                known = ", ".join(KNOWN)
                raise UnreadableError(f"format {file.suffix or 'without suffix'} is not read; known are {known}")
            if any(unicodedata.category(c) in ("Cc", "Cs") for c in article_id):
                raise UnreadableError("the file name has characters that cannot be shown; rename it")
            if suffix in SEVERAL:
                self._read_several(file, article_id, suffix)
            else:
                self._accept(*self._article(file, article_id, suffix))
        except UnreadableError as exc:
            self.refuse(file, exc)

    def refuse(self, path: Path, cause: UnreadableError) -> None:
        """Note that a file or folder is not read."""
        shown = path.relative_to(self._folder).as_posix().encode("utf-8", "backslashreplace").decode()
        shown = LINE_ENDS.sub(lambda mark: ascii(mark[0])[1:-1], shown)  # each is told on one line
        self._reject(Problem(shown, str(cause)))
        if isinstance(cause, UnreachableError):
            folder = "" if shown == "." else f"{shown}/"
            several = path.suffix.lower() in SEVERAL
            self.unread.append(folder if _is_folder(path) else f"{shown}#" if several else shown)

    def _article(self, file: Path, article_id: str, suffix: str) -> tuple[Article, list[str]]:
        data = _read_bytes(file, self._limits.max_file_bytes)
        if suffix in FORMATS:
            if not data.strip():
                raise UnreadableError("empty: there is no text in it")
            return self._sandbox.read(article_id, suffix, data)
        text, remarks = decode(data)
        article, more = READERS[suffix](article_id, text)
        bounded(article.text, self._limits)
        return article, remarks + more

    def _read_several(self, file: Path, article_id: str, suffix: str) -> None:
        before = len(self.articles) + len(self.rejected)
        read = self._stream if suffix in STREAMS else self._whole
        for item in read(file, article_id, suffix):
            if isinstance(item, Problem):
                self._reject(item)
            else:
                self._accept(*item)
        if len(self.articles) + len(self.rejected) == before:
            raise UnreadableError("empty: there is no text in it")

    def _stream(self, file: Path, article_id: str, suffix: str) -> Iterator[Item]:
        with _open(file, self._limits.max_jsonl_bytes, "max_jsonl_bytes") as opened:
            try:
                if suffix == ".mbox":
                    yield from mailbox.read(
                        article_id, opened, self._limits, partial(self._sandbox.read_mail, article_id)
                    )
                else:
                    yield from jsonl.read(article_id, opened, self._limits)
            except OSError as exc:
                raise UnreachableError(f"cannot be read: {exc.strerror or exc}") from exc

    def _whole(self, file: Path, article_id: str, suffix: str) -> Iterator[Item]:
        data = _read_bytes(file, self._limits.max_file_bytes)
        if not data.strip():
            return
        if suffix == ".json":
            yield from json_list.read(article_id, data, self._limits)
            return
        articles, remarks = self._sandbox.read_parts(article_id, suffix, data)
        self.warnings += [Problem(article_id, remark) for remark in remarks]
        yield from articles

    def _accept(self, article: Article, remarks: list[str]) -> None:
        if article.id in self.articles:
            self._reject(Problem(article.id, "a second article of this id; rename the file, or change its `id`"))
            return
        self.articles[article.id] = article
        self.warnings += [Problem(article.id, remark) for remark in remarks]

    def _reject(self, problem: Problem) -> None:
        log.info("%s refused: %s", problem.id, problem.cause)
        self.rejected.append(problem)


def read_corpus(
    folder: Path, limits: Limits | None = None, skip: Iterable[Path] = (), kept: Path | None = None
) -> Corpus:
    """Read every article below a folder, in order of id, without the folders to skip.

    A file that cannot be read is refused by name, never the whole folder. Symbolic links are not
    followed. `kept` is a folder for what was made of HTML, PDF and DOCX files, so that unchanged ones are
    not parsed again; one process at a time may use it.

    Raises `CorpusNotFoundError` when the folder is not there, `CorpusError` when it is one to skip.
    """
    skip = list(skip)
    check_folder(folder)
    if folder.resolve() in {path.resolve() for path in skip}:
        raise CorpusError(f"{folder.absolute()} is both the corpus and the index; name another folder for the index")
    limits = limits or Limits()
    extractions = Extractions(kept) if kept is not None else None
    with Sandbox(limits, extractions) as sandbox:
        reading = _Reading(folder, limits, sandbox)
        for file in corpus_files(folder, skip, reading.refuse):
            reading.read(file)
    if extractions is not None:
        extractions.sweep()
    articles = tuple(sorted(reading.articles.values(), key=lambda article: article.id))
    return Corpus(articles, tuple(reading.rejected), tuple(reading.warnings), tuple(reading.unread), reading.skipped)
