"""Merges in the object store are what `git merge` makes of the same branches; every conflict of git's is a value."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from state.candidate import Conflict, Side
from state.git.repository import GitRepository
from state.ids import Sha
from state.ports import MergeClean, MergeConflicted
from tests.support.plain_git import git, make, save, side, write

LINES = "".join(f"{n}\n" for n in range(30))
BASE = {"a.txt": LINES, "b.txt": LINES.replace("1", "x"), "d/c.txt": "c\n" * 20, "d/e.txt": "e\n" * 20}


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    place = tmp_path / "repo"
    make(place, BASE)
    return place


@pytest.fixture
async def repository(top: Path) -> AsyncIterator[GitRepository]:
    opened = GitRepository(str(top))
    yield opened
    await opened.close()


async def as_git_does(top: Path, repository: GitRepository, theirs: str = "theirs") -> list[Conflict]:
    """Merge `theirs` into main both ways; the trees are the same, and the conflicts are handed back."""
    ours = await repository.resolve("refs/heads/main")
    other = await repository.resolve(theirs)
    assert ours is not None
    assert other is not None
    merged = await repository.merge(ours, other)
    git(top, "merge", "--no-commit", "--no-ff", theirs, check=False)
    unmerged = git(top, "ls-files", "-u", "-z")
    if isinstance(merged, MergeClean):
        assert unmerged == ""
        assert git(top, "write-tree") == merged.tree
        return []
    staged = {plain(item.split("\t", 1)[1]) for item in unmerged.split("\0") if item}
    assert staged <= {plain(conflict.path) for conflict in merged.conflicts}
    assert git(top, "fsck", "--strict", "--no-dangling") == ""
    git(top, "cat-file", "-e", f"{merged.tree}^{{tree}}")
    return list(merged.conflicts)


def plain(path: str) -> str:
    """A path without the name of the side that git appends to a file that had to move aside."""
    return path.partition("~")[0]


def rules(conflicts: list[Conflict]) -> list[tuple[str, str]]:
    return [(conflict.path, conflict.rule) for conflict in conflicts]


async def test_a_renamed_file_takes_the_change(top: Path, repository: GitRepository) -> None:
    side(top, "theirs", {"a.txt": None, "moved/a.txt": LINES})
    save(top, {"a.txt": LINES.replace("7\n", "seven\n")})
    assert await as_git_does(top, repository) == []
    assert "seven" in (top / "moved/a.txt").read_text()


async def test_a_renamed_folder_takes_a_new_file(top: Path, repository: GitRepository) -> None:
    git(top, "config", "merge.directoryRenames", "true")
    side(top, "theirs", {"d/c.txt": None, "d/e.txt": None, "n/c.txt": "c\n" * 20, "n/e.txt": "e\n" * 20})
    save(top, {"d/new.txt": "new\n"})
    assert await as_git_does(top, repository) == []
    assert (top / "n/new.txt").exists()


async def test_two_renames_of_one_file_are_a_conflict(top: Path, repository: GitRepository) -> None:
    side(top, "theirs", {"a.txt": None, "theirs.txt": LINES})
    save(top, {"a.txt": None, "ours.txt": LINES})
    found = await as_git_does(top, repository)
    assert ("a.txt", "CONFLICT (rename/rename)") in rules(found)
    assert {conflict.path for conflict in found} == {"a.txt", "ours.txt", "theirs.txt"}


async def test_a_rename_against_a_deletion_is_a_conflict(top: Path, repository: GitRepository) -> None:
    side(top, "theirs", {"a.txt": None})
    save(top, {"a.txt": None, "ours.txt": LINES})
    assert ("ours.txt", "CONFLICT (rename/delete)") in rules(await as_git_does(top, repository))


async def test_a_file_against_a_folder_is_a_conflict(top: Path, repository: GitRepository) -> None:
    side(top, "theirs", {"thing/in": "in\n"})
    save(top, {"thing": "file\n"})
    found = await as_git_does(top, repository)
    assert [conflict.rule for conflict in found] == ["CONFLICT (file/directory)"]


async def test_binary_files_links_and_modes(top: Path, repository: GitRepository) -> None:
    save(top, {"bin": b"\0base", "both": b"\0same"})
    place = top.parent / "side"
    git(top, "worktree", "add", "-q", "-b", "theirs", str(place), "main")
    write(place, {"bin": b"\0theirs"})
    (place / "link").symlink_to("theirs")
    (place / "b.txt").chmod(0o755)
    (place / "typed").symlink_to("theirs")
    save(place, {})
    write(top, {"bin": b"\0ours", "b.txt": LINES, "typed": "a file\n"})
    (top / "link").symlink_to("ours")
    save(top, {})
    found = await as_git_does(top, repository)
    assert {plain(conflict.path) for conflict in found} == {"bin", "link", "typed"}
    link = next(conflict for conflict in found if conflict.path == "link")
    assert link.ours is not None
    assert link.ours.mode == "120000"


async def test_submodules_that_moved_apart_are_a_conflict(top: Path, repository: GitRepository) -> None:
    inner = top.parent / "inner"
    commits = [make(inner, {"i": "0\n"}), save(inner, {"i": "1\n"}), save(inner, {"i": "2\n"})]

    def point(place: Path, commit: str) -> None:
        git(place, "update-index", "--add", "--cacheinfo", f"160000,{commit},sub")
        git(place, "commit", "-q", "-m", "sub")

    point(top, commits[0])
    place = top.parent / "side"
    git(top, "worktree", "add", "-q", "-b", "theirs", str(place), "main")
    point(place, commits[1])
    (place / "free").write_text("f\n")
    git(place, "add", "free")
    git(place, "commit", "-q", "-m", "free")
    clean_tip = git(top, "rev-parse", "main")
    assert isinstance(await repository.merge(Sha(clean_tip), Sha(git(top, "rev-parse", "theirs"))), MergeClean)
    point(top, commits[2])
    merged = await repository.merge(Sha(git(top, "rev-parse", "main")), Sha(git(top, "rev-parse", "theirs")))
    assert isinstance(merged, MergeConflicted)
    assert {conflict.path for conflict in merged.conflicts} == {"sub"}
    assert {conflict.theirs for conflict in merged.conflicts} == {Side(Sha(commits[1]), "160000")}


async def test_histories_that_cross_merge_as_in_git(top: Path, repository: GitRepository) -> None:
    one = save(top, {"a.txt": LINES.replace("3\n", "three\n")})
    git(top, "branch", "theirs", "HEAD~1")
    two = side(top, "two", {"a.txt": LINES.replace("9\n", "nine\n")}, on="theirs")
    git(top, "update-ref", "refs/heads/theirs", two)
    git(top, "merge", "-q", "-m", "cross", two)
    place = top.parent / "side"
    git(top, "worktree", "add", "-q", str(place), "theirs")
    git(place, "merge", "-q", "-m", "cross", one)
    both = (place / "a.txt").read_text()
    save(place, {"a.txt": both.replace("three\n", "drei\n")})
    save(top, {"a.txt": both.replace("nine\n", "neun\n")})
    assert len(git(top, "merge-base", "--all", "main", "theirs").splitlines()) == 2
    assert await as_git_does(top, repository) == []
    save(top, {})
    save(place, {"a.txt": both.replace("nine\n", "nove\n")})
    found = await as_git_does(top, repository)
    assert rules(found) == [("a.txt", "CONFLICT (contents)")]


async def test_names_of_any_bytes_are_told_as_they_are(top: Path, repository: GitRepository) -> None:
    names = ["new\nline", "tab\tbed", "ba\udcffd", "中文", " space ", "quo\"te'"]
    side(top, "theirs", dict.fromkeys(names, "theirs\n"))
    save(top, dict.fromkeys(names, "ours\n"))
    assert {conflict.path for conflict in await as_git_does(top, repository)} == set(names)


# ------------------------------------------------------------------------------------------- attributes


@pytest.mark.parametrize("place", [".gitattributes", "d/.gitattributes"])
async def test_the_attributes_of_the_trunk_rule(top: Path, repository: GitRepository, place: str) -> None:
    save(top, {place: "*.txt merge=union\n"})
    theirs = side(top, "theirs", {"d/c.txt": "theirs\n"})
    ours = save(top, {"d/c.txt": "ours\n"})
    assert await as_git_does(top, repository) == []
    assert (top / "d/c.txt").read_text() == "ours\ntheirs\n"
    git(top, "merge", "--abort")
    without = Sha(save(top, {place: None}))
    assert isinstance(await repository.merge(without, Sha(theirs)), MergeConflicted)
    assert isinstance(await repository.merge(Sha(ours), Sha(theirs)), MergeClean)
    assert isinstance(await repository.merge(without, Sha(theirs)), MergeConflicted)


async def test_the_attributes_of_the_branch_and_of_a_dirty_checkout_do_not(
    top: Path, repository: GitRepository
) -> None:
    theirs = side(top, "theirs", {"a.txt": "theirs\n", ".gitattributes": "*.txt merge=union\n"})
    ours = save(top, {"a.txt": "ours\n"})
    write(top, {".gitattributes": "*.txt merge=union\n"})
    assert isinstance(await repository.merge(Sha(ours), Sha(theirs)), MergeConflicted)


async def test_a_bare_repository_has_its_attributes_too(top: Path) -> None:
    save(top, {"d/.gitattributes": "*.txt merge=union\n"})
    theirs = side(top, "theirs", {"d/c.txt": "theirs\n"})
    ours = save(top, {"d/c.txt": "ours\n"})
    bare = top.parent / "bare.git"
    git(top, "clone", "-q", "--bare", ".", str(bare))
    repository = GitRepository(str(bare))
    assert isinstance(await repository.merge(Sha(ours), Sha(theirs)), MergeClean)
    await repository.close()


# --------------------------------------------------------------------------------- what stands and waits


def children() -> set[int]:
    """Our own child processes."""
    found: set[int] = set()
    for entry in Path("/proc").iterdir():
        try:
            about = (entry / "stat").read_text() if entry.name.isdigit() else ""
        except OSError:
            continue
        if about.rpartition(")")[2].split()[1:2] == [str(os.getpid())]:
            found.add(int(entry.name))
    return found


async def test_helpers_that_are_killed_are_started_again(top: Path, repository: GitRepository) -> None:
    theirs = Sha(side(top, "theirs", {"new": "n\n"}))
    main = await repository.resolve("main")
    assert main is not None
    for _ in range(3):
        await repository.update_ref("refs/heads/x", main, await repository.resolve("refs/heads/x"))
        for pid in children():
            os.kill(pid, signal.SIGKILL)
        assert isinstance(await repository.merge(main, theirs), MergeClean)
        assert await repository.resolve("main") == main
        assert await repository.read(main, "d/c.txt") == b"c\n" * 20


async def test_nothing_runs_on_after_the_close(top: Path) -> None:
    before = children()
    repository = GitRepository(str(top))
    theirs = Sha(side(top, "theirs", {"new": "n\n"}))
    main = Sha(git(top, "rev-parse", "main"))
    await asyncio.gather(*(repository.merge(main, theirs) for _ in range(8)))
    await repository.update_ref("refs/heads/x", main, None)
    assert children() - before
    await repository.close()
    assert not children() - before
    assert not list((top / ".git/tianting/scratch").iterdir())


async def test_objects_packed_away_in_the_meantime_are_found(top: Path, repository: GitRepository) -> None:
    theirs = Sha(side(top, "theirs", {"new": "n\n"}))
    main = Sha(git(top, "rev-parse", "main"))
    assert isinstance(await repository.merge(main, theirs), MergeClean)
    git(top, "gc", "-q", "--prune=now")
    later = Sha(save(top, {"later": "l\n"}))
    git(top, "repack", "-a", "-d", "-q")
    assert isinstance(await repository.merge(later, theirs), MergeClean)
    assert await repository.read(later, "later") == b"l\n"
    assert await repository.resolve(later[:10]) == later


async def test_a_cancelled_call_leaves_the_repository_usable(top: Path, repository: GitRepository) -> None:
    theirs = Sha(side(top, "theirs", {"new": "n\n"}))
    main = Sha(git(top, "rev-parse", "main"))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(repository.merge(main, theirs)) for _ in range(6)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
    assert isinstance(await repository.merge(main, theirs), MergeClean)
