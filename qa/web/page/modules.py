"""The page's JavaScript: ES modules that the server sends, and the lines that import them.

A module's address holds a digest of all of them, so that a browser keeps it for good and an upgraded server is never
met with an old module. Addresses are relative to the page's, which a proxy may have put below a path.
"""

from __future__ import annotations

import functools
import hashlib
from importlib import resources

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

MEDIA_TYPE = "text/javascript"
KEPT = "private, max-age=31536000, immutable"  # private: a proxy need not keep what is behind a login


@functools.cache
def modules() -> dict[str, bytes]:
    """Return the source of each module by its file name."""
    folder = resources.files("qa.web.page") / "static"
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name.endswith(".js")}


@functools.cache
def version() -> str:
    """Return twelve hexadecimal digits that change with any module."""
    named = b"".join(name.encode() + b"\0" + source for name, source in sorted(modules().items()))
    return hashlib.sha256(named).hexdigest()[:12]


def importing(name: str) -> str:
    """Return the JavaScript expression of a promise of a module."""
    return f'import(new URL("page/{version()}/{name}.js", document.baseURI))'


def starting(name: str) -> str:
    """Return the script of a component, which hands the component to its module."""
    return f"{importing(name)}.then((module) => module.start({{ element, props, server, trigger, watch }}));"


def calling(name: str, function: str) -> str:
    """Return the JavaScript function that calls one of a module."""
    return f"async (...given) => (await {importing(name)}).{function}(...given)"


def add_modules(router: APIRouter) -> None:
    """Serve the modules of this version below `/page`."""

    @router.get("/page/{of}/{name}")
    def module(of: str, name: str) -> Response:
        source = modules().get(name) if of == version() else None
        if source is None:
            raise HTTPException(404, "there is no such module in this version of the page; load the page again")
        return Response(source, media_type=MEDIA_TYPE, headers={"cache-control": KEPT})
