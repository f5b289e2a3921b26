"""Real worktrees, with agents that leave everything in the worst way: what they made is kept, and what they did to git
is neither hurt nor followed."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from state.git.repository import GitRepository
from state.git.worktrees import GitWorktrees
from state.ids import Sha
from state.ports import Snapshot, WorktreeFault
from tests.support.plain_git import git, make, save, side, status, write

BASE = {"a.txt": "1\n", "b.txt": "b\n", "lib/c.txt": "c\n", ".gitignore": "*.log\nbuilt/\n"}
STAMP = ("work", 5000.0)


@dataclass
class Ground:
    top: Path
    repository: GitRepository
    worktrees: GitWorktrees
    tree: Path
    base: Sha
    calls: list[str]

    async def snapshot(self, *keep: str, base: Sha | None = None) -> Snapshot:
        return await self.worktrees.snapshot(str(self.tree), base or self.base, keep, *STAMP)

    async def prepare(self, commit: Sha | None = None) -> bool:
        """Make the worktree ready; whether it was moved, and not made anew."""
        self.calls.clear()
        await self.worktrees.prepare(str(self.tree), commit or self.base)
        return "worktree" not in self.calls

    async def read(self, commit: Sha, path: str) -> bytes | None:
        return await self.repository.read(commit, path)

    def admin(self) -> Path:
        return next((self.top / ".git/worktrees").iterdir())


@pytest.fixture
async def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ground]:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    top = tmp_path / "re'po\n"
    base = Sha(make(top, BASE))
    calls: list[str] = []
    repository = GitRepository(str(top), calls.append)
    worktrees = GitWorktrees(repository)
    tree = tmp_path / "wörk\ntrees" / "backend 1"
    await worktrees.prepare(str(tree), base)
    yield Ground(top, repository, worktrees, tree, base, calls)
    await repository.close()


# --------------------------------------------------------------------------------------- what it is


async def test_it_is_locked_detached_and_its_own(ground: Ground) -> None:
    assert git(ground.tree, "rev-parse", "HEAD") == ground.base
    assert git(ground.tree, "branch", "--show-current") == ""
    assert status(ground.tree) == []
    assert (ground.admin() / "locked").read_text().startswith("tianting ")
    git(ground.top, "worktree", "prune")
    assert ground.admin().is_dir()


async def test_a_place_inside_or_around_the_repository_is_refused(ground: Ground) -> None:
    for place in (ground.top / "inside", ground.top / ".git/inside", ground.top.parent, Path("relative")):
        with pytest.raises(WorktreeFault):
            await ground.worktrees.prepare(str(place), ground.base)


async def test_a_folder_of_somebody_else_is_not_taken(ground: Ground) -> None:
    theirs = ground.tree.parent / "theirs"
    write(theirs, {"precious": "p\n"})
    with pytest.raises(WorktreeFault, match="not a worktree"):
        await ground.worktrees.prepare(str(theirs), ground.base)
    await ground.worktrees.remove(str(theirs))
    assert (theirs / "precious").exists()


async def test_a_worktree_of_the_person_is_not_taken_or_pruned(ground: Ground) -> None:
    theirs = ground.tree.parent / "theirs"
    git(ground.top, "worktree", "add", "-q", str(theirs))
    unplugged = ground.tree.parent / "unplugged"
    git(ground.top, "worktree", "add", "-q", str(unplugged))
    unplugged.rename(ground.tree.parent / "away")
    for step in (ground.worktrees.prepare(str(theirs), ground.base), ground.worktrees.remove(str(theirs))):
        with pytest.raises(WorktreeFault, match="not one of ours"):
            await step
    assert (theirs / "a.txt").exists()
    await ground.worktrees.remove(str(ground.tree))
    (ground.tree.parent / "away").rename(unplugged)
    assert status(unplugged) == []


# ----------------------------------------------------------------------------------- what is kept


async def test_a_snapshot_leaves_the_agents_index_and_head_alone(ground: Ground) -> None:
    write(ground.tree, {"a.txt": "staged\n"})
    git(ground.tree, "add", "a.txt")
    write(ground.tree, {"a.txt": "staged, then changed\n", "new": "n\n"})
    index, head = (ground.admin() / "index").read_bytes(), (ground.admin() / "HEAD").read_bytes()
    taken = await ground.snapshot()
    assert (ground.admin() / "index").read_bytes() == index
    assert (ground.admin() / "HEAD").read_bytes() == head
    assert await ground.read(taken.commit, "a.txt") == b"staged, then changed\n"
    assert status(ground.tree) == ["MM a.txt", "?? new"]


async def test_names_links_and_modes_of_all_kinds_are_kept(ground: Ground) -> None:
    names = ["new\nline", "quo'te\"s", "tab\t", " space ", "中文", "ba\udcffd", "-dash", ":(glob)*", "a*b", "\\"]
    write(ground.tree, dict.fromkeys(names, "x\n"))
    (ground.tree / "out").symlink_to("/etc/passwd")
    (ground.tree / "broken").symlink_to("nowhere")
    (ground.tree / "run").write_text("#!/bin/sh\n")
    (ground.tree / "run").chmod(0o755)
    taken = await ground.snapshot()
    assert taken.paths == tuple(sorted([*names, "out", "broken", "run"]))
    assert await ground.read(taken.commit, "out") == b"/etc/passwd"
    assert git(ground.top, "ls-tree", taken.commit, "run").startswith("100755")
    assert await ground.prepare()
    assert not (ground.tree / "out").is_symlink()
    assert status(ground.tree) == []


async def test_repositories_inside_are_kept_file_by_file(ground: Ground) -> None:
    inner = ground.tree / "vendor/inner"
    make(inner, {"i.txt": "i\n", "deep/j.txt": "j\n", "x.log": "ignored outside\n"})
    git(ground.tree, "init", "-q", "empty")
    git(ground.tree, "init", "-q", "fresh")
    write(ground.tree / "fresh", {"f.txt": "f\n"})
    taken = await ground.snapshot()
    assert taken.paths == ("fresh/f.txt", "vendor/inner/deep/j.txt", "vendor/inner/i.txt")
    assert await ground.read(taken.commit, "vendor/inner/i.txt") == b"i\n"
    assert not await ground.prepare(), "their .git folders would stay"
    assert os.listdir(ground.tree / "lib") == ["c.txt"]
    assert not (ground.tree / "vendor").exists()


async def test_what_git_can_not_hold_does_not_stop_it(ground: Ground) -> None:
    write(ground.tree, {"good": "g\n"})
    os.mkfifo(ground.tree / "pipe")
    (ground.tree / "b.txt").unlink()
    os.mkfifo(ground.tree / "b.txt")
    with socket.socket(socket.AF_UNIX) as server:
        here = os.open(ground.tree, os.O_RDONLY)
        server.bind(f"/proc/self/fd/{here}/socket")
        os.close(here)
        taken = await ground.snapshot()
    assert taken.paths == ("b.txt", "good")
    assert await ground.read(taken.commit, "b.txt") is None
    assert not await ground.prepare()
    assert status(ground.tree) == []
    assert (ground.tree / "b.txt").read_text() == "b\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user to be")
async def test_files_and_folders_that_were_shut_are_opened_and_kept(ground: Ground) -> None:
    """Run as nobody, whom modes do stop."""
    write(ground.tree, {"shut/deep/x": "x\n", "y": "y\n"})
    (ground.tree / "y").chmod(0)
    (ground.tree / "shut/deep").chmod(0)
    (ground.tree / "shut").chmod(0)
    nobody = 65534
    for here, folders, names in os.walk(ground.top.parent):
        for name in [".", *folders, *names]:
            os.chown(os.path.join(here, name), nobody, nobody, follow_symlinks=False)
    for above in ground.top.parents:
        if "pytest" in str(above):
            above.chmod(0o755)
    script = (
        "import asyncio, os, sys\n"
        "from state.git.repository import GitRepository\n"
        "from state.git.worktrees import GitWorktrees\n"
        f"os.setgid({nobody}); os.setuid({nobody})\n"
        "async def main(top, tree, base):\n"
        "    repository = GitRepository(top)\n"
        "    worktrees = GitWorktrees(repository)\n"
        "    print((await worktrees.snapshot(tree, base, [], 'w', 1)).paths)\n"
        "    os.chmod(tree + '/lib', 0o500)\n"
        "    await worktrees.remove(tree)\n"
        "    print(os.path.exists(tree))\n"
        "    await repository.close()\n"
        "asyncio.run(main(*sys.argv[1:]))\n"
    )
    env = {"PATH": os.environ["PATH"], "HOME": str(ground.top.parent), "PYTHONPATH": os.getcwd()}
    command = [sys.executable, "-P", "-c", script, str(ground.top), str(ground.tree), ground.base]

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)

    ran = await asyncio.to_thread(run)
    assert ran.stdout.splitlines() == ["('shut/deep/x', 'y')", "False"], ran.stderr


async def test_files_git_was_told_not_to_look_at_are_looked_at(ground: Ground) -> None:
    git(ground.tree, "update-index", "--assume-unchanged", "a.txt")
    git(ground.tree, "update-index", "--skip-worktree", "b.txt", "lib/c.txt")
    write(ground.tree, {"a.txt": "changed\n", "b.txt": "changed\n"})
    assert status(ground.tree) == []
    taken = await ground.snapshot()
    assert taken.paths == ("a.txt", "b.txt")
    assert not await ground.prepare()


async def test_line_ends_and_filters_are_gits(ground: Ground) -> None:
    git(ground.top, "config", "core.autocrlf", "true")
    git(ground.top, "config", "core.safecrlf", "true")
    git(ground.top, "config", "filter.up.clean", "tr a-z A-Z")
    git(ground.top, "config", "filter.up.required", "true")
    write(ground.tree, {".gitattributes": "*.up filter=up\n", "x.up": "loud\n", "crlf.txt": "1\r\n2\r\n"})
    write(ground.tree, {"mixed.txt": "1\r\n2\n"})
    taken = await ground.snapshot()
    assert await ground.read(taken.commit, "x.up") == b"LOUD\n"
    assert await ground.read(taken.commit, "crlf.txt") == b"1\n2\n"
    assert "mixed.txt" in taken.paths


async def test_a_filter_that_fails_loses_nothing(ground: Ground) -> None:
    git(ground.top, "config", "filter.bad.clean", "false")
    git(ground.top, "config", "filter.bad.required", "true")
    write(ground.tree, {".gitattributes": "*.bad filter=bad\n", "x.bad": "x\n", "new/y": "y\n", "b.txt": None})
    (ground.tree / "run").symlink_to("a.txt")
    taken = await ground.snapshot()
    assert taken.paths == (".gitattributes", "b.txt", "new/y", "run", "x.bad")
    assert await ground.read(taken.commit, "x.bad") == b"x\n"
    assert await ground.read(taken.commit, "run") == b"a.txt"


async def test_a_second_look_sees_what_is_ignored_since_and_what_was_taken_back(ground: Ground) -> None:
    write(ground.tree, {"new": "n\n", "notes.tmp": "t\n", "a.txt": "changed\n", "x.log": "l\n"})
    assert (await ground.snapshot()).paths == ("a.txt", "new", "notes.tmp")
    (ground.tree / "new").unlink()
    write(ground.tree, {"a.txt": "1\n"})
    assert (await ground.snapshot()).paths == ("notes.tmp",)
    write(ground.tree, {".gitignore": "*.tmp\n*.log\nbuilt/\n"})
    assert (await ground.snapshot()).paths == (".gitignore",)


async def test_a_file_that_came_back_is_work_though_it_is_ignored(ground: Ground) -> None:
    write(ground.tree, {"x.log": "l\n"})
    git(ground.tree, "add", "-f", "x.log")
    assert (await ground.snapshot()).paths == ("x.log",)
    (ground.tree / "x.log").unlink()
    assert (await ground.snapshot()).paths == ()
    write(ground.tree, {"x.log": "again\n"})
    assert (await ground.snapshot()).paths == ("x.log",)


async def test_a_folder_that_ignores_itself_after_a_look_is_no_work(ground: Ground) -> None:
    """As the caches of tools do, once they have got round to it."""
    write(ground.tree, {"cache/1": "1\n", "lib/cache/1": "1\n"})
    assert (await ground.snapshot()).paths == ("cache/1", "lib/cache/1")
    write(ground.tree, {"cache/.gitignore": "*\n", "lib/cache/.gitignore": "*\n"})
    assert (await ground.snapshot()).paths == ()


async def test_a_folder_that_ignores_itself_during_a_look_is_no_work_at_the_next(ground: Ground) -> None:
    """Nobody watches a folder that is new."""

    def meanwhile(step: str) -> None:
        if step == "write-tree":
            write(ground.tree, {"cache/.gitignore": "*\n"})

    repository = GitRepository(str(ground.top), meanwhile)
    ground.worktrees = GitWorktrees(repository)
    write(ground.tree, {"cache/1": "1\n"})
    assert (await ground.snapshot()).paths == ("cache/1",)
    assert (await ground.snapshot()).paths == ()
    await repository.close()


async def test_a_second_look_sees_what_the_agent_told_git_since(ground: Ground) -> None:
    write(ground.tree, {"x.log": "l\n", "y.log": "l\n"})
    assert (await ground.snapshot()).paths == ()
    git(ground.tree, "add", "-f", "x.log")
    assert (await ground.snapshot()).paths == ("x.log",)
    git(ground.tree, "rm", "-q", "--cached", "x.log")
    git(ground.tree, "update-index", "--assume-unchanged", "b.txt")
    write(ground.tree, {"b.txt": "hidden\n"})
    assert (await ground.snapshot()).paths == ("b.txt",)


async def noting_reads(ground: Ground, folder: Path) -> tuple[Path, Sha]:
    """A new worktree of twenty files, at a commit; each of them that git reads is noted in a file."""
    log = folder / "read"
    git(ground.top, "config", "filter.seen.clean", f"echo %f >> {log}; cat")
    full = save(ground.tree, {".gitattributes": "*.py filter=seen\n"} | {f"lib/{at:02d}.py": "x\n" for at in range(20)})
    await ground.worktrees.remove(str(ground.tree))
    await ground.prepare(Sha(full))
    await asyncio.sleep(1.1)  # git looks at whole seconds
    return log, Sha(full)


async def test_a_second_look_reads_what_was_changed_alone(ground: Ground, tmp_path: Path) -> None:
    """In a new worktree each file is as young as the index, so that git reads every one of them."""
    log, full = await noting_reads(ground, tmp_path)
    write(ground.tree, {"lib/07.py": "changed\n"})
    await ground.snapshot(base=full)
    log.write_text("")
    write(ground.tree, {"lib/07.py": "changed again\n"})
    taken = await ground.snapshot(base=full)
    assert await ground.read(taken.commit, "lib/07.py") == b"changed again\n"
    assert set(log.read_text().split()) == {"lib/07.py"}


@pytest.mark.parametrize("how", ["in place", "moved there", "with its folder", "in a folder that was away"])
async def test_a_change_in_the_second_of_the_checkout_is_seen(ground: Ground, how: str) -> None:
    """Of the same size too: git can not tell it from the file's time."""
    await ground.worktrees.remove(str(ground.tree))
    await ground.prepare()
    lib = ground.tree / "lib"
    match how:
        case "in place":
            (lib / "c.txt").write_text("C\n")
        case "moved there":
            (lib / "new").write_text("C\n")
            (lib / "new").replace(lib / "c.txt")
        case "with its folder":
            shutil.rmtree(lib)
            write(ground.tree, {"lib/c.txt": "C\n"})
        case _:
            lib.rename(ground.tree / "away")
            (ground.tree / "away/c.txt").write_text("C\n")
            (ground.tree / "away").rename(lib)
    await asyncio.sleep(1.1)
    taken = await ground.snapshot()
    assert taken.paths == ("lib/c.txt",)
    assert await ground.read(taken.commit, "lib/c.txt") == b"C\n"


