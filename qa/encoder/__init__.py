"""Embedding models: the one place that loads one.

Plain BERT models run in `bert.py`, all others in sentence-transformers (`foreign.py`), with the same vectors.
"""

from qa.encoder.model import Options, Prompts, model_folder
from qa.encoder.sentence import SentenceEncoder

__all__ = ["Options", "Prompts", "SentenceEncoder", "model_folder"]
