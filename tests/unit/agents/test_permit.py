"""What agents may do: rules of the plan by tool, and the worktree as their border."""

from typing import Any

import pytest

from agents.permit import Answer, permitted
from agents.runtime import Wanted
from state.plan import Permissions

WORKTREE = "/runs/r/backend-1"


def answer(tool: str, detail: str = "", writes: str = "", **rules: object) -> Answer:
    return permitted(Wanted(1, tool, detail, writes), WORKTREE, Permissions(**rules)).answer  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "may"),
    [
        ("a.txt", True),
        (f"{WORKTREE}/src/a.txt", True),
        ("../backend-2/a.txt", False),
        (f"{WORKTREE}/../x", False),
        (f"{WORKTREE}-2/a.txt", False),
        ("/etc/passwd", False),
        (WORKTREE, False),
    ],
)
def test_files_are_written_inside_the_worktree_alone(path: str, may: bool) -> None:
    assert (answer("Write", path, path, allow=("*",)) is Answer.ALLOW) is may


def test_without_rules_all_is_allowed() -> None:
    assert answer("Bash", "make") is Answer.ALLOW


def test_a_rule_names_a_tool_by_its_own_name_or_by_what_it_does() -> None:
    for tool in ("Bash", "execute", "run_command"):
        assert answer(tool, "git push origin", deny=("run(git push*)",)) is Answer.DENY
        assert answer(tool, "git status", deny=("run(git push*)",)) is Answer.ALLOW
    assert answer("mcp__board__note", deny=("mcp__board__*",)) is Answer.DENY
    assert answer("WebFetch", "x", deny=("web",)) is Answer.DENY


def test_what_is_denied_is_denied_whatever_else_allows_it() -> None:
    rules: dict[str, Any] = {"deny": ("run(rm *)",), "ask": ("run(rm -r*)", "run(make*)"), "allow": ("*",)}
    assert answer("Bash", "rm -rf /", **rules) is Answer.DENY
    assert answer("Bash", "make all", **rules) is Answer.ASK
    assert answer("Read", "a", **rules) is Answer.ALLOW


@pytest.mark.parametrize("usual", ["allow", "deny", "ask"])
def test_where_no_rule_speaks_the_usual_answer_counts(usual: str) -> None:
    assert answer("Bash", "x", allow=("Read",), usual=usual) is Answer(usual)