async def test_a_first_look_reads_what_was_changed_alone(ground: Ground, tmp_path: Path) -> None:
    log, full = await noting_reads(ground, tmp_path)
    log.write_text("")
    write(ground.tree, {"lib/07.py": "changed\n"})
    assert (await ground.snapshot(base=full)).paths == ("lib/07.py",)
    assert set(log.read_text().split()) == {"lib/07.py"}


async def test_ignored_files_the_plan_keeps_are_work_also_in_folders(ground: Ground) -> None:
    write(ground.tree, {"built/deep/out.js": "o\n", "built/other": "x\n", "x.log": "l\n"})
    make(ground.tree / "built/inner", {"out.js": "i\n"})
    taken = await ground.snapshot("built/**/*.js")
    assert taken.paths == ("built/deep/out.js", "built/inner/out.js")


async def test_a_file_that_became_a_folder_and_a_folder_that_became_a_file(ground: Ground) -> None:
    write(ground.tree, {"a.txt": None, "lib/c.txt": None})
    (ground.tree / "lib").rmdir()
    write(ground.tree, {"a.txt/in": "in\n", "lib": "file\n"})
    taken = await ground.snapshot()
    assert taken.paths == ("a.txt", "a.txt/in", "lib", "lib/c.txt")
    assert await ground.prepare()
    assert status(ground.tree) == []
    assert (ground.tree / "a.txt").read_text() == "1\n"


