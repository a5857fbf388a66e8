"""A LangChain retriever over a briefing: `BriefingRetriever(briefing=briefing, k=5).invoke("who finances it?")`."""

from __future__ import annotations

from qa.briefing import Briefing
from qa.errors import ExtraMissingError
from qa.types import Hit

try:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever
except ImportError as exc:
    raise ExtraMissingError("LangChain is not installed; run `pip install briefing-qa[langchain]`") from exc


class BriefingRetriever(BaseRetriever):
    """Passages as documents, best first: each with its id, its place in the article, and its score."""

    briefing: Briefing
    k: int | None = None
    """Hits returned; None for as many as the settings say."""

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        hits = self.briefing.retrieve(query, k=k or self.k)
        return [self._document(hit) for hit in hits]

    def _document(self, hit: Hit) -> Document:
        passage = hit.passage
        article = self.briefing.article(passage.article_id)
        return Document(
            id=passage.id,
            page_content=passage.text,
            metadata={
                "article_id": article.id,
                "title": article.title,
                "source": article.source,
                "url": article.url,
                "published": article.published.isoformat() if article.published else None,
                "tags": list(article.tags),
                "start": passage.start,
                "end": passage.end,
                "score": hit.score,
                "also_in": list(hit.also_in),
            },
        )
