"""Landings that are killed on the way, with everything they had started, and mended: nothing is half moved, no lock is
left, nothing of the person's is touched, and the same landing works again."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from state.git.repository import GitRepository
from state.ids import Sha
from state.ports import LandingOrder, Moved, NotMoved, RepositoryFault
from tests.support import landing_child
from tests.support.plain_git import git, make, save, status, write

TRUNK = "refs/heads/main"
FENCE = "refs/tianting/fence/main"
FILES = 300
INTERACTIONS = 6
"""More than a landing has; the kill at a later one is no kill, and the landing is whole."""


def body(number: int, word: str) -> str:
    return f"{word} {number}\n" + f"{number} is a line that makes this file longer\n" * 100


@dataclass
class Ground:
    top: Path
    repository: GitRepository
    order: LandingOrder

    def locks(self) -> list[str]:
        return [str(path) for path in (self.top / ".git").rglob("*.lock")]

    async def is_whole(self, mine: dict[str, str]) -> str:
        """Where the trunk stands now; the work tree and the index stand there too, but for the person's files."""
        assert self.locks() == []
        assert {line[3:] for line in status(self.top)} == set(mine)
        for name, content in mine.items():
            assert (self.top / name).read_text() == content
        assert git(self.top, "fsck", "--strict", "--no-dangling") == ""
        now = git(self.top, "rev-parse", "HEAD")
        assert now in (self.order.old, self.order.new)
        return now

    async def lands(self, mine: dict[str, str]) -> None:
        assert await self.repository.land(self.order) == Moved()
        assert await self.is_whole(mine) == self.order.new


def grow(top: Path) -> str:
    """A branch that changes a third of the files, deletes a third and adds as many, and swaps a file and a folder."""
    place = top.parent / "side"
    git(top, "worktree", "add", "-q", "-b", "side", str(place), "main")
    changes: dict[str, str | None] = {f"d{n % 7}/f{n}": body(n, "new") for n in range(0, FILES, 3)}
    changes |= {f"d{n % 7}/f{n}": None for n in range(1, FILES, 3)}
    changes |= {f"e{n % 5}/deep/f{n}": body(n, "added") for n in range(0, FILES, 3)}
    write(place, changes | {"thing": None})
    write(place, {"thing/in": "now a folder\n"})
    (place / "link").unlink()
    (place / "link").symlink_to("d1")
    git(place, "add", "-A")
    git(place, "commit", "-q", "-m", "side")
    git(top, "worktree", "remove", str(place))
    return git(top, "rev-parse", "side")


@pytest.fixture
async def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ground]:
    monkeypatch.setenv("HOME", str(tmp_path))
    top = tmp_path / "repo"
    make(top, {f"d{n % 7}/f{n}": body(n, "old") for n in range(FILES)} | {"thing": "a file\n"})
    (top / "link").symlink_to("d0")
    save(top, {})
    theirs = Sha(grow(top))
    repository = GitRepository(str(top))
    old = await repository.resolve(TRUNK)
    assert old is not None
    new = await repository.commit(await repository.tree_of(theirs), [old, theirs], "land", 5000)
    token = await repository.set_fence(FENCE, "me")
    yield Ground(top, repository, LandingOrder(TRUNK, old, new, FENCE, token, str(top)))
    await repository.close()


def killed_when(ground: Ground, seen: Callable[[], bool], *, with_children: bool) -> None:
    """A landing that is killed as soon as something is seen; what it has started goes with it, or runs on without."""
    child = landing_child.start(ground.top, ground.order)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    while child.poll() is None and not seen():
        pass
    if child.poll() is None:
        if with_children:
            landing_child.kill_session(child.pid)
        else:
            child.kill()
    child.communicate(timeout=30)