# ------------------------------------------------------------------------- what agents do to git


async def test_a_deleted_git_file_does_not_matter(ground: Ground) -> None:
    write(ground.tree, {"a.txt": "committed\n"})
    git(ground.tree, "commit", "-q", "-a", "-m", "mine")
    head = git(ground.tree, "rev-parse", "HEAD")
    write(ground.tree, {"new": "n\n"})
    (ground.tree / ".git").unlink()
    taken = await ground.snapshot()
    assert taken.head == head
    assert taken.paths == ("a.txt", "new")
    assert not await ground.prepare()
    assert status(ground.tree) == []


async def test_a_repository_made_over_it_does_not_matter(ground: Ground) -> None:
    (ground.tree / ".git").unlink()
    make(ground.tree, {"new": "n\n"})
    taken = await ground.snapshot()
    assert taken.paths == ("new",)
    assert taken.head == ground.base
    await ground.worktrees.remove(str(ground.tree))
    assert not ground.tree.exists()


@pytest.mark.parametrize("name", ["index", "HEAD", "commondir"])
async def test_a_broken_record_does_not_matter(ground: Ground, name: str) -> None:
    write(ground.tree, {"new": "n\n", "a.txt": "changed\n"})
    (ground.admin() / name).write_text("rubbish")
    taken = await ground.snapshot()
    assert taken.paths == ("a.txt", "new")
    assert not await ground.prepare()
    assert status(ground.tree) == []


