"""What a process of a window may reach, as a value; and the command line that puts bubblewrap's or landlock's walls
around it.

Never: a look at the world; whether there are walls at all is `sandbox.py`'s.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from state.ground import GitGround

_CAPABILITIES = {
    "CAP_CHOWN": 0,
    "CAP_DAC_OVERRIDE": 1,
    "CAP_FOWNER": 3,
    "CAP_FSETID": 4,
    "CAP_KILL": 5,
    "CAP_SETGID": 6,
    "CAP_SETUID": 7,
}
"""What root keeps: enough to unpack archives and install packages below its own folders, not to undo the walls."""

# The process that holds the walls must not end by the signals of the stop ladder, which are for those inside.
_DEAF = ("env", "--ignore-signal=INT", "--ignore-signal=TERM", "bwrap")
_HEARING = ("env", "--default-signal=INT", "--default-signal=TERM")

PRIVATE = ("/tmp", "/var/tmp", "/run", "/mnt", "/media")  # places that are replaced, not used
"""Folders of the whole machine that a confined process has empty and for itself."""


_LANDLOCKED = (sys.executable, "-I", "-S", "-B", str(PurePosixPath(__file__).with_name("landlocked.py")))


_NOTHING, _READ, _WRITE = "nothing", "read", "write"  # in the words of `landlocked.py`, which stands alone


class Kind(StrEnum):
    """Which walls: all that a process sees is made for it; or what it sees is kept from it."""

    BUBBLEWRAP = "bubblewrap"
    LANDLOCK = "landlock"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Walls:
    """Absolute paths. All of the machine is shown and cannot be written; `hidden` folders are empty (with landlock they
    can not be looked into); of what lies in them `shown` is there all the same; `open` can be written. `alone`: there
    is no network, which landlock can not see to."""

    hidden: tuple[str, ...]
    shown: tuple[str, ...]
    open: tuple[str, ...]
    alone: bool = False
    git: GitGround | None = None
    kind: Kind = Kind.BUBBLEWRAP


def confined(walls: Walls, command: Sequence[str], folder: str, me: int, root: bool) -> list[str]:
    """The command behind the walls; `me` is the process that starts it, and `root`: as root, whose rights are cut."""
    if walls.kind is Kind.LANDLOCK:
        return landlock(walls, command, me, root)
    return bubblewrap(walls, command, folder, root)


def landlock(walls: Walls, command: Sequence[str], me: int, root: bool) -> list[str]:
    kept = ",".join(map(str, _CAPABILITIES.values())) if root else "-"
    return [*_LANDLOCKED, str(me), kept, json.dumps(dict(_places(walls))), *command]


def _places(walls: Walls) -> Iterator[tuple[str, str]]:
    """Each with what may be done there; a later one counts where two are the same place."""
    yield "/", _READ
    yield "/dev", _NOTHING  # disks are there, and terminals of others
    git = walls.git
    if git is not None:
        yield git.common, _READ
    yield from ((path, _NOTHING) for path in walls.hidden)
    yield from ((path, _READ) for path in walls.shown)
    yield from ((path, _WRITE) for path in walls.open)
    if git is not None:
        yield git.objects, _WRITE
        # Where git reads settings from there, who writes them would rule over our own git.
        if not any(PurePosixPath(path).name == "config.worktree" for path in git.fixed):
            yield git.record, _WRITE


def git_words(walls: Walls | None) -> Mapping[str, str]:
    """The variables by which git goes to its own folder of objects, where no other folder can be put in their place."""
    if walls is None or walls.git is None or walls.kind is not Kind.LANDLOCK:
        return {}
    common = f"{walls.git.common}/objects"
    return {"GIT_OBJECT_DIRECTORY": walls.git.objects, "GIT_ALTERNATE_OBJECT_DIRECTORIES": common}


def bubblewrap(walls: Walls, command: Sequence[str], folder: str, root: bool) -> list[str]:
    """The command inside of the walls; `root`: it is started by root, whose rights are cut down."""
    rights = [piece for name in _CAPABILITIES for piece in ("--cap-add", name)] if root else []
    line = [*_DEAF, "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    for mount in sorted(_mounts(walls), key=lambda mount: (len(PurePosixPath(mount[-1]).parts), mount[0] != "--tmpfs")):
        line += mount
    line += ["--unshare-pid", "--unshare-ipc", "--die-with-parent"]
    line += ["--unshare-net"] if walls.alone else []
    line += ["--cap-drop", "ALL", *rights] if root else []
    return [*line, "--chdir", folder, "--", *_HEARING, *command]


def _mounts(walls: Walls) -> Iterator[list[str]]:
    """Each with its place last; they are made from the top of the tree down."""
    for path in walls.hidden:
        yield ["--tmpfs", path]
    for path in walls.shown:
        yield ["--ro-bind-try", path, path]
    for path in walls.open:
        yield ["--bind", path, path]
    git = walls.git
    if git is not None:
        yield ["--ro-bind", git.common, git.common]
        yield ["--ro-bind", git.config, f"{git.common}/config"]
        yield ["--bind", git.objects, f"{git.common}/objects"]
        yield ["--ro-bind", f"{git.common}/objects", git.borrowed]
        yield ["--bind", git.record, git.record]
        yield from (["--ro-bind", path, path] for path in git.fixed)
