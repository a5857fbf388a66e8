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
    from typing import Unpack

    from qa.asking import History
    from qa.briefing import Briefing
    from qa.search.filters import SearchOptions
    from qa.settings import Settings, load_settings

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


def retrieve(question: str, k: int | None = None, **options: Unpack[SearchOptions]) -> list[Hit]:
    """Return the k best hits of the default briefing (as many as the settings say), best first.

    The keywords are those of `Briefing.retrieve`.

    Raises `BriefingError`: question, filters, corpus, index or model not usable.
    """
    return _opened().retrieve(question, k, **options)


def ask(question: str, history: History = ()) -> Answer:
    """Return the default briefing's answer to a question, with its citations.

    `history` holds earlier (question, answer) pairs, oldest first, for a question that needs them.

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