async def test_a_locked_index_does_not_matter(ground: Ground) -> None:
    (ground.admin() / "index.lock").touch()
    write(ground.tree, {"new": "n\n"})
    assert (await ground.snapshot()).paths == ("new",)
    assert not await ground.prepare()
    assert status(ground.tree) == []


async def test_a_branch_checked_out_is_followed_and_left(ground: Ground) -> None:
    git(ground.tree, "checkout", "-q", "-b", "mine")
    head = save(ground.tree, {"a.txt": "on my branch\n"})
    taken = await ground.snapshot()
    assert (taken.commit, taken.head) == (head, head)
    assert await ground.prepare()
    assert git(ground.tree, "branch", "--show-current") == ""
    assert git(ground.top, "rev-parse", "mine") == head


async def test_a_merge_left_half_done_is_kept_as_it_stands(ground: Ground) -> None:
    clash = side(ground.top, "clash", {"a.txt": "clash\n", "theirs": "t\n"})
    head = save(ground.tree, {"a.txt": "mine\n"})
    git(ground.tree, "merge", clash, check=False)
    taken = await ground.snapshot()
    assert taken.head == head
    assert b"<<<<<<<" in (await ground.read(taken.commit, "a.txt") or b"")
    assert await ground.read(taken.commit, "theirs") == b"t\n"
    assert git(ground.tree, "rev-parse", "MERGE_HEAD") == clash, "the agent may go on"
    assert not await ground.prepare()
    assert status(ground.tree) == []


