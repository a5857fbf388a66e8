"""txtai: Embeddings with hybrid=True, all else as it comes.

Long documents are split before, by the chunker that its documentation names (Segmentation, with Chonkie's sentence
chunker); the length of a chunk is fitted to the 256 tokens that the model reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from txtai import Embeddings
from txtai.pipeline import Segmentation

if TYPE_CHECKING:
    from worker import Index, Search

LENGTH = 1000  # characters


def load(model: str) -> Index:
    """Load the encoder and return the function that indexes."""
    embeddings = Embeddings(path=model, hybrid=True)
    embeddings.transform("warm up")
    segment = Segmentation(chunker="sentence", chunk_size=LENGTH)

    def index(documents: list[dict[str, str]]) -> tuple[int, dict[str, Search]]:
        given = [(d["id"], chunk) for d in documents for chunk in segment(f"{d['title']}\n{d['text']}".strip())]
        embeddings.index((number, chunk) for number, (_, chunk) in enumerate(given))

        def search(question: str, depth: int) -> list[str]:
            return [given[number][0] for number, _ in embeddings.search(question, depth)]

        return len(given), {"hybrid": search}

    return index
