"""What an agent's commits in a worktree are: its HEAD, and commits that it made and then moved away from.

Never: change HEAD or a reflog; leave out a commit because nothing but an unfinished rebase names it.
"""

import os
from collections.abc import Iterator
from typing import Protocol

from state.ids import Sha

_KEPT = 64
"""At most this many commits that HEAD does not contain are named; the newest come first."""


class Commits(Protocol):
    def resolve(self, name: str) -> Sha | None: ...


class Descent(Protocol):
    def is_ancestor(self, older: Sha, newer: Sha) -> bool: ...


def _text(path: str) -> str | None:
    try:
        with open(path, "rb") as file:
            return os.fsdecode(file.read())
    except OSError:
        return None


def head_of(commits: Commits, admin: str) -> Sha | None:
    """The commit that a worktree's HEAD leads to; None before the first commit, or when HEAD is broken."""
    text = (_text(os.path.join(admin, "HEAD")) or "").strip()
    return commits.resolve(text.removeprefix("ref:").strip())


def left_behind(commits: Commits, descent: Descent, admin: str, base: Sha, head: Sha) -> list[Sha]:
    """Commits made in the worktree that neither `head` nor `base` contains, none of them containing another.

    An unfinished rebase has put HEAD back and keeps the commits it has not yet copied in `orig-head`. Where HEAD does
    not even contain the base the agent went elsewhere, and the reflog tells from where.
    """
    found: list[Sha] = []
    for name in _named(admin, wandered=not descent.is_ancestor(base, head)):
        commit = commits.resolve(name)
        if commit is None or any(descent.is_ancestor(commit, newer) for newer in (head, base, *found)):
            continue
        found = [older for older in found if not descent.is_ancestor(older, commit)]
        found.append(commit)
        if len(found) >= _KEPT:
            break
    return found


def _named(admin: str, wandered: bool) -> Iterator[str]:
    for place in ("rebase-merge", "rebase-apply"):
        text = _text(os.path.join(admin, place, "orig-head"))
        if text is not None:
            yield text.strip()
    if wandered:
        lines = (_text(os.path.join(admin, "logs", "HEAD")) or "").splitlines()
        for line in dict.fromkeys(reversed(lines)):
            yield line.split(" ", 2)[1] if line.count(" ") > 1 else ""
