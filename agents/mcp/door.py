"""The way from a process in a window to Tianting: one connection a question, to the socket of its window.

Never: another window's socket, a wait without an end but for a person's answer.
"""

import asyncio
import json
import os
from collections.abc import Mapping

from agents.audience import VARIABLE
from agents.local import LINE, connected
from agents.raw import parsed, text


class Unheard(Exception):
    """The question was not answered; one sentence."""


class Door:
    def __init__(self, path: str) -> None:
        self._path = path

    async def ask(self, tool: str, given: Mapping[str, object]) -> str:
        """Raises `Unheard`."""
        try:
            reader, writer = await asyncio.open_connection(sock=connected(self._path), limit=LINE)
            try:
                writer.write(json.dumps({"tool": tool, "given": given}).encode() + b"\n")
                await writer.drain()
                told = parsed(await reader.readline())
            finally:
                writer.close()
        except (OSError, ValueError) as fault:
            raise Unheard(f"Tianting does not answer: {fault}") from fault
        if told is None or "told" not in told:
            raise Unheard(text(told or {}, "fault") or "this attempt is over: Tianting does not answer any more")
        return text(told, "told")


def door_here() -> Door:
    """The door of the window that this process is in. Raises `Unheard`."""
    path = os.environ.get(VARIABLE, "")
    if not path:
        raise Unheard(f"{VARIABLE} is not set: this server is started by an agent in a window of Tianting")
    return Door(path)
