"""What the agent of a window may ask, as ports: of the run around it, and of its own attempt.

Never: a body; the run is the orchestrator's.
"""

from collections.abc import Sequence
from typing import Protocol

from state.ids import RoleName, TaskId


class AudienceFault(Exception):
    """What was asked can not be answered; one sentence for the agent."""


class Court(Protocol):
    """What a window may know of the run around it, and what outlives it. Texts are for an agent to read."""

    async def plan(self, task: TaskId) -> str: ...

    async def claims(self, task: TaskId) -> str: ...

    async def interface(self, task: TaskId) -> str: ...

    async def role(self, role: RoleName) -> str: ...

    async def remember(self, task: TaskId, content: str, tags: Sequence[str]) -> None: ...

    async def recall(self, query: str) -> str: ...


class Conversation(Protocol):
    """The attempt that the window works on."""

    async def ask(self, question: str, choices: Sequence[str]) -> str:
        """The answer of a person, or what is said when nobody gives one."""

    def report(self, words: str) -> None: ...
