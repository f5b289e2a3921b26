"""What a process of a window may reach, as a value; and the command line that puts bubblewrap's walls around it.

Never: a look at the world; whether there are walls at all is `sandbox.py`'s.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from state.ground import GitGround

_CAPABILITIES = ("CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID")
"""What root keeps: enough to unpack archives and install packages below its own folders, not to undo the walls."""

# The process that holds the walls must not end by the signals of the stop ladder, which are for those inside.
_DEAF = ("env", "--ignore-signal=INT", "--ignore-signal=TERM", "bwrap")
_HEARING = ("env", "--default-signal=INT", "--default-signal=TERM")

PRIVATE = ("/tmp", "/var/tmp", "/run", "/mnt", "/media")  # places that are replaced, not used
"""Folders of the whole machine that a confined process has empty and for itself."""


@dataclass(frozen=True, slots=True)
class Walls:
    """Absolute paths. All of the machine is shown and cannot be written; `hidden` folders are empty; of what lies in
    them `shown` is there all the same; `open` can be written. `alone`: there is no network."""

    hidden: tuple[str, ...]
    shown: tuple[str, ...]
    open: tuple[str, ...]
    alone: bool = False
    git: GitGround | None = None


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
