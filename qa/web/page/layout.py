"""The chat page: questions and answers on the left, their sources on the right, articles one click away.

Text reaches the browser as values; the modules in `static/` put it into text nodes. Nothing of an
article, a file name or a question may become part of an `html_template`: Gradio evaluates those.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import os
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path

import gradio as gr

from qa.briefing import Briefing
from qa.corpus.pinned import read_pinned
from qa.errors import ArticleNotFoundError, DatasetError
from qa.types import Verdict
from qa.web.page.admin import Admin
from qa.web.page.article_view import Mark, page_of
from qa.web.page.chat import Chat, Value
from qa.web.page.feedback import FILE_NAME, Feedback
from qa.web.page.front import Front
from qa.web.page.library import Files, Library, folder_files
from qa.web.page.modules import calling, starting
from qa.web.queue import Queue

__all__ = ["Files", "build_page", "folder_files", "styles"]

log = logging.getLogger(__name__)

MAX_EXAMPLES = 4
SESSIONS = 200  # visits that Gradio keeps its 40 kB of: nothing of a conversation is there, the browser brings it along

Event = Callable[..., Value]
Components = Sequence[gr.components.Component]


def styles() -> str:
    """Return the style sheet."""
    return (resources.files("qa.web.page") / "static" / "page.css").read_text(encoding="utf-8")


def pinned_questions(briefing: Briefing) -> list[str]:
    """Return up to `MAX_EXAMPLES` questions of `pinned.toml` in the corpus folder that are answered as they should be.

    None if it is not usable.
    """
    try:
        pinned = read_pinned(briefing.settings.corpus.folder)
    except DatasetError as exc:
        log.warning("no example questions: %s", exc)
        return []
    broken = {problem.id.strip() for problem in briefing.receipt.broken} if briefing.receipt else set()
    asked = [each.question.strip() for each in pinned if each.verdict is Verdict.ANSWERED]
    return [question for question in asked if question not in broken][:MAX_EXAMPLES]


def build_page(briefing: Briefing, queue: Queue, seen: Files | None = None) -> gr.Blocks:
    """Return the page; its questions wait in `queue`.

    `seen` is the corpus folder as the index has taken it in, if that is known.
    """
    settings = briefing.settings
    chat = Chat(briefing, queue, settings.serve.feedback)
    library = Library(briefing, seen, settings.serve.admin)
    page = gr.Blocks(title=settings.serve.title, fill_width=True, analytics_enabled=False)
    page.state_session_capacity = SESSIONS
    with page:
        header = _html("header", "header", [library.status])
        with gr.Row(elem_id="panes"):
            with gr.Column(elem_id="conversation"):
                _front(briefing)
                bot = _chatbot()
                _html("outlook", "asking")
                filters = _html("filters", "filters", value={})
                box, send = _question_box(settings.reader.question_chars)
            with gr.Column(elem_id="sources"):
                turns = _html("cards", "sources", _voting(briefing))
        _library(briefing, library)
        _html("reader", "reader", [_reader(briefing)])
        kept = _html("conversations", "conversations", value=_storage_key(settings.corpus.folder))
        shown = [box, bot, turns]
        put = calling("asking", "put")
        asking = [
            _wire(box.submit, chat.ask, [box, filters, turns], shown, js=put),
            _wire(send.click, chat.ask, [box, filters, turns], shown, js=put),
            _wire(turns.submit, chat.again, [filters, turns], shown),
            _wire(page.load, chat.begin, [box, filters, turns, kept], shown, js=calling("address", "take")),
        ]
        _wire(kept.select, chat.open, [], shown, cancels=asking)
        # In the browser alone, so that it waits for nobody; a question that is being answered is given up.
        header.click(None, None, shown, js="() => ['', [], []]", cancels=asking, show_progress="hidden")
    page.queue(max_size=None)  # questions wait in a queue of our own, which tells how it stands
    return page


def _wire(
    event: Event,
    act: Event,
    inputs: Components,
    outputs: Components,
    js: str | None = None,
    cancels: Sequence[Value] = (),
) -> Value:
    """Let an event of the page call a handler, which nothing else is offered."""
    return event(
        act,
        inputs,
        outputs,
        js=js,
        cancels=list(cancels),
        api_visibility="private",
        show_progress="hidden",
        trigger_mode="once",
        concurrency_limit=None,
    )


def _storage_key(corpus: Path) -> str:
    """Return the name a browser keeps conversations about this folder under."""
    return "briefing-" + hashlib.sha256(os.fsencode(corpus.absolute())).hexdigest()[:12]


def _question_box(most: int) -> tuple[gr.Textbox, gr.Button]:
    with gr.Row(elem_id="asking"):
        box = gr.Textbox(
            label="Your question",
            show_label=False,
            container=False,
            max_lines=5,
            max_length=most,
            placeholder="Ask a question…",
            elem_id="box",
        )
        return box, gr.Button("Ask", variant="primary", elem_id="send", scale=0, min_width=76)


def _chatbot() -> gr.Chatbot:
    return gr.Chatbot(
        label="Conversation",
        show_label=False,
        elem_id="chat",
        height="100%",
        buttons=[],
        feedback_options=None,
        autoscroll=False,  # to the end of an answer; its beginning is what is wanted
        sanitize_html=True,
        allow_tags=False,
        latex_delimiters=[],
        line_breaks=False,
        layout="bubble",
        group_consecutive_messages=False,
    )


def _front(briefing: Briefing) -> gr.HTML:
    settings = briefing.settings
    front = Front(briefing, lambda: pinned_questions(briefing))
    hint = "Every answer is a quotation; its marker shows the sentence in its article."
    if settings.serve.admin and not pinned_questions(briefing):
        hint += " Questions of your own go into pinned.toml, beside the articles."
    return _html("front", "front", [front.front, front.questions], value=hint)


def _html(name: str, module: str, functions: Sequence[Callable[..., Value]] = (), value: Value = None) -> gr.HTML:
    """Return a component whose content a module of `static/` draws; the functions answer the module's calls."""
    return gr.HTML(
        value=[] if value is None else value,
        elem_id=name,
        html_template="<div></div>",
        js_on_load=starting(module),
        server_functions=[_named(function) for function in functions],
        apply_default_css=False,
    )


