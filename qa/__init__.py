"""Answers with verbatim citations from a folder of articles, offline.

>>> import qa
>>> answer = qa.ask("who finances the railway?")        # doctest: +SKIP
>>> answer.text, answer.citations[0].article_id         # doctest: +SKIP

`qa.ask` and `qa.retrieve` open the briefing of the settings at first use; `qa.Briefing.open(…)` opens any other.
Importing this package is light: heavy libraries load when the first question is asked.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from qa.errors import BriefingError
from qa.types import Answer, Article, Citation, Hit, Passage, Receipt, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from qa.briefing import Briefing
    from qa.conversation import History
    from qa.settings import Settings, load_settings
    from qa.types import Mode

__all__ = [
    "Answer",
    "Article",
    "Briefing",
    "BriefingError",
    "Citation",
    "Hit",
    "Passage",
    "Receipt",
    "Settings",
    "Verdict",
    "ask",
    "load_settings",
    "retrieve",
]
__version__ = "0.1.0"

_LAZY = {"Briefing": "qa.briefing", "Settings": "qa.settings", "load_settings": "qa.settings"}
_lock = threading.Lock()
_default: Briefing | None = None


def retrieve(
    question: str,
    k: int | None = None,
    since: date | None = None,
    until: date | None = None,
    sources: Collection[str] | None = None,
    tags: Collection[str] | None = None,
    collapse: bool = True,
    mode: Mode | None = None,
    rerank: bool | None = None,
) -> list[Hit]:
    """Return the k best hits of the default briefing (as many as the settings say), best first.

    Filters apply before the cut at k; `mode` is `hybrid` (the default), `dense` or `bm25`. `rerank`
    puts the first 20 hits of a question in order of the trained reader's relevance too.

    Raises `BriefingError`: question, filters, corpus, index or model not usable.
    """
    return _opened().retrieve(question, k, since, until, sources, tags, collapse, mode, rerank)


def ask(question: str, history: History = ()) -> Answer:
    """Return the default briefing's answer to a question, with its citations.

    `history` holds earlier (question, answer) pairs, oldest first, for a question that leans on them.

    Raises `BriefingError`: question, corpus, index or model not usable.
    """
    return _opened().ask(question, history=history)


def _opened() -> Briefing:
    global _default
    with _lock:
        if _default is None:
            from qa.briefing import Briefing

            _default = Briefing.open()
        return _default


def __getattr__(name: str) -> object:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
