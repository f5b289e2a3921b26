"""The ports for what is kept to save time, and may be lost at any time: what costs, and the states of runs.

Never: a fact that is nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from state.ids import RunId, Seq


class Cache(Protocol):
    """What costs to find out, kept by what it was found out of, in `name`s of a small number. An entry may be gone at
    any time; one that is there is what was put. Never a `StoreError`: who finds nothing finds out anew."""

    async def get(self, name: str, key: str) -> bytes | None: ...

    async def put(self, name: str, key: str, value: bytes) -> None: ...

    def asked(self) -> Mapping[tuple[str, bool], int]:
        """How often each (name, whether it was there) was asked for in this process."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a run after the event `seq`, as `maker` wrote it; nobody else can read it."""

    seq: Seq
    maker: str
    data: bytes = field(repr=False)


class Checkpoints(Protocol):
    """States of runs, so that not every one is folded from its first event. Each may be lost: the log has it all."""

    async def keep_checkpoint(self, run: RunId, checkpoint: Checkpoint) -> None:
        """In the place of an older one, and of one of another maker; a newer one of the same maker stays."""

    async def checkpoint(self, run: RunId) -> Checkpoint | None: ...
