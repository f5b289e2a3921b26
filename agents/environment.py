"""The environment of a process of ours: built from an allow-list, never inherited; and the ports it has leased.

Never: a variable of this process that is not in the list, a port that somebody holds, a secret in a transcript.
"""

import os
import re
import socket
import zlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence, Set
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from agents.folders import make_private
from agents.site import Site
from agents.sweep import MARKER
from agents.walls import Walls
from state.ids import TaskId
from state.ports import Held

_INHERITED = {"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": ""}
"""The only variables that are taken over, and what they are where this process has none."""

PORTS = range(20000, 30000)
"""Below the ports that the kernel gives to outgoing connections, so that none is taken by chance."""

PORT_TIME = 86_400.0
"""Seconds that a port is leased for: longer than an attempt, which gives it back at its end."""

_WORD = re.compile(r"(?<!\$)\{(worktree|run|task|port\.[A-Za-z0-9_-]+)\}")
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSW|PWD|CREDENTIAL|AUTH|DSN|DATABASE_URL", re.IGNORECASE)
_SHORTEST_SECRET = 6


class EnvironmentFault(Exception):
    """No port is free, or a private folder can not be made; one sentence."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """Who an environment is for. `place` is the folder's name (a window or a gate worktree), `owner` what the marker
    says (an attempt or the gate worktree), `author` the name that its commits carry, `inherit` the variables of this
    process that it is to have as they are."""

    place: str
    owner: str
    author: str
    task: TaskId | None = None
    env: tuple[tuple[str, str], ...] = ()
    inherit: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Environment:
    """`variables` are all that a process gets; `words` is what `{…}` in the plan stands for."""

    variables: Mapping[str, str]
    words: Mapping[str, str]
    ports: tuple[tuple[str, int], ...]
    scratch: str
    secrets: tuple[str, ...]
    walls: Walls | None = None

    def expand(self, text: str) -> str:
        """`{worktree}`, `{port.NAME}`, `{run}` and `{task}` filled in; any other brace (`${task}` too) is the
        shell's and stays."""
        return _fill(text, self.words)

    def scrub(self, text: str) -> str:
        """The text without the values of the task's secret variables."""
        for secret in self.secrets:
            text = text.replace(secret, "•••")
        return text


def _fill(text: str, words: Mapping[str, str]) -> str:
    return _WORD.sub(lambda match: words.get(match[1], match[0]), text)


def port_names(texts: Iterable[str]) -> tuple[str, ...]:
    """The NAMEs of every `{port.NAME}` in these texts, each once, sorted."""
    words = {word for text in texts for word in _WORD.findall(text)}
    return tuple(sorted(word.removeprefix("port.") for word in words if word.startswith("port.")))


def worktree_of(site: Site, place: str) -> str:
    return str(site.folder / place)


def session_folder(site: Site, task: TaskId) -> str:
    """Where a task's agent keeps what it must find again to go on with its conversation; made when it is not there.
    Raises `EnvironmentFault`."""
    folder = site.sessions / task
    try:
        make_private(folder)
    except OSError as fault:
        raise EnvironmentFault(f"a private folder can not be made: {fault}") from fault
    return str(folder)


def remembers(site: Site, task: TaskId) -> bool:
    """Whether anything is there of an earlier conversation."""
    folder = site.sessions / task
    return folder.is_dir() and any(folder.iterdir())


def marker_for(site: Site, owner: str) -> str:
    return f"{site.run}/{owner}"


def build(site: Site, tenant: Tenant, ports: tuple[tuple[str, int], ...]) -> Environment:
    """Make the private folders and say what the tenant's processes get. Raises `EnvironmentFault`."""
    home, scratch = site.folder / "home", site.folder / "tmp" / tenant.place
    try:
        for folder in (site.folder, home, scratch):
            make_private(folder)
    except OSError as fault:
        raise EnvironmentFault(f"a private folder can not be made: {fault}") from fault
    words = {"worktree": worktree_of(site, tenant.place), "run": site.run, "task": tenant.task or ""}
    words |= {f"port.{name}": str(number) for name, number in ports}
    handed = {name: _handed(name) for name in tenant.inherit}
    own = handed | {name: _fill(value, words) for name, value in tenant.env}
    mail = f"{tenant.place}@tianting.invalid"
    inherited = {name: os.environ.get(name) or default for name, default in _INHERITED.items()}
    variables = {name: value for name, value in inherited.items() if value} | {
        "HOME": str(home),
        "TMPDIR": str(scratch),
        "GIT_AUTHOR_NAME": tenant.author,
        "GIT_AUTHOR_EMAIL": mail,
        "GIT_COMMITTER_NAME": tenant.author,
        "GIT_COMMITTER_EMAIL": mail,
        "GIT_TERMINAL_PROMPT": "0",
    }
    # The last two are ours alone: by them a process is found, and kept from climbing into a repository above.
    variables |= own | {
        "GIT_CEILING_DIRECTORIES": str(site.folder),
        MARKER: marker_for(site, tenant.owner),
    }
    secrets = tuple(value for name, value in own.items() if _is_secret(name, value, handed))
    return Environment(variables, words, ports, str(scratch), secrets)


def _handed(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise EnvironmentFault(f"the plan hands {name} on to agents, but it is not set where Tianting was started")
    return value


def _is_secret(name: str, value: str, handed: Mapping[str, str]) -> bool:
    """What is handed on and not written in the plan was kept out of it for a reason."""
    return len(value) >= _SHORTEST_SECRET and (name in handed or _SECRET.search(name) is not None)


def _holder(site: Site, owner: str) -> str:
    return f"{site.holder}:{marker_for(site, owner)}"


@asynccontextmanager
async def leased_ports(site: Site, owner: str, names: Sequence[str]) -> AsyncIterator[tuple[tuple[str, int], ...]]:
    """Lease one free port for each name, to the end of the block. Raises `EnvironmentFault` before it."""
    async with AsyncExitStack() as owned:
        ports: dict[str, int] = {}
        for name in names:
            number, held = await _lease_one(site, owner, set(ports.values()))
            owned.push_async_callback(site.lease.release, held)
            ports[name] = number
        yield tuple(ports.items())


async def _lease_one(site: Site, owner: str, own: Set[int]) -> tuple[int, Held]:
    # A ledger knows only its own repository's leases: runs of others begin to look somewhere else.
    start = zlib.crc32(f"{site.home}\0{site.run}\0{owner}".encode())
    for step in range(len(PORTS)):
        number = PORTS[(start + step) % len(PORTS)]
        if number in own or not _is_free(number):
            continue
        held = await site.lease.take(f"port:{number}", _holder(site, owner), PORT_TIME)
        if held is not None:
            return number, held
    raise EnvironmentFault(f"no port between {PORTS.start} and {PORTS.stop - 1} is free")


def _is_free(number: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            return False
    return True


async def release_ports(site: Site, owner: str | None) -> None:
    """Give back what an attempt that nobody ended had leased; with None, what any of this run's had."""
    wanted = f":{site.run}/" if owner is None else f":{marker_for(site, owner)}"
    for held in await site.lease.held_by("port:"):
        if wanted in held.holder if owner is None else held.holder.endswith(wanted):
            await site.lease.release(held)
