"""The chat page: questions and answers on the left, their sources on the right, articles one click away.

Text reaches the browser as values; the scripts in `static/` put it into text nodes. Nothing of an
article, a file name or a question may become part of an `html_template`: Gradio evaluates those.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Iterator
from datetime import date, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import gradio as gr

from qa.briefing import Briefing
from qa.corpus import corpus_files
from qa.errors import ArticleNotFoundError, BriefingError, DatasetError, FilterError, QuestionError
from qa.pinned import read_pinned
from qa.web import view

log = logging.getLogger(__name__)

MAX_WAITING = 64  # questions in the queue; one more gets an error instead of a long wait
WORKERS = 4  # questions answered at once: the model is shared, more of them only wait for the processor
MAX_EXAMPLES = 4
MAX_LISTED = 20_000  # articles sent to the library's list

Files = dict[str, tuple[int, int]]  # relative path -> bytes, time of change in ns
Value = Any  # what a Gradio component takes or gives


def static(*names: str) -> str:
    """Return files of `static/`, one after the other."""
    folder = resources.files("qa.web") / "static"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)


def pinned_questions(corpus: Path) -> list[str]:
    """Return up to `MAX_EXAMPLES` questions of `pinned.toml` in the corpus folder; none if it is not usable."""
    try:
        return [pinned.question.strip() for pinned in read_pinned(corpus)][:MAX_EXAMPLES]
    except DatasetError as exc:
        log.warning("no example questions: %s", exc)
        return []


def folder_files(corpus: Path) -> Files:
    """Return what tells whether a corpus folder changed, without reading a file."""
    files = ((file.relative_to(corpus).as_posix(), file.lstat()) for file in corpus_files(corpus))
    return {name: (info.st_size, info.st_mtime_ns) for name, info in files}


def friendly(exc: Exception) -> str:
    """Return what the chat says about an error: never a path, never a trace."""
    if isinstance(exc, QuestionError | FilterError):
        return f"That question cannot be asked: {exc}"
    if isinstance(exc, BriefingError):
        return "The briefing cannot answer at the moment; the log has the details."
    return "Something went wrong; the log has the details."


class Chat:
    """The handlers of the conversation. It lives in the browser; each call brings it along."""

    def __init__(self, briefing: Briefing) -> None:
        self.briefing = briefing

    def ask(self, question: str, saved: Value) -> Iterator[tuple[Value, ...]]:
        """Yield box, chat, sources and saved conversation: first with the question, then with its answer."""
        turns = view.restored(saved)
        question = question.encode("utf-8", "replace").decode().strip()  # half a surrogate pair cannot be sent back
        if not question:
            yield (gr.skip(),) * 4
            return
        yield "", view.messages(turns, asking=question), gr.skip(), gr.skip()
        turns = (*turns, self._answer(turns[-1].number + 1 if turns else 1, question))
        state = view.kept(turns)
        yield gr.skip(), view.messages(turns[-view.MAX_TURNS :]), state, state

    def begin(self, link: str, saved: Value) -> Iterator[tuple[Value, ...]]:
        """Yield the conversation that the browser kept, then ask the question of the page's address, if any."""
        turns = view.restored(saved)
        state = view.kept(turns)
        yield gr.skip(), view.messages(turns), state, state
        if link:
            yield from self.ask(link, state)

    def example(self, saved: Value, event: gr.SelectData) -> Iterator[tuple[Value, ...]]:
        """Ask the example question that was pressed."""
        yield from self.ask(str(event.value["text"]), saved)

    def clear(self) -> tuple[Value, ...]:
        """Return an empty box, an empty chat, no sources and nothing to keep."""
        return "", [], [], []

    def _answer(self, number: int, question: str) -> view.Turn:
        try:
            return view.turn_of(self.briefing.ask(question), number, self.briefing.generation.articles)
        except Exception as exc:  # the last resort: whatever it was, the reader gets a sentence
            log.log(logging.INFO if isinstance(exc, QuestionError) else logging.ERROR, "not answered", exc_info=exc)
            shown = question[: self.briefing.settings.reader.question_chars]
            return view.Turn(number=number, question=shown, kind="error", text=friendly(exc), confidence=0, cards=())


