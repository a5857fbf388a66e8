"""Builds killed by the system: the index is the old one or the new one, whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.crash import run


@pytest.mark.slow
def test_five_killed_builds_lose_nothing(tmp_path: Path) -> None:
    outcomes = run(kills=5, seed=1, root=tmp_path)
    assert outcomes.total() == 5
    assert outcomes["lost"] == 0


@pytest.mark.endurance
def test_a_hundred_killed_builds_lose_nothing(tmp_path: Path) -> None:
    outcomes = run(kills=100, seed=0, root=tmp_path)
    assert outcomes["lost"] == 0
    assert len([outcome for outcome, count in outcomes.items() if count]) > 1
