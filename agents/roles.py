"""What each role is told about itself: a file for each, which a repository can put its own in the place of.

Never: anything about one task (that is `prompt.py`), an order about merging or finishing (that is code).
"""

from pathlib import Path

from state.ids import RoleName

PLANNER = RoleName("planner")

OWN = Path(".tianting") / "roles"
"""Where a repository keeps its own, as ROLE.md; read from the checkout that the run was launched in."""

_OURS = Path(__file__).with_name("role_files")
_LONGEST = 20_000


class RoleFault(Exception):
    """A role's file is there and can not be read; one sentence."""


def role_prompt(role: RoleName, checkout: Path | None = None) -> str:
    """The opening lines of a prompt for this role: the repository's own, ours, or a sentence made from its name."""
    own = None if checkout is None else checkout / OWN / f"{role}.md"
    for file in (own, _OURS / f"{role}.md"):
        if file is not None and (text := _read(file)):
            return text
    return f"You are the {role} window of this project."


def _read(file: Path) -> str:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as fault:
        raise RoleFault(f"the role's file {file} can not be read: {fault}") from fault
    if len(text) > _LONGEST:
        raise RoleFault(f"the role's file {file} is longer than {_LONGEST} characters")
    return text.strip()
