"""What holds the vectors and BM25 statistics of one generation."""

from qa.store.local import LocalStore

__all__ = ["LocalStore"]
