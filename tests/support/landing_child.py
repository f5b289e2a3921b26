"""A process that lands one commit, or mends such a landing, to be killed on the way. Run as a program: WHAT REPOSITORY
ORDER DIE_AT, in a session of its own; with DIE_AT above 0 it kills its whole session just before the interaction with
git of that number (reading is none), with DIE_AT below 0 it stops itself there (SIGSTOP), and when it is
told to go on it learns, as a leader does, that it was overtaken."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from state.git.repository import GitRepository
from state.ids import Sha
from state.ports import LandingOrder, StaleLease

ROOT = Path(__file__).resolve().parents[2]


def kill_session(session: int) -> None:
    """End every process of a session at once, its leader last."""
    members = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    for pid in sorted(members, reverse=True):
        try:
            if os.getsid(pid) == session and pid != session:
                os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    os.kill(session, signal.SIGKILL)


def start(repository: Path, order: LandingOrder, die_at: int = 0, what: str = "land") -> subprocess.Popen[bytes]:
    """Start such a process; it writes one line when it is about to begin."""
    command = [sys.executable, "-P", __file__, what, str(repository), json.dumps(asdict(order)), str(die_at)]
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "PYTHONPATH": str(ROOT), "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, start_new_session=True)


class Countdown:
    def __init__(self, at: int) -> None:
        self.at, self.seen, self.armed = at, 0, False

    def __call__(self, name: str) -> None:
        if not self.armed or name == "cat-file":  # reading changes nothing
            return
        self.seen += 1
        if self.seen == abs(self.at):
            if self.at < 0:
                os.kill(os.getpid(), signal.SIGSTOP)
                raise StaleLease("another process leads now")
            kill_session(os.getpid())


async def go(what: str, repository: str, order: LandingOrder, die_at: int) -> str:
    countdown = Countdown(die_at)
    opened = GitRepository(repository, countdown)
    print("ready", flush=True)
    countdown.armed = True
    try:
        return repr(await (opened.land(order) if what == "land" else opened.mend_checkout(order)))
    except StaleLease as refused:
        return repr(refused)
    finally:
        await opened.close()


if __name__ == "__main__":
    told = json.loads(sys.argv[3])
    asked = LandingOrder(
        ref=told["ref"],
        old=Sha(told["old"]),
        new=Sha(told["new"]),
        fence=told["fence"],
        token=Sha(told["token"]),
        checkout=told["checkout"],
    )
    print(asyncio.run(go(sys.argv[1], sys.argv[2], asked, int(sys.argv[4]))), flush=True)