async def test_commits_an_unfinished_rebase_has_put_aside_are_reached(ground: Ground) -> None:
    onto = side(ground.top, "onto", {"a.txt": "onto\n"})
    one = save(ground.tree, {"a.txt": "mine\n"})
    two = save(ground.tree, {"two": "two\n"})
    git(ground.tree, "rebase", onto, check=False)
    taken = await ground.snapshot()
    for commit in (one, two):
        assert await ground.repository.is_ancestor(Sha(commit), taken.head)
    assert await ground.repository.is_ancestor(Sha(onto), taken.head)


async def test_commits_the_agent_walked_away_from_are_reached(ground: Ground) -> None:
    await ground.prepare()
    moved = Sha(save(ground.top, {"trunk": "moved\n"}))
    await ground.prepare(moved)
    one = Sha(save(ground.tree, {"one": "1\n"}))
    git(ground.tree, "checkout", "-q", ground.base)
    two = Sha(save(ground.tree, {"two": "2\n"}))
    taken = await ground.snapshot(base=moved)
    assert taken.head not in (one, two)
    for commit in (one, two):
        assert await ground.repository.is_ancestor(commit, taken.head)


# ----------------------------------------------------------------------------------------- warm


async def test_a_warm_worktree_is_as_clean_as_a_new_one(ground: Ground) -> None:
    theirs = Sha(side(ground.top, "next", {"a.txt": "2\n", "more/d": "d\n", "b.txt": None}))
    write(ground.tree, {"x/y/z": "z\n", "a.txt": "changed\n", "cache.log": "kept\n", "built/o": "o\n"})
    save(ground.tree, {"committed": "c\n"})
    await ground.snapshot()
    assert await ground.prepare(theirs)
    assert git(ground.tree, "rev-parse", "HEAD") == theirs
    assert status(ground.tree) == []
    assert not (ground.tree / "x").exists()
    assert (ground.tree / "cache.log").exists(), "ignored files stay; that is what makes it warm"
    assert git(ground.tree, "fsck") == ""
    taken = await ground.snapshot(base=theirs)
    assert (taken.commit, taken.paths) == (theirs, ())


