"""Measuring: question files (`questions`), retrieval over BEIR folders (`retrieval`), the reader (`reading`)."""
