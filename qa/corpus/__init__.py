"""Files to articles, one module a format."""

from qa.corpus.folder import read_corpus

__all__ = ["read_corpus"]
