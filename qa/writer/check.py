"""Whether a language model can be used: one small question with a known answer."""

from __future__ import annotations

import time
from dataclasses import dataclass

from qa.errors import WriterError
from qa.settings import WriterSettings
from qa.writer.client import ModelClient, on_this_machine
from qa.writer.prompts import prompt_for
from qa.writer.replies import Extraction, extraction_of
from qa.writer.verify import aligned

TITLE = "A new bridge"
TEXT = "The bridge over the Lenna was opened on Tuesday. It is 340 metres long and cost 12 million crowns."
QUESTION = "How long is the bridge over the Lenna?"
ANSWER = "340 metres"
MOST_LISTED = 20  # models named


@dataclass(frozen=True, slots=True)
class WriterCheck:
    """What a server and its model were found to do.

    `structured` says whether it took a JSON schema, `quotes` whether it quoted the passage word for word, `right`
    whether its answer was right. `tokens_per_second` is of the whole reply, its waiting included; None where tokens are
    not told.
    """

    model: str
    sent_to: str
    local: bool
    models: tuple[str, ...]
    first_word_seconds: float
    seconds: float
    prompt_tokens: int
    completion_tokens: int
    tokens_per_second: float | None
    structured: bool
    well_formed: bool
    quotes: bool
    right: bool


def examined(settings: WriterSettings) -> WriterCheck:
    """Ask a server a small question. Raises `WriterError` where it does not answer."""
    client = ModelClient(settings)
    models = _listed(client)
    model = client.model
    prompt = prompt_for("extract", QUESTION, [(TITLE, TEXT)])
    started = time.perf_counter()
    first = 0.0
    reply = client.reply([{"role": role, "content": text} for role, text in prompt.messages], prompt.schema)
    for _ in reply:
        first = first or time.perf_counter() - started
    seconds = time.perf_counter() - started
    found = _parsed(reply.text)
    tokens = reply.usage.completion
    return WriterCheck(
        model=model,
        sent_to=client.host,
        local=on_this_machine(settings.base_url),
        models=tuple(models[:MOST_LISTED]),
        first_word_seconds=round(first, 2),
        seconds=round(seconds, 2),
        prompt_tokens=reply.usage.prompt,
        completion_tokens=tokens,
        tokens_per_second=round(tokens / seconds, 1) if tokens else None,
        structured=client.structured and found is not None,
        well_formed=found is not None,
        quotes=bool(found and found.quotations and all(aligned(q.text, TEXT) for q in found.quotations)),
        right=bool(found and ANSWER in found.answer),
    )


def _listed(client: ModelClient) -> list[str]:
    """Return the models that the server lists; none where it has no list, as some have none."""
    try:
        return client.models()
    except WriterError:
        return []


def _parsed(text: str) -> Extraction | None:
    try:
        return extraction_of(text)
    except WriterError:
        return None
