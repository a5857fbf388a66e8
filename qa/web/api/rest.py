"""REST: the answers of `Briefing` for programs, as an application of its own that is mounted at /api.

The objects are those of `qa.types`, field by field. Every error is `{"error": {"type", "message"}}`.
"""
# No `from __future__ import annotations`: FastAPI reads the annotations of functions made inside a function.

import contextlib
import logging
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import PurePath
from typing import Annotated, Any, Literal

from fastapi import Body, FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, StreamingResponse
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from qa import __version__
from qa.briefing import Briefing
from qa.errors import BriefingError
from qa.settings import MAX_K
from qa.types import Answer, Article, Hit
from qa.web.api.api_errors import ErrorReply, Fault, told
from qa.web.queue import Queue

log = logging.getLogger(__name__)

MAX_NAMES = 100  # sources or tags in one filter
MAX_LISTED = 1000  # articles of one reply
MAX_TURNS = 50  # of a conversation that come with a question; the last few are looked at
MAX_ID = 2000  # characters of an article id
ASSETS = ("swagger-ui-bundle.js", "swagger-ui.css")
ANSWER = TypeAdapter(Answer)
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _written(day: object) -> object:
    """Let days through as they are described; pydantic would also take seconds since 1970."""
    if isinstance(day, date) or (isinstance(day, str) and DAY.fullmatch(day)):
        return day
    raise ValueError("write a day as 2016-06-24")


Day = Annotated[date, BeforeValidator(_written)]
Names = Annotated[list[Annotated[str, Field(max_length=500)]], Field(max_length=MAX_NAMES)]
Id = Annotated[str, Path(max_length=MAX_ID, description="As in the list; `/` stays, `#` is written %23.")]


class FilterBody(BaseModel):
    """Which articles are asked; all of them by default."""

    model_config = ConfigDict(extra="forbid")

    since: Day | None = Field(None, description="Only articles published on this day or later.")
    until: Day | None = Field(None, description="Only articles published on this day or earlier.")
    as_of: Day | None = Field(None, description="As on this day: later articles do not count. By default today.")
    sources: Names | None = Field(None, description="Only these sources.")
    tags: Names | None = Field(None, description="Only articles with one of these tags.")

    def chosen(self) -> dict[str, Any]:
        """Return the filters as `Briefing.ask` and `retrieve` take them; an empty list is no filter."""
        return {
            "since": self.since,
            "until": self.until,
            "as_of": self.as_of,
            "sources": self.sources or None,
            "tags": self.tags or None,
        }


class TurnBody(BaseModel):
    """An earlier question, and the text of its answer."""

    model_config = ConfigDict(extra="forbid")

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Hits:
    """What was found for a question, best first."""

    question: str
    hits: list[Hit]


@dataclass(frozen=True, slots=True)
class Entry:
    """An article without its text."""

    id: str
    title: str
    source: str | None
    url: str | None
    published: date | None
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entries:
    """A stretch of the list of articles, in order of id; `total` counts all of them."""

    total: int
    articles: list[Entry]


@dataclass(frozen=True, slots=True)
class Health:
    """`live`: the server answers. `ready`: it has an index to answer from."""

    live: bool
    ready: bool


@dataclass(frozen=True, slots=True)
class Version:
    """What answers: package, generation of the index, embedding model.

    `up_to_date` is false where an update failed or was refused, or an older generation was chosen.
    """

    package: str
    generation: str
    created: str
    up_to_date: bool
    model: str
    articles: int
    passages: int


@dataclass(frozen=True, slots=True)
class Failure:
    """What every error looks like."""

    error: Fault


def failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the errors of an operation, for its description."""
    return {status: {"model": Failure, "description": MEANING[status]} for status in statuses}


MEANING = {
    400: "As described here, and yet it cannot be used; the message says why.",
    401: "A login is needed.",
    403: "Asked by a page of another origin.",
    404: "There is no such thing.",
    409: "It is there already, another build is going on, or an update was refused.",
    413: "The body is too long.",
    415: "The body is of another type.",
    421: "Reached under a host name that is not served.",
    422: "Not as described here.",
    429: "Too many calls in a minute; Retry-After says when to go on.",
    503: "Too many questions are waiting, or index or model cannot be used.",
}
ALWAYS = failures(401, 421, 422)
ASKING = failures(400, 403, 413, 415, 429, 503)


def create_api(briefing: Briefing, queue: Queue) -> FastAPI:
    """Return the application to mount at /api."""
    api = FastAPI(
        title=briefing.settings.serve.title,
        version=__version__,
        summary="Answers with verbatim citations from a folder of articles.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=ALWAYS,
    )
    api.exception_handler(BriefingError)(_on_error)
    api.exception_handler(Exception)(_on_error)
    api.exception_handler(RequestValidationError)(_on_validation_failed)
    api.exception_handler(HTTPException)(on_http_error)
    _add_asking(api, briefing, queue)
    _add_reading(api, briefing)
    _add_state(api, briefing)
    _add_docs(api)
    return api


def _add_asking(api: FastAPI, briefing: Briefing, queue: Queue) -> None:
    most = briefing.settings.reader.question_chars
    Question = Annotated[str, Field(min_length=1, max_length=most, pattern=r"\S")]  # noqa: N806 - a type

    class QuestionBody(FilterBody):
        """A question, and which articles it is put to."""

        question: Question

    class RetrieveBody(QuestionBody):
        """What passages are sought for."""

        k: int | None = Field(None, ge=1, le=MAX_K, description="Hits wanted; by default those of the settings.")

    class AskBody(QuestionBody):
        """A question, what was said before it, and which articles are asked."""

        history: list[TurnBody] = Field([], max_length=MAX_TURNS, description="Earlier turns, oldest first.")
        searched_for: str | None = Field(
            None, min_length=1, description="A wording to search for instead of the question as it is understood."
        )
        without: list[Literal["kind", "time", "sources"]] = Field(
            [], max_length=3, description="What is not to be understood in the question."
        )

    @api.post("/ask", responses=ASKING)
    async def ask(asked: Annotated[AskBody, Body()]) -> Answer:
        """Answer a question with citations, or refuse with the nearest passages."""
        history = [(turn.question, turn.answer) for turn in asked.history]
        return await queue.run(
            lambda: briefing.ask(
                asked.question,
                **asked.chosen(),
                history=history,
                searched_for=asked.searched_for,
                without=asked.without,
            )
        )

    class TimelineBody(FilterBody):
        """What a story is wanted of, and which articles tell it."""

        subject: Question

    @api.post("/timeline", responses=ASKING)
    async def timeline(wanted: Annotated[TimelineBody, Body()]) -> Answer:
        """Tell the story of a subject in order of time, each line a quotation."""
        return await queue.run(lambda: briefing.timeline(wanted.subject, **wanted.chosen()))

    @api.post("/news", responses=ASKING)
    async def news(chosen: Annotated[FilterBody, Body()]) -> Answer:
        """List the newest articles: since a day, for instance that of the last visit."""
        return await queue.run(lambda: briefing.ask("What's new?", **chosen.chosen()))

    @api.post("/ask/stream", responses=ASKING | {200: {"content": {"application/x-ndjson": {}}}})
    async def ask_stream(asked: Annotated[AskBody, Body()]) -> StreamingResponse:
        """Answer as `ask` does, an answer a line: ours at once, then as verified sentences of a language model come.

        Hanging up stops the model. The last line is the whole answer.
        """
        history = [(turn.question, turn.answer) for turn in asked.history]
        steps = briefing.ask_stream(asked.question, **asked.chosen(), history=history, searched_for=asked.searched_for)
        first = await queue.run(lambda: next(steps))  # errors of the question are errors of the call
        return StreamingResponse(_lines(first, steps, queue), media_type="application/x-ndjson")

    @api.post("/retrieve", responses=ASKING)
    async def retrieve(sought: Annotated[RetrieveBody, Body()]) -> Hits:
        """List the passages nearest to a question, best first."""
        question = sought.question
        return Hits(question, await queue.run(lambda: briefing.retrieve(question, k=sought.k, **sought.chosen())))


async def _lines(first: Answer, steps: Iterator[Answer], queue: Queue) -> AsyncIterator[bytes]:
    """Yield each answer as a line of JSON; the model stops where nobody reads on."""
    answer: Answer | None = first
    try:
        while answer is not None:
            yield ANSWER.dump_json(answer) + b"\n"
            answer = await queue.run(lambda: next(steps, None))
    finally:
        with contextlib.suppress(ValueError):  # it is in the middle of a step, and ends with that
            steps.close()  # type: ignore[attr-defined]


def _add_reading(api: FastAPI, briefing: Briefing) -> None:
    @api.get("/articles")
    def articles(
        offset: Annotated[int, Query(ge=0, le=10**9, description="Articles to leave out at the front.")] = 0,
        limit: Annotated[int, Query(ge=1, le=MAX_LISTED, description="Articles wanted.")] = MAX_LISTED,
    ) -> Entries:
        """List the articles of the index without their text, in order of id."""
        found = briefing.articles()
        shown = [Entry(a.id, a.title, a.source, a.url, a.published, a.tags) for a in found[offset : offset + limit]]
        return Entries(len(found), shown)

    @api.get("/articles/{id:path}", responses=failures(404))
    def article(id: Id) -> Article:  # noqa: A002 - its name everywhere
        """Return one article with its text."""
        return briefing.article(id)


def _add_state(api: FastAPI, briefing: Briefing) -> None:
    @api.get("/health", responses={503: {"model": Health, "description": "Live, and not ready."}})
    def health() -> Any:  # noqa: ANN401 - Health, or a response with it
        """Say whether the server is live and ready; needs no login."""
        try:
            ready = bool(briefing.generation.articles)
        except BriefingError:
            ready = False
        return JSONResponse({"live": True, "ready": ready}, 200 if ready else 503)

    @api.get("/version")
    def version() -> Version:
        """Say what answers."""
        made = briefing.generation.manifest
        model = PurePath(made.model).name  # a folder would tell of the server
        fresh = briefing.warning is None
        return Version(__version__, made.generation, made.created, fresh, model, made.articles, made.passages)


def _add_docs(api: FastAPI) -> None:
    """Add a page to read about and try the API; its assets come from a package, none from elsewhere."""

    @api.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="openapi.json",  # these are relative, so that they hold below any prefix
            title=api.title,
            swagger_js_url=f"docs/{ASSETS[0]}",
            swagger_css_url=f"docs/{ASSETS[1]}",
            swagger_favicon_url="data:,",
        )

    @api.get("/docs/{name}", include_in_schema=False)
    def asset(name: str) -> FileResponse:
        if name not in ASSETS:
            raise HTTPException(404)
        return FileResponse(str(resources.files("fastapi_offline") / "static" / name))


def _reply(what: ErrorReply, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": {"type": what.fault.type, "message": what.fault.message}}, what.status, headers)


async def _on_error(request: Request, exc: Exception) -> JSONResponse:
    what = told(exc)
    if what.status == 503:  # at 500 the exception goes on to uvicorn, which logs it
        log.error("%s failed", request.url.path, exc_info=exc)
    return _reply(what, {"retry-after": "1"} if what.status == 503 else None)


async def _on_validation_failed(_: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, RequestValidationError)
    faults = "; ".join(
        f"{'.'.join(str(part) for part in e['loc'][1:]) or 'body'}: {e['msg']}" for e in exc.errors()[:5]
    )
    return _reply(ErrorReply(422, Fault("ValidationFailed", faults[:1000].encode("utf-8", "replace").decode())))


async def on_http_error(request: Request, exc: Exception) -> JSONResponse:
    """Return the reply for an error that the framework raised."""
    assert isinstance(exc, HTTPException)
    names = {404: "NotFound", 405: "MethodNotAllowed", 413: "TooLarge"}
    fault = Fault(names.get(exc.status_code, "BadRequest"), str(exc.detail))
    headers = {name.lower(): value for name, value in (exc.headers or {}).items()}
    if exc.status_code == 405:  # the framework names the methods of one operation only
        headers["allow"] = ", ".join(sorted(_methods(request)))
    return _reply(ErrorReply(exc.status_code, fault), headers)


def _methods(request: Request) -> set[str]:
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    return {
        method
        for route in routes
        if route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }
