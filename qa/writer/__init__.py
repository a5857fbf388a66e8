"""A language model of the user's own: it proposes, we verify, and nothing unverified is shown.

`writing` is the way from our answer to one that a model had a hand in: `prompts` words the request, `client` sends it
to an OpenAI-compatible server, `cache` remembers replies, `replies` parses them, `verify` says what of them the
passages carry, and `weighing` whether that answers better than what we have. Nothing here is imported unless `[writer]
base_url` is set.
"""

from qa.writer.writing import Writer

__all__ = ["Writer"]
