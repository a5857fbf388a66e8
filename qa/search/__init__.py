"""From a question to hits.

`query` says what a question looks up, `bm25` scores its terms, `filters` narrows the articles, `hybrid` fuses the
scores of both retrievers, `rerank` reorders the first hits by relevance. `Search` is the way in.
"""

from qa.search.filters import Filters
from qa.search.hybrid import Search

__all__ = ["Filters", "Search"]