async def test_files_the_next_commit_does_not_ignore_do_not_leak_into_it(ground: Ground) -> None:
    unignored = Sha(side(ground.top, "next", {".gitignore": "other\n"}))
    write(ground.tree, {"old.log": "l\n"})
    await ground.snapshot()
    assert not await ground.prepare(unignored)
    assert not (ground.tree / "old.log").exists()
    assert (await ground.snapshot(base=unignored)).paths == ()


async def test_new_attributes_are_applied_to_all_files(ground: Ground) -> None:
    crlf = Sha(side(ground.top, "next", {".gitattributes": "*.txt eol=crlf\n"}))
    await ground.snapshot()
    await ground.prepare(crlf)
    assert (ground.tree / "a.txt").read_bytes() == b"1\r\n"


async def test_refs_of_one_worktree_do_not_reach_the_next_attempt(ground: Ground) -> None:
    git(ground.tree, "update-ref", "refs/worktree/mine", "HEAD")
    await ground.snapshot()
    assert not await ground.prepare()
    assert git(ground.tree, "for-each-ref", "refs/worktree") == ""


async def test_a_snapshot_of_another_process_is_not_moved_on_from(ground: Ground) -> None:
    write(ground.tree, {"new": "n\n"})
    await ground.snapshot()
    again = GitWorktrees(ground.repository)
    ground.calls.clear()
    await again.prepare(str(ground.tree), ground.base)
    assert "worktree" in ground.calls
    assert status(ground.tree) == []


