"""Text, without an index: terms, sentences, passages, near copies, quantities, what a question asks for."""

from importlib.metadata import version

# What terms and sentences depend on; an index built with another version is rebuilt. Raise the first number with any
# change to the rules in `terms.py` or `sentences.py`.
ANALYSIS_VERSION = f"4, sentencex {version('sentencex')}, PyStemmer {version('PyStemmer')}"
