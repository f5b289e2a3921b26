"""Run as a program: draws landlock's walls around itself, and becomes the program that is to be behind them.

What it is given as JSON are places of the machine with what may be done below them; the deepest that holds a path
counts. Landlock can only give and never take away below, so the places around what is hidden are found here, when the
walls are drawn. Standard library only, and nothing of ours: it is started by its path. Never: an environment, a folder
or a command line other than what it was given; a program without the walls.
"""

import ctypes
import json
import os
import signal
import stat
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum

OLDEST = 3
"""The version of landlock (Linux 6.2) that is needed: older ones let files be emptied everywhere."""

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # system calls, the same on all machines
_VERSION = 1
_PATH_BENEATH = 1
_IOCTL_SINCE, _SCOPES_SINCE = 5, 6

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE, _IOCTL_DEV = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14, 1 << 15
_MAKE_CHAR, _MAKE_BLOCK = 1 << 6, 1 << 11
_ALL = (1 << 15) - 1
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_WRITE = _ALL & ~_MAKE_CHAR & ~_MAKE_BLOCK
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
"""What can be said of a file; the rest is about folders."""
_DEVICE = _READ_FILE | _WRITE_FILE | _TRUNCATE | _IOCTL_DEV
_SCOPES = 0b11
"""No signal to, and no abstract socket of, a process outside."""

_OWN = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
"""Where our packages lie: a Python that runs one of them looks through the names there."""
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "ptmx")

_PR_SET_PDEATHSIG, _PR_CAPBSET_READ, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 1, 23, 24, 38, 47
_AMBIENT_CLEAR = 4
_CAPABILITIES_V3 = 0x20080522
_LAST_CAPABILITY = 63

_NOT_FOUND, _NOT_RUN, _NO_WALLS = 127, 126, 125
"""How it ends when the program could not be run, as a shell does; or when there are no walls."""


class Level(IntEnum):
    """What may be done at a place and below it; their names in small letters are what is given."""

    NOTHING = 0
    READ = 1
    WRITE = 2
    DEVICE = 3


def version() -> int:
    """That of this kernel's landlock; 0 where there is none."""
    return max(0, _syscall(_CREATE, None, 0, _VERSION))


def granted(places: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """The paths to give something at, and what, so that the deepest of the `places` (real paths) counts."""
    return _walk("/", Level.NOTHING, places)


def _walk(path: str, inherited: int, places: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    level = places.get(path, inherited)
    below = [place for place in places if _is_below(place, path)]
    if any(places[place] < level for place in below):
        for child in _children(path):
            yield from _walk(child, level, places)
        return
    if level:
        yield path, level
    for place in below:
        if not any(_is_below(place, other) for other in below):
            yield from _walk(place, level, places)


def _is_below(path: str, other: str) -> bool:
    return path != other and path.startswith(other.rstrip("/") + "/")


def _children(folder: str) -> Iterator[str]:
    """Without links: what they lead to has its own place."""
    try:
        with os.scandir(folder) as entries:
            yield from (entry.path for entry in entries if not entry.is_symlink())
    except OSError:
        return


# ------------------------------------------------------------------------------------------------------- system calls

_libc = ctypes.CDLL(None, use_errno=True)


def _syscall(number: int, *arguments: object) -> int:
    return int(_libc.syscall(ctypes.c_long(number), *map(_c, arguments)))


def _prctl(option: int, *arguments: int) -> int:
    four = (*arguments, 0, 0, 0, 0)[:4]
    return int(_libc.prctl(ctypes.c_int(option), *(ctypes.c_ulong(one) for one in four)))


def _c(argument: object) -> object:
    return ctypes.c_long(argument) if isinstance(argument, int) else argument


def _sure(answer: int) -> int:
    """Raises `OSError` where a system call has failed."""
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return answer


def _draw(places: Mapping[str, int]) -> None:
    """The walls, around this process and all that it starts. Raises `OSError`."""
    found = version()
    if found < OLDEST:
        raise OSError(f"this kernel has landlock {found}, and {OLDEST} is needed")
    handled = _ALL | (_IOCTL_DEV if found >= _IOCTL_SINCE else 0)
    attributes = struct.pack("=QQQ", handled, 0, _SCOPES if found >= _SCOPES_SINCE else 0)
    size = len(attributes) if found >= _SCOPES_SINCE else 8
    rules = _sure(_syscall(_CREATE, attributes, size, 0))
    for path, level in granted(places):
        _give(rules, path, (0, _READ, _WRITE, _DEVICE)[level] & handled)
    _give(rules, _OWN, _READ_DIR)
    _sure(_syscall(_RESTRICT, rules, 0))
    os.close(rules)


def _give(rules: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # it is gone, and nothing is given
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _OF_FILES
        _sure(_syscall(_ADD, rules, _PATH_BENEATH, struct.pack("=Qi", rights, place), 0))
    finally:
        os.close(place)


def _shed(kept: Iterable[int]) -> None:
    """Root's rights, but for those kept; what it becomes has none of the others. Raises `OSError`."""
    for number in set(range(_LAST_CAPABILITY + 1)).difference(kept):
        if _prctl(_PR_CAPBSET_READ, number) == 1:
            _sure(_prctl(_PR_CAPBSET_DROP, number))
    _prctl(_PR_CAP_AMBIENT, _AMBIENT_CLEAR)
    head, sets = struct.pack("=Ii", _CAPABILITIES_V3, 0), ctypes.create_string_buffer(24)
    _sure(int(_libc.capget(head, sets)))
    effective, permitted, _, effective_2, permitted_2, _ = struct.unpack("=6I", sets.raw)
    _sure(int(_libc.capset(head, struct.pack("=6I", effective, permitted, 0, effective_2, permitted_2, 0))))


def _places(asked: Mapping[str, str]) -> dict[str, int]:
    """Real paths; of two that are the same the one that was said last counts."""
    found: dict[str, int] = {}
    for path, level in asked.items():
        found[os.path.realpath(path)] = Level[level.upper()]
    return found | {f"/dev/{name}": Level.DEVICE for name in _DEVICES}


def main(arguments: Sequence[str]) -> int:
    """`PARENT CAPABILITIES PLACES COMMAND...`: the process that this one must not outlive, the numbers of the rights
    that root keeps ("-" where it is not root), the places as JSON."""
    parent, kept, places, *command = arguments
    try:
        _sure(_prctl(_PR_SET_PDEATHSIG, signal.SIGKILL))
        if os.getppid() != int(parent):
            return _NO_WALLS  # it has died already
        _sure(_prctl(_PR_SET_NO_NEW_PRIVS, 1))
        if kept != "-":
            _shed(map(int, kept.split(",")))
        _draw(_places(json.loads(places)))
    except OSError as fault:
        sys.stderr.write(f"landlock: {fault.strerror or fault}\n")
        return _NO_WALLS
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and so would the program
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)
    except FileNotFoundError as fault:
        sys.stderr.write(f"{command[0]}: {fault.strerror}\n")
        return _NOT_FOUND
    except OSError as fault:
        sys.stderr.write(f"{command[0]}: {fault.strerror}\n")
        return _NOT_RUN


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