async def test_what_a_check_left_goes_at_a_cost_of_what_was_left(ground: Ground) -> None:
    await ground.prepare()
    write(ground.tree, {"report": "red\n", "a.txt": "changed\n"})
    assert await ground.prepare()
    assert status(ground.tree) == []
    assert not (ground.tree / "report").exists()


async def test_changes_of_the_same_size_in_the_second_of_the_checkout_are_seen(ground: Ground) -> None:
    first = (ground.tree / "a.txt").read_bytes()
    for letter in b"abcdefgh":
        (ground.tree / "a.txt").write_bytes(bytes([letter]) * len(first))
        taken = await ground.snapshot()
        assert await ground.repository.read(taken.commit, "a.txt") == bytes([letter]) * len(first)
        assert await ground.prepare()
        assert (ground.tree / "a.txt").read_bytes() == first


async def test_a_change_of_the_same_size_is_seen_when_the_second_of_the_checkout_is_over(ground: Ground) -> None:
    """Git tells such a change by nothing but the time of its index."""
    await asyncio.sleep((0.7 - time.time()) % 1)
    await ground.worktrees.remove(str(ground.tree))
    await ground.prepare()
    first = (ground.tree / "a.txt").read_bytes()
    (ground.tree / "a.txt").write_bytes(b"x" * len(first))
    await asyncio.sleep((0.2 - time.time()) % 1)
    taken = await ground.snapshot()
    assert await ground.repository.read(taken.commit, "a.txt") == b"x" * len(first)


# --------------------------------------------------------------------------------- half made, half gone


def add_and_kill(top: Path, path: Path, commit: str, watched: Path) -> None:
    add = ["git", "worktree", "add", "--detach", "--lock", "--reason", f"tianting {path}", str(path), commit]
    adding = subprocess.Popen(add, cwd=top, start_new_session=True, stderr=subprocess.DEVNULL)
    while adding.poll() is None and not watched.exists():
        pass
    with suppress(ProcessLookupError):  # on a busy machine it may have ended
        os.killpg(adding.pid, signal.SIGKILL)
    adding.wait()


async def test_a_worktree_half_made_is_known_and_can_be_removed(ground: Ground) -> None:
    """Killed while `git worktree add` runs, at several moments."""
    under = ground.tree.parent
    write(ground.top, {f"many/{n}": "m\n" * 50 for n in range(800)})
    commit = save(ground.top, {})
    met = 0
    moments = (".git/worktrees/half{}/locked", ".git/worktrees/half{}/HEAD", "many/1", "many/790")
    for number, seen in enumerate(moments):
        path = under / f"half{number}"
        watched = (path / seen) if seen.startswith("many") else ground.top / seen.format(number)
        await asyncio.to_thread(add_and_kill, ground.top, path, commit, watched)
        met += not (path / "many/799").exists()
        assert str(path) in await ground.worktrees.known(str(under))
        if number % 2:
            await ground.worktrees.prepare(str(path), Sha(commit))
            assert status(path) == []
        await ground.worktrees.remove(str(path))
        assert not path.exists()
        assert str(path) not in await ground.worktrees.known(str(under))
    assert met, "no kill met a worktree that was half made"
    assert len(os.listdir(ground.top / ".git/worktrees")) == 1


