"""The tasks that could start but for capacity, claims and time, kept so that a decision looks at few of them.

Tasks that ask for the same windows and claim the same globs stand in one group, since what holds one holds them all.
Groups that differ in their advisory globs alone stand in one row. A row that was found blocked by a claim waits at that
claim's glob and is passed over, unseen, for as long as somebody holds the glob. Never: decide anything.
"""

import heapq
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from state.ids import TaskId
from state.ranks import Ranks

GroupKey = tuple[str, tuple[str, ...], tuple[str, ...]]
"""Pool of windows, exclusive globs, advisory globs."""

Row = tuple[str, tuple[str, ...]]
"""Pool of windows, exclusive globs."""

Blocker = Callable[[tuple[str, ...]], str | None]
"""Exclusive globs to a glob that somebody holds and that meets one of them; None when they are free."""

K = TypeVar("K")

_OPEN = ""
"""Where the rows wait that no claim was found to block; no glob is empty."""


@dataclass(slots=True)
class ReadyIndex:
    """Ranks are places in the run's order of starting, 0 first; one task has one rank.

    `_tasks` and `_keys` are what is known, the rest follows from them but for where a row waits. That is a memory of
    decisions past and never changes what `heads` gives: a row waits at a glob that meets its own for good.
    """

    _tasks: dict[int, TaskId] = field(default_factory=dict)
    _keys: dict[int, GroupKey] = field(default_factory=dict)
    _groups: dict[GroupKey, Ranks] = field(default_factory=dict, compare=False)
    _rows: dict[Row, Ranks] = field(default_factory=dict, compare=False)
    _waits_at: dict[Row, str] = field(default_factory=dict, compare=False)
    _pools: dict[str, dict[str, Ranks]] = field(default_factory=dict, compare=False)

    def __len__(self) -> int:
        return len(self._tasks)

    def __contains__(self, rank: int) -> bool:
        return rank in self._tasks

    def add(self, rank: int, task: TaskId, key: GroupKey) -> None:
        """Put a task in; its rank must not be in already."""
        self._tasks[rank], self._keys[rank] = task, key
        group = _within(self._groups, key)
        before = group.first()
        group.add(rank)
        self._head_moved(key, before, group.first())

    def remove(self, rank: int) -> None:
        """Take a task out, wherever it stands; nothing happens when it is not in."""
        key = self._keys.pop(rank, None)
        if key is None:
            return
        del self._tasks[rank]
        group = self._groups[key]
        before = group.first()
        group.remove(rank)
        if not group:
            del self._groups[key]
        self._head_moved(key, before, group.first())

    def _head_moved(self, key: GroupKey, before: int | None, after: int | None) -> None:
        if before == after:
            return
        name = key[:2]
        row = _within(self._rows, name)
        first = row.first()
        if before is not None:
            row.remove(before)
        if after is not None:
            row.add(after)
        glob = self._waits_at.get(name, _OPEN)
        self._put_row(name[0], glob, first, row.first())
        if not row:
            del self._rows[name]
            self._waits_at.pop(name, None)

    def _put_row(self, pool: str, glob: str, before: int | None, after: int | None) -> None:
        if before == after:
            return
        places = self._pools.setdefault(pool, {})
        place = _within(places, glob)
        if before is not None:
            place.remove(before)
        if after is not None:
            place.add(after)
        if not place:
            del places[glob]
            if not places:
                del self._pools[pool]

    def pools(self) -> list[str]:
        """The pools that have a ready task."""
        return list(self._pools)

    def after(self, key: GroupKey, rank: int) -> int | None:
        """The next of a group behind `rank`."""
        return self._groups[key].after(rank)

    def task(self, rank: int) -> TaskId:
        return self._tasks[rank]

    def heads(self, pool: str, held: Container[str], blocker: Blocker) -> Iterator[tuple[int, GroupKey]]:
        """The first of each group of a pool whose exclusive globs are free, in order of rank.

        `held` are the globs that somebody holds; it and what `blocker` says may grow while this goes on. Looking at k
        heads costs O(k log n) whatever the size of the plan: a row is found blocked once for each glob that blocks it,
        and passed over while somebody holds that glob. Not for use across `add` or `remove`.
        """
        frontier: list[_Step] = []
        for glob, place in self._pools.get(pool, {}).items():
            _push(frontier, place.first(), glob, place)
        while frontier:
            rank, glob, source = heapq.heappop(frontier)
            if glob in held:
                continue
            key = self._keys[rank]
            of_place = glob != _IN_ROW
            if of_place:
                _push(frontier, source.after(rank), glob, source)
            blocking = blocker(key[1]) if key[1] else None
            if blocking is not None:
                self._wait_at(key[:2], blocking)
                continue
            row = self._rows[key[:2]] if of_place else source
            _push(frontier, row.after(rank), _IN_ROW, row)
            yield rank, key

    def _wait_at(self, name: Row, glob: str) -> None:
        before = self._waits_at.get(name, _OPEN)
        if before != glob:
            first = self._rows[name].first()
            self._put_row(name[0], before, first, None)
            self._put_row(name[0], glob, None, first)
            self._waits_at[name] = glob


def _within(sets: dict[K, Ranks], key: K) -> Ranks:
    found = sets.get(key)
    if found is None:
        found = sets[key] = Ranks()
    return found


_IN_ROW = "/"
"""In place of the glob where a row waits: the step goes along a row. No glob is a bare slash."""

_Step = tuple[int, str, Ranks]
"""A rank to be looked at, how it was come by, and the set to go on in. No rank stands in two."""


def _push(frontier: list[_Step], rank: int | None, glob: str, source: Ranks) -> None:
    if rank is not None:
        heapq.heappush(frontier, (rank, glob, source))
