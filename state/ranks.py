"""An ordered set of small whole numbers: the places in the order of starting, of which the first is wanted.

Exact: what was taken out leaves nothing behind. A heap would keep it until it comes to the top, and a blocked first
place keeps it from ever coming there. Never: know what a rank stands for.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator

_FULL = 1024


class Ranks:
    """Sorted runs of at most 1,024 ranks, and the last of each run: every step is a few bisections and one short
    move of memory, whatever the number of ranks."""

    __slots__ = ("_lasts", "_runs")

    def __init__(self) -> None:
        self._runs: list[list[int]] = []
        self._lasts: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._runs)

    def __iter__(self) -> Iterator[int]:
        """In order; not for use across a change."""
        return (rank for run in self._runs for rank in run)

    def first(self) -> int | None:
        return self._runs[0][0] if self._runs else None

    def after(self, rank: int) -> int | None:
        """The least one above `rank`; None when there is none."""
        at = bisect_right(self._lasts, rank)
        if at == len(self._runs):
            return None
        run = self._runs[at]
        return run[bisect_right(run, rank)]

    def add(self, rank: int) -> None:
        """Put one in that is not in."""
        if not self._runs:
            self._runs.append([rank])
            self._lasts.append(rank)
            return
        at = min(bisect_left(self._lasts, rank), len(self._runs) - 1)
        run = self._runs[at]
        insort(run, rank)
        self._lasts[at] = run[-1]
        if len(run) > _FULL:
            self._runs.insert(at + 1, run[_FULL // 2 :])
            del run[_FULL // 2 :]
            self._lasts.insert(at, run[-1])

    def remove(self, rank: int) -> None:
        """Take one out that is in."""
        at = bisect_left(self._lasts, rank)
        run = self._runs[at]
        del run[bisect_left(run, rank)]
        if run:
            self._lasts[at] = run[-1]
        else:
            del self._runs[at], self._lasts[at]