@pytest.mark.parametrize("number", range(1, INTERACTIONS))
async def test_a_landing_killed_at_any_call_of_git_is_mended(ground: Ground, number: int) -> None:
    mine = {"d2/f2": "mine\n"}
    write(ground.top, mine)
    child = landing_child.start(ground.top, ground.order, die_at=number)
    child.communicate(timeout=60)
    await ground.repository.mend_checkout(ground.order)
    if await ground.is_whole(mine) == ground.order.old:
        await ground.lands(mine)


@pytest.mark.parametrize("number", range(1, INTERACTIONS))
async def test_a_landing_that_was_paused_at_any_call_of_git_is_overtaken_and_changes_nothing_more(
    ground: Ground, number: int
) -> None:
    mine = {"d2/f2": "mine\n"}
    write(ground.top, mine)
    child = landing_child.start(ground.top, ground.order, die_at=-number)
    stopped = os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    await ground.repository.mend_checkout(ground.order)
    token = await ground.repository.set_fence(FENCE, "the next")
    stands = await ground.is_whole(mine)
    child.send_signal(signal.SIGCONT)
    said, _ = child.communicate(timeout=60)
    assert await ground.is_whole(mine) == stands
    if stands == ground.order.old:
        assert stopped is not None
        assert stopped.si_code == os.CLD_STOPPED
        assert b"StaleLease" in said
        ground.order = replace(ground.order, token=token)
        await ground.lands(mine)


@pytest.mark.parametrize("with_children", [True, False])
async def test_a_landing_killed_in_the_middle_of_the_work_tree_is_mended(ground: Ground, with_children: bool) -> None:
    mine = {"d2/f2": "mine\n"}
    write(ground.top, mine)
    there = [".git/refs/heads/main.lock", ".git/index.lock", "e0/deep/f0", "e2/deep/f12", "e4/deep/f99", "thing/in"]
    gone = ["d1/f1", "d5/f19"]
    halves = 0
    for name, appears in [*((name, True) for name in there), *((name, False) for name in gone)]:

        def seen(file: Path = ground.top / name, appears: bool = appears) -> bool:
            return file.exists() is appears

        await asyncio.to_thread(killed_when, ground, seen, with_children=with_children)
        halves += len(status(ground.top)) > 1
        await ground.repository.mend_checkout(ground.order)
        if await ground.is_whole(mine) == ground.order.new:
            await back(ground)
    assert halves, "the kills did not meet a work tree on its way, and prove nothing"
    await ground.lands(mine)


async def test_mending_killed_at_any_call_of_git_is_mended(ground: Ground) -> None:
    mine = {"d2/f2": "mine\n"}
    write(ground.top, mine)
    for number in range(1, 16):
        write(ground.top, {"d0/f0": body(0, "new"), "d3/f3": body(3, "new")[:57], "e0/deep/f0": body(0, "added")})
        (ground.top / ".git/index.lock").touch()
        child = landing_child.start(ground.top, ground.order, number, "mend")
        child.communicate(timeout=60)
    await ground.repository.mend_checkout(ground.order)
    assert await ground.is_whole(mine) == ground.order.old


async def back(ground: Ground) -> None:
    """Undo a landing as a person would, so that it can be tried again."""
    git(ground.top, "reset", "-q", "--keep", ground.order.old)
    assert await ground.repository.resolve(TRUNK) == ground.order.old


async def test_what_the_person_did_since_the_crash_stays(ground: Ground) -> None:
    """Half moved by hand: a file of each kind, and beside them files that a person wrote."""
    top, blob = ground.top, body(3, "new")
    write(
        top,
        {
            "d0/f0": body(0, "new"),  # moved
            "d3/f3": blob[:57],  # begun
            "d6/f6": "",  # begun
            "d2/f9": "mine since\n",  # a person's
            "d1/f1": None,  # moved
            "e0/deep/f0": body(0, "added"),  # moved
            "e3/deep/f3": body(3, "added")[:1000],  # begun
            "e1/deep/f6": "mine since\n",  # a person's, where the landing adds a file
            "thing": None,
        },
    )
    (top / "thing").mkdir()  # before the file in it
    (top / "d5/f12").unlink()  # between unlink and open
    (top / "link").unlink()
    (top / "link").symlink_to("d1")
    for name in ("index", "HEAD", "refs/heads/main", FENCE):
        (top / f".git/{name}.lock").touch()
    await ground.repository.mend_checkout(ground.order)
    assert ground.locks() == []
    assert status(top) == [" M d2/f9", "?? e1/"]
    assert (top / "d2/f9").read_text() == "mine since\n"
    assert (top / "e1/deep/f6").read_text() == "mine since\n"
    answer = await ground.repository.land(ground.order)
    assert isinstance(answer, NotMoved)
    assert answer.reason == "checkout"


