"""The folder of articles: which files it holds, and what became of each."""

from __future__ import annotations

import logging
import os
import stat
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from qa.corpus import markdown, plain
from qa.corpus.decoding import UnreadableError, decode
from qa.errors import CorpusNotFoundError
from qa.types import Article, Corpus, Problem

log = logging.getLogger(__name__)

Reader = Callable[[str, str], tuple[Article, list[str]]]  # (id, text) -> article, remarks

READERS: dict[str, Reader] = {
    ".md": markdown.read,
    ".markdown": markdown.read,
    ".txt": plain.read,
}
NOT_ARTICLES = frozenset({"pinned.toml"})  # about the corpus, not of it


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long, a folder above it that is closed
        return False


def corpus_files(folder: Path, unreadable: Callable[[OSError], None] | None = None) -> Iterator[Path]:
    """Yield the files that a corpus folder is made of, without hidden ones; links to folders are not followed.

    `unreadable` is told of folders that cannot be listed.
    """
    for root, folders, names in os.walk(folder, onerror=unreadable, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and name not in NOT_ARTICLES:
                yield Path(root, name)


def _read_bytes(file: Path, max_bytes: int) -> bytes:
    try:
        info = file.lstat()
        if not stat.S_ISREG(info.st_mode):
            raise UnreadableError("a link or special file; put a copy of the file there instead")
        if info.st_size > max_bytes:
            raise UnreadableError(
                f"{info.st_size:,} bytes, more than the limit of {max_bytes:,}; "
                "split it, or raise [corpus] max_file_bytes"
            )
        return file.read_bytes()
    except OSError as exc:
        raise UnreadableError(f"cannot be read: {exc.strerror or exc}") from exc


def _read_file(file: Path, article_id: str, max_bytes: int) -> tuple[Article, list[str]]:
    reader = READERS.get(file.suffix.lower())
    if reader is None:
        raise UnreadableError(f"format {file.suffix or 'without suffix'} is not read; known are {', '.join(READERS)}")
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in article_id):
        raise UnreadableError("the file name has characters that cannot be shown; rename it")
    text, remarks = decode(_read_bytes(file, max_bytes))
    article, more = reader(article_id, text)
    if not article.text.strip():
        raise UnreadableError("empty: there is no text in it")
    return article, remarks + more


def read_corpus(folder: Path, max_file_bytes: int = 10_000_000) -> Corpus:
    """Read every article below a folder, in order of id.

    A file that cannot be read is refused by name, never the whole folder. Symbolic links are not
    followed.

    Raises `CorpusNotFoundError` when the folder is not there.
    """
    if not _is_folder(folder):
        raise CorpusNotFoundError(
            f"no corpus folder at {folder.absolute()}; create it and put articles in it, or name another "
            "(--corpus on the command line, corpus=… in Python, [corpus] folder in briefing.toml)"
        )
    articles: list[Article] = []
    rejected: list[Problem] = []
    warnings: list[Problem] = []

    def reject(path: Path, cause: str) -> None:
        shown = path.relative_to(folder).as_posix().encode("utf-8", "backslashreplace").decode()
        log.warning("%s refused: %s", shown, cause)
        rejected.append(Problem(shown, cause))

    for file in corpus_files(folder, lambda exc: reject(Path(exc.filename), f"cannot be read: {exc.strerror}")):
        article_id = file.relative_to(folder).as_posix()
        try:
            article, remarks = _read_file(file, article_id, max_file_bytes)
        except UnreadableError as exc:
            reject(file, str(exc))
            continue
        articles.append(article)
        warnings += [Problem(article_id, remark) for remark in remarks]
    articles.sort(key=lambda article: article.id)
    return Corpus(tuple(articles), tuple(rejected), tuple(warnings))
