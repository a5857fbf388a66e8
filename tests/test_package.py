"""The public face of `import qa`: light, and the documented names."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import qa
from qa.briefing import Briefing
from qa.errors import BriefingError
from tests.conftest import OutsideNetworkError

HEAVY = {
    "torch",
    "transformers",
    "sentence_transformers",
    "gradio",
    "faiss",
    "fastapi",
    "numpy",
    "yaml",
    "sentencex",
    "openai",
}


def loaded_by(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after this code, and their top-level packages."""
    script = f"{code}\nimport sys, json; print(json.dumps(sorted(sys.modules)))"
    root = Path(qa.__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=root)
    names = set(json.loads(done.stdout.splitlines()[-1]))
    return names | {name.partition(".")[0] for name in names}


PARSERS = {"trafilatura", "htmldate", "lxml", "pypdf", "docx"}


def test_parsers_of_hostile_formats_load_in_their_child_process_only() -> None:
    assert loaded_by("import qa.corpus, qa.briefing, qa.cli") & PARSERS == set()
    assert loaded_by("import qa.corpus.worker") & PARSERS == set()
    assert loaded_by("import qa.corpus.html, qa.corpus.pdf, qa.corpus.docx") >= PARSERS


def test_import_is_light() -> None:
    assert loaded_by("import qa") & HEAVY == set()


def test_types_and_settings_are_light_too() -> None:
    assert loaded_by("import qa.types, qa.errors; qa.load_settings") & (HEAVY - {"numpy"}) == set()


def test_opening_a_briefing_loads_no_model_before_the_first_text() -> None:
    code = "import qa.briefing, qa.encoder; qa.encoder.SentenceEncoder()"
    assert loaded_by(code) & {"torch", "transformers", "sentence_transformers", "gradio", "openai"} == set()


@pytest.mark.slow
def test_loading_the_models_does_not_load_the_compiler_of_torch() -> None:
    """It costs as much time as torch itself."""
    loaded = loaded_by("import qa.encoder, qa.reader; qa.encoder.SentenceEncoder().encode_question('Who?')")
    assert "torch" in loaded
    assert "torch._dynamo" not in loaded


def test_public_names_are_the_documented_ones_and_all_resolve() -> None:
    assert sorted(qa.__all__) == sorted(
        [
            "Answer",
            "Article",
            "Briefing",
            "BriefingError",
            "Citation",
            "Hit",
            "Passage",
            "Receipt",
            "Settings",
            "Verdict",
        ]
        + ["ask", "load_settings", "retrieve"]
    )
    assert {name: getattr(qa, name).__name__ for name in qa.__all__} == {name: name for name in qa.__all__}


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'qa' has no attribute 'nonsense'"):
        qa.nonsense  # noqa: B018


def test_every_error_is_a_briefing_error_drawn_in_the_docstring() -> None:
    import qa.errors as errors

    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    assert len(classes) > 10
    for each in classes:
        assert issubclass(each, BriefingError)
        assert each.__name__ in (errors.__doc__ or "")


def test_tests_cannot_leave_this_machine() -> None:
    with socket.socket() as outside, pytest.raises(OutsideNetworkError, match=r"192\.0\.2\.1"):
        outside.connect(("192.0.2.1", 80))
    with pytest.raises(OutsideNetworkError, match=r"example\.org"):
        socket.create_connection(("example.org", 80))
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


def test_module_functions_open_the_default_briefing_once(briefing: Briefing, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Briefing] = []

    def open_default() -> Briefing:
        opened.append(briefing)
        return briefing

    monkeypatch.setattr(Briefing, "open", open_default)
    monkeypatch.setattr(qa, "_default", None)
    question = "Who finances the northern railway?"
    assert qa.retrieve(question, k=2) == briefing.retrieve(question, k=2)
    assert qa.ask(question) == briefing.ask(question)
    assert opened == [briefing]


def test_default_briefing_that_cannot_open_is_told_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, briefing: Briefing
) -> None:
    monkeypatch.setattr(qa, "_default", None)
    monkeypatch.chdir(tmp_path / "index")  # no corpus below it
    with pytest.raises(BriefingError, match="no corpus folder"):
        qa.ask("Who?")
    monkeypatch.setattr(Briefing, "open", lambda: briefing)
    assert qa.ask("Who finances the northern railway?").generation == briefing.generation.name
