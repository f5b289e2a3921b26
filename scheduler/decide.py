"""What may start now, what must stop, and whether the run is over: decided from the present state alone.

A decision costs what the capacity is, not what the plan is: it looks at the first few tasks of the ready index.
Never: wait, change a fact, why a task is held (that is `forecast.py`, when somebody asks).
"""

import heapq
from collections.abc import Container, Iterator, Sequence

from scheduler import limits
from scheduler.balance import free_windows
from scheduler.resolvers import is_wanted, resolver_starts
from state.commands import InterruptAttempt, OpenQuota, StartAttempt
from state.failure import FailureKind
from state.footprint import first_meeting
from state.ids import TaskId, WindowId, attempt_id
from state.plan import AGENTS, OnOverlap
from state.ready import GroupKey
from state.run import RunState
from state.standing import WindowState

LOOK_AHEAD = 32
"""How many groups of tasks are looked at for one whose footprint meets nobody's who is at work."""

_Head = tuple[int, GroupKey]


def decide_starts(run: RunState, now: float) -> list[StartAttempt]:
    """All that may start now, best first; a pick counts as live for those after it. `run.warm_up(now)` comes before.

    Of all pools with a free window the task of the lowest rank is next. In its pool, a task whose footprint meets that
    of a live one gives way to the first of the next few that meets none; where all do, the first starts all the same
    (`overlaps` of the plan: with `hold` it waits until those have landed, with `go` nothing gives way).
    The resolver comes before all: others wait for what it settles.
    """
    room = limits.room(run) if limits.may_start(run, now) else 0
    starts = resolver_starts(run, room) if room else []
    if len(starts) == room or not len(run.ready):
        return starts
    desk = _Desk(run, starts)
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
        elif attempt.candidate is not None and not is_wanted(run, attempt):
            stops.append(InterruptAttempt(attempt.id, "the conflict it works at is settled otherwise"))
        elif late:
            stops.append(InterruptAttempt(attempt.id, "the time of the run has run out"))
        elif why := limits.overspent(run, attempt):
            stops.append(InterruptAttempt(attempt.id, why, FailureKind.BUDGET))
        elif attempt.runtime in AGENTS and limits.closed_until(run, run.tasks[attempt.task].role) is not None:
            stops.append(InterruptAttempt(attempt.id, "the provider's limit is reached", FailureKind.QUOTA))
    return stops


def decide_quotas(run: RunState, now: float) -> list[OpenQuota]:
    """The credentials whose provider has been left alone for long enough."""
    return [OpenQuota(credential) for credential, until in run.quotas.items() if until <= now]


def is_over(run: RunState, now: float) -> bool:
    """Whether nothing is left that could go on, so that the run is to be declared finished.

    Tasks whose needs have failed do not keep it open; a question does, and so does a pause with work left. Past its
    wall, or cancelled, it is over as soon as nothing is under way any more.
    """
    if run.finished or run.live or run.landing is not None:
        return False
    if limits.past_wall(run, now) or (limits.spent(run) and not run.train):
        return True
    if run.train:
        return False
    return run.cancelled or not (run.questions or len(run.ready) or run.cooling or run.to_adopt)


class _Desk:
    """One decision in the making: the run as it stands, and the picks made so far."""

    def __init__(self, run: RunState, begun: Sequence[StartAttempt]) -> None:
        self._run = run
        self._claims = [*run.claims.values(), tuple(run.elsewhere)]
        self._held = {glob for claim in self._claims for glob in claim}
        self._taken: set[WindowId] = {start.window for start in begun}
        self._near: dict[GroupKey, tuple[int, list[TaskId]]] = {}
        self._policy = run.plan.overlaps
        if self._policy is OnOverlap.HOLD:
            self._live = limits.unlanded(run)
        else:
            near = run.live.values()
            self._live = [(one.task, limits.held_now(run.tasks[one.task], one.touched)) for one in near]
        self._wanted = run.ready.pools()
        self._pools: list[_Pool] = []
        for name in self._wanted:
            windows = limits.windows_of(run, name)
            held = bool(windows) and limits.closed_until(run, windows[0].role) is not None
            free = [] if held else free_windows(windows, self._wanted)
            if free:
                self._pools.append(_Pool(free, run.ready.heads(name, self._held, self._blocking)))

    def _blocking(self, exclusive: tuple[str, ...]) -> str | None:
        for claim in self._claims:
            met = first_meeting(exclusive, claim)
            if met is not None:
                return met[1]
        return None

    def next_start(self) -> StartAttempt | None:
        while True:
            best: tuple[int, _Pool, WindowState] | None = None
            for pool in self._pools:
                window = pool.window(self._taken)
                rank = None if window is None else self._first(pool)
                if window is not None and rank is not None and (best is None or rank < best[0]):
                    best = rank, pool, window
            start = None if best is None else self._pick(best[1], best[2])
            if best is None or start is not None:
                return start
            # All that is ready in this pool is held; what was pulled from it is not put back, so that this ends.

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

    def _pick(self, pool: "_Pool", window: WindowState) -> StartAttempt | None:
        """None where all that were looked at are held."""
        crossing: list[_Head] = []
        chosen: _Head | None = None
        while chosen is None and len(crossing) < LOOK_AHEAD and (head := self._pull(pool)) is not None:
            if self._policy is not OnOverlap.GO and self._overlaps(head[1]):
                crossing.append(head)
            else:
                chosen = head
        if self._policy is OnOverlap.HOLD:
            crossing.clear()
        elif chosen is None:
            chosen = crossing.pop(0)
        for head in crossing:
            pool.put(head)
        return None if chosen is None else self._start(pool, chosen, window)

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
        self._live.append((task.spec.id, limits.footprint(task)))
        if task.spec.exclusive:
            self._claims.append(task.spec.exclusive)
            self._held.update(task.spec.exclusive)
        number = task.attempts + 1
        attempt = attempt_id(task.spec.id, number)
        begun = task.begun
        if begun is None:
            return StartAttempt(task.spec, attempt, number, window.id, self._run.trunk, near)
        # Its conversation and its work speak of the commit that it began at; the train brings in what came since.
        return StartAttempt(task.spec, attempt, number, window.id, begun.base, near, begun.work, begun.session)


class _Pool:
    """The heads of one pool, lowest rank first: those of the index as they come, and those put back."""

    __slots__ = ("_coming", "_free", "_next", "_waiting")

    def __init__(self, free: list[WindowState], coming: Iterator[_Head]) -> None:
        self._free = free
        self._coming = coming
        self._next = next(coming, None)
        self._waiting: list[_Head] = []

    def window(self, taken: Container[WindowId]) -> WindowState | None:
        """The next one to take a task; None when all are at work. Another pool may have one in common with this."""
        while self._free and self._free[0].id in taken:
            del self._free[0]
        return self._free[0] if self._free else None

    def put(self, head: _Head) -> None:
        heapq.heappush(self._waiting, head)

    def pull(self) -> _Head | None:
        if self._next is not None and (not self._waiting or self._next < self._waiting[0]):
            head, self._next = self._next, next(self._coming, None)
            return head
        return heapq.heappop(self._waiting) if self._waiting else None
