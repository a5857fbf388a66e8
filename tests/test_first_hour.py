"""The first hour of a new user: wrong folders, other folders, questions without quotation marks, the wheel."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner, Result

import qa.cli
import qa.live
from qa.briefing import Briefing
from qa.cli.opening import settings_of
from qa.errors import BriefingError, CorpusNotFoundError
from qa.settings import load_settings, own_index, with_folders
from qa.web.server import create_app
from tests.fakes import FakeEncoder

ROOT = Path(__file__).resolve().parents[1]
QUESTION = "Who finances the northern railway?"
FINANCES = "The Development Bank finances the northern railway"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, fixed_weights: None, tmp_path: Path) -> None:
    """Give each test a fake model, a user's data folder and a working folder of its own."""
    monkeypatch.setattr(qa.live, "SentenceEncoder", lambda *_: FakeEncoder())
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


def run(*args: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(qa.cli.app, list(args), input=typed)


@pytest.mark.parametrize(
    "command", [["ask", QUESTION], ["retrieve", QUESTION], ["index"], ["articles"], ["doctor"], ["serve"], ["chat"]]
)
def test_a_named_corpus_that_is_not_there_is_an_error_even_with_an_index(
    command: list[str], corpus_folder: Path, index_folder: Path
) -> None:
    assert run("index", "--corpus", str(corpus_folder), "--index", str(index_folder)).exit_code == 0
    found = run(*command, "--corpus", f"{corpus_folder}x", "--index", str(index_folder))
    assert isinstance(found.exception, CorpusNotFoundError)
    assert f"no corpus folder at {corpus_folder}x" in str(found.exception)


def test_a_file_named_as_corpus_is_called_a_file(corpus_folder: Path) -> None:
    file = next(corpus_folder.glob("*.md"))
    with pytest.raises(BriefingError, match="is a file, not a folder"):
        settings_of(file, None)


def test_each_corpus_has_an_index_of_its_own(corpus_folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.md").write_text("# Harvest\n\nThe orchard in Velm sold its pears to the cannery for two million.\n")
    first = run("ask", QUESTION, "--corpus", str(corpus_folder))
    second = run("ask", "Who bought pears from the orchard in Velm?", "--corpus", str(other))
    again = run("ask", QUESTION, "--corpus", str(corpus_folder), "--no-update")
    assert FINANCES in first.stdout
    assert "pears" in second.stdout
    assert FINANCES in again.stdout  # the second corpus has not taken the place of the first
    assert not Path("index").exists()


def test_the_corpus_of_the_settings_keeps_their_index(tmp_path: Path) -> None:
    settings = load_settings()
    same, other, named = Path("corpus").resolve(), tmp_path / "other", tmp_path / "index"
    assert with_folders(settings, same, None).index.folder == settings.index.folder
    assert with_folders(settings, other, None).index.folder == own_index(other)
    assert with_folders(settings, other, named).index.folder == named
    assert with_folders(settings, None, None) == settings
    assert own_index(other) != own_index(tmp_path / "more" / "other")


def test_questions_need_no_quotation_marks(corpus_folder: Path) -> None:
    with_marks = run("ask", QUESTION, "--corpus", str(corpus_folder))
    without = run("ask", *QUESTION.split(), "--corpus", str(corpus_folder))
    assert without.exit_code == 0
    assert without.stdout == with_marks.stdout


def test_a_conversation_on_the_terminal(corpus_folder: Path) -> None:
    typed = f"{QUESTION}\n\n{'x' * 5000}\nWho postponed it?\n/quit\nnever read\n"
    found = run("chat", "--corpus", str(corpus_folder), typed=typed)
    assert found.exit_code == 0
    assert FINANCES in found.stdout
    assert found.stdout.count("confidence") == 2  # the long question was refused, the last was not read
    assert "searched for: " in found.stdout
    assert "shorten it" in found.output


def test_ctrl_c_while_indexing_is_one_line(corpus_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(qa.live, "build", interrupted)
    for command in (["index"], ["ask", QUESTION]):
        found = run(*command, "--corpus", str(corpus_folder))
        assert found.exit_code == 130
        assert found.output == "stopped; the index stays as it was\n"


def test_what_is_no_article_by_its_kind_is_counted_not_refused(corpus_folder: Path) -> None:
    (corpus_folder / "logo.PNG").write_bytes(b"\x89PNG\0")
    (corpus_folder / "page.html").write_text(
        "<title>A page</title><p>" + "The mayor opened the bridge on Monday. " * 20
    )
    resources = corpus_folder / "page_files"
    resources.mkdir()
    (resources / "frame.html").write_text("<p>An advertisement.</p>")
    (resources / "style.css").write_text("p {}")
    (corpus_folder / "other_files").mkdir()
    (corpus_folder / "other_files" / "kept.md").write_text("# Kept\n\nNo page of this name stands beside the folder.\n")
    found = run("index", "--corpus", str(corpus_folder))
    assert "3 files skipped" in found.stdout
    assert "rejected" not in found.stdout
    listed = run("articles", "--corpus", str(corpus_folder)).stdout
    assert "kept.md" in listed
    assert "frame.html" not in listed


def test_refused_files_are_counted_once_when_asking(corpus_folder: Path) -> None:
    (corpus_folder / "bad.md").write_text("---\ntitle: [\n---\nText.")
    found = run("ask", QUESTION, "--corpus", str(corpus_folder))
    assert found.stderr.count("refused") == 1
    assert "1 file refused" in found.stderr


def test_near_copies_leave_the_doctor_green(corpus_folder: Path) -> None:
    (corpus_folder / "copy.md").write_bytes(next(corpus_folder.glob("2016*.md")).read_bytes())
    run("index", "--corpus", str(corpus_folder))
    found = run("doctor", "--corpus", str(corpus_folder))
    assert found.exit_code == 0, found.stdout
    assert "copy.md" in found.stdout


def test_an_empty_folder_is_served_and_takes_the_first_upload(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    settings = with_folders(load_settings(flags={"serve": {"admin": True}}), tmp_path / "corpus", tmp_path / "index")
    briefing = Briefing(settings)
    briefing.update(allow_empty=True)
    assert "put .md" in str(briefing.warning)
    with TestClient(create_app(briefing), base_url="http://127.0.0.1") as client:
        assert client.get("/").status_code == 200
        asked = client.post("/api/ask", json={"question": QUESTION}).json()
        assert asked["verdict"] == "not_in_corpus"
        article = b"# Railway\n\nThe Development Bank finances the northern railway.\n"
        assert client.post("/api/articles", files={"file": ("rail.md", article)}).status_code == 201
        assert client.post("/api/index").json()["added"] == ["rail.md"]
        asked = client.post("/api/ask", json={"question": QUESTION}).json()
    assert FINANCES in asked["citations"][0]["quote"]
    assert briefing.warning is None


def test_an_index_that_has_articles_is_not_emptied(corpus_folder: Path, index_folder: Path) -> None:
    briefing = Briefing.open(corpus_folder, index_folder)
    for file in sorted(corpus_folder.rglob("*.*")):
        file.unlink()
    assert briefing.update(allow_empty=True) is None
    assert "the index stays as it was" in str(briefing.warning)
    assert briefing.articles()


@pytest.mark.slow
def test_the_wheel_answers_from_the_briefing_that_it_brings(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", str(ROOT), "--no-deps", "--no-build-isolation", "-q", "-w"]
    subprocess.run([*build, str(tmp_path / "dist")], check=True, timeout=300)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "-q", str(wheel)]
    subprocess.run(install, check=True, timeout=300)
    (site,) = (tmp_path / "env" / "lib").glob("python*/site-packages")
    (site / "dependencies.pth").write_text(str(Path(pytest.__file__).resolve().parents[1]))  # instead of a download
    asked = subprocess.run(
        [tmp_path / "env" / "bin" / "briefing", "ask", "who", "finances", "the", "railway?"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert "China Development Bank" in asked.stdout, asked.stderr
    assert "the sample briefing answers" in asked.stderr
