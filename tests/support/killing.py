"""Runs of the command line in forked processes that can be killed, or paused, at the n-th git call or the n-th append.

A forked process costs no imports, so that every n of a run can be tried.
"""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from state.git.door import Watch, ignore
from state.git.inspect import Place
from state.git.repository import GitRepository
from state.ports import Held
from state.stores.sqlite import SqliteStore

Arm = Callable[[], None]
TIMEOUT = 60


class Counter:
    """Counts down to the moment of death; with 0 it only counts, into a file. Below 0 the process pauses at that moment
    (SIGSTOP), it alone."""

    def __init__(self, at: int, tally: Path) -> None:
        self.at, self.tally, self.seen = at, tally, 0

    def tick(self, _name: str = "") -> None:
        self.seen += 1
        if self.seen == self.at:
            os.killpg(0, signal.SIGKILL)
        elif self.seen == -self.at:
            os.kill(os.getpid(), signal.SIGSTOP)
        if not self.at:
            self.tally.write_text(str(self.seen))


def at_git_call(number: int, tally: Path) -> Arm:
    """Die just before the `number`-th call of git."""

    def arm() -> None:
        counter, build = Counter(number, tally), GitRepository.__init__

        def init(
            self: GitRepository, path: str, watch: Watch = ignore, known: GitRepository | Place | None = None
        ) -> None:
            def tick(name: str) -> None:
                counter.tick()
                watch(name)

            build(self, path, tick, known)

        GitRepository.__init__ = init  # type: ignore[method-assign]

    return arm


def at_append(number: int, tally: Path, *, after: bool) -> Arm:
    """Die just before (or just after) the `number`-th append is stored."""

    def arm() -> None:
        counter, append = Counter(number, tally), SqliteStore.append

        async def counted(self: SqliteStore, run: object, events: object, expected: object, lease: Held) -> object:
            if not after:
                counter.tick()
            last = await append(self, run, events, expected, lease)  # type: ignore[arg-type]
            if after:
                counter.tick()
            return last

        SqliteStore.append = counted  # type: ignore[method-assign, assignment]

    return arm


def unharmed() -> None:
    """No death."""


def tianting(args: list[str], top: Path, env: dict[str, str], output: Path, arm: Arm = unharmed) -> int:
    """Run the command line in a forked process group of its own; its exit code, or minus the signal."""
    return wait(start(args, top, env, output, arm))


def wait(pid: int) -> int:
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def start(args: list[str], top: Path, env: dict[str, str], output: Path, arm: Arm = unharmed) -> int:
    """Begin the command line in a forked process group of its own; its pid."""
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        os.setsid()
        signal.alarm(TIMEOUT)
        os.environ.clear()
        os.environ.update(env)
        os.chdir(top)
        file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, 1)
        os.dup2(file, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.stdout = os.fdopen(1, "w", closefd=False)
        sys.stderr = os.fdopen(2, "w", closefd=False)
        arm()
        code = _main(args)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _main(args: list[str]) -> int:
    from orchestrator.cli.main import main

    sys.argv = ["tianting", "--debug", *args]
    try:
        main()
    except SystemExit as leaving:
        return int(leaving.code or 0)
    return 0
