"""What may start now, what must stop, and whether the run is over: decided from the present state alone.

A decision costs what the capacity is, not what the plan is: it looks at the first few tasks of the ready index.
Never: wait, change a fact, why a task is held (that is `forecast.py`, when somebody asks).
"""

import heapq
from collections.abc import Iterator

from scheduler import limits
from scheduler.balance import free_window
from state.commands import InterruptAttempt, StartAttempt
from state.footprint import first_meeting
from state.ids import TaskId, WindowId, attempt_id
from state.ready import GroupKey
from state.run import RunState
from state.standing import WindowState

LOOK_AHEAD = 32
"""How many groups of tasks are looked at for one whose footprint meets nobody's who is at work."""

_Head = tuple[int, GroupKey]


def decide_starts(run: RunState, now: float) -> list[StartAttempt]:
    """All that may start now, best first; a pick counts as live for those after it. `run.warm_up(now)` comes before.

    Of all pools with a free window the task of the lowest rank is next. In its pool, a task whose footprint meets that
    of a live one gives way to the first of the next few that meets none; where all do, the first starts all the same.
    """
    room = limits.room(run) if limits.may_start(run, now) else 0
    if not room or not len(run.ready):
        return []
    desk = _Desk(run)
    starts: list[StartAttempt] = []
    while len(starts) < room:
        start = desk.next_start()
        if start is None:
            break
        starts.append(start)
    return starts


def decide_stops(run: RunState, now: float) -> list[InterruptAttempt]:
    """The live attempts that must end, in order of dispatch; the same ones again until they have ended."""
    late = limits.past_wall(run, now)
    stops: list[InterruptAttempt] = []
    for attempt in run.live.values():
        if run.tasks[attempt.task].cancelled:
            stops.append(InterruptAttempt(attempt.id, "the task was cancelled"))
        elif late:
            stops.append(InterruptAttempt(attempt.id, "the time of the run has run out"))
    return stops


def is_over(run: RunState, now: float) -> bool:
    """Whether nothing is left that could go on, so that the run is to be declared finished.

    Tasks whose needs have failed do not keep it open; a question does, and so does a pause with work left. Past its
    wall, or cancelled, it is over as soon as nothing is under way any more.
    """
    if run.finished or run.live or run.landing is not None:
        return False
    if limits.past_wall(run, now):
        return True
    if run.train:
        return False
    return run.cancelled or not (run.questions or len(run.ready) or run.cooling or run.to_adopt)


class _Desk:
    """One decision in the making: the run as it stands, and the picks made so far."""

    def __init__(self, run: RunState) -> None:
        self._run = run
        self._claims = list(run.claims.values())
        self._held = {glob for claim in self._claims for glob in claim}
        self._taken: set[WindowId] = set()
        self._near: dict[GroupKey, tuple[int, list[TaskId]]] = {}
        self._live = [(attempt.task, limits.footprint(run.tasks[attempt.task].spec)) for attempt in run.live.values()]
        self._wanted = run.ready.pools()
        self._pools: list[_Pool] = []
        for name in self._wanted:
            windows = limits.windows_of(run, name)
            if free_window(windows) is not None:
                self._pools.append(_Pool(windows, run.ready.heads(name, self._held, self._blocking)))

    def _blocking(self, exclusive: tuple[str, ...]) -> str | None:
        for claim in self._claims:
            met = first_meeting(exclusive, claim)
            if met is not None:
                return met[1]
        return None

    def next_start(self) -> StartAttempt | None:
        best: tuple[int, _Pool, WindowState] | None = None
        for pool in self._pools:
            window = free_window(pool.windows, self._taken, self._wanted)
            rank = None if window is None else self._first(pool)
            if window is not None and rank is not None and (best is None or rank < best[0]):
                best = rank, pool, window
        return None if best is None else self._pick(best[1], best[2])

    def _first(self, pool: "_Pool") -> int | None:
        head = self._pull(pool)
        if head is None:
            return None
        pool.put(head)
        return head[0]

    def _pull(self, pool: "_Pool") -> _Head | None:
        """The next head that no pick made since has blocked; one that is blocked stays so, and is let go."""
        while (head := pool.pull()) is not None and self._blocking(head[1][1]):
            pass
        return head

    def _pick(self, pool: "_Pool", window: WindowState) -> StartAttempt:
        crossing: list[_Head] = []
        chosen: _Head | None = None
        while chosen is None and len(crossing) < LOOK_AHEAD and (head := self._pull(pool)) is not None:
            if self._overlaps(head[1]):
                crossing.append(head)
            else:
                chosen = head
        if chosen is None:
            chosen = crossing.pop(0)
        for head in crossing:
            pool.put(head)
        return self._start(pool, chosen, window)

    def _overlaps(self, key: GroupKey) -> list[TaskId]:
        """The live tasks whose footprints meet that of a group; those looked at before are not looked at again."""
        if not (key[1] or key[2]):
            return []
        seen, near = self._near.get(key, (0, []))
        mine = key[1] + key[2]
        near += [task for task, globs in self._live[seen:] if first_meeting(mine, globs)]
        self._near[key] = len(self._live), near
        return near

    def _start(self, pool: "_Pool", head: _Head, window: WindowState) -> StartAttempt:
        rank, key = head
        task = self._run.tasks[self._run.ready.task(rank)]
        near = tuple(self._overlaps(key))
        behind = self._run.ready.after(key, rank)
        if behind is not None:
            pool.put((behind, key))
        self._taken.add(window.id)
        self._live.append((task.spec.id, limits.footprint(task.spec)))
        if task.spec.exclusive:
            self._claims.append(task.spec.exclusive)
            self._held.update(task.spec.exclusive)
        number = task.attempts + 1
        attempt = attempt_id(task.spec.id, number)
        return StartAttempt(task.spec, attempt, number, window.id, self._run.trunk, near)


class _Pool:
    """The heads of one pool, lowest rank first: those of the index as they come, and those put back."""

    __slots__ = ("_coming", "_next", "_waiting", "windows")

    def __init__(self, windows: tuple[WindowState, ...], coming: Iterator[_Head]) -> None:
        self.windows = windows
        self._coming = coming
        self._next = next(coming, None)
        self._waiting: list[_Head] = []

    def put(self, head: _Head) -> None:
        heapq.heappush(self._waiting, head)

    def pull(self) -> _Head | None:
        if self._next is not None and (not self._waiting or self._next < self._waiting[0]):
            head, self._next = self._next, next(self._coming, None)
            return head
        return heapq.heappop(self._waiting) if self._waiting else None
