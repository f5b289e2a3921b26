"""What an agent does with a tool, in one line for a person and for the rules of the plan.

Never: a rule.
"""

import json

from agents.raw import Raw, text

_TELLING = (
    "command",
    "cmd",
    "file_path",
    "filePath",
    "filepath",
    "path",
    "absolute_path",
    "url",
    "query",
    "pattern",
    "notebook_path",
)
_LONGEST = 2000


def in_one_line(given: Raw) -> str:
    """The argument that says most (a command, a path, an address), else all of them as JSON."""
    found = text(given, *_TELLING)
    if not found and isinstance(command := given.get("command"), list):
        found = " ".join(str(part) for part in command)
    return (found or (json.dumps(given, ensure_ascii=False) if given else ""))[:_LONGEST]
