"""`tianting mcp`: a coding agent launches, watches and steers runs, by a real MCP client on standard streams."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp.types import TextContent

from tests.support.command import PROGRAM, Desk, one_sentence

Answer = dict[str, object]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.make(tmp_path)


@asynccontextmanager
async def speaking(desk: Desk, *arguments: str, **more: str) -> AsyncIterator[Client]:
    program, *first = PROGRAM
    server = StdioServerParameters(
        command=program, args=[*first, "mcp", *arguments], env=desk.env(**more), cwd=desk.top
    )
    async with Client(stdio_client(server), read_timeout_seconds=90) as client:
        yield client


async def use(client: Client, tool: str, **given: object) -> Answer:
    told = await client.call_tool(tool, given)
    words = "".join(part.text for part in told.content if isinstance(part, TextContent))
    assert not told.is_error, words
    found: Answer = json.loads(words)
    return found


async def refused(client: Client, tool: str, **given: object) -> str:
    told = await client.call_tool(tool, given)
    assert told.is_error
    return "".join(part.text for part in told.content if isinstance(part, TextContent))


@dataclass
class Watch:
    """What has happened in a run, told once each."""

    client: Client
    run: object
    after: object = 0

    async def until(self, kind: str, task: str = "") -> Answer:
        """The next event of a kind, of a task."""
        while True:
            page = await use(self.client, "wait", run=self.run, after=self.after, seconds=60)
            for one in page["events"]:  # type: ignore[attr-defined]  # a list, as the API has it
                self.after = one["seq"]
                if one["type"] == kind and task in ("", one["task"]):
                    return dict(one)


PLAN = """
tasks:
  - {id: one, role: backend, approve: true, run: "echo 1 > one.txt"}
  - {id: two, role: backend, needs: [one], script: [{ask: "Which?"}, {write: two.txt, text: "{answer}"}]}
"""


async def test_a_coding_agent_launches_watches_and_steers_a_run(desk: Desk) -> None:
    async with speaking(desk) as client:
        assert {"launch", "wait", "status", "steer", "answer"} <= {
            one.name for one in (await client.list_tools()).tools
        }
        assert (await use(client, "check_plan", plan=PLAN))["sound"] is True
        run = (await use(client, "launch", plan=PLAN))["run"]
        watch = Watch(client, run)
        await watch.until("QuestionAsked", "one")
        await use(client, "approve", run=run, task="one")
        await watch.until("Landed", "one")
        asked = await watch.until("QuestionAsked", "two")
        question = asked["data"]["question"]["id"]  # type: ignore[index]
        await use(client, "answer", run=run, question=question, text="blue")
        await watch.until("RunFinished")
        assert (await use(client, "task", run=run, task="two"))["status"] == "LANDED"
    assert desk.git("show", "main:two.txt") == "blue"


async def test_what_is_wrong_is_told_and_nothing_starts(desk: Desk) -> None:
    async with speaking(desk) as client:
        assert (await use(client, "check_plan", plan="tasks: [{id: a}]"))["sound"] is False
        assert "the plan has 1 fault" in await refused(client, "launch", plan="tasks: [{id: a, run: x, typo: 1}]")
        assert "no run 'none'" in await refused(client, "status", run="none")
        assert "no run 'none'" in await refused(client, "wait", run="none")
        assert "no plan file" in await refused(client, "launch", path="../outside.yaml")
    assert desk.runs() == []


async def test_it_may_stand_before_a_server_that_runs_elsewhere(desk: Desk) -> None:
    token = "a-token-of-mine-0123456789"
    server = desk.start("serve", "--port", "0", env=desk.env(TIANTING_TOKEN=token))
    try:
        url = server.stdout.readline().partition("dashboard: ")[2].partition("/login")[0]
        async with speaking(desk, "--url", url, TIANTING_TOKEN=token) as client:
            run = (await use(client, "launch", plan="tasks: [{id: a, role: backend, run: 'echo 1 > one.txt'}]"))["run"]
            await Watch(client, run).until("RunFinished")
        async with speaking(desk, "--url", url, TIANTING_TOKEN="another-one") as client:
            assert "a valid token" in await refused(client, "runs")
    finally:
        server.signal()
        server.end()
    assert desk.git("show", "main:one.txt") == "1\n"
    one_sentence(desk.tianting("mcp", "--url", url), 2, "set TIANTING_TOKEN")


async def test_a_run_that_its_coding_agent_has_left_can_be_gone_on_with(desk: Desk) -> None:
    go = desk.top.parent / "go"
    wait = f"until test -e '{go}'; do sleep 0.1; done; echo 1 > one.txt"
    async with speaking(desk) as client:
        task = {"id": "a", "role": "backend", "run": wait}
        run = (await use(client, "launch", plan=json.dumps({"tasks": [task]})))["run"]
        await Watch(client, run).until("AttemptStarted")
    go.write_text("go")
    told = desk.tianting("resume", str(run))
    assert told.code == 0, told.out + told.err
    assert desk.git("show", "main:one.txt") == "1\n"
