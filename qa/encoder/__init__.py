"""Embedding models: the one place that loads one.

Plain BERT models run in `bert.py` and `transformer.py`, with the vectors of sentence-transformers, which runs all
others (`sentence_transformers.py`).
"""

from qa.encoder.model import Options, Prompts, model_folder
from qa.encoder.sentence import SentenceEncoder

__all__ = ["Options", "Prompts", "SentenceEncoder", "model_folder"]
