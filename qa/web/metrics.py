"""What can be seen from outside: one log line a question, and Prometheus metrics of questions and calls."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.briefing import Briefing
from qa.settings import ServeSettings
from qa.types import Answer, WriterTrace

log = logging.getLogger("qa.questions")

BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)  # seconds: 20 ms is usual, 2 s is slow
PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Counts questions and calls of one served briefing, in a registry of its own."""

    def __init__(self, briefing: Briefing, settings: ServeSettings) -> None:
        self.settings = settings
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        self.questions = Counter("briefing_questions", "Questions, by verdict.", ["verdict"], registry=registry)
        self.stages = Histogram(
            "briefing_stage_seconds",
            "Seconds of a question, by stage.",
            ["stage"],
            buckets=BUCKETS,
            registry=registry,
        )
        self.slow = Counter("briefing_slow_questions", "Questions slower than [serve] slow_seconds.", registry=registry)
        self.writer = Counter(
            "briefing_writer_answers", "Questions put to a language model, by outcome.", ["outcome"], registry=registry
        )
        self.writer_tokens = Counter(
            "briefing_writer_tokens", "Tokens sent to and received from it.", ["kind"], registry=registry
        )
        self.writer_cost = Counter("briefing_writer_cost", "What they cost, by the prices set.", registry=registry)
        self.writer_dropped = Counter(
            "briefing_writer_dropped", "Quotations and sentences of it that were not shown.", registry=registry
        )
        self.calls = Counter(
            "briefing_http_requests", "HTTP requests, by route and status.", ["route", "status"], registry=registry
        )
        articles = Gauge("briefing_articles", "Articles of the generation that is served.", registry=registry)
        articles.set_function(lambda: len(briefing.generation.articles))
        passages = Gauge("briefing_passages", "Passages of the generation that is served.", registry=registry)
        passages.set_function(lambda: len(briefing.generation.passages))
        created = Gauge("briefing_generation_created_seconds", "When it was made, Unix time.", registry=registry)
        created.set_function(lambda: datetime.fromisoformat(briefing.generation.manifest.created).timestamp())

    def answered(self, answer: Answer) -> None:
        """Count an answer and log its line."""
        stages = dict(answer.trace.milliseconds)
        total = sum(stages.values())
        slow = total >= 1e3 * self.settings.slow_seconds
        self.questions.labels(answer.verdict.value).inc()
        for stage, milliseconds in stages.items():
            self.stages.labels(stage).observe(milliseconds / 1e3)
        if slow:
            self.slow.inc()
        if answer.trace.writer is not None:
            self._written(answer.trace.writer)
        line: dict[str, object] = {
            "verdict": answer.verdict.value,
            "confidence": round(answer.confidence, 3),
            "milliseconds": round(total, 1),
            "stages": stages,
            "generation": answer.generation,
        }
        if self.settings.log_questions:
            line["question"] = answer.question
        log.log(logging.WARNING if slow else logging.INFO, "slow question" if slow else "question", extra=line)

    def _written(self, told: WriterTrace) -> None:
        """Count what a language model did; `changed` and `kept` say whether the answer became another."""
        outcome = "failed" if told.failure else "changed" if told.changed else "kept"
        self.writer.labels(outcome).inc()
        self.writer_tokens.labels("prompt").inc(told.prompt_tokens)
        self.writer_tokens.labels("completion").inc(told.completion_tokens)
        self.writer_cost.inc(told.cost or 0)
        self.writer_dropped.inc(len(told.dropped))

    def exposed(self) -> bytes:
        """Return the metrics in Prometheus' text format."""
        return generate_latest(self.registry)


class CountCalls:
    """ASGI middleware: counts requests by the route that answered and its status."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request through the application below."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        path = scope["path"].removeprefix(scope.get("root_path", ""))
        try:
            await self.app(scope, receive, seen)
        finally:
            self.metrics.calls.labels(_route(path), str(status)).inc()


ROUTES = ("ask", "retrieve", "articles", "health", "version", "index", "generations", "rollback", "docs")


def _route(path: str) -> str:
    """Return a path without what is in it: few names, whatever is called."""
    if path in ("/mcp", "/metrics"):
        return path
    if not path.startswith("/api/"):
        return "page"
    first = path.removeprefix("/api/").partition("/")[0]
    return f"/api/{first}" if first in ROUTES else "/api"


class JsonLines(logging.Formatter):
    """A log record as one line of JSON: time, level, logger, message, whatever was given as `extra`, the trace."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_extra(record),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=True)


class TextLines(logging.Formatter):
    """A log record as a line for people; what was given as `extra` follows as `name=value`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        extra = "".join(f" {name}={json.dumps(value, default=str)}" for name, value in _extra(record).items())
        text = f"{self.formatTime(record, '%H:%M:%S')} {record.levelname} {record.getMessage()}{extra}"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


def _extra(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in PLAIN}


def log_to_stderr(settings: ServeSettings) -> None:
    """Send warnings of everything, and questions, to stderr in the format of the settings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if settings.log_format == "json" else TextLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    log.setLevel(logging.INFO)
