"""Who holds a lease: one process, named so that another process of the same host can see that it is dead.

`host:boot:pid:start`, and any text after that. A pid comes back, so its start time goes with it; the boot id
goes with both, and the PID namespace with the boot id, since two containers of one host share the boot but
not the pids. Never: a holder of another host, boot or namespace called dead; its lease ends by time.
"""

import os
import socket
from functools import cache
from pathlib import Path

# Fields of /proc/PID/stat after the name of the program, which is in brackets and may hold anything.
_STATE, _START = 0, 19
_ENDED = frozenset("ZXx")


@cache
def _boot() -> str:
    """The boot id and the PID namespace; "" where the system does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}.{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return ""


def _life(pid: int) -> tuple[str, str] | None:
    """State letter and start time (clock ticks since boot) of a process; None when /proc does not show it."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    fields = stat[stat.rindex(b")") + 1 :].decode("ascii").split()
    return fields[_STATE], fields[_START]


@cache
def _named(pid: int) -> str:
    """The name of this process, which is asked for at every look at a lease. By pid: a fork has another."""
    life = _life(pid)
    return f"{socket.gethostname().replace(':', '_')}:{_boot()}:{pid}:{life[1] if life else ''}"


def this_process(label: str = "") -> str:
    """The holder string of this process; `label` tells several holders of one process apart."""
    name = _named(os.getpid())
    return f"{name}:{label}" if label else name


def spoken(holder: str) -> str:
    """The same for a person: which process, where."""
    parts = holder.split(":", 4)
    return f"process {parts[2]} on {parts[0]}" if len(parts) >= 4 else holder


def label_of(holder: str) -> str:
    """The label that the process gave itself; "" without one."""
    parts = holder.split(":", 4)
    return parts[4] if len(parts) == 5 else ""


def is_dead(holder: str) -> bool:
    """Whether the process that holds is known to have ended; False whenever that can not be told from
    here."""
    parts = holder.split(":", 4)
    mine = this_process().split(":", 4)
    if mine[3] and parts[:4] == mine:
        return False
    if len(parts) < 4 or not _boot() or parts[:2] != mine[:2] or not parts[2].isdecimal():
        return False
    pid = int(parts[2])
    life = _life(pid)
    if life is not None:
        return life[0] in _ENDED or life[1] != parts[3]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
