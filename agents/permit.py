"""Whether an agent may use a tool as it wants to: by the rules of the plan, and never outside of its worktree.

Never: IO, a question to a person (that is `play.py`, where this says so).
"""

import posixpath
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from agents.runtime import Wanted
from state.plan import Permissions

_KINDS = {
    "run": frozenset({"Bash", "bash", "run_command", "execute", "shell", "exec_command"}),
    "read": frozenset({"Read", "read", "read_file", "Grep", "Glob", "grep", "glob", "search", "list"}),
    "write": frozenset({"Write", "Edit", "MultiEdit", "NotebookEdit", "write", "edit", "write_file", "edit_file"}),
    "web": frozenset({"WebFetch", "WebSearch", "webfetch", "websearch", "fetch"}),
}
"""Words of the plan for what every program calls otherwise."""


class Answer(StrEnum):
    ALLOW = "allow"
    DENY = "deny"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`why` is told to the agent when it is refused."""

    answer: Answer
    why: str = ""


def permitted(wanted: Wanted, worktree: str, rules: Permissions) -> Verdict:
    """Files are written inside the worktree alone, whatever the rules say."""
    if wanted.writes and not _is_inside(wanted.writes, worktree):
        return Verdict(Answer.DENY, f"{wanted.writes} is outside of your worktree {worktree}: write there only")
    for patterns, answer in ((rules.deny, Answer.DENY), (rules.ask, Answer.ASK), (rules.allow, Answer.ALLOW)):
        pattern = next((one for one in patterns if _names(one, wanted)), None)
        if pattern is not None:
            return Verdict(answer, f"the plan does not allow {pattern}" if answer is Answer.DENY else "")
    usual = Answer(rules.usual)
    return Verdict(usual, f"the plan does not allow {wanted.tool}" if usual is Answer.DENY else "")


def _names(pattern: str, wanted: Wanted) -> bool:
    """`NAME` or `NAME(WHAT)`: the tool's own name or one of `run`, `read`, `write`, `web`; `*` is anything."""
    name, bracket, rest = pattern.partition("(")
    named = fnmatchcase(wanted.tool, name) or wanted.tool in _KINDS.get(name, ())
    return named and (not bracket or fnmatchcase(wanted.detail, rest.removesuffix(")")))


def _is_inside(path: str, worktree: str) -> bool:
    whole = posixpath.normpath(posixpath.join(worktree, path))
    return whole.startswith(f"{posixpath.normpath(worktree)}/")
