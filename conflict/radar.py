"""The radar: what is seen of a live worktree, held against every other one, what waits to land, and the trunk.

Incremental: a look at one worktree probes the pairs it is part of, reads only what changed, and asks git to merge only
where both sides changed the same paths. Never: a snapshot taken (that is the agents' side), a ref, an index; a decision
about who gives way.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field

from conflict.foresee import Foreseen, Foresight
from state.events import Event
from state.footprint import PathSet
from state.glimpse import Glimpse
from state.ids import AttemptId, Sha, TaskId
from state.ports import Repository, RepositoryFault
from state.radar_events import FootprintSeen, Overlap, OverlapGone, OverlapSeen
from state.run import RunState

_TOLD = 20
"""So many overlaps of one pair are told; more say no more."""

Pair = tuple[TaskId, TaskId | None]


@dataclass(frozen=True, slots=True)
class _Side:
    """Other work that a glimpse is held against; `task` None is the trunk."""

    task: TaskId | None
    commit: Sha
    paths: tuple[str, ...]


@dataclass(slots=True)
class Radar:
    """What is live and what is known of it. To be used from one task alone."""

    repository: Repository
    foresight: Foresight
    glimpses: dict[AttemptId, Glimpse] = field(default_factory=dict)
    touched: dict[AttemptId, set[str]] = field(default_factory=dict)
    seen: dict[Pair, tuple[Overlap, ...]] = field(default_factory=dict)
    held_against: dict[AttemptId, tuple[Sha, Sha]] = field(default_factory=dict)
    """For each attempt the commit and the trunk that were last held against each other."""

    async def look(self, glimpse: Glimpse, run: RunState) -> AsyncIterator[Event]:
        """Facts that follow from a new glimpse."""
        if glimpse.attempt not in run.live:
            return
        new = sorted(set(glimpse.paths) - self.touched.setdefault(glimpse.attempt, set()))
        if new:
            self.touched[glimpse.attempt].update(new)
            yield FootprintSeen(glimpse.task, glimpse.attempt, glimpse.window, tuple(new))
        self.glimpses[glimpse.attempt] = glimpse
        sides = [*self._others(glimpse, run), *[side async for side in self._trunk(glimpse, run)]]
        for side in sides:
            if glimpse.attempt not in run.live:
                return
            async for event in self._probe(glimpse, side):
                yield event

    async def settle(self, run: RunState) -> AsyncIterator[Event]:
        """Facts that follow from what the run itself did since: an attempt ended, something landed or left."""
        for attempt in [one for one in self.glimpses if one not in run.live]:
            del self.glimpses[attempt]
            self.touched.pop(attempt, None)
            self.held_against.pop(attempt, None)
        working = {attempt.task for attempt in run.live.values()}
        waiting = {state.value.task for state in run.in_train()}
        for pair in [one for one in self.seen if self.seen[one]]:
            task, other = pair
            gone = next((one for one in pair if one is not None and one not in working | waiting), None)
            if gone is not None or (task not in working and other not in working):
                self.seen.pop(pair)
                yield OverlapGone(task, other, f"{gone} is not at work any more" if gone else "neither is at work")
        for glimpse in list(self.glimpses.values()):
            async for side in self._trunk(glimpse, run):
                async for event in self._probe(glimpse, side):
                    yield event

    def _others(self, glimpse: Glimpse, run: RunState) -> Iterator[_Side]:
        for other in self.glimpses.values():
            if other.task != glimpse.task and other.attempt in run.live and other.paths:
                yield _Side(other.task, other.commit, other.paths)
        for state in run.in_train():
            value = state.value
            if value.task is not None and value.task != glimpse.task and value.paths:
                yield _Side(value.task, value.head, value.paths)

    async def _trunk(self, glimpse: Glimpse, run: RunState) -> AsyncIterator[_Side]:
        """What the trunk holds since the attempt began; each glimpse is held against each place of the trunk once."""
        now = glimpse.commit, run.trunk
        if run.trunk and run.trunk != glimpse.base and self.held_against.get(glimpse.attempt) != now:
            self.held_against[glimpse.attempt] = now
            paths = await self.repository.changed_paths(glimpse.base, run.trunk)
            if paths:
                yield _Side(None, run.trunk, paths)

    async def _probe(self, glimpse: Glimpse, side: _Side) -> AsyncIterator[Event]:
        pair = self._pair(glimpse.task, side.task)
        try:
            found = await self.foresight.between(glimpse.commit, side.commit, apart=_apart(glimpse.paths, side.paths))
        except RepositoryFault:
            return  # git is busy or an object is not there yet; the next look asks again
        now = _overlaps(found)
        before = self.seen.get(pair, ())
        if _keys(now) == _keys(before):
            return
        self.seen[pair] = now
        if now:
            yield OverlapSeen(glimpse.task, glimpse.attempt, glimpse.window, side.task, now)
        else:
            yield OverlapGone(glimpse.task, side.task, "they do not meet any more")

    def _pair(self, task: TaskId, other: TaskId | None) -> Pair:
        """The key under which a pair is known, whoever was looked at first."""
        return (other, task) if other is not None and (other, task) in self.seen else (task, other)


def _apart(mine: Sequence[str], others: Sequence[str]) -> bool:
    """Whether no path of one side is, lies in, or holds a path of the other: git then has nothing to merge."""
    return not PathSet(mine).meets(others)


def _overlaps(found: Foreseen) -> tuple[Overlap, ...]:
    rows = [Overlap(one.kind, one.rule, one.path, one.symbol, one.detail) for one in found.conflicts]
    rows += [Overlap(one.kind, one.rule, one.place.path, one.symbol, one.detail, one.certain) for one in found.clashes]
    return tuple(rows[:_TOLD])


def _keys(rows: Sequence[Overlap]) -> set[tuple[str, str, str]]:
    return {(one.rule, one.path, one.symbol) for one in rows}
