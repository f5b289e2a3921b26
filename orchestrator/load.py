"""A run's state from its log, and from the newest checkpoint where there is one, so that a long log is not read from
its first event each time that somebody looks.

A checkpoint is a pickle of the folded state. Only those classes are read that make up a state, and only what this very
code has written: anything else counts as none. Never: a state that is not the fold of the log.
"""

import asyncio
import hashlib
import io
import pickle
import sys
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache
from importlib.resources import files
from typing import Protocol

from state.codec import name_of
from state.events import Recorded
from state.fold import apply
from state.ids import START, RunId
from state.kept import Checkpoint, Checkpoints
from state.lifecycle import IllegalMove
from state.ports import EventStore, StoreError
from state.run import RunState

PAGE = 1000
EVERY = 5_000
"""Events that are folded anew at most, but for those of a run that nobody has looked at yet."""
LOOK_SECONDS = 20.0

_CANNOT_FOLLOW = (IllegalMove, LookupError, ValueError, AttributeError, TypeError)


class Log(EventStore, Checkpoints, Protocol):
    """A log with its checkpoints."""


async def load(store: Log, run: RunId) -> RunState:
    """The state of a run; `StoreError` when there is no such run, or its log can not be folded."""
    state = await _from_checkpoint(store, run)
    began = state.seq
    try:
        await _fold(store, run, state)
    except StoreError:
        if not began:
            raise
        state, began = RunState(), START  # whatever is wrong, the checkpoint is not to be what is
        await _fold(store, run, state)
    if not state.seq:
        raise StoreError(f"there is no run {run!r} in this ledger; `tianting runs` lists them")
    if state.seq - began >= EVERY:
        with suppress(StoreError):
            await keep(store, run, state)
    return state


async def keep(store: Checkpoints, run: RunId, state: RunState) -> None:
    """Keep a state that was folded from stored events alone."""
    maker = _maker()
    if maker:
        await store.keep_checkpoint(run, Checkpoint(state.seq, maker, frozen(state)))


@asynccontextmanager
async def checkpointed(store: Log, run: RunId) -> AsyncIterator[None]:
    """While the block lasts the run gets its checkpoints. They are folded from what is stored: the state that a loop
    has at hand may be ahead of its log."""
    group = asyncio.TaskGroup()
    # Not `async with`: what ends the block is none of this group's and must not come out wrapped by it.
    await group.__aenter__()
    keeping = group.create_task(_keep_up(store, run))
    try:
        yield
    finally:
        keeping.cancel()
        await group.__aexit__(None, None, None)


async def _keep_up(store: Log, run: RunId) -> None:
    last = START
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        with suppress(StoreError):
            if await store.last_seq(run) - last >= EVERY:
                last = (await load(store, run)).seq


async def _from_checkpoint(store: Log, run: RunId) -> RunState:
    found = await store.checkpoint(run)
    if found is None or found.maker != _maker():
        return RunState()
    state = thawed(found.data)
    return state if state is not None and state.seq == found.seq and state.id == run else RunState()


async def _fold(store: Log, run: RunId, state: RunState) -> None:
    while page := await store.read(run, state.seq, PAGE):
        for recorded in page:
            _follow(run, state, recorded)
        await asyncio.sleep(0)  # a long log is folded between the other work of the loop


def _follow(run: RunId, state: RunState, recorded: Recorded) -> None:
    try:
        apply(state, recorded)
    except _CANNOT_FOLLOW as error:
        raise StoreError(
            f"the log of run {run} makes no sense at event {recorded.seq} ({name_of(recorded.event)}): it is "
            "damaged, or of another version; other runs can still be used"
        ) from error


def frozen(state: RunState) -> bytes:
    return zlib.compress(pickle.dumps(state, protocol=5), 1)


def thawed(data: bytes) -> RunState | None:
    """None for anything but what `frozen` gives."""
    try:
        found = _Reader(io.BytesIO(zlib.decompress(data))).load()
    except (zlib.error, pickle.UnpicklingError, EOFError, ImportError, *_CANNOT_FOLLOW):
        return None
    return found if isinstance(found, RunState) else None


class _Reader(pickle.Unpickler):
    """A checkpoint may come from a server that others can write to: what it names is looked up, not imported."""

    def find_class(self, module: str, name: str) -> type:
        if (module, name) == ("collections", "Counter"):
            return Counter
        room, _, rest = module.partition(".")
        found = getattr(sys.modules.get(module), name, None) if room == "state" and "." not in rest else None
        if not isinstance(found, type) or found.__module__ != module:
            raise pickle.UnpicklingError(f"a state has no {module}.{name}")
        return found


@cache
def _maker() -> str:
    """Another version of the code, or of Python, may fold to another shape; "" where nobody can tell."""
    told = hashlib.sha256(repr(sys.version_info[:2]).encode())
    rooms = sorted((room for room in files("state").iterdir() if room.name.endswith(".py")), key=lambda room: room.name)
    for room in rooms:
        told.update(room.name.encode() + room.read_bytes())
    return told.hexdigest() if rooms else ""
