"""Security headers: a content security policy with a nonce for the scripts of each page."""

from __future__ import annotations

import re
import secrets

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Gradio compiles templates and sets styles at run time, hence 'unsafe-eval' and the inline styles.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'nonce-{nonce}' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))
SCRIPT = re.compile(rb"<script(?=[\s>])")


class SecurityHeaders:
    """ASGI middleware: a content security policy and its companions on every response.

    Scripts of an HTML page get the policy's nonce; for that, pages are asked for uncompressed and held back
    until they are complete.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request through the application below."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["path"] == scope.get("root_path", "") + "/":
            scope = {**scope, "headers": [h for h in scope["headers"] if h[0] != b"accept-encoding"]}
        await self.app(scope, receive, _Response(send).forward)


class _Response:
    def __init__(self, send: Send) -> None:
        self.send = send
        self.nonce = secrets.token_urlsafe(16)
        self.held: Message | None = None  # the start of an HTML page
        self.body = b""

    async def forward(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._start(message)
        elif self.held is None or message["type"] != "http.response.body":
            await self.send(message)
        else:
            self.body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish()

    async def _start(self, message: Message) -> None:
        policy = (b"content-security-policy", POLICY.format(nonce=self.nonce).encode())
        message = {**message, "headers": [*message["headers"], policy, *HEADERS]}
        given = {name.lower(): value for name, value in message["headers"]}
        if given.get(b"content-type", b"").startswith(b"text/html") and b"content-encoding" not in given:
            self.held = message
        else:
            await self.send(message)

    async def _finish(self) -> None:
        assert self.held is not None
        body = SCRIPT.sub(b'<script nonce="%s"' % self.nonce.encode(), self.body)
        headers = [h for h in self.held["headers"] if h[0].lower() != b"content-length"]
        if self.body:  # the reply to a HEAD request keeps the length it announced
            headers.append((b"content-length", str(len(body)).encode()))
        await self.send({**self.held, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})
