"""Reading: what of the retrieved passages answers.

`sentences` chooses whole sentences by features; `spans` marks a short answer in them, found by the trained network
(`network`, built by `model`), with sensible `bounds`; `fitted` holds the linear scores.
"""

from qa.reader.fitted import Linear, linear, shipped
from qa.reader.network import Network, weights_file
from qa.reader.sentences import SentenceReader
from qa.reader.spans import SpanReader

__all__ = ["Linear", "Network", "SentenceReader", "SpanReader", "linear", "shipped", "weights_file"]
