"""What tasks like this one changed before: kept when a task lands, looked up when a plan is launched.

Never: a claim that holds anybody by itself; what is learned is as advisory as what a plan says.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from scheduler.alike import MOST_PATHS, Likeness, words_of
from state.events import Event, Landed
from state.ids import RoleName, TaskId
from state.memory import Memory
from state.past import PastTask
from state.plan import Plan, TaskSpec
from state.ports import StoreError
from state.run import RunState
from state.standing import TaskState

Learned = tuple[tuple[TaskId, tuple[str, ...]], ...]

_LATELY = "changed by tasks lately"
_KEPT = 100
"""So many tasks, those that landed last, are what others are held to be like."""


def _keys(task: TaskSpec) -> list[str]:
    """The same is a task of the same name, and one of the same title."""
    title = " ".join(task.title.casefold().split())
    return [f"changed by task:{task.id}", *([f"changed by title:{title}"] if title else [])]


async def learned_for(memory: Memory, plan: Plan, roles: Sequence[RoleName]) -> Learned:
    """What the same tasks changed when they landed; of a task that is new, what those like it did."""
    wanted = {task.id: _keys(task) for task in plan.tasks if task.adopt is None}
    known = await memory.recall([_LATELY, *{key for keys in wanted.values() for key in keys}])
    likeness = Likeness(_past(known))
    found: list[tuple[TaskId, tuple[str, ...]]] = []
    for task, role in zip(plan.tasks, roles, strict=True):
        keys = wanted.get(task.id, [])
        paths = {path for key in keys if key in known for path in json.loads(known[key])}
        if not paths and keys:
            paths.update(likeness.expected(task, role))
        if 0 < len(paths) <= MOST_PATHS:
            found.append((task.id, tuple(sorted(paths))))
    return tuple(found)


async def learn(memory: Memory, run: RunState, events: Iterable[Event]) -> None:
    """From what has landed. A store that is away is no reason not to go on: the next run teaches the same."""
    landed = [event.task for event in events if isinstance(event, Landed) and event.task is not None]
    tasks = [task for name in landed if (task := run.tasks.get(name)) is not None and _teaches(task)]
    if not tasks:
        return
    texts = {key: json.dumps(sorted(task.changed)) for task in tasks for key in _keys(task.spec)}
    with suppress(StoreError):
        past = _past(await memory.recall([_LATELY]))
        past += [PastTask(task.role, words_of(task.spec), task.changed) for task in tasks]
        rows = [{"role": one.role, "words": sorted(one.words), "paths": one.paths} for one in past[-_KEPT:]]
        await memory.remember({**texts, _LATELY: json.dumps(rows, ensure_ascii=False)})


def _teaches(task: TaskState) -> bool:
    return task.adopted is None and 0 < len(task.changed) <= MOST_PATHS


def _past(known: Mapping[str, str]) -> list[PastTask]:
    rows = json.loads(known.get(_LATELY, "[]"))
    return [PastTask(RoleName(row["role"]), frozenset(row["words"]), tuple(row["paths"])) for row in rows]
