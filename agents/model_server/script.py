"""What the scripted model says: named lists of steps, one a turn of the assistant, read from YAML or JSON.

A prompt selects its script by `[[script:NAME]]`, or brings it along as `[[script:[...steps in JSON...]]]`.
Never: state; which step is next follows from the conversation alone, so that a resumed one goes on.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from agents.raw import Raw

_MARK = "[[script:"
_NAME = re.compile(r"[A-Za-z0-9._-]+")


class ScriptFault(Exception):
    """A script that can not be read; one sentence."""


class Deed(StrEnum):
    """What a step does with the tools that the client offers; `tool` calls one by its name."""

    READ = "read"
    WRITE = "write"
    REPLACE = "replace"
    RUN = "run"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class Action:
    """`arg` is the path, the command or the tool's name; `input` is the JSON text of a tool's arguments."""

    deed: Deed
    arg: str
    text: str = ""
    old: str = ""
    input: str = "{}"


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong before the reply: an HTTP `status` (with `retry_after` seconds where given), a stream that is
    `cut` in the middle, or one that stalls for `stall` seconds. Only the first `times` requests meet it; 0: all."""

    status: int = 0
    retry_after: float | None = None
    cut: bool = False
    stall: float = 0.0
    times: int = 0


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a reply says that it cost."""

    input: int
    output: int
    cache_read: int = 0
    cache_write: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One turn: what is said, what is done, what goes wrong. `pace` is seconds between two pieces of a stream."""

    say: str = ""
    actions: tuple[Action, ...] = ()
    fault: Fault | None = None
    pace: float = 0.0
    tokens: Tokens | None = None


Script = tuple[Step, ...]

_STEP_KEYS = frozenset({"say", "also", "fault", "pace", "usage", "text", "old", "input", *Deed})
_FAULT_KEYS = frozenset({"status", "retry_after", "cut", "stall", "times"})
_TOKEN_KEYS = frozenset({"input", "output", "cache_read", "cache_write"})


def scripts_from(text: str, source: str) -> dict[str, Script]:
    """The scripts of a file: `scripts:` maps names to lists of steps. `ScriptFault` when it is none."""
    try:
        root = YAML(typ="safe", pure=True).load(text)
    except YAMLError as fault:
        raise ScriptFault(f"{source} is no YAML: {' '.join(str(fault).split())}") from fault
    named = root.get("scripts") if isinstance(root, dict) else None
    if not isinstance(named, dict):
        raise ScriptFault(f"{source} needs `scripts`, a mapping of names to lists of steps")
    return {str(name): script_from(steps, f"{source}: {name}") for name, steps in named.items()}


def script_from(raw: object, where: str) -> Script:
    if not isinstance(raw, list) or not raw:
        raise ScriptFault(f"{where}: a script is a list of at least one step")
    return tuple(_step(one, f"{where}, step {at}") for at, one in enumerate(raw, 1))


def _step(raw: object, where: str) -> Step:
    step = _mapping(raw, _STEP_KEYS, where)
    also = step.get("also", [])
    if not isinstance(also, list):
        raise ScriptFault(f"{where}: `also` is a list of more to do in the same turn")
    own = {key: value for key, value in step.items() if key in (*Deed, "text", "old", "input")}
    actions = [_action(one, where) for one in ([own] if own else []) + also]
    return Step(
        say=_text(step, "say", where),
        actions=tuple(actions),
        fault=_fault(step["fault"], where) if "fault" in step else None,
        pace=_number(step, "pace", where),
        tokens=_tokens(step["usage"], where) if "usage" in step else None,
    )


def _action(raw: object, where: str) -> Action:
    said = _mapping(raw, frozenset({"text", "old", "input", *Deed}), where)
    deeds = [deed for deed in Deed if deed in said]
    if len(deeds) != 1:
        raise ScriptFault(f"{where}: does one of {', '.join(Deed)}, not {' and '.join(deeds) or 'nothing'}")
    arguments = said.get("input", {})
    if not isinstance(arguments, dict):
        raise ScriptFault(f"{where}: `input` is a mapping of arguments")
    deed = deeds[0]
    arg, text, old = (_text(said, key, where) for key in (deed, "text", "old"))
    return Action(deed, arg, text, old, json.dumps(arguments))


def _fault(raw: object, where: str) -> Fault:
    said = _mapping(raw, _FAULT_KEYS, where)
    after = _number(said, "retry_after", where) if "retry_after" in said else None
    return Fault(
        status=int(_number(said, "status", where)),
        retry_after=after,
        cut=said.get("cut") is True,
        stall=_number(said, "stall", where),
        times=int(_number(said, "times", where)),
    )


def _tokens(raw: object, where: str) -> Tokens:
    said = _mapping(raw, _TOKEN_KEYS, where)
    spent, out, cached, kept = (
        int(_number(said, key, where)) for key in ("input", "output", "cache_read", "cache_write")
    )
    return Tokens(spent, out, cached, kept)


def _mapping(raw: object, known: frozenset[str], where: str) -> Raw:
    if not isinstance(raw, dict):
        raise ScriptFault(f"{where}: must be a mapping of keys to values")
    strange = sorted(str(key) for key in raw if key not in known)
    if strange:
        raise ScriptFault(f"{where}: there is no {', '.join(strange)}; there is {', '.join(sorted(known))}")
    return raw


def _text(raw: Raw, key: str, where: str) -> str:
    value = raw.get(key, "")
    if not isinstance(value, str):
        raise ScriptFault(f"{where}: `{key}` must be text")
    return value


def _number(raw: Raw, key: str, where: str) -> float:
    value = raw.get(key, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ScriptFault(f"{where}: `{key}` must be a number that is not below 0")
    return float(value)


def chosen_by(prompt: str, known: Mapping[str, Script]) -> Script | None:
    """The script that the first mark in a prompt selects; None without a mark. `ScriptFault` for a bad one. (A window's
    prompt begins with its own task; what others do at the same time, and their marks, comes after it.)"""
    at = prompt.find(_MARK)
    if at < 0:
        return None
    rest = prompt[at + len(_MARK) :]
    if rest.startswith("["):
        try:
            raw, _end = json.JSONDecoder().raw_decode(rest)
        except ValueError as fault:
            raise ScriptFault(f"the script in the prompt is no JSON: {fault}") from fault
        return script_from(raw, "the script in the prompt")
    name = _NAME.match(rest)
    if name is None or name[0] not in known:
        raise ScriptFault(f"there is no script {rest[:40]!r}; there is {', '.join(sorted(known)) or 'none'}")
    return known[name[0]]


Chooser = Callable[[str], Script | None]
