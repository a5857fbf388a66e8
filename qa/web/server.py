"""The server: page, REST, MCP and metrics in one application, security headers on everything, and `serve`."""

from __future__ import annotations

import contextlib
import logging
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from importlib import resources

import gradio as gr
import uvicorn
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.exceptions import HTTPException
from starlette.responses import Response

from qa.briefing import Briefing
from qa.errors import BriefingError, ServeError
from qa.settings import Settings
from qa.types import Progress
from qa.watch import follow
from qa.web.api.admin_api import add_admin_api
from qa.web.api.mcp import create_mcp
from qa.web.api.rest import create_api, on_http_error
from qa.web.metrics import METRICS_TYPE, CountCalls, Metrics, log_to_stderr
from qa.web.page.layout import Files, build_page, folder_files, styles
from qa.web.page.modules import add_modules, calling
from qa.web.queue import Queue
from qa.web.security.guard import Guard, access
from qa.web.security.headers import SecurityHeaders

log = logging.getLogger(__name__)

MOST_CONNECTIONS = 500  # at once; each open tab holds one or two
GRACE_SECONDS = 3  # an open tab would otherwise hold up the shutdown
WARMING = "Is anyone there?"

Shown = Callable[[], contextlib.AbstractContextManager[Progress | None]]
"""Opens what shows the progress of a build."""


def silent() -> contextlib.AbstractContextManager[Progress | None]:
    """Show nothing."""
    return contextlib.nullcontext()


def create_app(briefing: Briefing, seen: Files | None = None) -> FastAPI:
    """Return the application over a briefing: page at /, REST at /api, MCP at /mcp, metrics at /metrics.

    `seen` is the corpus folder as the index has taken it in, if that is known.

    Raises `SettingsError` or `ServeError`, as `qa.web.security.guard.access` does.
    """
    queue = Queue.of(briefing.settings.serve)
    return _with_page(create_services(briefing, queue), briefing, queue, seen)


def create_services(briefing: Briefing, queue: Queue) -> FastAPI:
    """Return the application without the page: what programs use, and what every request has to pass.

    Raises as `create_app`.
    """
    settings = briefing.settings
    metrics = Metrics(briefing, settings.serve)
    briefing.on_answer = metrics.answered
    mcp = create_mcp(briefing, queue)
    mcp_app = mcp.streamable_http_app(
        stateless_http=True,
        json_response=True,
        max_request_body_size=settings.serve.max_body_bytes,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),  # Guard does it
    )
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan(mcp))
    app.exception_handler(HTTPException)(on_http_error)
    app.add_middleware(CORSMiddleware, allow_origins=[])  # without it Gradio lets any origin in
    app.add_middleware(Guard, who=access(settings))
    app.add_middleware(CountCalls, metrics=metrics)
    app.add_middleware(SecurityHeaders)  # the last one is the first that a request meets
    api = create_api(briefing, queue)
    if settings.serve.admin:
        add_admin_api(api, briefing)
    app.mount("/api", api)
    app.router.routes.extend(mcp_app.routes)  # mounted at /mcp, they would answer at /mcp/ only

    @app.get("/metrics")
    def exposed() -> Response:
        return Response(metrics.exposed(), media_type=METRICS_TYPE)

    return app


def _lifespan(mcp: MCPServer[None]) -> Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with mcp.session_manager.run():
            yield

    return lifespan


def _with_page(app: FastAPI, briefing: Briefing, queue: Queue, seen: Files | None) -> FastAPI:
    """Return the application with the page at its root, behind everything that it has already."""
    settings = briefing.settings
    add_modules(app.router)
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        build_page(briefing, queue, seen),
        path="/",
        theme=gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
        head=f"<style>{styles()}</style>",
        js=calling("page", "start"),
        favicon_path=str(resources.files("qa.web.page") / "static" / "favicon.svg"),
        app_kwargs={"openapi_url": None},
        footer_links=[],
        show_error=False,
        ssr_mode=False,
        run_history=False,
        enable_monitoring=False,
        max_file_size=settings.corpus.max_file_bytes if settings.serve.admin else 1,
    )
    return mounted


def serve(settings: Settings, progress: Shown = silent) -> None:
    """Open the briefing and serve its page, REST and MCP until it is stopped.

    Raises `BriefingError`: no corpus and no index, model not usable, port taken, or nobody to be let in.
    """
    access(settings)  # first, because the model takes a while
    log_to_stderr(settings.serve)
    with _bound(settings) as listener:
        briefing, seen = _opened(settings, progress)
        app = create_app(briefing, seen)
        proxies = list(settings.serve.trusted_proxies)
        config = uvicorn.Config(
            app,
            root_path=settings.serve.root_path.rstrip("/"),
            proxy_headers=bool(proxies),
            forwarded_allow_ips=proxies,
            ws="none",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        listener.listen()
        sys.stdout.write(f"{settings.serve.title}: {_address(listener)}  (Ctrl+C stops it)\n")
        sys.stdout.flush()
        threading.Thread(target=_warm, args=(briefing,), name="load the model", daemon=True).start()
        with _followed(briefing), contextlib.suppress(KeyboardInterrupt):  # uvicorn has shut down, and raises it again
            uvicorn.Server(config).run(sockets=[listener])


def _warm(briefing: Briefing) -> None:
    """Load the models, so that the first question does not wait for them and the page does not either."""
    try:
        briefing.ask(WARMING)
    except BriefingError as exc:
        log.error("no question can be answered: %s", exc)


@contextlib.contextmanager
def _followed(briefing: Briefing) -> Iterator[None]:
    """Follow the corpus folder meanwhile, if the settings say so."""
    stop = threading.Event()
    thread = threading.Thread(target=follow, args=(briefing, stop), name="follow the corpus", daemon=True)
    if briefing.settings.serve.watch:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        if thread.is_alive():
            thread.join(GRACE_SECONDS)  # a build that is cut short leaves the old index


def _opened(settings: Settings, progress: Shown) -> tuple[Briefing, Files | None]:
    """Return the briefing, and the folder it was made of unless its `warning` says that it was not."""
    try:
        seen = folder_files(settings.corpus.folder)
    except OSError:
        seen = {}
    briefing = Briefing(settings)
    with progress() as report:
        receipt = briefing.update(report, allow_empty=True)
    if receipt and receipt.rejected:
        log.warning("%d files refused; `briefing doctor` says which and why", len(receipt.rejected))
    return briefing, None if briefing.warning else seen


def _bound(settings: Settings) -> socket.socket:
    """Return a socket on the address of the settings; bound first, so that a taken port shows at once."""
    host, port = settings.serve.host, settings.serve.port
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except (OSError, UnicodeError) as exc:
        listener.close()
        raise ServeError(
            f"cannot listen on {host} port {port}: {getattr(exc, 'strerror', None) or exc}; stop what uses it, or name "
            "another (--port, [serve] port in briefing.toml, or BRIEFING_SERVE__PORT)"
        ) from exc
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
