"""Which tasks of a plan could be at work at the same time and say that they will touch the same paths.

Never: all pairs. The work is bounded; where a bound is met, what was found so far is given, and that it is not all.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from state.footprint import globs_meet
from state.forecast import ForeseenOverlap
from state.ids import TaskId
from state.plan import Plan

_MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class OverlapOptions:
    """Bounds: pairs of globs compared, pairs of tasks a pair of globs, pairs of tasks in all, needs followed to see
    which pairs are kept apart, and overlaps given."""

    glob_pairs: int = 200_000
    pairs_a_glob: int = 2_000
    task_pairs: int = 50_000
    steps: int = 2_000_000
    given: int = 1_000


@dataclass(frozen=True, slots=True)
class Foreseen:
    """In the order in which the tasks stand in the plan. `complete` is false when a bound was met."""

    overlaps: tuple[ForeseenOverlap, ...]
    complete: bool


def foresee_overlaps(
    plan: Plan, waves: Sequence[Sequence[TaskId]], options: OverlapOptions = OverlapOptions()
) -> Foreseen:
    """The pairs of tasks whose globs meet and that no chain of needs keeps apart.

    A pair is named once: with the claims that will keep it apart where there are such, else with the first globs that
    meet.
    """
    search = _Search(plan, options)
    search.look()
    kept = search.without_chains(waves)
    return Foreseen(tuple(kept[: options.given]), search.complete and len(kept) <= options.given)


@dataclass(frozen=True, slots=True)
class _Asker:
    """A task that names a glob, by its place in the plan."""

    place: int
    exclusive: bool


class _Search:
    def __init__(self, plan: Plan, options: OverlapOptions) -> None:
        self._plan, self._options = plan, options
        self.complete = True
        self._met: dict[tuple[int, int], ForeseenOverlap] = {}
        self._askers: defaultdict[str, list[_Asker]] = defaultdict(list)
        for place, task in enumerate(plan.tasks):
            for glob in task.exclusive:
                self._askers[glob].append(_Asker(place, True))
            for glob in task.touches:
                self._askers[glob].append(_Asker(place, False))

    def look(self) -> None:
        looked = 0
        for glob, other in self._glob_pairs():
            pairs = _pairs(self._askers[glob], None if glob == other else self._askers[other])
            for one, two in islice(pairs, self._options.pairs_a_glob):
                self._note(one, two, glob, other)
                looked += 1
            if next(pairs, None) is not None or looked > self._options.task_pairs:
                self.complete = False
            if looked > self._options.task_pairs:
                return

    def _glob_pairs(self) -> Iterator[tuple[str, str]]:
        """Each glob with itself; then those that meet, where one has magic and their top folders can be the same."""
        globs = list(self._askers)
        yield from zip(globs, globs, strict=True)
        magic = [bool(_MAGIC.search(glob)) for glob in globs]
        tops = [_top(glob) for glob in globs]
        under: defaultdict[str, list[int]] = defaultdict(list)
        for at, top in enumerate(tops):
            under[top].append(at)
        looked = 0
        for at in range(len(globs)):
            if not magic[at]:
                continue
            for other in under[tops[at]] + under[""] if tops[at] else range(len(globs)):
                if other == at or (magic[other] and other < at):
                    continue  # seen from the other side
                looked += 1
                if looked > self._options.glob_pairs:
                    self.complete = False
                    return
                if globs_meet(globs[at], globs[other]):
                    yield globs[at], globs[other]

    def _note(self, one: _Asker, two: _Asker, glob: str, other: str) -> None:
        if one.place > two.place:
            one, two, glob, other = two, one, other, glob
        pair, kept_apart = (one.place, two.place), one.exclusive and two.exclusive
        known = self._met.get(pair)
        if one.place != two.place and (known is None or (kept_apart and not known.exclusive)):
            left, right = self._plan.tasks[one.place].id, self._plan.tasks[two.place].id
            self._met[pair] = ForeseenOverlap(left, right, glob, other, kept_apart)

    def without_chains(self, waves: Sequence[Sequence[TaskId]]) -> list[ForeseenOverlap]:
        """Those found whose second task does not need the first, through however many others."""
        wave_of = {task: number for number, wave in enumerate(waves) for task in wave}
        children: defaultdict[TaskId, list[TaskId]] = defaultdict(list)
        for task in self._plan.tasks:
            for need in task.needs:
                children[need].append(task.id)
        by_first: defaultdict[TaskId, list[tuple[TaskId, tuple[int, int]]]] = defaultdict(list)
        for places, met in self._met.items():
            first, second = sorted((met.left, met.right), key=wave_of.__getitem__)
            by_first[first].append((second, places))
        kept: list[tuple[int, int]] = []
        steps = self._options.steps
        for first, seconds in by_first.items():
            last = max(wave_of[second] for second, _ in seconds)
            behind = _behind(first, children, wave_of, last)
            steps -= len(behind)
            if steps < 0:
                self.complete = False
                break
            kept += [places for second, places in seconds if second not in behind]
        return [self._met[places] for places in sorted(kept)]


def _pairs(ones: list[_Asker], others: list[_Asker] | None) -> Iterator[tuple[_Asker, _Asker]]:
    """Two of one list (neighbours first: those are most likely at work together), or one of each of two lists."""
    if others is None:
        for apart in range(1, len(ones)):
            yield from zip(ones, ones[apart:], strict=False)
    else:
        yield from ((one, two) for one in ones for two in others)


def _top(glob: str) -> str:
    """The folder that all that the glob can match lies in; empty when there are several."""
    top = glob.partition("/")[0]
    return "" if _MAGIC.search(top) else top


def _behind(first: TaskId, children: dict[TaskId, list[TaskId]], wave_of: dict[TaskId, int], last: int) -> set[TaskId]:
    """The tasks up to the wave `last` that need `first`, through however many others."""
    behind: set[TaskId] = set()
    todo: Iterable[TaskId] = [first]
    while todo:
        found = {child for task in todo for child in children.get(task, ()) if wave_of[child] <= last}
        todo = found - behind
        behind |= found
    return behind
