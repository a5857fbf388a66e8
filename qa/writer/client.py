"""The one place that speaks to a language model's server, by the official `openai` client.

A reply is bounded in time and bytes whatever the server sends: the whole of it has `timeout_seconds`, each byte of it
counts, redirects are not followed (text goes where the settings say, nowhere else), and nothing is tried twice, since
our own answer stands ready.
"""

from __future__ import annotations

import ipaddress
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from qa.errors import ExtraMissingError, WriterError
from qa.settings import WriterSettings

try:
    import httpx
    import openai
except ImportError as exc:  # pragma: no cover - the extra is installed where the tests run
    raise ExtraMissingError(
        "[writer] base_url is set, and the openai client is not installed; pip install 'briefing-qa[writer]'"
    ) from exc

BYTES_A_TOKEN = 400  # of an event stream: a token comes with some 200 bytes of JSON around it
CHARS_A_TOKEN = 12  # of text; more is no language
HEAD_BYTES = 200_000  # of any reply, beside its tokens
NO_KEY = "none"  # servers without keys ignore it; the client insists on one
ERROR_CHARS = 200  # of what a server says about a failure

Message = dict[str, str]


@dataclass(slots=True)
class Usage:
    """Tokens of one reply, as the server counts them; 0 where it does not say."""

    prompt: int = 0
    completion: int = 0


@dataclass(slots=True)
class Reply:
    """A reply as it comes in: iterate over it for its pieces, once; `text` and `usage` grow meanwhile."""

    pieces: Iterator[str]
    usage: Usage = field(default_factory=Usage)
    text: str = ""
    complete: bool = True  # False where the limit on tokens cut it off

    def __iter__(self) -> Iterator[str]:
        for piece in self.pieces:
            self.text += piece
            yield piece

    def close(self) -> None:
        """Stop the reply; the server is told by the closed connection."""
        close = getattr(self.pieces, "close", None)
        if close is not None:
            close()


class ModelClient:
    """A server and a model of it."""

    def __init__(self, settings: WriterSettings) -> None:
        self._settings = settings
        self._model = settings.model
        self._plainer = 0  # how many of the optional parameters the server has refused so far
        self._openai = openai.OpenAI(
            api_key=os.environ.get(settings.key_variable) or NO_KEY,
            base_url=settings.base_url,
            max_retries=0,
            timeout=_timeout(settings),
            http_client=httpx.Client(
                transport=None,
                event_hooks={"response": [_refuse_encoded]},
                follow_redirects=False,
                timeout=_timeout(settings),
                trust_env=not on_this_machine(settings.base_url),  # no proxy for what stays here
                headers={"accept-encoding": "identity"},
            ),
        )

    @property
    def host(self) -> str:
        """Where text is sent."""
        return host_of(self._settings.base_url)

    @property
    def model(self) -> str:
        """The model that is asked: of the settings, else the first that the server lists. Raises `WriterError`."""
        if not self._model:
            listed = self.models()
            if not listed:
                raise WriterError(f"{self.host} lists no model; name one in [writer] model")
            self._model = listed[0]
        return self._model

    @property
    def known_model(self) -> str:
        """The model that is asked, or "" before the server has said which it has."""
        return self._model

    def models(self) -> list[str]:
        """Return the names of the models that the server lists. Raises `WriterError`."""
        with _translated(self.host):
            return [str(model.id)[:200] for model in self._openai.models.list().data[:1000]]

    def reply(self, messages: list[Message], schema: dict[str, Any] | None = None) -> Reply:
        """Return the reply to messages, as it comes in. Raises `WriterError`, also while it is iterated over."""
        reply = Reply(iter(()))
        reply.pieces = self._pieces(messages, schema, reply)
        return reply

    @property
    def structured(self) -> bool:
        """Whether the server has taken a schema so far, or has not been asked to."""
        return self._plainer == 0

    def _pieces(self, messages: list[Message], schema: dict[str, Any] | None, reply: Reply) -> Iterator[str]:
        deadline = time.monotonic() + self._settings.timeout_seconds
        most = HEAD_BYTES + BYTES_A_TOKEN * self._settings.max_tokens
        limit = CHARS_A_TOKEN * self._settings.max_tokens
        length = 0
        with _translated(self.host), self._opened(messages, schema) as stream:
            _bound(stream.response, most, deadline)
            for chunk in stream:
                piece = _piece(chunk, reply)
                length += len(piece)
                if length > limit:
                    raise WriterError(f"the model's reply has more than {limit:,} characters and is not used")
                if piece:
                    yield piece

    def _opened(self, messages: list[Message], schema: dict[str, Any] | None) -> openai.Stream[Any]:
        """Open a reply with all optional parameters or, where the server refuses them, with fewer."""
        create: Any = self._openai.chat.completions.create
        ways: tuple[dict[str, Any], ...] = (self._all(schema), self._fewer(), {})
        while True:
            try:
                stream: openai.Stream[Any] = create(
                    model=self.model, messages=messages, stream=True, **ways[self._plainer]
                )
                return stream
            except (openai.BadRequestError, openai.UnprocessableEntityError):
                if self._plainer == len(ways) - 1:
                    raise
                self._plainer += 1

    def _all(self, schema: dict[str, Any] | None) -> dict[str, Any]:
        wanted = {"name": "reply", "strict": True, "schema": schema}
        form = {"response_format": {"type": "json_schema", "json_schema": wanted}} if schema else {}
        return {**self._fewer(), "stream_options": {"include_usage": True}, **form}

    def _fewer(self) -> dict[str, Any]:
        return {"temperature": 0, "max_tokens": self._settings.max_tokens}


