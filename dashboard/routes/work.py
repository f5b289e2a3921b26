"""What a route shows that no log holds: diffs from the repository, lines from transcripts.

Never: a request that fails because the repository has no such commit any more; the rest of the answer stands.
"""

from dashboard.detail import Diff, Line
from dashboard.room import Room
from state.ids import AttemptId, RunId, Sha
from state.ports import RepositoryFault, TranscriptStore


async def diff_of(room: Room, base: str, head: str, limit: int) -> Diff | None:
    """The diff of two commits, cut after `limit` characters; None where it can not be had."""
    if room.ports.objects is None:
        return None
    try:
        text = await room.ports.objects.diff(Sha(base), Sha(head), limit)
    except RepositoryFault:
        return None
    return {"base": base, "head": head, "text": text, "cut": len(text) >= limit}


async def last_lines(store: TranscriptStore, run: RunId, attempt: AttemptId, count: int) -> list[Line]:
    """The last `count` lines of a transcript."""
    end = await _length(store, run, attempt)
    return await lines_after(store, run, attempt, max(0, end - count), count)


async def lines_after(store: TranscriptStore, run: RunId, attempt: AttemptId, after: int, limit: int) -> list[Line]:
    return [
        {"no": no, "ts": one.ts, "kind": one.kind.value, "text": one.text, "simulated": one.simulated}
        for no, one in await store.entries(run, attempt, after, limit)
    ]


async def _length(store: TranscriptStore, run: RunId, attempt: AttemptId) -> int:
    """Number of lines. The port reads forward only: leap ahead, then halve the gap, a single line each time."""

    async def reaches(number: int) -> bool:
        return bool(await store.entries(run, attempt, number - 1, 1))

    low, high = 0, 256
    while await reaches(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if await reaches(middle):
            low = middle
        else:
            high = middle
    return low
