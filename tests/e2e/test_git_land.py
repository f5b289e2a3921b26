"""Landing on real repositories, with the trunk checked out by somebody who works there."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from state.git.repository import GitRepository
from state.ids import Sha
from state.ports import LandingOrder, Moved, NotMoved
from tests.support.plain_git import git, make, save, side, status, write

TRUNK = "refs/heads/main"
FENCE = "refs/tianting/fence/main"
BASE = {
    "a.txt": "1\n",
    "b.txt": "b\n",
    "gone.txt": "g\n",
    "lib/c.txt": "c\n",
    "swap/file": "s\n",
    "flat": "f\n",
    ".gitignore": "*.log\nbuilt/\n",
}
LANDED = {"a.txt": "2\n", "new/d.txt": "d\n", "gone.txt": None, "out.log": "log\n", "swap": None}


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("GIT_DIR", raising=False)
    place = tmp_path / "the répo'\"\n"
    make(place, BASE)
    return place


@pytest.fixture
async def repository(top: Path) -> AsyncIterator[GitRepository]:
    opened = GitRepository(str(top))
    yield opened
    await opened.close()


async def order(repository: GitRepository, theirs: str, trunk: str = TRUNK) -> LandingOrder:
    """The order to land a commit that merges cleanly."""
    old = await repository.resolve(trunk)
    assert old is not None
    merged = await repository.merge(old, Sha(theirs))
    new = await repository.commit(merged.tree, [old, Sha(theirs)], "land", 5000)
    token = await repository.set_fence(FENCE, "me")
    return LandingOrder(trunk, old, new, FENCE, token, await repository.checkout_of(trunk))


def change(top: Path) -> str:
    """A branch that changes, adds and deletes files, and swaps a folder for a file and a file for a folder."""
    place = top.parent / "side"
    git(top, "worktree", "add", "-q", "-b", "side", str(place), "main")
    write(place, {"a.txt": "2\n", "new/d.txt": "d\n", "gone.txt": None, "swap/file": None, "flat": None})
    (place / "swap").rmdir()
    write(place, {"swap": "now a file\n", "flat/in": "now a folder\n", "out.log": "log\n"})
    git(place, "add", "-A", "-f")
    git(place, "commit", "-q", "-m", "side")
    git(top, "worktree", "remove", str(place))
    return git(top, "rev-parse", "side")


async def refused(repository: GitRepository, asked: LandingOrder, name: str) -> None:
    """The landing is refused because of a file, which it names, and nothing has moved."""
    answer = await repository.land(asked)
    assert isinstance(answer, NotMoved)
    assert answer.reason == "checkout"
    assert name in answer.detail
    assert await repository.resolve(asked.ref) == asked.old


async def test_the_checkout_moves_with_the_trunk(top: Path, repository: GitRepository) -> None:
    asked = await order(repository, change(top))
    assert asked.checkout == str(top)
    assert await repository.land(asked) == Moved()
    assert status(top) == []
    assert git(top, "rev-parse", "HEAD") == asked.new
    assert (top / "swap").read_text() == "now a file\n"
    assert (top / "flat/in").read_text() == "now a folder\n"
    assert not (top / "gone.txt").exists()
    assert git(top, "fsck", "--strict") == ""


async def test_what_the_person_has_under_way_stays(top: Path, repository: GitRepository) -> None:
    theirs = change(top)
    write(top, {"b.txt": "stashed\n"})
    git(top, "stash")
    write(top, {"b.txt": "dirty\n", "lib/c.txt": "staged\n", "added.txt": "added\n", "free.txt": "untracked\n"})
    write(top, {"some.log": "ignored\n", "built/x": "ignored\n"})
    git(top, "add", "lib/c.txt", "added.txt")
    write(top, {"lib/c.txt": "staged, then changed\n"})
    before, stash = status(top), git(top, "rev-parse", "stash")
    assert await repository.land(await order(repository, theirs)) == Moved()
    assert status(top) == before
    assert git(top, "rev-parse", "stash") == stash
    assert git(top, "show", ":lib/c.txt") == "staged"
    assert (top / "lib/c.txt").read_text() == "staged, then changed\n"
    assert (top / "b.txt").read_text() == "dirty\n"
    assert (top / "some.log").read_text() == "ignored\n"


@pytest.mark.parametrize(
    ("mine", "named"),
    [
        ({"a.txt": "mine\n"}, "a.txt"),
        ({"gone.txt": "mine\n"}, "gone.txt"),
        ({"new/d.txt": "mine\n"}, "new/d.txt"),
        ({"new": "mine\n"}, "new"),
        ({"new/d.txt/deep": "mine\n"}, "new/d.txt/deep"),
        ({"out.log": "mine, and ignored\n"}, "out.log"),
        ({"swap/mine.log": "mine, and ignored\n"}, "swap/mine.log"),
        ({"swap/mine": "mine\n"}, "swap/mine"),
        ({"a.txt": None}, "a.txt"),
        ({"flat": "mine\n"}, "flat"),
    ],
)
async def test_a_landing_that_would_touch_their_files_is_refused(
    top: Path, repository: GitRepository, mine: dict[str, str | None], named: str
) -> None:
    asked = await order(repository, change(top))
    write(top, mine)
    before = status(top)
    await refused(repository, asked, named)
    assert status(top) == before
    for name, content in mine.items():
        assert (top / name).is_file() == (content is not None)
        assert content is None or (top / name).read_text() == content
    write(top, {name: BASE.get(name) for name in mine})
    if named == "new/d.txt/deep":
        (top / "new/d.txt").rmdir()
    assert await repository.land(asked) == Moved()
    assert status(top) == []


async def test_a_staged_change_in_the_way_is_refused(top: Path, repository: GitRepository) -> None:
    asked = await order(repository, change(top))
    write(top, {"a.txt": "staged\n"})
    git(top, "add", "a.txt")
    write(top, {"a.txt": "1\n"})
    await refused(repository, asked, "a.txt")
    assert git(top, "show", ":a.txt") == "staged"


async def test_a_link_out_of_the_work_tree_is_not_followed(top: Path, repository: GitRepository) -> None:
    asked = await order(repository, change(top))
    outside = top.parent / "outside"
    outside.mkdir()
    (top / "new").symlink_to(outside)
    await refused(repository, asked, "new")
    assert list(outside.iterdir()) == []


async def test_a_file_that_was_only_touched_is_not_in_the_way(top: Path, repository: GitRepository) -> None:
    asked = await order(repository, change(top))
    for name in ("a.txt", "gone.txt"):
        os.utime(top / name, (1, 1))
    assert await repository.land(asked) == Moved()
    assert status(top) == []


async def test_files_left_out_by_a_sparse_checkout_stay_out(top: Path, repository: GitRepository) -> None:
    save(top, {"far/x": "x\n"})
    theirs = side(top, "far", {"far/x": "changed\n", "lib/c.txt": "changed\n"})
    git(top, "sparse-checkout", "set", "lib")
    assert not (top / "far/x").exists()
    assert await repository.land(await order(repository, theirs)) == Moved()
    assert not (top / "far/x").exists()
    assert (top / "lib/c.txt").read_text() == "changed\n"
    assert status(top) == []


async def test_a_merge_half_done_by_the_person_is_left_alone(top: Path, repository: GitRepository) -> None:
    theirs = change(top)
    clash = side(top, "clash", {"b.txt": "clash\n"})
    save(top, {"b.txt": "mine\n"})
    git(top, "merge", clash, check=False)
    asked = await order(repository, theirs)
    before = status(top)
    answer = await repository.land(asked)
    assert isinstance(answer, NotMoved)
    assert answer.reason == "checkout"
    assert status(top) == before
    assert await repository.resolve(TRUNK) == asked.old


async def test_a_rebase_of_the_trunk_under_way_is_left_alone(top: Path, repository: GitRepository) -> None:
    theirs = change(top)
    onto = side(top, "onto", {"b.txt": "onto\n"})
    save(top, {"b.txt": "mine\n"})
    git(top, "rebase", onto, check=False)
    asked = await order(repository, theirs)
    assert asked.checkout == "", "its HEAD is detached"
    await refused(repository, asked, "rebase")


async def test_a_trunk_checked_out_in_a_linked_worktree_moves_there(top: Path, repository: GitRepository) -> None:
    theirs = change(top)
    git(top, "checkout", "-q", "-b", "elsewhere")
    linked = top.parent / "linked tree"
    git(top, "worktree", "add", "-q", str(linked), "main")
    asked = await order(repository, theirs)
    assert asked.checkout == str(linked)
    assert await repository.land(asked) == Moved()
    assert status(linked) == []
    assert git(linked, "rev-parse", "HEAD") == asked.new
    assert status(top) == []
    assert (top / "a.txt").read_text() == "1\n"


async def test_a_trunk_nobody_has_checked_out_moves_alone(top: Path, repository: GitRepository) -> None:
    theirs = change(top)
    git(top, "checkout", "-q", "--detach")
    asked = await order(repository, theirs)
    assert asked.checkout == ""
    assert await repository.land(asked) == Moved()
    assert git(top, "rev-parse", "main") == asked.new
    assert status(top) == []
    assert (top / "a.txt").read_text() == "1\n"


async def test_a_checkout_made_or_left_since_the_order_is_seen(top: Path, repository: GitRepository) -> None:
    asked = await order(repository, change(top))
    git(top, "checkout", "-q", "-b", "elsewhere")
    await refused(repository, asked, "no worktree")
    without = await order(repository, "side")
    git(top, "checkout", "-q", "main")
    await refused(repository, without, "is checked out in")
    assert status(top) == []


async def test_a_checkout_on_a_disk_that_is_not_mounted_is_refused(top: Path, repository: GitRepository) -> None:
    theirs = change(top)
    git(top, "checkout", "-q", "--detach")
    linked = top.parent / "disk"
    git(top, "worktree", "add", "-q", str(linked), "main")
    git(top, "worktree", "lock", str(linked))
    linked.rename(top.parent / "away")
    asked = await order(repository, theirs)
    await refused(repository, asked, "can not be reached")


async def test_a_checkout_that_was_deleted_is_none(top: Path, repository: GitRepository) -> None:
    theirs = change(top)
    git(top, "checkout", "-q", "--detach")
    linked = top.parent / "disk"
    git(top, "worktree", "add", "-q", str(linked), "main")
    linked.rename(top.parent / "away")
    assert await repository.land(await order(repository, theirs)) == Moved()


async def test_a_lock_of_somebody_is_respected(top: Path, repository: GitRepository) -> None:
    asked = await order(repository, change(top))
    lock = top / ".git/index.lock"
    lock.touch()
    await refused(repository, asked, "index.lock")
    lock.unlink()
    lock = top / ".git/refs/heads/main.lock"
    lock.touch()
    answer = await repository.land(asked)
    assert isinstance(answer, NotMoved)
    assert answer.reason == "busy"
    lock.unlink()
    assert await repository.land(asked) == Moved()
    assert status(top) == []


async def test_a_bare_repository_lands(top: Path) -> None:
    theirs = change(top)
    bare = top.parent / "bare.git"
    git(top, "clone", "-q", "--bare", ".", str(bare))
    repository = GitRepository(str(bare))
    asked = await order(repository, theirs)
    assert asked.checkout == ""
    assert await repository.land(asked) == Moved()
    assert git(bare, "rev-parse", "main") == asked.new
    await repository.close()


async def test_links_modes_and_submodules_land(top: Path, repository: GitRepository) -> None:
    inner = make(top.parent / "inner", {"i": "i\n"})
    place = top.parent / "side"
    git(top, "worktree", "add", "-q", "-b", "side", str(place), "main")
    (place / "link").symlink_to("a.txt")
    (place / "b.txt").chmod(0o755)
    git(place, "update-index", "--add", "--cacheinfo", f"160000,{inner},sub")
    git(place, "add", "link", "b.txt")
    git(place, "commit", "-q", "-m", "side")
    assert await repository.land(await order(repository, git(place, "rev-parse", "HEAD"))) == Moved()
    assert (top / "link").readlink() == Path("a.txt")
    assert os.access(top / "b.txt", os.X_OK)
    assert status(top) == []


async def test_names_of_any_bytes_land(top: Path, repository: GitRepository) -> None:
    names = ["new\nline", "quo'te\"s", "tab\t", " space ", "中文", "ba\udcffd", "-dash", ":colon", "a*b"]
    theirs = side(top, "names", dict.fromkeys(names, "x\n") | {"lib/ba\udcffd/deep\n": "y\n"})
    asked = await order(repository, theirs)
    (top / "ba\udcffd").write_text("mine\n")
    await refused(repository, asked, "ba\ufffdd")
    (top / "ba\udcffd").unlink()
    assert await repository.land(asked) == Moved()
    assert status(top) == []


async def test_line_ends_are_written_as_the_person_has_set_them(top: Path) -> None:
    git(top, "config", "core.autocrlf", "true")
    theirs = side(top, "crlf", {"a.txt": "2\r\n", "new.txt": "n\r\n"})
    repository = GitRepository(str(top))
    assert await repository.land(await order(repository, theirs)) == Moved()
    assert (top / "new.txt").read_bytes() == b"n\r\n"
    assert status(top) == []
    await repository.close()


async def test_no_hook_of_the_repository_is_run(top: Path, repository: GitRepository) -> None:
    asked = await order(repository, change(top))
    for hook in ("post-checkout", "reference-transaction", "post-index-change", "post-merge"):
        file = top / ".git/hooks" / hook
        file.parent.mkdir(exist_ok=True)
        file.write_text("#!/bin/sh\ntouch ran\nexit 1\n")
        file.chmod(0o755)
    assert await repository.land(asked) == Moved()
    assert not (top / "ran").exists()
    assert not (top / ".git/ran").exists()


async def test_what_a_hook_has_in_its_environment_does_not_reach_git(
    top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = change(top)
    other = top.parent / "other"
    make(other, {"o": "o\n"})
    for name, value in {
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": str(other / ".git/index"),
        "GIT_OBJECT_DIRECTORY": str(other / ".git/objects"),
        "GIT_QUARANTINE_PATH": str(other),
        "GIT_NAMESPACE": "elsewhere",
        "GIT_GLOB_PATHSPECS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    repository = GitRepository(str(top))
    asked = await order(repository, theirs)
    assert await repository.land(asked) == Moved()
    await repository.close()
    assert status(top) == []
    assert status(other) == []
    assert git(top, "rev-parse", "main") == asked.new


async def test_a_branch_that_somebody_has_checked_out_is_not_deleted(top: Path, repository: GitRepository) -> None:
    main = await repository.resolve(TRUNK)
    git(top, "branch", "free")
    assert not await repository.update_ref(TRUNK, None, main)
    assert await repository.update_ref("refs/heads/free", None, main)
    assert git(top, "rev-parse", "HEAD") == main


async def test_a_landing_that_fails_while_it_writes_is_undone(top: Path, repository: GitRepository) -> None:
    """A filter that fails, or a name that the disk does not take, stops git with half of the files written."""
    write(top, {"b.txt": "mine\n"})
    git(top, "config", "filter.bad.clean", "cat")
    git(top, "config", "filter.bad.smudge", "false")
    git(top, "config", "filter.bad.required", "true")
    place = top.parent / "side"
    git(top, "worktree", "add", "-q", "-b", "side", str(place), "main")
    write(place, {"a.txt": "2\n", "gone.txt": None, "lib/c.txt": "2\n", "swap/file": None})
    (place / "swap").rmdir()
    write(place, {"swap": "now a file\n", "new/d": "d\n", ".gitattributes": "*.bad filter=bad\n", "x.bad": "x\n"})
    (place / "flat").chmod(0o755)
    git(place, "add", "-A")
    git(place, "commit", "-q", "-m", "side")
    asked = await order(repository, git(top, "rev-parse", "side"))
    await refused(repository, asked, "could not be moved")
    assert status(top) == [" M b.txt"]
    assert git(top, "diff", "--cached", "--stat") == ""
    assert not os.access(top / "flat", os.X_OK)
    git(top, "config", "filter.bad.smudge", "cat")
    assert await repository.land(asked) == Moved()
    assert status(top) == [" M b.txt"]
    assert os.access(top / "flat", os.X_OK)


async def test_a_git_that_is_killed_in_the_middle_of_a_landing_is_cleaned_up_after(
    top: Path, repository: GitRepository
) -> None:
    """By the kernel that is out of memory, say; we live on."""
    write(top, {"b.txt": "mine\n"})
    place = top.parent / "side"
    git(top, "worktree", "add", "-q", "-b", "side", str(place), "main")
    write(place, {"a.txt": "2\n", ".gitattributes": "*.bad filter=bad\n", "x.bad": "x\n", "z": "z\n"})
    save(place, {})
    asked = await order(repository, git(top, "rev-parse", "side"))
    git(top, "config", "filter.bad.smudge", "kill -KILL $PPID; cat")
    await refused(repository, asked, "signal 9")
    assert status(top) == [" M b.txt"]
    assert not list((top / ".git").rglob("*.lock"))
    git(top, "config", "filter.bad.smudge", "cat")
    assert await repository.land(asked) == Moved()
    assert status(top) == [" M b.txt"]
