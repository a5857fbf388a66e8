"""Fixtures: a small corpus, a briefing over it with the fake encoder, and no way out of the machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import hypothesis
import pytest

import qa.briefing
import qa.corpus.sandbox
import qa.reader.answer
import qa.reader.fitted
from qa.briefing import Briefing
from qa.settings import CorpusSettings, IndexSettings, RetrievalSettings, Settings
from tests.fakes import FakeEncoder

build_module = import_module("qa.index.build")  # the package has a function of that name

hypothesis.settings.register_profile(
    "quick", deadline=None, derandomize=True, database=None, max_examples=100, print_blob=False
)
hypothesis.settings.load_profile("quick")

# Six articles about three subjects, two articles each: a railway, a gas pipeline, a bank.
ARTICLES = {
    "2016-06-29-railway-loan.md": """---
title: Loan for the northern railway
source: Rail Gazette
published: 2016-06-29
url: https://example.org/rail/loan
tags: [railway, finance]
---
The Development Bank finances the northern railway with a loan of 400 billion roubles. The loan runs for
twenty years and carries an interest rate of four percent.

The railway between Kazan and Moscow is 770 kilometres long. Trains will cover the distance in three and a
half hours. Construction is to begin in 2018, after the route has been surveyed.

## Critics

Economists doubt that ticket sales can repay the loan. The ministry answers that freight will double.
""",
    "2020-03-09-railway-postponed.md": """---
title: Northern railway postponed
source: Morning Post
published: 2020-03-09
url: https://example.org/rail/postponed
tags:
  - railway
---
The government postponed the northern railway because its cost had risen to 1.7 trillion roubles.

Prime minister Mikhail Orlov announced the decision on Monday. He said that the budget could not bear the
railway now. The Development Bank keeps its loan offer open until 2022.
""",
    "2017-05-22-pipeline-progress.md": """---
title: Pipeline reaches the Amur
source: Energy Weekly
published: 2017-05-22
url: https://example.org/gas/progress
tags: [gas, Amur]
---
Workers have laid 1,100 kilometres of the eastern gas pipeline. The pipeline crosses the Amur in two tunnels,
each 20 metres below the river bed.

Gas will flow in December 2019. The field at Chayanda supplies it, and a plant at Svobodny takes out the helium.
""",
    "2019-12-03-gas-flows.md": """---
title: Gas flows through the eastern pipeline
source: Morning Post
published: 2019-12-03
tags: [gas]
---
Gas began to flow through the eastern pipeline on Monday. The two presidents opened the valve by video link.

The contract covers 38 billion cubic metres of gas a year for thirty years. Neither side names the price.
""",
    "banks/2016-07-21-bank-bond.md": """---
title: Development Bank sells its first bond
source: Morning Post
published: 2016-07-21
url: https://example.org/bank/bond
tags: [finance]
---
The Development Bank sold its first bond in Shanghai. The bond brought three billion yuan, at an interest rate
of 3.07 percent for five years.

K. V. Kamath, the president of the Development Bank, said that the money goes into solar power. Buyers came
mostly from China.
""",
    "banks/about.txt": """About the Development Bank

The Development Bank was founded in Fortaleza in July 2014. Its seat is in Shanghai. Five countries hold equal
shares, and none of them has a veto.

The bank lends to railways, pipelines and solar power. Its capital is 100 billion dollars.
""",
}

# Plain weights, so that no assertion hangs on the fitted ones: what counts is likeness and shared words.
WEIGHTS: dict[str, dict[str, object]] = {
    "sentence": {"bias": 0.0, "weights": {"cosine": 1.0, "held": 2.0, "shows_expected": 0.5}},
    "answered": {"bias": -4.0, "weights": {"held": 8.0}, "threshold": 0.5},
    "subject": {"bias": -2.0, "weights": {"held_around": 8.0}, "threshold": 0.5},
}

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost", "0.0.0.0", "::", "", None})


class OutsideNetworkError(RuntimeError):
    """Something tried to leave the machine."""


def _host(address: object) -> object:
    return address[0] if isinstance(address, tuple) else None  # a path: a socket of this machine


def _guarded(original: Callable[..., Any], host_of: Callable[..., object]) -> Callable[..., Any]:
    def guard(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 (stands in for functions of several shapes)
        host = host_of(*args)
        host = host.decode() if isinstance(host, bytes) else host
        if host not in LOOPBACK:
            raise OutsideNetworkError(f"a test tried to reach {host!r}; tests stay on this machine")
        return original(*args, **kwargs)

    return guard


@pytest.fixture(scope="session", autouse=True)
def no_outside_network() -> Iterator[None]:
    """Let sockets reach this machine only, names be looked up for this machine only."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            original = getattr(socket.socket, name)
            patch.setattr(socket.socket, name, _guarded(original, lambda _self, address: _host(address)))
        patch.setattr(socket, "getaddrinfo", _guarded(socket.getaddrinfo, lambda host=None, *_: host))
        yield


@pytest.fixture(scope="session", autouse=True)
def no_waiting_for_the_disk() -> Iterator[None]:
    """Spare the tests the flushing of every file: hundreds of small indexes are built."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(autouse=True)
def no_probing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let builds encode only what goes into the index, so that tests can count it; tests of the probe undo this."""
    monkeypatch.setattr(build_module, "SAMPLE", 0)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the settings that the caller's shell may carry."""
    for name in [name for name in os.environ if name.startswith("BRIEFING_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def without_trained_reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read sentences, as where the package has no trained weights, in all but slow tests: exact, and in no time."""
    if request.node.get_closest_marker("slow") is None:
        monkeypatch.setattr(qa.live, "weights_file", lambda: None)


@pytest.fixture(autouse=True)
def without_ocr(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name blank pages, as where the extra [ocr] is not installed, in all but slow tests."""
    if request.node.get_closest_marker("slow") is None:
        monkeypatch.setattr(qa.corpus.sandbox, "engine", lambda: None)


@pytest.fixture
def corpus_folder(tmp_path: Path) -> Path:
    """A folder of six articles (`ARTICLES`); a test may change it."""
    folder = tmp_path / "corpus"
    for name, text in ARTICLES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def index_folder(tmp_path: Path) -> Path:
    """Where an index may be built; it is not there yet."""
    return tmp_path / "index"


@pytest.fixture
def encoder() -> FakeEncoder:
    """The encoder of the `briefing` fixture."""
    return FakeEncoder()


@pytest.fixture
def settings(corpus_folder: Path, index_folder: Path) -> Settings:
    """Settings over `corpus_folder` and `index_folder`, with passages short enough for several an article."""
    return Settings(
        corpus=CorpusSettings(folder=corpus_folder),
        index=IndexSettings(folder=index_folder, passage_chars=300, overlap_chars=60),
        retrieval=RetrievalSettings(k=5),
    )


@pytest.fixture
def fixed_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the fitted weights by `WEIGHTS`, which are those of the sentence reader alone."""
    monkeypatch.setattr(qa.reader.fitted, "shipped", WEIGHTS.__getitem__)
    monkeypatch.setattr(qa.live, "weights_file", lambda: None)


@pytest.fixture
def briefing(settings: Settings, encoder: FakeEncoder, fixed_weights: None) -> Briefing:
    """The small corpus, opened with the fake encoder and plain weights."""
    return Briefing.open(settings=settings, encoder=encoder)
