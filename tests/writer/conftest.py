"""Fixtures: a briefing whose language model is a script."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from qa.briefing import Briefing
from qa.settings import Settings, WriterSettings
from tests.fakes import FakeEncoder
from tests.writer.scripted import Script

Opened = Callable[..., Briefing]


@pytest.fixture
def with_writer(settings: Settings, fixed_weights: None) -> Opened:
    """Open the small corpus with the model of a script; the other arguments are settings of [writer]."""

    def opened(script: Script, **values: object) -> Briefing:
        given: dict[str, object] = {"timeout_seconds": 10.0, "passages": 3} | values
        writer = WriterSettings(base_url=script.url, **given)
        return Briefing.open(settings=settings.model_copy(update={"writer": writer}), encoder=FakeEncoder())

    return opened
