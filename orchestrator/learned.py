"""What tasks like this one changed before: kept when a task lands, looked up when a plan is launched.

Never: a claim that holds anybody by itself; what is learned is as advisory as what a plan says.
"""

import json
from collections.abc import Iterable
from contextlib import suppress

from state.events import Event, Landed
from state.ids import TaskId
from state.memory import Memory
from state.plan import Plan, TaskSpec
from state.ports import StoreError
from state.run import RunState

Learned = tuple[tuple[TaskId, tuple[str, ...]], ...]

_MOST = 50
"""Files above which a task is a sweep over the whole tree, which says nothing about the next one."""


def _keys(task: TaskSpec) -> list[str]:
    """Alike are tasks of one name, and tasks of one title."""
    title = " ".join(task.title.casefold().split())
    return [f"changed by task:{task.id}", *([f"changed by title:{title}"] if title else [])]


async def learned_for(memory: Memory, plan: Plan) -> Learned:
    wanted = {task.id: _keys(task) for task in plan.tasks if task.adopt is None}
    known = await memory.recall(list({key for keys in wanted.values() for key in keys}))
    found: list[tuple[TaskId, tuple[str, ...]]] = []
    for task, keys in wanted.items():
        paths = {path for key in keys if key in known for path in json.loads(known[key])}
        if 0 < len(paths) <= _MOST:
            found.append((task, tuple(sorted(paths))))
    return tuple(found)


async def learn(memory: Memory, run: RunState, events: Iterable[Event]) -> None:
    """From what has landed. A store that is away is no reason not to go on: the next landing teaches the same."""
    texts: dict[str, str] = {}
    for event in events:
        task = run.tasks.get(event.task) if isinstance(event, Landed) and event.task is not None else None
        if task is not None and task.adopted is None and 0 < len(task.changed) <= _MOST:
            texts.update(dict.fromkeys(_keys(task.spec), json.dumps(sorted(task.changed))))
    if texts:
        with suppress(StoreError):
            await memory.remember(texts)
