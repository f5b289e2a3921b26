"""Tianting as an MCP server for a coding agent outside of its windows: launch runs, watch them, steer them.

A client of the API and nothing more: what it can do, any program with a token can. Never: a port of the ground floor, a
decision.
"""

import json
from typing import Annotated, Protocol

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field, JsonValue

_INSTRUCTIONS = """Tianting takes a plan of tasks, lets many coding agents build it at the same time, each in a git
worktree of its own, resolves what conflicts, and lands each branch with its checks green. Check a plan before you
launch it, then wait for its events. A run that waits for a person says so in its questions."""

Run = Annotated[str, Field(description="A run's id.")]
Task = Annotated[str, Field(description="A task's id.")]
Answer = dict[str, JsonValue]


class Api(Protocol):
    """The API of a dashboard."""

    async def get(self, path: str, **query: object) -> Answer:
        """Raises `Refused`."""

    async def post(self, path: str, body: Answer) -> Answer:
        """Raises `Refused`."""

    async def grown(self, run: str, after: int, seconds: float) -> None:
        """Wait until the log of a run has more than that, for so long at most. Raises `Refused`."""


class Refused(Exception):
    """The API refused, or is not there; a sentence."""


def server_for(api: Api) -> MCPServer[None]:
    server = MCPServer[None]("tianting", instructions=_INSTRUCTIONS, log_level="ERROR")
    _plans(server, api)
    _looks(server, api)
    _details(server, api)
    _steers_runs(server, api)
    _steers_tasks(server, api)
    return server


async def _got(api: Api, path: str, **query: object) -> str:
    try:
        return json.dumps(await api.get(path, **query), ensure_ascii=False)
    except Refused as refusal:
        raise ToolError(str(refusal)) from refusal


async def _posted(api: Api, path: str, body: Answer) -> str:
    try:
        return json.dumps(await api.post(path, body), ensure_ascii=False)
    except Refused as refusal:
        raise ToolError(str(refusal)) from refusal


async def _wished(api: Api, run: str, kind: str, **fields: JsonValue) -> str:
    return await _posted(api, f"/runs/{run}/intents", {"kind": kind, **fields})


def _plans(server: MCPServer[None], api: Api) -> None:
    @server.tool()
    async def check_plan(plan: Annotated[str, Field(description="The plan's text, YAML or JSON.")]) -> str:
        """Check a plan: every fault with its line, or what is foreseen of it: order, waves, critical path."""
        return await _posted(api, "/plans/check", {"plan": plan})

    @server.tool()
    async def launch(
        plan: Annotated[str, Field(description="The plan's text, YAML or JSON.")] = "",
        path: Annotated[str, Field(description="Or the path of a plan in the repository.")] = "",
    ) -> str:
        """Launch a plan; the run's id. It goes on while you do something else."""
        return await _posted(api, "/runs", {"path": path} if path else {"plan": plan})


def _looks(server: MCPServer[None], api: Api) -> None:
    @server.tool()
    async def runs() -> str:
        """The runs of this repository, newest first."""
        return await _got(api, "/runs")

    @server.tool()
    async def status(run: Run) -> str:
        """Where a run stands: every task with its status and why it is held, the train, open questions, cost."""
        return await _got(api, f"/runs/{run}")

    @server.tool()
    async def wait(
        run: Run,
        after: Annotated[int, Field(description="The `next` of the last answer; 0 at first.", ge=0)] = 0,
        seconds: Annotated[float, Field(description="The longest to wait.", ge=0, le=300)] = 30.0,
    ) -> str:
        """What has happened in a run since; waits until something does."""
        try:
            await api.grown(run, after, seconds)
        except Refused as refusal:
            raise ToolError(str(refusal)) from refusal
        return await _got(api, f"/runs/{run}/events", after=after)


def _details(server: MCPServer[None], api: Api) -> None:
    @server.tool()
    async def task(run: Run, task: Task) -> str:
        """One task: its attempts, what failed, its candidate, what it changed."""
        return await _got(api, f"/runs/{run}/tasks/{task}")

    @server.tool()
    async def transcript(run: Run, task: Task) -> str:
        """What the agent of a task said and did."""
        return await _got(api, f"/runs/{run}/tasks/{task}/transcript")

    @server.tool()
    async def conflicts(run: Run) -> str:
        """What is in conflict in a run, and what has been resolved and how."""
        return await _got(api, f"/runs/{run}/conflicts")

    @server.tool()
    async def train(run: Run) -> str:
        """The candidates that ask to land, in their order, with their gates."""
        return await _got(api, f"/runs/{run}/train")


def _steers_runs(server: MCPServer[None], api: Api) -> None:
    @server.tool()
    async def pause(run: Run) -> str:
        """Start and land nothing more; what is at work goes on."""
        return await _wished(api, run, "PauseRun")

    @server.tool()
    async def resume(run: Run) -> str:
        """End a pause."""
        return await _wished(api, run, "ResumeRun")

    @server.tool()
    async def cancel(run: Run, task: Annotated[str, Field(description="Only this task; empty: the run.")] = "") -> str:
        """Cancel a run, or one task; the work done so far is kept."""
        if task:
            return await _wished(api, run, "CancelTask", task=task)
        return await _wished(api, run, "CancelRun")

    @server.tool()
    async def answer(run: Run, question: str, text: str) -> str:
        """Answer an open question of a run: an agent's, a conflict's, an approval's."""
        return await _wished(api, run, "AnswerQuestion", question=question, text=text)


def _steers_tasks(server: MCPServer[None], api: Api) -> None:
    @server.tool()
    async def retry(run: Run, task: Task) -> str:
        """Try a failed, cancelled or conflicted task again."""
        return await _wished(api, run, "RetryTask", task=task)

    @server.tool()
    async def steer(run: Run, task: Task, text: str) -> str:
        """Tell the agent of a task something while it works, or before its next attempt."""
        return await _wished(api, run, "SteerTask", task=task, text=text)

    @server.tool()
    async def approve(run: Run, task: Task) -> str:
        """Approve a task that waits for it before it lands."""
        return await _wished(api, run, "ApproveTask", task=task)
