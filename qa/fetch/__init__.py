"""Articles from the web, on a user's request only: `briefing fetch`. Nothing else in the package opens a connection."""

from qa.fetch.client import Client
from qa.fetch.fetcher import Fetcher, Outcome

__all__ = ["Client", "Fetcher", "Outcome"]
