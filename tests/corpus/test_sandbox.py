"""The child process: one for many files, ended when a file is too much, with nothing of ours to lose."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path

import pytest

import qa.corpus.sandbox
from qa.corpus import worker
from qa.corpus.decoding import UnreadableError
from qa.corpus.sandbox import Sandbox
from qa.types import Article, Limits
from tests.corpus.samples import HTML, LOAN, docx, pdf

LIMITS = Limits()
ANSWER = {"text": LOAN, "title": "T", "pages": [], "remarks": []}


def scripted(code: str, limits: Limits = LIMITS) -> Sandbox:
    """Return a sandbox whose child runs this code in place of the worker; it has `serve(answer)`."""
    serve = (
        "import sys, json, os, signal, time\n"
        "def request():\n"
        "    header = json.loads(sys.stdin.buffer.readline())\n"
        "    return header, sys.stdin.buffer.read(header['bytes'])\n"
        "def answer(value):\n"
        "    print(json.dumps(value), flush=True)\n"
        f"ANSWER = {ANSWER!r}\n"
    )
    return Sandbox(limits, command=[sys.executable, "-c", serve + code])


def cause_of(sandbox: Sandbox, data: bytes = b"x") -> str:
    """Return why the sandbox refuses a file."""
    with pytest.raises(UnreadableError) as caught:
        sandbox.read("a.html", ".html", data)
    return str(caught.value)


def pid_of(sandbox: Sandbox) -> int:
    assert sandbox._process is not None
    return sandbox._process.pid


def test_one_child_reads_many_files_of_all_formats_and_ends_with_the_block() -> None:
    with Sandbox(LIMITS) as sandbox:
        articles = [sandbox.read("a.html", ".html", HTML.encode())[0]]
        child = pid_of(sandbox)
        articles += [sandbox.read(*file)[0] for file in (("b.pdf", ".pdf", pdf([LOAN])), ("c.docx", ".docx", docx()))]
        assert cause_of(sandbox, b"<p hidden>x</p>").startswith("holds no text")
        articles.append(sandbox.read("d.htm", ".htm", HTML.encode())[0])
        assert pid_of(sandbox) == child
        process = sandbox._process
    assert process is not None
    assert process.returncode is not None
    assert [article.id for article in articles] == ["a.html", "b.pdf", "c.docx", "d.htm"]
    assert all(LOAN in article.text for article in articles)
    assert articles[1].pages == (0,)
    assert articles[3].text == articles[0].text


@pytest.mark.slow
def test_file_that_takes_too_long_on_the_clock_is_refused_and_the_next_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qa.corpus.sandbox, "START", 2)
    code = "while True:\n    header, data = request()\n    time.sleep(60 if data == b'slow' else 0); answer(ANSWER)"
    with scripted(code, Limits(max_parse_seconds=1)) as sandbox:
        cause = "took longer than 1 seconds; simplify it, or raise [corpus] max_parse_seconds"
        assert cause_of(sandbox, b"slow") == cause
        assert sandbox.read("a.html", ".html", b"x")[0].text == LOAN


@pytest.mark.skipif(not hasattr(signal, "SIGXCPU"), reason="no such limit here")
def test_file_that_takes_too_much_of_the_processor_is_refused() -> None:
    code = f"os.kill(os.getpid(), {int(signal.SIGXCPU)}); time.sleep(9)"
    with scripted(f"request(); {code}") as sandbox:
        assert cause_of(sandbox) == "took longer than 20 seconds; simplify it, or raise [corpus] max_parse_seconds"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("os._exit(3)", "exit code 3"),
        ("request(); os._exit(0)", "exit code 0"),
        ("request(); os.kill(os.getpid(), signal.SIGSEGV)", "signal 11"),
    ],
)
def test_child_that_breaks_down_refuses_the_file(code: str, reason: str) -> None:
    with scripted(code) as sandbox:
        assert cause_of(sandbox, b"x" * 1_000_000) == f"its parser broke down ({reason}); save it again, or as text"


def test_answer_that_breaks_off_refuses_the_file() -> None:
    with scripted("request(); print('{\"text\":', end='', flush=True); os._exit(0)") as sandbox:
        assert cause_of(sandbox).startswith("its parser broke down (")


def test_file_is_tried_again_in_a_fresh_child_when_those_before_it_used_up_the_old_one(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    code = f"open({str(starts)!r}, 'a').write('.')\nrequest(); answer(ANSWER); request(); answer({{'exhausted': True}})"
    with scripted(code) as sandbox:
        for _ in range(3):
            assert sandbox.read("a.html", ".html", b"x")[0].text == LOAN
    assert starts.read_text() == "..."


def test_memory_is_refused_once_the_child_is_fresh() -> None:
    with scripted("request(); answer({'exhausted': True})") as sandbox:
        cause = "needs more than 1,000,000,000 bytes of memory; simplify it, or raise [corpus] max_parser_bytes"
        assert cause_of(sandbox) == cause


@pytest.mark.parametrize(
    "answer",
    [
        {"text": 3},
        {"text": " "},
        {"title": "T"},
        {"text": "x" * 101},
        {"text": "half \ud800"},
        {"text": "short", "pages": [9]},
        {"text": "short", "pages": [3, 1]},
        {"text": "short", "pages": "ab"},
        {"text": "short", "pages": [None]},
    ],
)
def test_answer_that_is_not_sound_is_not_believed(answer: dict[str, object]) -> None:
    with scripted(f"request(); answer({answer!r})", Limits(max_text_chars=100)) as sandbox:
        assert cause_of(sandbox).startswith("its parser gave no sound answer (")


def test_fields_of_an_answer_pass_the_same_gate_as_all_others() -> None:
    hostile = ANSWER | {"title": "a\u202eb\n" + "c" * 900, "url": "javascript:x", "published": "0001-01-01"}
    with scripted(f"request(); answer({hostile!r})") as sandbox:
        article, remarks = sandbox.read("a.html", ".html", b"x")
    assert article == Article(id="a.html", text=LOAN, title="ab " + "c" * 497)
    assert len(remarks) == 2


def test_child_sees_no_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_API_KEY", "SECRET")
    with scripted("request(); answer(ANSWER | {'text': ' '.join(os.environ) + ' ' + os.environ['PATH']})") as sandbox:
        text = sandbox.read("a.html", ".html", b"x")[0].text
    assert "MY_API_KEY" not in text
    assert os.environ["PATH"] in text


def worker_after(code: str, limits: Limits = LIMITS) -> str:
    """Run code in a process that is bound as the worker is, and return what it says of it."""
    lines = [
        "import json; from qa.corpus import worker; from qa.types import Limits",
        f"worker.bound(Limits(**{asdict(limits)!r})); worker.refuse_the_outside()",
        "try:",
        *(f"    {line}" for line in code.splitlines()),
        "    said = 'done'",
        "except BaseException as exc:",
        "    said = type(exc).__name__",
        "request(); answer(ANSWER | {'text': said})",
    ]
    with scripted("\n".join(lines)) as sandbox:
        return sandbox.read("a.html", ".html", b"x")[0].text


@pytest.mark.parametrize(
    "code",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9), 1)",
        "import socket; socket.getaddrinfo('example.org', 80)",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "import os; os.fork()",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9/')",
    ],
)
def test_worker_reaches_no_network_and_starts_no_program(code: str) -> None:
    assert worker_after(code) == "UnreadableError"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems know fewer limits")
def test_worker_writes_no_file_and_takes_no_more_memory_than_allowed(tmp_path: Path) -> None:
    assert worker_after(f"file = open({str(tmp_path / 'x')!r}, 'w')\nfile.write('x')\nfile.close()") == "OSError"
    assert worker_after("bytes(400_000_000)") == "done"
    assert worker_after("bytes(400_000_000)", Limits(max_parser_bytes=300_000_000)) == "MemoryError"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems know fewer limits")
def test_real_worker_that_takes_too_long_refuses_the_file_and_reads_the_next() -> None:
    body = "".join(f"<p>Sentence {i} about the railway and its cost.</p>" for i in range(60_000))
    with Sandbox(Limits(max_parse_seconds=1)) as sandbox:
        cause = cause_of(sandbox, f"<html><body>{body}</body></html>".encode())
        assert cause == "took longer than 1 seconds; simplify it, or raise [corpus] max_parse_seconds"
        assert LOAN in sandbox.read("b.html", ".html", HTML.encode())[0].text


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems know fewer limits")
def test_real_worker_that_runs_out_of_memory_refuses_the_file() -> None:
    body = "<p>Words about the railway and its cost, again and again.</p>" * 200_000
    with Sandbox(Limits(max_parser_bytes=300_000_000)) as sandbox:
        cause = cause_of(sandbox, f"<html><body>{body}</body></html>".encode())
        assert cause.startswith("needs more than 300,000,000 bytes of memory") or "broke down" in cause
        assert LOAN in sandbox.read("b.html", ".html", HTML.encode())[0].text


def test_whatever_a_parser_raises_refuses_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(data: bytes, limits: Limits) -> dict[str, object]:
        raise {b"k": KeyError("x" * 500), b"r": RecursionError(), b"m": MemoryError(), b"u": UnreadableError("u")}[data]

    from qa.corpus import html

    monkeypatch.setattr(html, "extract", fail)
    request = {"format": "html"}
    answers = [worker._answer(request, data, LIMITS) for data in (b"r", b"m", b"u")]
    assert answers == [
        {"refused": "nested too deep; simplify it, or save its text"},
        {"exhausted": True},
        {"refused": "u"},
    ]
    refused = str(worker._answer(request, b"k", LIMITS)["refused"])
    assert refused.startswith("cannot be read (KeyError: 'xxx")
    assert len(refused) < 200


def test_interrupt_while_a_file_is_read_ends_the_child() -> None:
    sandbox = scripted("request(); time.sleep(60)")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background may ignore it
    timer = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt), sandbox:
            sandbox.read("a.html", ".html", b"x")
        timer.join()
    finally:
        signal.signal(signal.SIGINT, before)
    assert sandbox._process is None


def test_child_ends_when_its_parent_is_gone() -> None:
    sandbox = Sandbox(LIMITS)
    sandbox.read("a.html", ".html", HTML.encode())
    process = sandbox._process
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()  # as when the parent was killed
    for _ in range(100):
        if process.poll() is not None:
            break
        time.sleep(0.1)
    assert process.poll() == 0
    sandbox._end()
