"""The command line as a user has it: a process with a clean environment, in a real repository."""

import atexit
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tests.support.ground import clean_env, make_repository, sh

ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-P", "-c", "from orchestrator.cli.main import main; main()")
LEADING = ("run", "resume")
ALONE = ("plan", "demo", "model-server", "merge-file", "merge-driver")
PATIENCE = 100


@dataclass(frozen=True, slots=True)
class Told:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


_SERVERS: list[tuple[subprocess.Popen[bytes], str]] = []


def _warm() -> str:
    """The socket of a process that forks command lines; it ends with this one, and is begun anew when it was ended."""
    if _SERVERS and _SERVERS[-1][0].poll() is None:
        return _SERVERS[-1][1]
    folder = tempfile.mkdtemp(prefix="warm-")
    path = f"{folder}/socket"
    server = subprocess.Popen(
        [sys.executable, "-P", str(ROOT / "tests" / "support" / "warm.py"), path],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )

    def end() -> None:
        server.communicate()
        shutil.rmtree(folder)

    atexit.register(end)
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    _SERVERS.append((server, path))
    return path


@dataclass(slots=True)
class Leader:
    """A command at work, in a process group of its own as at a terminal."""

    pid: int
    stdout: IO[str]
    _stderr: IO[bytes]
    _answers: IO[bytes]
    _seen: list[str] = field(default_factory=list)

    def until(self, *wanted: Callable[[str], bool]) -> None:
        """Read on until each of these held for some line."""
        left = list(wanted)
        while left:
            line = self.stdout.readline()
            assert line, f"it ended too early: {''.join(self._seen)}{self.end().err}"
            self._seen.append(line)
            left = [one for one in left if not one(line)]

    def until_said(self, *words: str) -> None:
        """Read on until each of these was said, in whatever order."""
        self.until(*(lambda line, word=word: word in line for word in words))

    def look_away(self) -> None:
        """Read no more, as `head` does."""
        self.stdout.close()
        self.stdout = io.StringIO()

    def signal(self, number: signal.Signals = signal.SIGINT) -> None:
        """To the whole process group, as a terminal does."""
        os.killpg(self.pid, number)

    def end(self) -> Told:
        """Wait for its end; all that it printed."""
        self._seen.append(self.stdout.read())
        code = int(self._answers.readline())
        self._stderr.seek(0)
        told = Told(code, "".join(self._seen), os.fsdecode(self._stderr.read()))
        for file in (self.stdout, self._stderr, self._answers):
            file.close()
        assert "Traceback" not in told.err + told.out, told.err
        return told


@dataclass(frozen=True, slots=True)
class Desk:
    """A repository `top`, and a person at a terminal beside it. Plans lie outside of the repository."""

    top: Path
    home: Path

    @classmethod
    def make(cls, place: Path, files: dict[str, str] | None = None, name: str = "repo") -> "Desk":
        make_repository(place / name, files or {"a.txt": "a\n", "b.txt": "b\n"})
        return cls(place / name, place / "home")

    def env(self, **more: str) -> dict[str, str]:
        return {**clean_env(self.home), "LANG": "C.UTF-8", "TERM": "dumb", **more}

    def tianting(self, *args: str, feed: str = "", env: dict[str, str] | None = None, repo: Path | None = None) -> Told:
        """Run a command to its end; `run` and `resume` without the dashboard."""
        return self._begin(args, feed, env, repo).end()

    def start(self, *args: str, env: dict[str, str] | None = None) -> Leader:
        """Begin a command."""
        return self._begin(args, "", env, None)

    def _begin(self, args: tuple[str, ...], feed: str, env: dict[str, str] | None, repo: Path | None) -> Leader:
        request = {"args": self.words(args, repo), "cwd": str(self.top.parent), "env": env or self.env()}
        errors = open(os.memfd_create("errors"), "w+b")  # noqa: SIM115
        read, write = os.pipe()
        with socket.socket(socket.AF_UNIX) as asked, tempfile.TemporaryFile() as given:
            given.write(os.fsencode(feed))
            given.seek(0)
            asked.settimeout(PATIENCE)
            asked.connect(_warm())
            message = json.dumps(request).encode() + b"\n"
            socket.send_fds(asked, [message], [given.fileno(), write, errors.fileno()])
            os.close(write)
            answers = asked.makefile("rb")
        pid = int(answers.readline())
        return Leader(pid, os.fdopen(read, encoding="utf-8", errors="surrogateescape"), errors, answers)

    def words(self, args: tuple[str, ...], repo: Path | None = None) -> list[str]:
        """The arguments with what a test seldom says."""
        quiet = ["--no-dashboard"] if args and args[0] in LEADING and "--port" not in args else []
        alone = not args or args[0] in ALONE or "--repo" in args
        return [*args, *([] if alone else ["--repo", str(repo or self.top)]), *quiet]

    def plan(self, text: str, name: str = "plan.yaml") -> str:
        """A plan's file; the head of the format is put before the text."""
        file = self.top.parent / name
        file.write_text(f"tianting: 1\n{text}", encoding="utf-8")
        return str(file)

    def run(self, text: str, *args: str) -> Told:
        return self.tianting("run", self.plan(text), *args)

    def git(self, *args: str, check: bool = True) -> str:
        return sh(self.top, *args, check=check)

    def trunk(self, branch: str = "main") -> str:
        return self.git("rev-parse", f"refs/heads/{branch}").strip()

    def files(self, commit: str = "main") -> list[str]:
        return self.git("-c", "core.quotePath=false", "ls-tree", "-r", "--name-only", commit).splitlines()

    def status(self, *args: str) -> dict[str, str]:
        """The status of each task of the newest run (or of the one that is named)."""
        told = self.tianting("status", "--json", *args)
        assert told.code == 0, told.err
        return {task["id"]: task["status"] for task in json.loads(told.out)["tasks"]}

    def runs(self) -> list[str]:
        """Ids of the runs, newest first."""
        return [one["run"] for one in json.loads(self.tianting("runs", "--json").out)]

    def log(self, *args: str) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.tianting("log", "--json", *args).lines]

    def worktrees_left(self) -> list[str]:
        """Folders of runs that still stand, and git's records of worktrees beside the main one. What agents need to go
        on with a session stays as long as its run can be resumed."""
        stays = ("kept", "sessions")
        folders = [str(path) for path in (self.home / "tianting").glob("*/*") if path.name not in stays]
        return folders + self.git("worktree", "list", "--porcelain").split("worktree ")[2:]


def one_sentence(told: Told, code: int, *words: str) -> None:
    """It ended with one plain sentence to standard error, which holds the words, and nothing on standard output."""
    assert told.code == code, (told.code, told.out, told.err)
    lines = told.err.splitlines()
    assert len(lines) == 1, told.err
    assert lines[0].startswith("tianting: "), told.err
    assert told.out == ""
    for word in words:
        assert word in lines[0], told.err
