"""The role of each task, decided once before a run begins: what it says itself, else what speaks for a role in its
paths and words, else a fair share.

Never: a model, a guess that changes from call to call, a role that the plan has no window for unless a task names it.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from scheduler.evidence import ACTIVITIES, KINDS, Evidence
from scheduler.graph import estimate_of
from state.ids import RoleName, window_id
from state.plan import DEFAULT_WINDOWS, RESOLVER, Plan, TaskSpec, WindowSpec

_WORD = re.compile(r"[A-Z]?[a-z]+(?:-end)?|[A-Z]+(?![a-z])")

_NAME, _FOLDER, _SUFFIX = 8.0, 4.0, 3.0
_TITLE, _RUN, _PROMPT = 2.0, 1.0, 0.5
_BEGIN = 2000
"""Characters of a prompt that are read for its words."""
_MOST_WORDS = 3
"""So many different words of a text count; a long text does not speak louder than a short one."""


def roles(plan: Plan) -> tuple[RoleName, ...]:
    """The role of each task, in the order of `plan.tasks`.

    1. The task's own `role`; 2. the role of the window it names; 3. the role with the most evidence among those that
    the plan has windows for; 4. where several have the most, or none has any, the one of them with the least seconds
    of estimated work for each of its windows, all other tasks counted in.
    """
    windows = plan.windows or DEFAULT_WINDOWS
    offered = [spec for spec in windows if spec.role != RESOLVER] or list(windows)
    known = tuple((spec.role, _about(spec.role)) for spec in offered)
    pinned = _pinned(windows)
    tied: dict[int, list[RoleName]] = {}
    found: list[RoleName] = []
    for at, task in enumerate(plan.tasks):
        named = task.role or (pinned.get(task.window, RoleName(task.window)) if task.window else None)
        best = [named] if named else _best(task, known)
        if len(best) > 1:
            tied[at] = best
        found.append(best[0])
    return _share_out(plan, offered, found, tied)


def _pinned(windows: Iterable[WindowSpec]) -> dict[str, RoleName]:
    """Names that a task's `window` may have, and the role of each."""
    numbered = {str(window_id(spec.role, n)): spec.role for spec in windows for n in range(1, spec.count + 1)}
    return numbered | {str(spec.role): spec.role for spec in windows}


def _share_out(
    plan: Plan, offered: list[WindowSpec], found: list[RoleName], tied: dict[int, list[RoleName]]
) -> tuple[RoleName, ...]:
    capacity = Counter[RoleName]()
    for spec in offered:
        capacity[spec.role] += max(1, spec.count)
    load: dict[RoleName, float] = dict.fromkeys(capacity, 0.0)
    for at, task in enumerate(plan.tasks):
        if at not in tied and found[at] in load:
            load[found[at]] += estimate_of(task)
    for at, choices in tied.items():
        work = estimate_of(plan.tasks[at])
        found[at] = min(choices, key=lambda role: (load[role] + work) / capacity[role])
        load[found[at]] += work
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _About:
    """What speaks for a role: all that speaks for its kind of work (None: a kind of the plan's own), and its name."""

    kind: Evidence | None
    activity: bool
    name: frozenset[str]
    signs: frozenset[str]


def _about(role: RoleName) -> _About:
    pieces = frozenset([role.casefold(), *re.split(r"[-_ ]+", role.casefold())])
    for kind, evidence in KINDS.items():
        if kind in pieces or pieces & (evidence.words | evidence.folders | evidence.signs):
            signs = evidence.signs.union(piece for piece in pieces if not piece.isascii())
            return _About(evidence, kind in ACTIVITIES, pieces - {kind}, signs)
    return _About(None, False, pieces, frozenset(piece for piece in pieces if not piece.isascii()))


def _best(task: TaskSpec, known: tuple[tuple[RoleName, _About], ...]) -> list[RoleName]:
    """The roles with the most evidence, in the plan's order; all of them when there is none."""
    paths = [_Path.of(glob) for glob in task.exclusive + task.touches]
    title, run, prompt = (_Text.of(text) for text in (task.title, task.run or "", task.prompt[:_BEGIN]))
    scores: dict[RoleName, float] = {}
    for role, about in known:
        in_paths = sum(path.weight(about) for path in paths) / max(1, len(paths))
        more, less = (2.5, 0.5) if about.activity else (1.0, 1.0)
        in_words = title.hits(about) * _TITLE * more + run.hits(about) * _RUN + prompt.hits(about) * _PROMPT * less
        scores[role] = in_paths + in_words
    most = max(scores.values())
    return [role for role, score in scores.items() if score == most]


@dataclass(frozen=True, slots=True)
class _Path:
    folders: frozenset[str]
    last: str
    suffix: str

    @staticmethod
    @lru_cache(maxsize=4096)
    def of(glob: str) -> "_Path":
        """Of `shop/tests/**/*.py`: the folders shop and tests, the last part *.py, the suffix .py."""
        *folders, last = glob.casefold().split("/")
        _, dot, suffix = last.rpartition(".")
        parts = folders if dot else [*folders, last]
        return _Path(frozenset(part for part in parts if "*" not in part), last, dot + suffix if dot else "")

    def weight(self, about: _About) -> float:
        weight = _FOLDER if self.folders & about.name else 0.0
        kind = about.kind
        if kind is None:
            return weight
        if self.folders & kind.folders:
            weight = _FOLDER * (1.5 if about.activity else 1.0)
        if self.suffix in kind.suffixes:
            weight += _SUFFIX
        if any(name in self.last for name in kind.names):
            weight += _NAME
        return weight


@dataclass(frozen=True, slots=True)
class _Text:
    words: frozenset[str]
    foreign: str
    """The text itself where it has other letters than Latin ones, else empty."""

    @staticmethod
    def of(text: str) -> "_Text":
        words = frozenset(word.lower() for word in _WORD.findall(text))
        return _Text(words, "" if text.isascii() else text.casefold())

    def hits(self, about: _About) -> int:
        found = len(self.words & about.name)
        if about.kind is not None:
            found += len(self.words & about.kind.words)
        if self.foreign:
            found += sum(1 for sign in about.signs if sign in self.foreign)
        return min(_MOST_WORDS, found)
