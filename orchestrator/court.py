"""What the windows of a run may ask of it: the plan as it stands, what others claim and offer, roles, and memory.

Never: an order taken from a window, a word of another attempt's conversation.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from agents.court import AudienceFault
from agents.roles import RoleFault, role_prompt
from conflict.surface.offer import offered
from conflict.surface.read import is_read, read
from orchestrator.ledger import Store
from orchestrator.lookout import Lookout
from scheduler.forecast import Foresight
from state.footprint import PathSet, as_glob
from state.ids import RoleName, Sha, TaskId
from state.lifecycle import Status
from state.plan import TaskSpec
from state.ports import Clock, Repository, RepositoryFault, StoreError
from state.run import RunState

_FILES = 40
"""Files of which is told what they offer."""
_LINES = 400
_KEPT = 500
"""Facts that are remembered of one run; of more the oldest are forgotten."""
_RECALLED = 20
_SHORT = 300


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that an agent wanted to be known later; `when` is a unix time."""

    task: str
    content: str
    tags: tuple[str, ...]
    when: float


class RunCourt:
    """`agents.audience.Court` for one run. To be used from the loop's thread alone."""

    def __init__(
        self, run: RunState, repository: Repository, lookout: Lookout, store: Store, clock: Clock, checkout: Path
    ) -> None:
        self._run, self._repository, self._lookout = run, repository, lookout
        self._store, self._clock, self._checkout = store, clock, checkout
        self._remembering = asyncio.Lock()

    async def plan(self, task: TaskId) -> str:
        lines = list(self._tasks(task))
        return "\n".join([f"The plan {self._run.plan.name}, {len(lines)} tasks:", *lines])

    def _tasks(self, own: TaskId) -> Iterator[str]:
        foresight = Foresight()
        for name, state in self._run.tasks.items():
            spec = state.spec
            said = f"- {name}{' (yours)' if name == own else ''}: {spec.title or _short(spec.prompt) or 'no title'}"
            held = state.status is Status.WAITING
            why = f", {foresight.reason(self._run, name, self._clock.now()).sentence()}" if held else ""
            needs = f"; needs {', '.join(spec.needs)}" if spec.needs else ""
            claims = f"; claims {', '.join(_claims(spec))}" if _claims(spec) else ""
            yield f"{said} [{state.role}, {state.status}{why}]{needs}{claims}"

    async def claims(self, task: TaskId) -> str:
        lines = [line for live in self._run.live.values() if live.task != task for line in self._live(live.task)]
        for (one, other), rows in self._run.overlaps.items():
            if task in (one, other):
                beside = other if one == task else one
                lines += [
                    f"- your work meets that of {beside or 'the trunk'} in {row.path}: {row.detail or row.rule}"
                    for row in rows
                ]
        return "\n".join(lines) or "Nobody else is at work."

    def _live(self, task: TaskId) -> Iterator[str]:
        spec = self._run.tasks[task].spec
        yield f"- {task} ({spec.title or _short(spec.prompt)}) claims {', '.join(_claims(spec)) or 'nothing'}"
        touched = next((live.touched for live in self._run.live.values() if live.task == task), ())
        if touched:
            more = f" and {len(touched) - _FILES} more" if len(touched) > _FILES else ""
            yield f"  and has changed {', '.join(touched[:_FILES])}{more}"

    async def interface(self, task: TaskId) -> str:
        if task not in self._run.tasks:
            known = ", ".join(list(self._run.tasks)[:_FILES])
            raise AudienceFault(f"there is no task {task!r}; there is {known}")
        try:
            commit, paths, how = await self._where(task)
            lines = [line async for line in self._offered(commit, paths)] if commit else []
        except RepositoryFault as fault:
            raise AudienceFault(f"what {task} offers can not be read: {fault}") from fault
        asked = _short(self._run.tasks[task].spec.prompt)
        head = f"{task}: {how}" + (f"\nIt was asked: {asked}" if asked else "")
        return "\n".join([head, *lines[:_LINES]]) if lines else f"{head}\nNothing that can be read as an interface."

    async def _where(self, task: TaskId) -> tuple[Sha | None, Sequence[str], str]:
        """The newest commit that holds a task's work, the files that are its, and how far it is."""
        state = self._run.tasks[task]
        if state.landed is not None:
            claimed = PathSet(_claims(state.spec))
            files = await self._repository.listing(await self._repository.tree_of(self._run.trunk))
            return self._run.trunk, [path for path in files if claimed.meets((as_glob(path),))], "it has landed"
        if state.candidate is not None:
            asking = self._run.candidates[state.candidate].value
            return asking.head, asking.paths, "it is done and asks to land"
        seen = self._lookout.seen.get(task)
        if state.live is None or seen is None or seen.attempt != state.live:
            return None, (), "nothing is to be seen of it yet"
        return seen.commit, seen.paths, "it is being worked on, and may change"

    async def _offered(self, commit: Sha, paths: Sequence[str]) -> AsyncIterator[str]:
        for path in [path for path in paths if is_read(path)][:_FILES]:
            data = await self._repository.read(commit, path)
            if data is not None:
                lines = list(offered(await asyncio.to_thread(read, path, data)))
                if lines:
                    yield f"{path}:"
                    for line in lines:
                        yield f"  {line}"

    async def role(self, role: RoleName) -> str:
        try:
            return role_prompt(role, self._checkout)
        except RoleFault as fault:
            raise AudienceFault(str(fault)) from fault

    async def remember(self, task: TaskId, content: str, tags: Sequence[str]) -> None:
        """Kept under the run, which nobody else writes."""
        key = _key(self._run.id)
        async with self._remembering:
            try:
                facts = _facts((await self._store.recall([key])).get(key, ""))
                new = Fact(task, content, tuple(tags), self._clock.now())
                kept = [*(fact for fact in facts if fact.content != content), new][-_KEPT:]
                await self._store.remember({key: json.dumps([asdict(fact) for fact in kept])})
            except StoreError as fault:
                raise AudienceFault(f"it can not be kept now: {fault}") from fault

    async def recall(self, query: str) -> str:
        try:
            keys = [_key(head.run) for head in await self._store.runs()]
            found = [fact for text in (await self._store.recall(keys)).values() for fact in _facts(text)]
        except StoreError as fault:
            raise AudienceFault(f"what is remembered can not be read now: {fault}") from fault
        words = query.casefold().split()
        rated = [(_rate(fact, words), fact.when, fact) for fact in found]
        best = sorted((one for one in rated if one[0] or not words), key=lambda one: one[:2], reverse=True)
        return "\n".join(_line(fact) for _rating, _when, fact in best[:_RECALLED]) or "Nothing is remembered of this."


def _key(run: str) -> str:
    return f"facts:{run}"


def _facts(text: str) -> list[Fact]:
    """What was kept; what an unknown hand wrote there is passed over."""
    try:
        rows = json.loads(text) if text else []
        return [Fact(row["task"], row["content"], tuple(row["tags"]), float(row["when"])) for row in rows]
    except (ValueError, TypeError, KeyError):
        return []


def _rate(fact: Fact, words: Sequence[str]) -> int:
    content, tags = fact.content.casefold(), [tag.casefold() for tag in fact.tags]
    return sum((word in content) + 2 * (word in tags) for word in words)


def _line(fact: Fact) -> str:
    tags = f" [{', '.join(fact.tags)}]" if fact.tags else ""
    return f"- {fact.content}{tags} (from {fact.task})"


def _claims(spec: TaskSpec) -> tuple[str, ...]:
    return (*spec.exclusive, *spec.touches)


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= _SHORT else f"{line[:_SHORT]} …"