def build_page(briefing: Briefing, seen: Files | None = None) -> gr.Blocks:
    """Return the page; `seen` is the corpus folder as the index has taken it in, if that is known."""
    settings, chat = briefing.settings, Chat(briefing)
    page = gr.Blocks(title=settings.serve.title, fill_width=True, analytics_enabled=False)
    with page:
        key = _storage_key(settings.corpus.folder)
        saved = gr.BrowserState([], storage_key=key, secret=key)
        with gr.Sidebar(open=False, width=340, elem_id="library"):
            _html("library.js", "articles", _library(briefing))
        header = _html("header.js", "header", _status(briefing, seen))
        with gr.Row(elem_id="panes"):
            with gr.Column(elem_id="conversation"):
                bot = _chatbot(settings.corpus.folder)
                box, send = _question_box(settings.reader.question_chars)
            with gr.Column(elem_id="sources"):
                sources = _html("sources.js", "cards")
        _html("reader.js", "reader", _reader(briefing))
        shown: list[gr.components.Component] = [box, bot, sources, saved]
        _wire(box.submit, chat.ask, [box, saved], shown)
        _wire(send.click, chat.ask, [box, saved], shown)
        _wire(bot.example_select, chat.example, [saved], shown)
        _wire(header.click, chat.clear, [], shown)
        _wire(page.load, chat.begin, [box, saved], shown, js=static("address.js"))
    page.queue(max_size=MAX_WAITING)
    return page


def _wire(
    event: Callable[..., Value],
    act: Callable[..., Value],
    inputs: list[gr.components.Component],
    outputs: list[gr.components.Component],
    js: str | None = None,
) -> None:
    """Let an event of the page call a handler, which nothing else is offered."""
    event(
        act,
        inputs,
        outputs,
        js=js,
        api_visibility="private",
        show_progress="hidden",
        trigger_mode="once",
        concurrency_limit=WORKERS,
        concurrency_id="conversation",
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


def _chatbot(corpus: Path) -> gr.Chatbot:
    examples = pinned_questions(corpus)
    hint = "Every answer is a quotation; its marker shows the sentence in its article."
    if not examples:
        hint += " Example questions go into pinned.toml, beside the articles."
    return gr.Chatbot(
        label="Conversation",
        show_label=False,
        elem_id="chat",
        height="100%",
        buttons=[],
        feedback_options=None,
        sanitize_html=True,
        allow_tags=False,
        latex_delimiters=[],
        line_breaks=False,
        layout="bubble",
        group_consecutive_messages=False,
        placeholder=f"### Ask the articles\n\n{hint}",
        examples=[{"text": question} for question in examples],
    )


def _html(script: str, name: str, function: Callable[[Value], Value] | None = None) -> gr.HTML:
    """Return a component whose content its script draws; the function answers the script's calls."""
    return gr.HTML(
        value=[],
        elem_id=name,
        html_template="<div></div>",
        js_on_load=static("dom.js", script),
        server_functions=[function] if function else None,
        apply_default_css=False,
    )


def _status(briefing: Briefing, seen: Files | None) -> Callable[[Value], Value]:
    corpus = briefing.settings.corpus.folder
    taken = (briefing.generation.name, seen)  # a generation, and the folder it was made of

    def status(_: Value) -> Value:
        """Return what the header says; `changed` is None where it cannot be known."""
        nonlocal taken
        generation = briefing.generation
        if generation.name != taken[0]:  # another process has built it, some time ago
            files = _listing(corpus)
            taken = (generation.name, files if files is None or _older(files, generation.manifest.created) else {})
        return {
            "title": briefing.settings.serve.title,
            "articles": len(generation.articles),
            "built": generation.manifest.created,
            "changed": None if taken[1] is None else _listing(corpus) != taken[1],
        }

    return status


def _older(files: Files, created: str) -> bool:
    """Return whether no file was written after a generation was made."""
    made = datetime.fromisoformat(created).timestamp() + 1  # the manifest counts whole seconds
    return all(changed_ns < made * 1e9 for _, changed_ns in files.values())


def _listing(corpus: Path) -> Files | None:
    try:
        return folder_files(corpus)
    except OSError:  # the folder, or a file in it, went away while we looked
        return None


def _library(briefing: Briefing) -> Callable[[Value], Value]:
    def list_articles(_: Value) -> Value:
        """Return id, title and origin of the articles, the newest first."""
        articles = sorted(briefing.articles(), key=lambda article: article.published or date.min, reverse=True)
        return [
            {"id": article.id, "title": article.title, "about": view.about(article.source, article.published)}
            for article in articles[:MAX_LISTED]
        ]

    return list_articles


def _reader(briefing: Briefing) -> Callable[[Value], Value]:
    def read_article(wanted: Value) -> Value:
        """Return an article in blocks of text, or why there is none; the request may hold anything."""
        wanted = wanted if isinstance(wanted, dict) else {}
        start, end = (wanted[key] if isinstance(wanted.get(key), int) else 0 for key in ("start", "end"))
        quote = wanted["quote"] if isinstance(wanted.get("quote"), str) else ""
        try:
            return view.page_of(briefing.article(str(wanted.get("id"))), start, end, quote).model_dump(mode="json")
        except ArticleNotFoundError:
            return {"missing": "This article is no longer in the briefing."}

    return read_article
