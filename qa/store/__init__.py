"""The vectors and BM25 statistics of one generation."""

from qa.store.local import LocalStore
from qa.store.writer import StoreWriter

__all__ = ["LocalStore", "StoreWriter"]
