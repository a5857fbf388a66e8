"""Briefing QA itself, as it comes. What it indexes it also writes to disk, and checks: that is in its seconds."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from qa.briefing import Briefing
from qa.evaluation.retrieval import documents
from qa.settings import IndexSettings, Settings
from qa.types import Article, Corpus

if TYPE_CHECKING:
    from worker import Index, Search


def load(model: str) -> Index:
    """Load the encoder and return the function that indexes."""
    folder = tempfile.TemporaryDirectory(prefix="peers-briefing-")  # removed when the process ends
    briefing = Briefing(Settings(index=IndexSettings(folder=Path(folder.name), model=model)))
    briefing.encoder.encode_question("warm up")

    def index(given: list[dict[str, str]]) -> tuple[int, dict[str, Search]]:
        assert folder  # kept alive
        articles = sorted((Article(d["id"], d["text"], d["title"]) for d in given), key=lambda article: article.id)
        receipt = briefing.index(Corpus(tuple(articles)))

        def search(question: str, depth: int) -> list[str]:
            return list(documents(briefing.retrieve(question, k=depth)))

        return receipt.passages, {"hybrid": search}

    return index
