"""One thing that is there or is not, such as a window: a retained message on a topic of its own, and a last will.

Only the newest text is told; a broker that is slow gets fewer of them. Never: a queue.
"""

import asyncio
from dataclasses import dataclass, field

from state.broker import Line, Message

KEPT_SECONDS = 7 * 86_400
"""How long the broker keeps what was last said of something that is there no more."""


def marked(text: str, *, online: bool) -> str:
    """A JSON object, with whether what it speaks of is there."""
    return f'{{"online":{"true" if online else "false"},{text[1:]}'


@dataclass(slots=True, eq=False)
class Presence:
    """`name` is a JSON object that says what the will is about."""

    topic: str
    name: str
    up: bool = False
    _text: str = ""
    _over: bool = False
    _bell: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def will(self) -> Message:
        return Message(self.topic, marked(self.name, online=False), retain=True, expires=KEPT_SECONDS)

    def say(self, text: str) -> None:
        """`text` is a JSON object."""
        if text != self._text:
            self._text = text
            self._bell.set()

    def leave(self) -> None:
        self._over = True
        self._bell.set()

    async def use(self, line: Line) -> None:
        """Tell, until it was told to leave."""
        told = ""
        self.up = True
        try:
            while not self._over:
                self._bell.clear()
                if self._text != told:
                    text = self._text
                    await line.tell([Message(self.topic, marked(text, online=True), retain=True)])
                    told = text
                elif not self._over:
                    await self._bell.wait()
            last = marked(self._text or self.name, online=False)
            await line.tell([Message(self.topic, last, retain=True, expires=KEPT_SECONDS)])
        finally:
            self.up = False
