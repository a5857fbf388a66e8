"""The page's JavaScript as modules: what is served, under which address, for how long."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from qa.briefing import Briefing
from qa.web import server
from qa.web.page import modules

IMPORT = re.compile(r'from "\./(\w+)\.js"')


@pytest.fixture
def client(briefing: Briefing) -> Iterator[TestClient]:
    with TestClient(server.create_app(briefing), base_url="http://127.0.0.1:7860") as started:
        yield started


def test_every_module_is_served_for_good_under_the_version_s_address(client: TestClient) -> None:
    for name, source in modules.modules().items():
        reply = client.get(f"/page/{modules.version()}/{name}")
        assert reply.content == source
        assert reply.headers["content-type"].startswith("text/javascript")
        assert reply.headers["cache-control"] == "private, max-age=31536000, immutable"


def test_what_a_module_imports_is_there() -> None:
    sources = {name: source.decode() for name, source in modules.modules().items()}
    imported = {found for source in sources.values() for found in IMPORT.findall(source)}
    assert imported
    assert {f"{name}.js" for name in imported} <= set(sources)


@pytest.mark.parametrize(
    "path", ["000000000000/dom.js", "{}/gone.js", "{}/page.css", "{}/types.d.ts", "{}/..%2Flayout.py"]
)
def test_nothing_else_is_served_there(client: TestClient, path: str) -> None:
    assert client.get(f"/page/{path.format(modules.version())}").status_code == 404


def test_the_version_changes_with_any_module(monkeypatch: pytest.MonkeyPatch) -> None:
    before = modules.version()
    altered = {**modules.modules(), "dom.js": b"export const make = null;\n"}
    monkeypatch.setattr(modules, "modules", lambda: altered)
    modules.version.cache_clear()
    try:
        assert modules.version() != before
    finally:
        monkeypatch.undo()
        modules.version.cache_clear()


def test_the_page_only_imports_them(client: TestClient) -> None:
    config = client.get("/config").json()
    scripts = [c["props"]["js_on_load"] for c in config["components"] if c["props"].get("js_on_load")]
    assert len(scripts) == 8
    for script in [*scripts, config["js"]]:
        assert script.startswith(("import(new URL(", "async (...given) => (await import(new URL("))
        assert len(script) < 200
