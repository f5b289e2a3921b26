"""Where changes lie apart the trees are merged without git; the answer is git's, whatever was renamed or taken out."""

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from state.git import apart
from state.git.repository import GitRepository
from state.ids import Sha
from state.ports import MergeClean
from tests.support.plain_git import git, make, save, side

Files = dict[str, tuple[str, bytes]]
Edits = dict[str, tuple[str, bytes] | None]

FOLDERS = ("", "a/", "a/b/", "c/", "d/e/f/")
NAMES = ("one", "two", "three", "a", "c", "d")


@pytest.fixture
async def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GitRepository]:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    make(tmp_path / "repo", {"seed": "seed\n"})
    opened = GitRepository(str(tmp_path / "repo"))
    yield opened
    await opened.close()


def text(draw: Random) -> bytes:
    """Enough lines that git sees a renamed file in one that was edited a little."""
    start = draw.randrange(5) * 100
    return b"".join(b"line %d\n" % (start + number) for number in range(20))


def free(draw: Random, files: Files) -> str | None:
    """A path that can stand beside those that are there."""
    path = draw.choice(FOLDERS) + draw.choice(NAMES)
    parts = path.split("/")
    above = {"/".join(parts[:size]) for size in range(1, len(parts))}
    return None if path in files or above & files.keys() or any(f.startswith(path + "/") for f in files) else path


def edit(draw: Random, files: Files) -> None:
    """One thing that a branch does."""
    path, what = draw.choice(sorted(files)), draw.randrange(7)
    mode, content = files[path]
    if what == 0:
        del files[path]
    elif what == 1:
        files[path] = ("100755" if mode == "100644" else "100644", content)
    elif what == 2:
        folder = path.rpartition("/")[0]
        moved = {one: files.pop(one) for one in sorted(files) if one.startswith(f"{folder}/")}
        files.update({f"new{draw.randrange(2)}/{one.rpartition('/')[2]}": kept for one, kept in moved.items()})
    elif (target := free(draw, files)) is None:
        return
    elif what == 3:
        files[target] = ("100644", text(draw))
    elif what == 4:
        files[target] = files.pop(path)
    elif what == 5:
        files[target] = (mode, files.pop(path)[1].replace(b"7\n", b"seven\n"))
    else:
        files[path] = (mode, content.replace(b"3\n", b"three %d\n" % draw.randrange(2)))


def begun(draw: Random) -> Files:
    files: Files = {}
    for _ in range(draw.randrange(3, 9)):
        path = free(draw, files)
        if path is not None:
            files[path] = ("100644", text(draw))
    return files


def edits(before: Files, after: Files) -> Edits:
    gone: Edits = dict.fromkeys(before.keys() - after.keys())
    return {**gone, **{path: kept for path, kept in after.items() if before.get(path) != kept}}


async def branch(repository: GitRepository, draw: Random, base: Sha, files: Files) -> Sha:
    mine = dict(files)
    for _ in range(draw.randrange(1, 4)):
        if mine:
            edit(draw, mine)
    tree = await repository.edit_tree(base, edits(files, mine))
    return await repository.commit(tree, [base], "a side", draw.randrange(10**6))


async def compare(repository: GitRepository, top: Path, seed: int, cases: int) -> tuple[int, int]:
    """How many of the cases were answered, and how many of those had something taken out or renamed."""
    answered, moved = 0, 0
    draw = Random(seed)
    seed_commit = Sha(git(top, "rev-parse", "HEAD"))
    for number in range(cases):
        files = begun(draw)
        tree = await repository.edit_tree(seed_commit, {"seed": None, **files})
        base = await repository.commit(tree, [seed_commit], f"{number}", number)
        ours, theirs = [await branch(repository, draw, base, files) for _ in range(2)]
        objects = repository.objects
        three = [objects.tree_id(one) for one in (base, ours, theirs)]
        found = apart.merged(objects, objects.put_tree, *three)
        if found is None:
            continue
        said = git(top, "merge-tree", "--write-tree", "--no-messages", ours, theirs, check=False)
        assert said == found.hex(), f"seed {seed}, case {number}: {base} {ours} {theirs}"
        answered += 1
        gone = [await repository.changes(Sha(three[0].hex()), Sha(one.hex())) for one in three[1:]]
        moved += any(now is None for changed in gone for now in changed.values())
    return answered, moved


async def test_merged_apart_is_merged_as_git_does(repository: GitRepository, tmp_path: Path) -> None:
    answered, moved = await compare(repository, tmp_path / "repo", 1, 250)
    assert answered > 50
    assert moved > 20


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 12))
async def test_merged_apart_is_merged_as_git_does_in_many_cases(
    repository: GitRepository, tmp_path: Path, seed: int
) -> None:
    await compare(repository, tmp_path / "repo", seed, 1000)


async def test_changes_that_lie_apart_need_no_git(tmp_path: Path, repository: GitRepository) -> None:
    top = tmp_path / "repo"
    theirs = side(top, "theirs", {"new/theirs.txt": "theirs\n"})
    ours = save(top, {"new/ours.txt": "ours\n"})
    called: list[str] = []
    repository.door.watch = called.append
    merged = await repository.merge(Sha(ours), Sha(theirs))
    assert "merge-tree" not in called
    assert isinstance(merged, MergeClean)
    assert merged.tree == git(top, "merge-tree", "--write-tree", ours, theirs)


async def test_git_is_asked_where_histories_cross(tmp_path: Path, repository: GitRepository) -> None:
    """With two best common ancestors git merges those first; which of them is the base makes a difference."""
    top = tmp_path / "repo"
    save(top, {"a.txt": "1\n", "b.txt": "1\n"})
    left = side(top, "left", {"a.txt": "2\n"})
    right = save(top, {"b.txt": "2\n"})
    git(top, "merge", "-q", "--no-ff", "-m", "crossed", "left")
    git(top, "checkout", "-q", "left")
    git(top, "merge", "-q", "--no-ff", "-m", "crossed too", right)
    theirs = save(top, {"c.txt": "c\n"})
    git(top, "checkout", "-q", "main")
    ours = save(top, {"d.txt": "d\n"})
    called: list[str] = []
    repository.door.watch = called.append
    assert left != right
    assert await repository.merge(Sha(ours), Sha(theirs)) == MergeClean(
        Sha(git(top, "merge-tree", "--write-tree", ours, theirs))
    )
    assert "merge-tree" in called
