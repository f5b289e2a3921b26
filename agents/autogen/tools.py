"""The tools of an AutoGen agent: files of its worktree, commands in it, and a question to a person.

Each use is asked for first, and nothing that a command started outlives it. Never: a path outside of the worktree.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Annotated

from autogen_core.tools import BaseTool, FunctionTool
from pydantic import BaseModel

from agents.runtimes.confined import Confined

_SHOWN = 30_000
"""Characters of a command's output that the model gets: its beginning and its end."""
_LONGEST = 600.0

Leave = Callable[[str, str, str], Awaitable[str]]
"""(tool, what it would do, the path that it would write) -> why it may not, or ""."""
Ask = Callable[[str], Awaitable[str]]

Kit = BaseTool[BaseModel, BaseModel] | FunctionTool
"""A tool that the agent is given."""

Path = Annotated[str, "Path relative to the current folder"]


class Refused(Exception):
    """The agent may not do this; the sentence is told to it."""


class Toolbox:
    def __init__(self, files: Confined, leave: Leave, ask: Ask, changed: Callable[[str], None]) -> None:
        self._files, self._leave, self._ask, self._changed = files, leave, ask, changed

    def tools(self) -> list[FunctionTool]:
        return [
            FunctionTool(self._read, "Read a text file.", name="read_file"),
            FunctionTool(self._write, "Write a text file; folders are made.", name="write_file"),
            FunctionTool(self._edit, "Replace a text that stands in a file exactly once.", name="edit_file"),
            FunctionTool(self._run, "Run a shell command in the current folder.", name="run_command"),
            FunctionTool(self._question, "Ask the person in charge, and wait for the answer.", name="ask_person"),
        ]

    async def _may(self, tool: str, detail: str, writes: str = "") -> None:
        if why := await self._leave(tool, detail, writes):
            raise Refused(why)

    async def _read(self, path: Path) -> str:
        await self._may("read_file", path)
        found = self._files.read(path)
        if found is None:
            raise Refused(f"{path} can not be read")
        return found

    async def _write(self, path: Path, content: Annotated[str, "The whole new text"]) -> str:
        await self._may("write_file", path, path)
        self._put(path, content)
        return f"wrote {path}"

    async def _edit(
        self, path: Path, old: Annotated[str, "The text that stands there"], new: Annotated[str, "What replaces it"]
    ) -> str:
        await self._may("edit_file", path, path)
        before = self._files.read(path)
        if before is None or not old or before.count(old) != 1:
            raise Refused(f"{path} does not hold this text exactly once")
        self._put(path, before.replace(old, new))
        return f"edited {path}"

    def _put(self, path: str, content: str) -> None:
        if why := self._files.write(path, content):
            raise Refused(why)
        self._changed(path)

    async def _question(self, question: str) -> str:
        return await self._ask(question)

    async def _run(self, command: str, timeout: Annotated[float, "Seconds it may take"] = 120.0) -> str:
        await self._may("run_command", command)
        child = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(max(1.0, min(timeout, _LONGEST))):
                told = await _output(child)
                code = await child.wait()
        except TimeoutError:
            raise Refused(f"the command took longer than {timeout:g} s and was ended") from None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        return told if code == 0 else f"{told}\n(exit code {code})"


async def _output(child: asyncio.subprocess.Process) -> str:
    """What it prints, with the middle left out when it is too much."""
    assert child.stdout is not None
    head, tail, lost = bytearray(), bytearray(), 0
    while chunk := await child.stdout.read(65_536):
        room = max(0, _SHOWN // 2 - len(head))
        head += chunk[:room]
        tail += chunk[room:]
        if len(tail) > _SHOWN // 2:
            lost += len(tail) - _SHOWN // 2
            del tail[: len(tail) - _SHOWN // 2]
    middle = f"\n… {lost} bytes left out …\n".encode() if lost else b""
    return bytes(head + middle + tail).decode("utf-8", "replace")
