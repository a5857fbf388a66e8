"""A server in the form of OpenAI's that says, and does, what a test wants: on this machine, in a thread."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "scripted"
Behaviour = Callable[["ScriptedHandler"], None]


class ScriptedHandler(BaseHTTPRequestHandler):
    """One call: notes what it was asked, and behaves as the script says."""

    server: ScriptedServer

    def do_GET(self) -> None:
        """List the one model."""
        self.send_json(
            200, {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "t"}]}
        )

    def do_POST(self) -> None:
        """Behave as the next entry of the script, the last of which goes on."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        script = self.server.script
        script.asked.append(body)
        script.keys.append(self.headers.get("authorization", ""))
        behaviour = script.behaviours[min(len(script.asked), len(script.behaviours)) - 1]
        with contextlib.suppress(OSError):  # the client has hung up
            behaviour(self)

    def send_json(self, status: int, value: object, **headers: str) -> None:
        """Send a whole JSON body."""
        data = json.dumps(value).encode()
        self.send_response(status)
        for name, content in {"content-type": "application/json", "content-length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), content)
        self.end_headers()
        self.wfile.write(data)

    def begin(self, **headers: str) -> None:
        """Begin a stream of events."""
        self.send_response(200)
        for name, content in {"content-type": "text/event-stream", **headers}.items():
            self.send_header(name.replace("_", "-"), content)
        self.end_headers()

    def send(self, data: bytes) -> None:
        """Send bytes at once."""
        self.wfile.write(data)
        self.wfile.flush()

    def event(self, delta: dict[str, Any], finish: str | None = None, usage: dict[str, int] | None = None) -> None:
        """Send one chunk of a reply."""
        chunk = {
            "id": "1",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": MODEL,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
            "usage": usage,
        }
        self.send(b"data: " + json.dumps(chunk).encode() + b"\n\n")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class Script:
    """What a server does call by call, and what it was asked."""

    behaviours: list[Behaviour]
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    url: str = ""
    server: ScriptedServer = field(init=False)


class ScriptedServer(ThreadingHTTPServer):
    """The server of a script."""

    daemon_threads = True
    script: Script


@contextlib.contextmanager
def serving(*behaviours: Behaviour) -> Iterator[Script]:
    """Serve a script while a test goes on; yields it with its address."""
    server = ScriptedServer(("127.0.0.1", 0), ScriptedHandler)
    server.script = script = Script(list(behaviours))
    script.server = server
    script.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()


def says(text: str, finish: str = "stop", piece: int = 7) -> Behaviour:
    """Reply with a text, in pieces of some characters."""

    def behave(call: ScriptedHandler) -> None:
        call.begin()
        for start in range(0, len(text), piece):
            call.event({"content": text[start : start + piece]})
        call.event({}, finish, {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150})
        call.send(b"data: [DONE]\n\n")

    return behave


def extracts(answer: str, *quotations: tuple[int, str]) -> Behaviour:
    """Reply with an extraction."""
    return says(json.dumps({"answer": answer, "quotations": [{"passage": n, "text": t} for n, t in quotations]}))


def fails(status: int, message: str = "no", **headers: str) -> Behaviour:
    """Reply with an error."""
    return lambda call: call.send_json(status, {"error": {"message": message, "type": "t"}}, **headers)


def picky(call: ScriptedHandler) -> None:
    """Refuse every optional parameter, as some servers do; else answer NONE."""
    extra = call.server.script.asked[-1].keys() & {"response_format", "stream_options", "temperature", "max_tokens"}
    fails(400, f"unknown {sorted(extra)}")(call) if extra else says("NONE")(call)


def hangs(call: ScriptedHandler) -> None:
    """Take the question and say nothing."""
    time.sleep(30)


def drips(call: ScriptedHandler) -> None:
    """Keep the connection alive with comments, for ever."""
    call.begin()
    while True:
        call.send(b": still here\n\n")
        time.sleep(0.02)


def endless(call: ScriptedHandler) -> None:
    """Write on and on."""
    call.begin()
    while True:
        call.event({"content": "and so on " * 50})


def one_line(call: ScriptedHandler) -> None:
    """Send one line that does not end."""
    call.begin()
    while True:
        call.send(b"data: " + b"x" * 65536)


def dies(call: ScriptedHandler) -> None:
    """Break off in the middle of a reply."""
    call.begin(content_length="100000")
    call.event({"content": "The Development Bank fin"})
    call.connection.close()


def refuses(call: ScriptedHandler) -> None:
    """Decline."""
    call.begin()
    call.event({"refusal": "I cannot help with that."})
    call.event({}, "stop")


def filtered(call: ScriptedHandler) -> None:
    """End for a content filter."""
    call.begin()
    call.event({"content": "The"})
    call.event({}, "content_filter")


def garbage(call: ScriptedHandler) -> None:
    """Send events that are no JSON."""
    call.begin()
    call.send(b"data: {not json\n\ndata: [[[[\n\n")


def odd_shapes(call: ScriptedHandler) -> None:
    """Send JSON of another shape."""
    call.begin()
    values: tuple[object, ...] = (7, [], {"choices": 3}, {"choices": [{"delta": {"content": [1]}}]}, {"choices": [{}]})
    for value in values:
        call.send(b"data: " + json.dumps(value).encode() + b"\n\n")


def html(call: ScriptedHandler) -> None:
    """Be no such server at all."""
    data = b"<html>hello</html>"
    call.send_response(200)
    call.send_header("content-type", "text/html")
    call.send_header("content-length", str(len(data)))
    call.end_headers()
    call.send(data)


def bomb(call: ScriptedHandler) -> None:
    """Send what unpacks to far more."""
    import gzip

    call.begin(content_encoding="gzip")
    call.send(gzip.compress(b"data: " + b" " * 50_000_000))


def elsewhere(call: ScriptedHandler) -> None:
    """Send the question on to another address."""
    fails(307, "over there", location="http://127.0.0.1:9/v1/chat/completions")(call)
