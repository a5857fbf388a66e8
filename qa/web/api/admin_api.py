"""REST calls that change something: upload, removal, rebuild, roll back. They exist only with [serve] admin."""
# No `from __future__ import annotations`: FastAPI reads the annotations of functions made inside a function.

import threading
from dataclasses import dataclass, replace
from typing import Annotated

from anyio import to_thread
from fastapi import FastAPI, File, Form, Query, UploadFile

from qa.briefing import Briefing
from qa.corpus.library import add_article, remove_article
from qa.errors import IndexBusyError
from qa.index import GenerationEntry
from qa.types import Receipt
from qa.web.api.rest import Id, failures


@dataclass(frozen=True, slots=True)
class Changed:
    """A file that came or went; the index follows with the next rebuild."""

    id: str


@dataclass(frozen=True, slots=True)
class Served:
    """The generation that is served from now on."""

    generation: str


@dataclass(frozen=True, slots=True)
class Generations:
    """The generations that are kept, newest first."""

    generations: list[GenerationEntry]


WRITING = failures(403, 429, 503)


def add_admin_api(api: FastAPI, briefing: Briefing) -> None:
    """Add the writing calls to the REST application."""
    corpus = briefing.settings.corpus
    rebuilding = threading.Lock()

    def rebuild_once(confirm_deletions: bool) -> Receipt:
        if not rebuilding.acquire(blocking=False):
            raise IndexBusyError("a rebuild that was asked for here is going on")
        try:
            return briefing.refresh(confirm_deletions=confirm_deletions)
        finally:
            rebuilding.release()

    @api.post("/index", responses={**WRITING, **failures(409)})
    async def rebuild(
        confirm_deletions: Annotated[bool, Query(description="Agree to lose more than half of the articles.")] = False,
    ) -> Receipt:
        """Bring the index in step with the corpus folder; answers when that is done."""
        return await to_thread.run_sync(rebuild_once, confirm_deletions)

    @api.get("/generations")
    def generations() -> Generations:
        """List the generations that are kept, newest first."""
        return Generations([replace(kept, damage=kept.damage and "damaged") for kept in briefing.generations()])

    @api.post("/rollback", responses={**WRITING, **failures(404, 409)})
    def rollback(
        generation: Annotated[str | None, Query(max_length=200, description="By default the one before.")] = None,
    ) -> Served:
        """Serve an older generation until the next rebuild."""
        return Served(briefing.rollback(generation))

    @api.post("/articles", status_code=201, responses={**WRITING, **failures(400, 409, 413, 415)})
    async def upload(
        file: Annotated[UploadFile, File(description="The article; its name becomes the id.")],
        replace: Annotated[bool, Form(description="Let a file of that name make way; it is kept.")] = False,
    ) -> Changed:
        """Put a file into the corpus folder, if it can be read as an article."""
        content = await file.read(corpus.max_file_bytes + 1)
        name = file.filename or ""
        return Changed(
            await to_thread.run_sync(lambda: add_article(corpus.folder, name, content, corpus, replace=replace))
        )

    @api.delete("/articles/{id:path}", responses={**WRITING, **failures(404)})
    def remove(id: Id) -> Changed:  # noqa: A002 - its name everywhere
        """Take a file out of the corpus folder; it is kept in the folder's `.removed/`."""
        remove_article(corpus.folder, id)
        return Changed(id)
