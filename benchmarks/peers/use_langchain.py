"""LangChain: FAISS and BM25Retriever in an EnsembleRetriever of equal weights, as its how-to guide has it.

The splitter is the one of its tutorials: RecursiveCharacterTextSplitter, 1000 characters, 200 overlap. BM25Retriever
takes words by `str.split`, its default: capital letters and punctuation count. A title is put before its text in one
line: on a line of its own the splitter makes a chunk of it, and the ensemble adds up chunks of the same words, so the
title of many documents would always come first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_classic.retrievers import EnsembleRetriever
from langchain_community.retrievers import BM25Retriever
from langchain_community.vectorstores import FAISS
from langchain_core.documents import Document
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter

if TYPE_CHECKING:
    from worker import Index, Search


def load(model: str) -> Index:
    """Load the encoder and return the function that indexes."""
    embeddings = HuggingFaceEmbeddings(model_name=model)
    embeddings.embed_query("warm up")
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)

    def index(documents: list[dict[str, str]]) -> tuple[int, dict[str, Search]]:
        given = [Document(f"{d['title']} {d['text']}".strip(), metadata={"document": d["id"]}) for d in documents]
        chunks = splitter.split_documents(given)
        bm25 = BM25Retriever.from_documents(chunks)
        dense = FAISS.from_documents(chunks, embeddings).as_retriever()
        ensemble = EnsembleRetriever(retrievers=[bm25, dense], weights=[0.5, 0.5])

        def search(question: str, depth: int) -> list[str]:
            bm25.k = dense.search_kwargs["k"] = depth
            return [document.metadata["document"] for document in ensemble.invoke(question)]

        return len(chunks), {"ensemble": search}

    return index