async def test_a_work_tree_moved_to_the_end_without_its_trunk_is_put_back(ground: Ground) -> None:
    git(ground.top, "read-tree", "-m", "-u", ground.order.old, ground.order.new)
    await ground.repository.mend_checkout(ground.order)
    assert await ground.is_whole({}) == ground.order.old
    git(ground.top, "read-tree", "-m", "-u", ground.order.old, ground.order.new)
    write(ground.top, {"d0/f0": "mine since\n", "free": "mine\n"})
    await ground.repository.mend_checkout(ground.order)
    assert status(ground.top) == [" M d0/f0", "?? free"]


async def test_a_work_tree_left_behind_by_its_trunk_is_moved_forward(ground: Ground) -> None:
    git(ground.top, "update-ref", TRUNK, ground.order.new, ground.order.old)
    await ground.repository.mend_checkout(ground.order)
    assert await ground.is_whole({}) == ground.order.new


async def test_a_landing_that_others_have_built_on_is_not_touched(ground: Ground) -> None:
    assert await ground.repository.land(ground.order) == Moved()
    later = save(ground.top, {"later": "l\n", "d0/f0": "later\n"})
    write(ground.top, {"d3/f3": body(3, "old")})
    await ground.repository.mend_checkout(ground.order)
    assert git(ground.top, "rev-parse", "HEAD") == later
    assert status(ground.top) == [" M d3/f3"]


async def test_what_was_changed_after_a_whole_landing_is_the_persons(ground: Ground) -> None:
    assert await ground.repository.land(ground.order) == Moved()
    write(ground.top, {"d3/f3": body(3, "old"), "d0/f0": None})
    await ground.repository.mend_checkout(ground.order)
    assert status(ground.top) == [" D d0/f0", " M d3/f3"]


def stranger(ground: Ground) -> tuple[subprocess.Popen[bytes], int]:
    """A git that is nobody's child and holds the lock of the trunk until its input ends; and its process id."""
    command = ["sh", "-c", "exec 3<&0; git update-ref --stdin <&3 & echo $!"]
    shell = subprocess.Popen(command, cwd=ground.top, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert shell.stdin is not None
    assert shell.stdout is not None
    pid = int(shell.stdout.readline())
    shell.stdin.write(f"start\nupdate {TRUNK} {ground.order.new} {ground.order.old}\nprepare\n".encode())
    shell.stdin.flush()
    assert [shell.stdout.readline() for _ in range(2)] == [b"start: ok\n", b"prepare: ok\n"]
    return shell, pid


async def test_a_lock_of_a_living_process_is_left(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("state.git.mend._WAIT", 0.2)
    shell, pid = await asyncio.to_thread(stranger, ground)
    with pytest.raises(RepositoryFault, match=f"process {pid}"):
        await ground.repository.mend_checkout(ground.order)
    assert len(ground.locks()) == 2
    shell.communicate()
    await ground.repository.mend_checkout(ground.order)
    await ground.lands({})


async def test_a_lock_is_waited_for_while_its_process_comes_to_an_end(ground: Ground) -> None:
    shell, _ = await asyncio.to_thread(stranger, ground)
    mending = ground.repository.mend_checkout(ground.order)
    await asyncio.gather(mending, asyncio.to_thread(shell.communicate))
    await ground.lands({})
