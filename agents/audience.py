"""Where what runs in a window may ask Tianting itself: a socket in the window's private folder, one question a line.

Whoever can reach the socket is the window, so that it needs no token and no network, and no other window has it. Never:
an answer about another attempt's own conversation, an order to the run.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agents.court import AudienceFault, Conversation, Court
from agents.local import listening
from agents.raw import Raw, parsed, text
from state.ids import RoleName, TaskId

VARIABLE = "TIANTING_AUDIENCE"
"""By which the MCP server in a window finds its socket."""
SOCKET = "audience"
_AT_ONCE = 32
_LONGEST_NOTE = 20_000


class Audience:
    """Answers for one attempt at one task."""

    def __init__(self, task: TaskId, court: Court, conversation: Conversation) -> None:
        self._task, self._court, self._conversation = task, court, conversation

    async def answer(self, tool: str, given: Raw) -> str:
        """Raises `AudienceFault`."""
        match tool:
            case "plan":
                return await self._court.plan(self._task)
            case "claims":
                return await self._court.claims(self._task)
            case "interface":
                return await self._court.interface(TaskId(_needed(given, "task")))
            case "report":
                self._conversation.report(_needed(given, "text"))
                return "noted"
            case "ask":
                choices = tuple(one for one in _texts(given, "choices") if one)
                return await self._conversation.ask(_needed(given, "question"), choices)
            case "remember":
                await self._court.remember(self._task, _needed(given, "content"), _texts(given, "tags"))
                return "remembered"
            case "recall":
                return await self._court.recall(text(given, "query"))
            case "role":
                return await self._court.role(RoleName(_needed(given, "role")))
            case _:
                raise AudienceFault(f"there is no {tool!r}")


def _needed(given: Raw, key: str) -> str:
    found = text(given, key).strip()
    if not found:
        raise AudienceFault(f"`{key}` is empty: say what is meant")
    if len(found) > _LONGEST_NOTE:
        raise AudienceFault(f"`{key}` is longer than {_LONGEST_NOTE} characters: say it shorter")
    return found


def _texts(given: Raw, key: str) -> list[str]:
    found = given.get(key)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


@asynccontextmanager
async def open_audience(folder: str, audience: Audience) -> AsyncIterator[None]:
    """Answer at a socket in this private folder, to the end of the block. Raises `EnvironmentFault` before it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One question, one answer. Whoever asks and goes away has asked for nothing more."""
        asked = parsed(await reader.readline())
        if asked is not None:
            told = await _unless_gone(reader, audience, asked)
            writer.write(json.dumps(told).encode() + b"\n")
            await writer.drain()

    async with listening(os.path.join(folder, SOCKET), _AT_ONCE, serve):
        yield


async def _unless_gone(reader: asyncio.StreamReader, audience: Audience, asked: Raw) -> dict[str, str]:
    given = asked.get("given")
    async with asyncio.TaskGroup() as group:
        answering = group.create_task(
            _answered(audience, text(asked, "tool"), given if isinstance(given, dict) else {})
        )
        leaving = group.create_task(reader.read(1))
        await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        leaving.cancel()
        if not answering.done():
            answering.cancel()
    return {} if answering.cancelled() else answering.result()


async def _answered(audience: Audience, tool: str, given: Raw) -> dict[str, str]:
    try:
        return {"told": await audience.answer(tool, given)}
    except AudienceFault as fault:
        return {"fault": str(fault)}
