"""The port by which the screens look into the repository.

Never: a change.
"""

from typing import Protocol

from state.ids import Sha


class Objects(Protocol):
    """What the screens show of the repository; `Repository` has all of it."""

    async def read(self, commit: Sha, path: str) -> bytes | None: ...

    async def read_blob(self, blob: Sha) -> bytes: ...

    async def diff(self, old: Sha, new: Sha, limit: int) -> str: ...
