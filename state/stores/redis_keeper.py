"""Keeps the embedded Redis of one repository: started as a program of its own, by whoever needs the server first.

It owns the server: begins it, begins it again when it dies, and ends it when nobody uses it any more. Users hold a
shared lock on `users.lock` for as long as they live; the kernel gives it up for a killed one too, so that the keeper,
which waits to have that lock alone, always learns of the last. `server.lock` is held by keeper and server together, so
that no two servers ever write one append-only file. Never: an import from the house (it must start in no time), a
process ended that it did not start.
"""

import ctypes
import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time

SOCKET, USERS, SERVER, LOG = "redis.sock", "users.lock", "server.lock", "redis.log"
STARTING_SECONDS, ENDING_SECONDS = 15.0, 10.0
LOOK_SECONDS = 0.01
QUICK_DEATH_SECONDS, QUICK_DEATHS = 2.0, 3

READY, NOT_READY = 0, 1
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def answers() -> bool:
    """Whether the server in the current folder is ready for commands."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(STARTING_SECONDS)
        try:
            line.connect(SOCKET)
            line.sendall(b"PING\r\n")
            return line.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def _ours() -> int | None:
    """The lock of keeper and server; None while there is another pair."""
    lock = os.open(SERVER, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _begin(program: str, lock: int) -> subprocess.Popen[bytes]:
    options = {
        "port": "0",
        "unixsocket": SOCKET,
        "unixsocketperm": "700",
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
        "loglevel": "warning",
        "logfile": LOG,
        "maxmemory-policy": "noeviction",
    }
    args = [word for name, value in options.items() for word in (f"--{name}", value)]
    return subprocess.Popen(
        [program, *args],
        stdin=subprocess.DEVNULL,
        pass_fds=(lock,),
        preexec_fn=_die_with_parent,  # noqa: PLW1509  # the one other thread is asleep in the kernel
    )


class _Keeping:
    def __init__(self, program: str, lock: int) -> None:
        self._program, self._lock = program, lock
        self._server = _begin(program, lock)
        self._over = False
        self._change = threading.Lock()

    def until_unused(self) -> None:
        """The main thread's: the server dies with the thread that began it."""
        threading.Thread(target=self._wait_for_users, daemon=True).start()
        deaths, since = 0, time.monotonic()
        while True:
            self._server.wait()
            quick = time.monotonic() - since < QUICK_DEATH_SECONDS
            deaths = deaths + 1 if quick else 0
            with self._change:
                if self._over or deaths >= QUICK_DEATHS:
                    return
                since = time.monotonic()
                self._server = _begin(self._program, self._lock)

    def _wait_for_users(self) -> None:
        users = os.open(USERS, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(users, fcntl.LOCK_EX)  # held until this process ends: who comes now begins another server
        with self._change:
            self._over = True
            self._server.terminate()
        try:
            self._server.wait(ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self._server.kill()


def _detach() -> None:
    """Out of the terminal and the folder's way: no signal, pipe or file of whoever needed the server first."""
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)


def main(program: str) -> int:
    """Returns when the server of this folder answers, kept by a process that stays behind."""
    os.umask(0o077)
    deadline = time.monotonic() + STARTING_SECONDS
    begun = False
    while not answers():
        if time.monotonic() > deadline:
            return NOT_READY
        lock = _ours()
        if lock is not None and begun:
            return NOT_READY  # the keeper that was begun here has given up
        if lock is not None:
            begun = True
            if os.fork() == 0:
                _detach()
                _Keeping(program, lock).until_unused()
                os._exit(0)
            os.close(lock)
        select.select([], [], [], LOOK_SECONDS)
    return READY


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
