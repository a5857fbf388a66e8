"""The LangChain adapter against LangChain's own standard tests."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import pytest
from langchain_core.retrievers import BaseRetriever
from langchain_tests.integration_tests import RetrieversIntegrationTests

import qa.integrations.langchain
from qa.briefing import Briefing
from qa.errors import ExtraMissingError
from qa.integrations.langchain import BriefingRetriever

QUESTION = "Who finances the northern railway?"


class TestStandard(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def _over(self, briefing: Briefing) -> None:
        self.briefing = briefing

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return BriefingRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"briefing": self.briefing}

    @property
    def retriever_query_example(self) -> str:
        return QUESTION


def test_documents_are_the_hits(briefing: Briefing) -> None:
    hits = briefing.retrieve(QUESTION, k=3)
    documents = BriefingRetriever(briefing=briefing, k=3).invoke(QUESTION)
    assert [(d.id, d.page_content, d.metadata["score"]) for d in documents] == [
        (hit.passage.id, hit.passage.text, hit.score) for hit in hits
    ]
    first = documents[0].metadata
    assert (first["title"], first["published"], first["tags"]) == (
        "Loan for the northern railway",
        "2016-06-29",
        ["railway", "finance"],
    )
    text = briefing.article(first["article_id"]).text
    assert text[first["start"] : first["end"]] == documents[0].page_content


def test_without_langchain_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain_core.retrievers", None)
    with pytest.raises(ExtraMissingError, match=r"pip install briefing-qa\[langchain\]"):
        importlib.reload(qa.integrations.langchain)
