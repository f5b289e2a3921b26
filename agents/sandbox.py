"""Which walls this machine can put around a process, found by trying; and what lies inside of them.

Never: a promise that was not tried: where no walls can be had it says so, and that is shown.
"""

import contextlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from agents.walls import PRIVATE, Kind, Walls, confined
from state.ground import GitGround

TRIAL = 10.0
"""Seconds that the trial of a sandbox may take."""
_RESOLVERS = ("/run/systemd/resolve", "/run/resolvconf", "/run/nscd")
"""By which programs find the addresses of others."""


_PARTS = {
    ".local": ("bin", "lib", "share/uv", "share/pipx", "share/claude"),
    ".cargo": ("bin", "../.rustup/toolchains", "../.rustup/settings.toml"),
}
"""Of these folders not all is shown: there are logins and private files in them."""
_TOP = Path(__file__).resolve().parents[1]
_OURS = (sys.prefix, sys.base_prefix, *(str(_TOP / name) for name in ("agents", "state")))
"""Where the interpreter lies, and what runs in windows of this very program."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """`why` is a sentence for a person where there are no walls, or only the second best. `readable` are folders of the
    user's home that are shown to the processes of windows."""

    kind: Kind
    why: str = ""
    readable: tuple[str, ...] = ()

    @property
    def keeps_network(self) -> bool:
        """Whether it can keep the network from a process."""
        return self.kind is Kind.BUBBLEWRAP


UNCONFINED = Sandbox(Kind.NONE, "TIANTING_SANDBOX is off")


def find_sandbox(readable: tuple[str, ...]) -> Sandbox:
    """The best one here."""
    first = found_kind(Kind.BUBBLEWRAP, readable)
    if first.kind is not Kind.NONE:
        return first
    second = found_kind(Kind.LANDLOCK, readable)
    return replace(second, why=first.why if second.kind is not Kind.NONE else f"{first.why}; {second.why}")


@cache
def found_kind(kind: Kind, readable: tuple[str, ...]) -> Sandbox:
    """Walls of this kind, or why there are none. Tried once in a process; takes some milliseconds."""
    why = _bubblewrap() if kind is Kind.BUBBLEWRAP else _landlock()
    return Sandbox(Kind.NONE, why) if why else Sandbox(kind, readable=readable)


def _bubblewrap() -> str:
    for program in ("bwrap", "env"):
        if shutil.which(program) is None:
            return f"{program} was not found; install bubblewrap"
    return _tried(Walls(("/tmp",), (), ()), ("true",), "/")


def _landlock() -> str:
    """A kernel may have it and a system call filter (that of a container) keep it away: what counts is what it does."""
    with tempfile.TemporaryDirectory() as folder:
        inside, outside = os.path.join(folder, "in"), os.path.join(folder, "out")
        for made in (inside, outside):
            os.mkdir(made)
        walls = Walls((*PRIVATE, outside), (), (inside,), kind=Kind.LANDLOCK)
        return _tried(walls, ("sh", "-c", "echo > in/x && ! ls out && ! echo > out/x"), folder)


def _tried(walls: Walls, command: Sequence[str], folder: str) -> str:
    """Why these walls do not work here; "" when they do."""
    trial = confined(walls, command, folder, os.getpid(), os.geteuid() == 0)
    try:
        ended = subprocess.run(trial, capture_output=True, timeout=TRIAL, check=False, cwd=folder)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{walls.kind} could not be tried: {error}"
    said = ended.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return f"{walls.kind} does not work here: {said}" if ended.returncode else ""


def walls_for(
    sandbox: Sandbox, hidden: Sequence[Path], shown: Sequence[Path], own: Sequence[str], git: GitGround
) -> Walls:
    """The walls of one process: `own` are the folders it may write in, `hidden` and `shown` are Tianting's."""
    inner = [os.path.join(git.common, name) for name in ("hooks", "tianting")]
    out_of_reach = [*PRIVATE, *_homes(), *map(str, hidden), *inner]
    return Walls(
        hidden=tuple(dict.fromkeys(path for path in out_of_reach if os.path.isdir(path) and not os.path.islink(path))),
        shown=tuple(dict.fromkeys([*map(str, shown), *_RESOLVERS, *sandbox.readable, *_tools(os.environ["PATH"])])),
        open=tuple(own),
        git=git,
        kind=sandbox.kind,
    )


@cache
def _homes() -> tuple[str, ...]:
    """The user's own folder, by its name and by the variable."""
    found = {os.path.realpath(os.path.expanduser("~"))}
    with contextlib.suppress(KeyError):
        found.add(os.path.realpath(pwd.getpwuid(os.getuid()).pw_dir))
    return tuple(sorted(home for home in found if home not in ("/", "/nonexistent")))


@cache
def _tools(path: str) -> tuple[str, ...]:
    """The folders that the programs on a PATH need of those that are hidden: their own, and those of what their links
    lead to. A folder of a program is taken with the one above it, which has its libraries."""
    out_of_reach = (*PRIVATE, *_homes())
    found = dict.fromkeys(folder for folder in _OURS if folder.startswith(_below(out_of_reach)))
    for folder in path.split(os.pathsep):
        for real in (folder, *_links(folder)):
            if real.startswith(_below(out_of_reach)):
                found.update(dict.fromkeys(_roots(real)))
    return tuple(found)


def _below(folders: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{folder}/" for folder in folders)


def _links(folder: str) -> Iterator[str]:
    """The real folders of the programs that are links in a folder of the PATH."""
    try:
        links = [entry.path for entry in os.scandir(folder) if entry.is_symlink()]
    except OSError:
        return
    yield from dict.fromkeys(os.path.dirname(os.path.realpath(link)) for link in links)


def _roots(folder: str) -> Iterator[str]:
    above, name = os.path.split(folder)
    if name not in ("bin", "shims", "sbin") or above in _homes():
        yield folder
    elif os.path.basename(above) in _PARTS:
        yield from (os.path.join(above, inner) for inner in _PARTS[os.path.basename(above)])
    else:
        yield above
