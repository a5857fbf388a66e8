"""Random histories of a corpus and its index, crashes among them, against a plain dictionary.

Whatever happens, the index opens, and holds one of the states that were built, whole.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from qa.briefing import Briefing
from qa.errors import MassDeletionError
from qa.settings import CorpusSettings, IndexSettings, Settings
from tests.fakes import FakeEncoder

NAMES = st.sampled_from(["a.md", "b.md", "c.md", "d/e.txt", "d/f.md", "g.txt"])
TEXTS = st.sampled_from([f"The {thing} costs {n} million." for thing in ("bridge", "railway") for n in range(4)])

# Every step of a build that touches the disk. A crash is an end before the n-th of them, with nothing cleaned up.
draft, folder = import_module("qa.index.draft"), import_module("qa.index.folder")
STEPS = ((draft, "_write"), (draft, "sync"), (draft, "sync_folder"), (folder, "sync"), (folder, "sync_folder"))


class Killed(BaseException):
    """The process ends here."""


def dying(original: Callable[..., object], left: list[int]) -> Callable[..., object]:
    """Return a function that works until the count is used up, and then ends the process."""

    def step(*args: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return original(*args)

    return step


class History(RuleBasedStateMachine):
    """A corpus folder, its index, and what they should hold."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.corpus = self.root / "corpus"
        self.settings = Settings(
            corpus=CorpusSettings(folder=self.corpus), index=IndexSettings(folder=self.root / "index")
        )
        self.files: dict[str, str] = {}
        self.indexed: dict[str, str] = {}  # what the current generation holds

    @initialize(text=TEXTS)
    def begin(self, text: str) -> None:
        self.write("a.md", text)
        self.build()

    def write(self, name: str, text: str) -> None:
        file = self.corpus / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        self.files[name] = text

    @rule(name=NAMES, text=TEXTS)
    def add_or_edit(self, name: str, text: str) -> None:
        self.write(name, text)

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        if name in self.files and len(self.files) > 1:
            (self.corpus / name).unlink()
            del self.files[name]

    @rule(old=NAMES, new=NAMES)
    def rename(self, old: str, new: str) -> None:
        if old in self.files and new not in self.files:
            self.write(new, self.files[old])
            (self.corpus / old).unlink()
            del self.files[old]

    @rule()
    def build(self) -> None:
        briefing = Briefing(self.settings, FakeEncoder())
        before = self.opened() if self.indexed else {}
        gone = [text for name, text in before.items() if name not in self.files]
        news = [text for name, text in self.files.items() if name not in before]
        for text in list(gone):
            if text in news:  # a rename
                news.remove(text)
                gone.remove(text)
        try:
            receipt = briefing.refresh()
        except MassDeletionError:
            assert 2 * len(gone) > len(before)
            receipt = briefing.refresh(confirm_deletions=True)
        else:
            assert 2 * len(gone) <= len(before)
        changed = len(receipt.added) + len(receipt.modified) + len(receipt.renamed)
        assert receipt.scanned == changed + receipt.unchanged + len(receipt.rejected) == len(self.files)
        assert len(receipt.deleted) == len(gone)
        self.indexed = dict(self.files)

    @rule(step=st.integers(0, 40))
    def crash(self, step: int) -> None:
        left = [step]
        before = self.opened()
        with patch.object(shutil, "rmtree", lambda *_, **__: None):
            patches = [patch.object(module, name, dying(getattr(module, name), left)) for module, name in STEPS]
            for each in patches:
                each.start()
            try:
                Briefing(self.settings, FakeEncoder()).refresh(confirm_deletions=True)
                before = dict(self.files)
            except Killed:
                pass
            finally:
                for each in patches:
                    each.stop()
        self.indexed = self.opened()
        assert self.indexed in (before, self.files)

    @rule()
    def roll_back_and_return(self) -> None:
        briefing = Briefing(self.settings, FakeEncoder())
        briefing.serve_current()
        here = briefing.generation.name
        for other in [each.name for each in briefing.generations() if each.name != here][:1]:
            assert briefing.rollback(other) == other
        assert briefing.rollback(here) == here

    def opened(self) -> dict[str, str]:
        """Return what the index holds, seen to be whole."""
        briefing = Briefing(self.settings, FakeEncoder())
        briefing.serve_current()
        assert briefing.warning is None
        generation = briefing.generation
        texts = [f"{generation.articles[p.article_id].title}\n{p.text}" for p in generation.passages]
        stored = generation.store.vectors(np.arange(len(texts), dtype=np.int64))
        np.testing.assert_array_equal(stored, FakeEncoder().encode_passages(texts))
        return {article.id: article.text for article in generation.articles.values()}

    @invariant()
    def holds_a_whole_state(self) -> None:
        if self.indexed:
            assert self.opened() == self.indexed

    def teardown(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)


TestHistory = pytest.mark.slow(History.TestCase)
TestHistory.settings = settings(
    max_examples=25, stateful_step_count=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
