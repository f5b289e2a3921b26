"""The bare script that a good engineer would write for this: the same tasks, the same git steps, nothing kept.

`bare_script.py REPOSITORY FOLDER WINDOWS < commands.json` runs every shell command in a worktree, commits what it
changed, merges that onto the trunk in the object store, runs the gate at the merge in a warm worktree, and moves the
trunk and its checkout. Prints the unix time of the last landing.

Never: an import of Tianting. No log, no lease, no retry, no proof: what those cost is what is measured beside it.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TRUNK = "refs/heads/main"
GATE = "true"


def git(where: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=where, check=True, capture_output=True, text=True, timeout=600)
    return done.stdout.strip()


class Script:
    def __init__(self, repository: Path, folder: Path) -> None:
        self._repository, self._folder = repository, folder
        self._landing = threading.Lock()
        self._adding = threading.Lock()
        self._places = threading.local()
        self._made = 0
        self.last = 0.0

    def _worktree(self, name: str, commit: str) -> Path:
        """A worktree at `commit`: made once, then moved."""
        path = self._folder / name
        if not path.exists():
            with self._adding:  # git dies of the record of another worktree that is half written
                git(self._repository, "worktree", "add", "-q", "--no-checkout", "--detach", str(path), commit)
            git(path, "read-tree", "-m", "-u", "HEAD")
        git(path, "checkout", "-q", "--detach", commit)
        return path

    def _window(self) -> str:
        if not hasattr(self._places, "name"):
            with self._adding:
                self._made += 1
                self._places.name = f"window-{self._made}"
        name: str = self._places.name
        return name

    def task(self, command: str) -> None:
        base = git(self._repository, "rev-parse", TRUNK)
        place = self._worktree(self._window(), base)
        subprocess.run(["sh", "-c", command], cwd=place, check=True, timeout=600)
        git(place, "add", "-A")
        git(place, "commit", "-q", "-m", "work")
        self._land(git(place, "rev-parse", "HEAD"))

    def _land(self, head: str) -> None:
        with self._landing:
            old = git(self._repository, "rev-parse", TRUNK)
            tree = git(self._repository, "merge-tree", "--write-tree", old, head)
            new = git(self._repository, "commit-tree", tree, "-p", old, "-p", head, "-m", "land")
            subprocess.run(["sh", "-c", GATE], cwd=self._worktree("gate", new), check=True, timeout=600)
            git(self._repository, "read-tree", "-m", "-u", old, new)
            git(self._repository, "update-ref", TRUNK, new, old)
            self.last = time.time()


def main(arguments: Sequence[str]) -> None:
    repository, folder, windows = Path(arguments[0]), Path(arguments[1]), int(arguments[2])
    script = Script(repository, folder)
    with ThreadPoolExecutor(windows) as pool:
        for done in [pool.submit(script.task, command) for command in json.load(sys.stdin)]:
            done.result()
    print(json.dumps({"last": script.last}))


if __name__ == "__main__":
    main(sys.argv[1:])
