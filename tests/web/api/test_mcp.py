"""MCP, with the official client: in this process, over HTTP, and over stdio with the real model."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent
from pydantic import SecretStr

import qa
from qa.briefing import Briefing
from qa.settings import ServeSettings
from qa.web.api.mcp import create_mcp
from qa.web.queue import Queue
from qa.web.security.auth import token_line
from qa.web.server import create_services
from tests.web.running import awaited, running

QUESTION = "Who finances the northern railway?"


def talk(
    server: Any,  # noqa: ANN401 - as Client
    conversation: Callable[[Client], Awaitable[None]],
    mode: str = "auto",
) -> None:
    """Connect the official client to a server and hold a conversation."""

    async def held() -> None:
        async with Client(server, mode=mode) as client:
            await conversation(client)

    awaited(held)


def said(result: CallToolResult) -> str:
    assert isinstance(result.content[0], TextContent)
    return result.content[0].text


def plain(value: Any) -> Any:  # noqa: ANN401 - a dataclass, as JSON has it
    return json.loads(json.dumps(asdict(value), default=str))


async def check_tools(client: Client) -> None:
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert sorted(tools) == ["ask", "get_article", "retrieve", "timeline", "whats_new"]
    for tool in tools.values():
        assert tool.title and tool.description
        assert tool.annotations is not None
        assert (tool.annotations.read_only_hint, tool.annotations.destructive_hint) == (True, False)
        assert (tool.annotations.idempotent_hint, tool.annotations.open_world_hint) == (True, False)
        assert tool.output_schema is not None and tool.output_schema["type"] == "object"
    assert tools["ask"].input_schema["required"] == ["question"]
    assert set(tools["retrieve"].input_schema["properties"]) == {
        "question",
        "k",
        "since",
        "until",
        "as_of",
        "sources",
        "tags",
    }
    answer = tools["ask"].output_schema
    assert answer is not None and "citations" in answer["required"]


async def check_answers(client: Client, briefing: Briefing) -> None:
    asked = await client.call_tool("ask", {"question": QUESTION})
    assert asked.structured_content is not None
    expected = plain(briefing.ask(QUESTION))
    for answer in (asked.structured_content, json.loads(said(asked))):
        assert {**answer, "trace": None} == {**expected, "trace": None}
    asked = await client.call_tool(
        "ask",
        {"question": "And when was it postponed?", "history": [{"question": QUESTION, "answer": expected["text"]}]},
    )
    assert asked.structured_content is not None
    assert asked.structured_content["trace"]["searched_for"] != "And when was it postponed?"
    found = await client.call_tool("retrieve", {"question": QUESTION, "k": 2, "tags": ["railway"]})
    hits = [plain(hit) for hit in briefing.retrieve(QUESTION, k=2, tags=["railway"])]
    assert found.structured_content == {"question": QUESTION, "hits": hits}
    article = await client.call_tool("get_article", {"id": "banks/about.txt"})
    assert article.structured_content == plain(briefing.article("banks/about.txt"))


async def check_errors(client: Client) -> None:
    calls: list[tuple[str, dict[str, object], str]] = [
        ("get_article", {"id": "../../etc/passwd"}, "ArticleNotFoundError: no article"),
        ("ask", {"question": " "}, "QuestionError: the question is empty"),
        ("ask", {"question": ""}, "at least 1 character"),
        ("ask", {}, "Field required"),
        ("ask", {"question": "Who?", "since": "2020-01-02", "until": "2020-01-01"}, "FilterError: since"),
        ("retrieve", {"question": "Who?", "k": 1001}, "less than or equal to 1000"),
        ("delete_everything", {}, "Unknown tool"),
    ]
    for tool, given, message in calls:
        try:
            result = await client.call_tool(tool, given)
        except Exception as exc:  # an unknown tool is an error of the protocol
            assert "delete_everything" in str(exc), tool
            continue
        assert result.is_error, tool
        assert message in said(result)


def test_tools_have_schemas_and_annotations(briefing: Briefing) -> None:
    talk(create_mcp(briefing, Queue(2, 4)), check_tools)


def test_tools_return_the_objects_of_the_briefing(briefing: Briefing) -> None:
    talk(create_mcp(briefing, Queue(2, 4)), lambda client: check_answers(client, briefing))


def test_errors_are_results_that_an_agent_can_read(briefing: Briefing) -> None:
    talk(create_mcp(briefing, Queue(2, 4)), check_errors)


def test_errors_tell_no_path(briefing: Briefing, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("/srv/secret is gone")

    monkeypatch.setattr(Briefing, "ask", fail)

    async def conversation(client: Client) -> None:
        result = await client.call_tool("ask", {"question": QUESTION})
        assert result.is_error
        assert said(result) == "Error executing tool ask: InternalError: something went wrong; " + (
            "the log of the server has the details"
        )

    talk(create_mcp(briefing, Queue(2, 4)), conversation)


@pytest.mark.parametrize("mode", ["auto", "legacy"])  # protocols of 2026 and before
def test_over_http(briefing: Briefing, mode: str) -> None:
    async def conversation(client: Client) -> None:
        await check_tools(client)
        await check_answers(client, briefing)
        await check_errors(client)

    with running(create_services(briefing, Queue.of(briefing.settings.serve))) as url:
        talk(f"{url}/mcp", conversation, mode)


def test_over_http_with_a_token_and_not_without(briefing: Briefing) -> None:
    token, line = token_line("agent")
    serve = ServeSettings(logins=SecretStr(line))
    briefing.settings = briefing.settings.model_copy(update={"serve": serve})

    def server(url: str, given: str) -> Any:  # noqa: ANN401 - a transport
        return streamable_http_client(
            f"{url}/mcp", http_client=httpx2.AsyncClient(headers={"authorization": f"Bearer {given}"})
        )

    with running(create_services(briefing, Queue.of(briefing.settings.serve))) as url:
        talk(server(url, token), check_tools)
        with pytest.raises(BaseExceptionGroup):
            talk(server(url, "wrong"), check_tools)
        assert httpx2.post(f"{url}/mcp", json={}, headers={"authorization": "Bearer wrong"}).status_code == 401


@pytest.mark.slow
def test_over_stdio_as_an_agent_starts_it(corpus_folder: Path, index_folder: Path, tmp_path: Path) -> None:
    root = Path(qa.__file__).parents[1]
    command = [
        "-c",
        "from qa.cli import main; main()",
        "mcp",
        "--corpus",
        str(corpus_folder),
        "--index",
        str(index_folder),
    ]
    environment = {**os.environ, "PYTHONPATH": str(root)}

    async def conversation(client: Client) -> None:
        await check_tools(client)
        asked = await client.call_tool("ask", {"question": QUESTION})
        assert asked.structured_content is not None
        assert asked.structured_content["verdict"] == "answered"
        assert asked.structured_content["citations"][0]["article_id"] == "2016-06-29-railway-loan.md"
        await check_errors(client)

    parameters = StdioServerParameters(command=sys.executable, args=command, env=environment)
    with (tmp_path / "stderr").open("w+") as stderr:
        talk(stdio_client(parameters, errlog=stderr), conversation)
        stderr.seek(0)
        assert 'INFO question verdict="answered"' in stderr.read()
