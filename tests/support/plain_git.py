"""Git as a person runs it, for the tests of our own door to it."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

IDENTITY = {
    "GIT_AUTHOR_NAME": "Person",
    "GIT_AUTHOR_EMAIL": "person@localhost",
    "GIT_COMMITTER_NAME": "Person",
    "GIT_COMMITTER_EMAIL": "person@localhost",
}


def git(top: Path, *args: str, check: bool = True, feed: bytes | None = None) -> str:
    """Run git in `top`; its output without the last newline."""
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", **IDENTITY}
    ran = subprocess.run(["git", *args], cwd=top, env=env, capture_output=True, input=feed, timeout=60, check=False)
    if check and ran.returncode:
        raise AssertionError(f"git {args} failed: {ran.stderr!r}")
    return os.fsdecode(ran.stdout).removesuffix("\n")


def write(top: Path, files: Mapping[str, bytes | str | None]) -> None:
    """Set files of a work tree or, with None, take them away."""
    for name, content in files.items():
        file = top / name
        if content is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)


def save(top: Path, files: Mapping[str, bytes | str | None], message: str = "change") -> str:
    """Write files and commit everything; the commit."""
    write(top, files)
    git(top, "add", "-A")
    git(top, "commit", "-q", "--allow-empty", "-m", message)
    return git(top, "rev-parse", "HEAD")


def make(top: Path, files: Mapping[str, bytes | str | None]) -> str:
    """A repository with one commit on main; the commit."""
    top.mkdir(parents=True, exist_ok=True)
    git(top, "init", "-q", "-b", "main")
    return save(top, files, "start")


def side(top: Path, branch: str, files: Mapping[str, bytes | str | None], on: str = "main") -> str:
    """A branch with one commit, made in a worktree of its own so that `top` is not touched; the commit."""
    place = top.parent / f"{top.name}-side"
    git(top, "worktree", "add", "-q", "-b", branch, str(place), on)
    made = save(place, files, branch)
    git(top, "worktree", "remove", str(place))
    return made


def status(top: Path) -> list[str]:
    return [line for line in git(top, "status", "--porcelain").splitlines() if line]
