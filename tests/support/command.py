"""The command line as a user has it: a process with a clean environment, in a real repository."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.support.ground import clean_env, make_repository, sh

ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-P", "-c", "from orchestrator.cli.main import main; main()")
LEADING = ("run", "resume")
PATIENCE = 60


@dataclass(frozen=True, slots=True)
class Told:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


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
        return {**clean_env(self.home), "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "TERM": "dumb", **more}

    def tianting(self, *args: str, feed: str = "", env: dict[str, str] | None = None, repo: Path | None = None) -> Told:
        """Run a command to its end; `run` and `resume` without the dashboard."""
        ran = subprocess.run(
            _command(args, repo or self.top),
            cwd=self.top.parent,
            env=env or self.env(),
            input=feed,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        told = Told(ran.returncode, ran.stdout, ran.stderr)
        assert "Traceback" not in told.err + told.out, told.err
        return told

    def start(self, *args: str, env: dict[str, str] | None = None, out: int | IO[str] = subprocess.PIPE) -> "Leader":
        """Begin a command in a process group of its own, as a terminal does."""
        process = subprocess.Popen(
            _command(args, self.top),
            cwd=self.top.parent,
            env=env or self.env(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        return Leader(process)

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
        """Folders of runs that still stand, and git's records of worktrees beside the main one."""
        folders = [str(path) for path in (self.home / "tianting").glob("*/*") if path.name != "kept"]
        return folders + self.git("worktree", "list", "--porcelain").split("worktree ")[2:]


@dataclass(frozen=True, slots=True)
class Leader:
    """A command at work."""

    process: "subprocess.Popen[str]"

    def until(self, wanted: Callable[[str], bool]) -> str:
        """The first line of its output for which `wanted` holds."""
        assert self.process.stdout is not None
        seen = []
        for line in self.process.stdout:
            seen.append(line)
            if wanted(line):
                return line
        raise AssertionError(f"it ended without that line: {''.join(seen)}{self.process.communicate()[1]}")

    def until_said(self, words: str) -> str:
        return self.until(lambda line: words in line)

    def signal(self, number: signal.Signals = signal.SIGINT) -> None:
        """To the whole process group, as a terminal does."""
        os.killpg(self.process.pid, number)

    def end(self) -> Told:
        """Wait for its end; the rest of what it printed."""
        out, err = self.process.communicate(timeout=PATIENCE)
        assert "Traceback" not in err + (out or ""), err
        return Told(self.process.returncode, out or "", err)


def _command(args: tuple[str, ...], repo: Path) -> list[str]:
    quiet = ["--no-dashboard"] if args and args[0] in LEADING and "--port" not in args else []
    where = [] if args[:1] in (("plan",), ("demo",)) or "--repo" in args or not args else ["--repo", str(repo)]
    return [*PROGRAM, *args, *where, *quiet]


def one_sentence(told: Told, code: int, *words: str) -> None:
    """It ended with one plain sentence to standard error, which holds the words, and nothing on standard output."""
    assert told.code == code, (told.code, told.out, told.err)
    lines = told.err.splitlines()
    assert len(lines) == 1, told.err
    assert lines[0].startswith("tianting: "), told.err
    assert told.out == ""
    for word in words:
        assert word in lines[0], told.err
