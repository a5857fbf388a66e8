"""Reading: what of the retrieved passages answers.

`sentences` chooses whole sentences by features; `spans` marks a short answer in them, found by the trained network
(`network`, built by `model`) and trimmed by `bounds`; `verdict` says whether there is an answer at all, and `answer`
makes it, with its citations. `fitted` holds the linear scores.
"""

from qa.reader.answer import Findings, about, answer_from, overview_from
from qa.reader.fitted import Linear, linear, shipped
from qa.reader.network import Network, weights_file
from qa.reader.sentences import SentenceReader
from qa.reader.spans import SpanReader

__all__ = [
    "Findings",
    "Linear",
    "Network",
    "SentenceReader",
    "SpanReader",
    "about",
    "answer_from",
    "linear",
    "overview_from",
    "shipped",
    "weights_file",
]