async def test_a_folder_deleted_by_hand_is_forgotten(ground: Ground) -> None:
    shutil.rmtree(ground.tree)
    assert await ground.worktrees.known(str(ground.tree.parent)) == [str(ground.tree)]
    with pytest.raises(WorktreeFault):
        await ground.snapshot()
    assert not await ground.prepare()
    await ground.worktrees.remove(str(ground.tree))
    assert not (ground.top / ".git/worktrees").exists()


async def test_a_link_in_its_place_is_not_followed(ground: Ground) -> None:
    precious = ground.tree.parent / "precious"
    ground.tree.rename(precious)
    ground.tree.symlink_to(precious)
    with pytest.raises(WorktreeFault):
        await ground.worktrees.remove(str(ground.tree))
    assert (precious / "a.txt").exists()


async def test_submodules_are_kept_as_links(ground: Ground) -> None:
    inner = make(ground.top.parent / "inner", {"i": "i\n"})
    git(ground.top, "update-index", "--add", "--cacheinfo", f"160000,{inner},sub")
    git(ground.top, "commit", "-q", "-m", "sub")
    base = Sha(git(ground.top, "rev-parse", "HEAD"))
    await ground.prepare(base)
    write(ground.tree, {"a.txt": "changed\n"})
    taken = await ground.snapshot(base=base)
    assert taken.paths == ("a.txt",)
    assert await ground.prepare(base)
    assert (await ground.snapshot(base=base)).paths == ()


async def test_work_in_submodules_is_told_and_kept_as_bundles_until_it_is_pushed(ground: Ground) -> None:
    home = ground.top.parent / "homes"
    for name in ("inner", "outer"):
        make(home / name, {"f.txt": "1\n"})
        git(home / name, "config", "receive.denyCurrentBranch", "ignore")
    add = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
    git(home / "outer", *add, str(home / "inner"), "inner")
    git(home / "outer", "commit", "-q", "-m", "inner")
    git(ground.tree, *add, str(home / "outer"), "outer")
    git(ground.tree / "outer", "-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init")
    git(ground.tree, "commit", "-q", "-m", "outer")
    assert (await ground.snapshot()).astray == ()

    inner = ground.tree / "outer" / "inner"
    write(inner, {"f.txt": "2\n", "new\n.txt": "2\n"})
    taken = await ground.snapshot()
    assert (taken.astray, status(inner)) == (("outer/inner",), [" M f.txt", '?? "new\\n.txt"'])
    bundle = ground.top.parent / "bundle"
    bundle.write_bytes(await ground.read(taken.head, "tianting-submodules/outer/inner.bundle") or b"")
    git(home / "inner", "fetch", "-q", str(bundle), "refs/tianting/left:kept")
    assert git(home / "inner", "show", "kept:new\n.txt") == "2"

    tip = save(inner, {})
    git(inner, "push", "-q", "origin", f"{tip}:main")
    git(ground.tree / "outer", "commit", "-q", "-a", "-m", "inner moved")
    assert (await ground.snapshot()).astray == ("outer",)
    git(ground.tree / "outer", "push", "-q", "origin", "HEAD:main")
    assert (await ground.snapshot()).astray == ()


async def test_a_repository_made_inside_and_committed_as_a_link_is_told_and_kept(ground: Ground) -> None:
    make(ground.tree / "inner", {"i.txt": "i\n"})
    git(ground.tree, "add", "-A")
    git(ground.tree, "commit", "-q", "-m", "with a link that leads nowhere")
    taken = await ground.snapshot()
    assert (taken.paths, taken.astray) == (("inner",), ("inner",))
    assert await ground.read(taken.head, "tianting-submodules/inner.bundle")
    await ground.prepare()
    assert not (ground.tree / "inner").exists()


async def test_without_submodules_nothing_is_asked_about_them(ground: Ground) -> None:
    write(ground.tree, {"a.txt": "2\n"})
    assert (await ground.snapshot()).astray == ()
    assert [ground.calls.count(name) for name in ("ls-files", "status", "rev-list", "rev-parse")] == [1, 0, 0, 0]
