"""Haystack: its tutorial on hybrid retrieval (number 33), in memory.

The tutorial reranks what its joiner concatenates with a cross-encoder, another model of a gigabyte. Without it there
are two ways to rank: the joiner's default, which sorts scores of different scales, and the joiner's reciprocal rank
fusion. Both are measured. The tutorial asks that the length of a split fit the model: 200 words, the splitter's
default, are about the 256 tokens that this one reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haystack import Document, Pipeline
from haystack.components.joiners import DocumentJoiner
from haystack.components.preprocessors import DocumentSplitter
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
from haystack.components.writers import DocumentWriter
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)

if TYPE_CHECKING:
    from worker import Index, Search

WAYS = {"reciprocal rank fusion": "reciprocal_rank_fusion", "concatenated": "concatenate"}
OVERLAP = 32  # words, the tutorial's


def load(model: str) -> Index:
    """Load the encoder and return the function that indexes."""
    embedder = SentenceTransformersDocumentEmbedder(model=model, progress_bar=False)
    embedder.warm_up()

    def index(documents: list[dict[str, str]]) -> tuple[int, dict[str, Search]]:
        store = InMemoryDocumentStore()
        pipeline = Pipeline()
        pipeline.add_component("splitter", DocumentSplitter(split_by="word", split_overlap=OVERLAP))
        pipeline.add_component("embedder", embedder)
        pipeline.add_component("writer", DocumentWriter(store))
        pipeline.connect("splitter", "embedder")
        pipeline.connect("embedder", "writer")
        given = [Document(content=f"{d['title']}\n{d['text']}".strip(), meta={"document": d["id"]}) for d in documents]
        pipeline.run({"splitter": {"documents": given}})
        return store.count_documents(), {name: way(store, model, mode) for name, mode in WAYS.items()}

    return index


def way(store: InMemoryDocumentStore, model: str, mode: str) -> Search:
    """Return the hybrid pipeline of the tutorial with one mode of its joiner; embedders of one model share it."""
    pipeline = Pipeline()
    pipeline.add_component("text_embedder", SentenceTransformersTextEmbedder(model=model, progress_bar=False))
    pipeline.add_component("embedding_retriever", InMemoryEmbeddingRetriever(store))
    pipeline.add_component("bm25_retriever", InMemoryBM25Retriever(store))
    pipeline.add_component("joiner", DocumentJoiner(join_mode=mode))
    pipeline.connect("text_embedder", "embedding_retriever")
    pipeline.connect("bm25_retriever", "joiner")
    pipeline.connect("embedding_retriever", "joiner")

    def search(question: str, depth: int) -> list[str]:
        asked = {
            "text_embedder": {"text": question},
            "embedding_retriever": {"top_k": depth},
            "bm25_retriever": {"query": question, "top_k": depth},
        }
        return [document.meta["document"] for document in pipeline.run(asked)["joiner"]["documents"]]

    return search
