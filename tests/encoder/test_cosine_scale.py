"""Cosines of narrow models on the scale of others."""

from __future__ import annotations

import numpy as np
import pytest

from qa.encoder import SentenceEncoder
from qa.encoder.cosine_scale import MOST, unrelated_cosine, widened
from tests.fakes import ConeEncoder, FakeEncoder


def test_a_narrow_cone_is_measured() -> None:
    assert unrelated_cosine(ConeEncoder(0.7)) == pytest.approx(0.7, abs=0.01)
    assert 0 <= unrelated_cosine(FakeEncoder()) < 0.05


def test_a_model_that_tells_nothing_apart_is_stretched_to_an_end() -> None:
    assert unrelated_cosine(ConeEncoder(1.0)) == pytest.approx(MOST)


def test_unrelated_becomes_nothing_and_the_same_stays_one() -> None:
    np.testing.assert_allclose(widened(np.array([0.7, 0.85, 1.0]), 0.7), [0, 0.5, 1])
    plain = np.array([-0.2, 0.4], dtype=np.float32)
    assert widened(plain, 0.0) is plain


@pytest.mark.slow
def test_the_bundled_model_needs_no_stretching() -> None:
    encoder = SentenceEncoder()
    assert encoder.unrelated == 0.0
    assert unrelated_cosine(encoder) < 0.1
