"""Articles from the web, on a user's request only: `briefing fetch`. Nothing else in the package opens a connection."""

from qa.fetch.client import WebClient
from qa.fetch.fetcher import Fetched, Fetcher

__all__ = ["WebClient", "Fetcher", "Fetched"]