def host_of(base_url: str) -> str:
    """Return the host and port of an address."""
    return urlsplit(base_url).netloc.rpartition("@")[2]


def on_this_machine(base_url: str) -> bool:
    """Return whether an address is of this machine by its own words."""
    name = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def _timeout(settings: WriterSettings) -> httpx.Timeout:
    return httpx.Timeout(settings.timeout_seconds, connect=min(settings.connect_seconds, settings.timeout_seconds))


def _refuse_encoded(response: httpx.Response) -> None:
    """Refuse what would have to be unpacked: a few bytes could become gigabytes."""
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise WriterError("the server sends a compressed reply though it was asked not to")
    _bound(response, HEAD_BYTES * 10, None)


def _bound(response: httpx.Response, most: int, deadline: float | None) -> None:
    """Let a response end after so many bytes, and at its deadline even if it drips."""
    stream = response.stream
    if isinstance(stream, Bounded):
        stream.most, stream.deadline = most, deadline
    else:
        response.stream = Bounded(stream, most, deadline)


class Bounded(httpx.SyncByteStream):
    """A body of so many bytes at most, until a deadline at most."""

    def __init__(self, stream: Any, most: int, deadline: float | None) -> None:  # noqa: ANN401 - httpx's own
        self.stream, self.most, self.deadline = stream, most, deadline

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.stream:
            self.most -= len(chunk)
            if self.most < 0:
                raise WriterError("the server's reply does not end and is not used")
            if self.deadline is not None and time.monotonic() > self.deadline:
                raise WriterError("the server took too long")
            yield chunk

    def close(self) -> None:
        """Close the connection below."""
        self.stream.close()


def _piece(chunk: Any, reply: Reply) -> str:  # noqa: ANN401 - what the server sends, of any shape
    """Return the text of a chunk, and note tokens and the reason of the end. Raises `WriterError` for a refusal."""
    usage = getattr(chunk, "usage", None)
    if usage is not None:
        reply.usage.prompt = _count(getattr(usage, "prompt_tokens", 0))
        reply.usage.completion = _count(getattr(usage, "completion_tokens", 0))
    choices = getattr(chunk, "choices", None) or []
    if not isinstance(choices, list) or not choices:
        return ""
    choice = choices[0]
    delta = getattr(choice, "delta", None)
    if getattr(delta, "refusal", None) or choice.finish_reason == "content_filter":
        raise WriterError("the model refuses to answer")
    if choice.finish_reason == "length":
        reply.complete = False
    content = getattr(delta, "content", None)
    return content if isinstance(content, str) else ""


def _count(value: object) -> int:
    return max(0, value) if isinstance(value, int) else 0


class _translated:  # noqa: N801 - reads as a function
    """Turn what the client raises into a `WriterError` of one line."""

    def __init__(self, host: str) -> None:
        self._host = host

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, exc: BaseException | None, trace: object) -> None:
        if exc is None or isinstance(exc, WriterError) or not isinstance(exc, Exception):
            return
        found = next((cause for cause in _chain(exc) if isinstance(cause, WriterError)), None)
        raise found or WriterError(f"{self._host} {_told(exc)}") from exc


def _chain(exc: BaseException | None) -> Iterator[BaseException]:
    while exc is not None:
        yield exc
        exc = exc.__cause__ or exc.__context__


def _told(exc: Exception) -> str:
    if isinstance(exc, openai.APITimeoutError | httpx.TimeoutException):
        return "did not answer in time"
    if isinstance(exc, openai.AuthenticationError | openai.PermissionDeniedError):
        return "does not take the key; set the variable that [writer] key_variable names"
    if isinstance(exc, openai.RateLimitError):
        return "has too many calls, or the account is used up (429)"
    if isinstance(exc, openai.NotFoundError):
        return f"does not know this address or model (404): {_line(exc)}"
    if isinstance(exc, openai.APIStatusError):
        return f"failed with status {exc.status_code}: {_line(exc)}"
    if isinstance(exc, openai.APIConnectionError | httpx.TransportError):
        return "cannot be reached, or broke off"
    return f"sent what is no reply of an OpenAI-compatible server ({type(exc).__name__})"


def _line(exc: Exception) -> str:
    return " ".join(str(exc).split())[:ERROR_CHARS]