def _named(function: Callable[..., Value]) -> Callable[..., Value]:
    """Return a function that Gradio can set its mark on, which it cannot on a method."""
    if not hasattr(function, "__self__"):
        return function
    return functools.wraps(function)(lambda wanted: function(wanted))


def _library(briefing: Briefing, library: Library) -> None:
    if library.admin:
        functions = Admin(briefing, library).functions
        _html("library", "admin", [library.listing, *functions])
    else:
        _html("library", "library", [library.listing])


def _voting(briefing: Briefing) -> list[Callable[[Value], Value]]:
    settings = briefing.settings
    if not settings.serve.feedback:
        return []
    return [Feedback(settings.index.folder / FILE_NAME, settings.reader.question_chars).vote]


def _reader(briefing: Briefing) -> Callable[[Value], Value]:
    def read_article(wanted: Value) -> Value:
        """Return an article in blocks of text, or why there is none; the request may hold anything."""
        wanted = wanted if isinstance(wanted, dict) else {}
        start, end = (wanted[key] if isinstance(wanted.get(key), int) else 0 for key in ("start", "end"))
        quote, check = (wanted[key] if isinstance(wanted.get(key), str) else "" for key in ("quote", "check"))
        try:
            article = briefing.article(str(wanted.get("id")))
        except ArticleNotFoundError:
            return {"missing": "This article is no longer in the briefing."}
        return page_of(article, Mark(start, end, quote, check)).model_dump(mode="json")

    return read_article
