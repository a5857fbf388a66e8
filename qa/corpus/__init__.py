"""Files to articles, one module a format."""

from qa.corpus.folder import corpus_files, read_corpus

__all__ = ["corpus_files", "read_corpus"]
