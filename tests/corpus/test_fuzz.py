"""Mutated files of every format: each is indexed or rejected by name. The long run is benchmarks/fuzz.py."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from qa.corpus import read_corpus
from tests.corpus.mutations import mutated


@pytest.mark.slow
def test_every_mutated_file_becomes_articles_or_is_rejected_by_name(tmp_path: Path) -> None:
    files = dict(mutated(seed) for seed in range(50))
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    corpus = read_corpus(tmp_path)
    named = {i.partition("#")[0] for i in [*(a.id for a in corpus.articles), *(p.id for p in corpus.rejected)]}
    assert named == set(files)
    assert len(corpus.articles) > 10
    assert len(corpus.rejected) > 10
    for article in corpus.articles:
        article.text.encode()
        assert article.text.strip()
        assert 0 < len(article.title) <= 500
        assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in article.title)
        assert article.url is None or article.url.startswith(("http://", "https://"))
        assert article.published is None or 1000 <= article.published.year <= 2100
    for problem in corpus.rejected:
        assert 10 < len(problem.cause) < 600


def test_mutations_are_the_same_for_the_same_seed() -> None:
    for seed in range(5):
        assert mutated(seed) == mutated(seed)
