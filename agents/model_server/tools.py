"""Deeds of a script as calls of the tools that a client offers, whatever it calls them: one script runs on all.

Never: a tool that was not offered.
"""

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agents.model_server.script import Action, Deed


@dataclass(frozen=True, slots=True)
class Offered:
    """A tool as offered: the names of its arguments, and those that are lists. `group` is the name that it was offered
    under with others, "" for none."""

    arguments: frozenset[str]
    lists: frozenset[str] = frozenset()
    group: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """`arguments` is JSON text; `offered` False: nothing offered can do it, and the client will say so."""

    id: str
    name: str
    arguments: str
    group: str = ""


Fill = Callable[[str], str]

_TOOLS: Mapping[Deed, tuple[str, ...]] = {
    Deed.READ: ("Read", "read", "read_file"),
    Deed.WRITE: ("Write", "write", "write_file"),
    Deed.REPLACE: ("Edit", "edit", "replace", "edit_file"),
    Deed.RUN: ("Bash", "bash", "run_command", "run_shell_command", "exec_command", "shell", "shell_command"),
}
_PATH = ("file_path", "filePath", "absolute_path", "path")
_NEW = ("new_string", "newString", "new")
_OLD = ("old_string", "oldString", "old")
_TEXT = ("content", "contents", "text")
_COMMAND = ("command", "cmd")


def call_for(action: Action, offered: Mapping[str, Offered], words: Mapping[str, str], number: str) -> Call:
    """The call for an action; files are written by the shell where no better tool is offered."""

    def fill(text: str) -> str:
        for word, value in words.items():
            text = text.replace(word, value)
        return text

    call_id = f"toolu_{number}"
    if action.deed is Deed.TOOL:
        arguments = {
            key: fill(value) if isinstance(value, str) else value for key, value in json.loads(action.input).items()
        }
        group = offered[action.arg].group if action.arg in offered else ""
        return Call(call_id, action.arg.removeprefix(f"{group}__"), json.dumps(arguments), group)
    name = next((one for one in _TOOLS[action.deed] if one in offered), None)
    if name is None:
        name = next((one for one in _TOOLS[Deed.RUN] if one in offered), "no_such_tool")
        made = _run(_by_shell(action, fill), offered.get(name, Offered(frozenset())))
    elif action.deed is Deed.RUN:
        made = _run(fill(action.arg), offered[name])
    else:
        made = _file(action, offered[name], words.get("{cwd}", ""), fill)
    return Call(call_id, name, json.dumps(made))


def _first(wanted: tuple[str, ...], tool: Offered) -> str:
    return next((one for one in wanted if one in tool.arguments), wanted[0])


def _run(command: str, tool: Offered) -> dict[str, object]:
    key = _first(_COMMAND, tool)
    made: dict[str, object] = {key: ["bash", "-c", command] if key in tool.lists else command}
    if "description" in tool.arguments:
        made["description"] = "A step of the script"
    return made


def _file(action: Action, tool: Offered, folder: str, fill: Fill) -> dict[str, object]:
    path = fill(action.arg)
    # Tools that say `file_path` want it absolute.
    key = _first(_PATH, tool)
    if not path.startswith("/") and folder and key != "path":
        path = f"{folder}/{path}"
    made: dict[str, object] = {key: path}
    if action.deed is Deed.WRITE:
        made[_first(_TEXT, tool)] = fill(action.text)
    if action.deed is Deed.REPLACE:
        made[_first(_OLD, tool)] = fill(action.old)
        made[_first(_NEW, tool)] = fill(action.text)
        if "instruction" in tool.arguments:
            made["instruction"] = "A step of the script"
    return made


def _by_shell(action: Action, fill: Fill) -> str:
    path, text = shlex.quote(fill(action.arg)), fill(action.text)
    if action.deed is Deed.READ:
        return f"cat {path}"
    if action.deed is Deed.WRITE:
        return f'mkdir -p "$(dirname {path})" && printf %s {shlex.quote(text)} > {path}'
    program = (
        "import sys; f, o, n = sys.argv[1:]; t = open(f).read(); assert o in t; open(f, 'w').write(t.replace(o, n, 1))"
    )
    return f"python3 -c {shlex.quote(program)} {path} {shlex.quote(fill(action.old))} {shlex.quote(text)}"
