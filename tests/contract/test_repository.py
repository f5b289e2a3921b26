"""The promises of the `Repository` port, kept by real git (with a work tree, and bare) and by the body in memory."""

import asyncio
import random
import subprocess
from collections.abc import AsyncIterator, Mapping
from itertools import product
from pathlib import Path
from random import Random
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from state.candidate import ConflictKind
from state.git.memory import MemoryRepository
from state.git.repository import GitRepository
from state.ids import Sha
from state.ports import (
    LandingOrder,
    MergeClean,
    MergeConflicted,
    Moved,
    NotMoved,
    Repository,
    RepositoryFault,
)

EMPTY_TREE = Sha("4b825dc642cb6eb9a060e54bf8d69288fbee4904")
TRUNK = "refs/heads/trunk"
FENCE = "refs/tianting/fence/trunk"
BASE = {"a.txt": b"1\n2\n3\n4\n5\n", "lib/b.txt": b"b\n", "lib/deep/c.txt": b"c\n"}

Files = Mapping[str, bytes | None]


@pytest.fixture
def no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git as it is without any setting of the person who runs the tests."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)


def real(path: Path, *options: str) -> GitRepository:
    subprocess.run(["git", "init", "-q", "-b", "main", *options, str(path)], check=True, capture_output=True)
    return GitRepository(str(path))


@pytest.fixture(params=["git", "bare", "memory"])
async def repository(
    request: pytest.FixtureRequest, tmp_path: Path, no_configuration: None
) -> AsyncIterator[Repository]:
    kind = cast(str, request.param)
    if kind == "memory":
        yield MemoryRepository()
        return
    opened = real(tmp_path / "re po'\"é", *(["--bare"] if kind == "bare" else []))
    yield opened
    await opened.close()


async def commit(repository: Repository, files: Files, *parents: Sha, when: float = 1000.0) -> Sha:
    """A commit of the first parent's files with some set or, with None, gone."""
    on = parents[0] if parents else await repository.commit(EMPTY_TREE, [], "nothing yet", 0)
    edits = {path: None if text is None else ("100644", text) for path, text in files.items()}
    tree = await repository.edit_tree(on, edits)
    return await repository.commit(tree, parents, "change", when)


async def clean(repository: Repository, ours: Sha, theirs: Sha) -> Sha:
    """The merge as a commit."""
    merged = await repository.merge(ours, theirs)
    assert isinstance(merged, MergeClean)
    return await repository.commit(merged.tree, [ours, theirs], "merge", 2000)


# ------------------------------------------------------------------------------------------------ commits


async def test_same_input_gives_the_same_commit(repository: Repository) -> None:
    one = await commit(repository, BASE)
    two = await commit(repository, BASE)
    assert one == two
    assert await commit(repository, BASE, when=1001) != one


async def test_commits_of_memory_and_git_have_the_same_sha(tmp_path: Path, no_configuration: None) -> None:
    git = real(tmp_path / "repo")
    in_git = await commit(git, BASE | {"ünï/cødé \n'\"": b"\xff\0"})
    in_memory = await commit(MemoryRepository(), BASE | {"ünï/cødé \n'\"": b"\xff\0"})
    await git.close()
    assert in_git == in_memory


async def test_a_commit_of_another_time_is_found_by_its_short_name_and_its_ref(repository: Repository) -> None:
    one = await commit(repository, BASE)
    assert await repository.update_ref("refs/heads/some/branch", one, None)
    assert await repository.resolve("some/branch") == one
    assert await repository.resolve("refs/heads/some/branch") == one
    assert await repository.resolve(one) == one
    assert await repository.resolve(one[:12]) == one


@pytest.mark.parametrize("name", ["", "nothing", "refs/heads/", "a b", "x\ny", "-q", "0" * 40, "f" * 40])
async def test_a_name_of_nothing_resolves_to_none(repository: Repository, name: str) -> None:
    await commit(repository, BASE)
    assert await repository.resolve(name) is None


async def test_descent_and_best_common_ancestor(repository: Repository) -> None:
    base = await commit(repository, BASE)
    left = await commit(repository, {"left": b"l"}, base)
    right = await commit(repository, {"right": b"r"}, base)
    both = await clean(repository, left, right)
    assert await repository.is_ancestor(base, both)
    assert await repository.is_ancestor(base, base)
    assert not await repository.is_ancestor(both, base)
    assert not await repository.is_ancestor(left, right)
    assert await repository.merge_base(left, right) == base
    assert await repository.merge_base(left, both) == left
    assert await repository.merge_base(both, left) == left
    stranger = await repository.commit(EMPTY_TREE, [], "another beginning", 5)
    assert await repository.merge_base(stranger, both) is None
    assert not await repository.is_ancestor(stranger, both)


@pytest.mark.parametrize("seed", range(4))
async def test_the_common_ancestor_of_any_two_commits_is_a_best_one(repository: Repository, seed: int) -> None:
    draw = Random(seed)
    tree = await repository.tree_of(await commit(repository, BASE))
    behind: dict[Sha, set[Sha]] = {}
    for number in range(14):
        known = list(behind)
        many = 0 if not known or draw.random() < 0.05 else 1 if draw.random() < 0.75 else 2
        parents = draw.sample(known[-4:], min(many, len(known[-4:])))
        made = await repository.commit(tree, parents, f"{seed} {number}", 5)
        behind[made] = {made}.union(*(behind[parent] for parent in parents))
    for left, right in product(behind, behind):
        both = behind[left] & behind[right]
        best = {one for one in both if not any(one in behind[other] for other in both - {one})}
        found = await repository.merge_base(left, right)
        assert found in best if best else found is None


async def test_an_ancestor_far_back_is_found(repository: Repository) -> None:
    base = await commit(repository, BASE)
    side = await commit(repository, {"side": b"s"}, base)
    tip = base
    for number in range(80):
        tip = await repository.commit(await repository.tree_of(tip), [tip], f"{number}", number)
    assert await repository.is_ancestor(base, tip)
    assert not await repository.is_ancestor(side, tip)
    assert await repository.merge_base(side, tip) == base


async def test_the_best_common_ancestor_of_any_two_in_a_tangled_history(repository: Repository) -> None:
    draw, behind = random.Random(11), dict[Sha, frozenset[Sha]]()
    made: list[Sha] = []
    for number in range(60):
        recent = made[-12:]
        parents = draw.sample(recent, min(len(recent), draw.choice([1, 1, 2])))
        tip = await repository.commit(EMPTY_TREE, parents, f"{number}", number)
        behind[tip] = frozenset([tip]).union(*(behind[parent] for parent in parents))
        made.append(tip)
    for left, right in (draw.sample(made, 2) for _ in range(150)):
        common = behind[left] & behind[right]
        best = {one for one in common if not any(one in behind[other] and one != other for other in common)}
        assert await repository.merge_base(left, right) in best


# --------------------------------------------------------------------------------------- trees and files


async def test_a_file_is_read_where_it_is_and_none_where_it_is_not(repository: Repository) -> None:
    one = await commit(repository, BASE)
    assert await repository.read(one, "lib/deep/c.txt") == b"c\n"
    for missing in ("lib", "lib/deep", "lib/none", "a.txt/below", "none"):
        assert await repository.read(one, missing) is None


async def test_a_tree_is_listed_with_blobs_and_modes(repository: Repository) -> None:
    one = await commit(repository, BASE)
    linked = await repository.edit_tree(one, {"lib/link": ("120000", b"b.txt"), "lib/run": ("100755", b"#!")})
    two = await repository.commit(linked, [one], "a link", 0)
    listed = await repository.listing(await repository.tree_of(two))
    assert sorted(listed) == sorted([*BASE, "lib/link", "lib/run"])
    assert listed["lib/run"].mode == "100755"
    assert await repository.read_blob(listed["lib/deep/c.txt"].blob) == b"c\n"
    assert listed["lib/link"].mode == "120000"


async def test_what_differs_between_two_trees_is_told_as_the_new_one_has_it(repository: Repository) -> None:
    one = await commit(repository, BASE)
    edits = {"lib/deep/c.txt": None, "a.txt": None, "a.txt/in": ("100755", b"i"), "lib/b.txt": ("120000", b"c")}
    two = await repository.edit_tree(one, edits)
    found = await repository.changes(await repository.tree_of(one), two)
    assert {path: None if side is None else side.mode for path, side in found.items()} == {
        "lib/deep/c.txt": None,
        "a.txt": None,
        "a.txt/in": "100755",
        "lib/b.txt": "120000",
    }
    after = await repository.listing(two)
    assert all(after.get(path) == side for path, side in found.items())
    assert await repository.changes(two, two) == {}


async def test_editing_a_tree_sets_takes_out_and_swaps_files_and_folders(repository: Repository) -> None:
    one = await commit(repository, BASE)
    two = await commit(repository, {"lib/deep/c.txt": None, "new/x": b"x", "a.txt": None, "a.txt/in": b"i"}, one)
    assert await repository.read(two, "a.txt/in") == b"i"
    assert await repository.read(two, "lib/deep/c.txt") is None
    assert await repository.changed_paths(one, two) == ("a.txt", "a.txt/in", "lib/deep/c.txt", "new/x")
    three = await commit(repository, {"lib": b"now a file"}, two)
    assert await repository.read(three, "lib") == b"now a file"
    assert await repository.changed_paths(two, three) == ("lib", "lib/b.txt")
    back = await commit(repository, {"lib": None, **BASE, "a.txt/in": None, "new": None}, three)
    assert await repository.tree_of(back) == await repository.tree_of(one)


async def test_taking_out_what_is_not_there_changes_nothing(repository: Repository) -> None:
    one = await commit(repository, BASE)
    same = await repository.edit_tree(one, {"none": None, "a.txt/none": None, "x/y/z": None})
    assert same == await repository.tree_of(one)


@pytest.mark.parametrize("path", ["", "/a", "a//b", "../a", "a/./b", "a/.git/config", ".GIT/x", "a/"])
async def test_a_path_that_can_not_be_in_a_tree_is_refused(repository: Repository, path: str) -> None:
    one = await commit(repository, BASE)
    with pytest.raises(RepositoryFault):
        await repository.edit_tree(one, {path: ("100644", b"")})


async def test_names_of_any_bytes_come_back_as_they_were(repository: Repository) -> None:
    names = ["new\nline", "quo'te\"s", "tab\there", " space ", "中文.txt", "ba\udcffd", "back\\slash", "-dash"]
    one = await commit(repository, BASE)
    two = await commit(repository, dict.fromkeys(names, b"x"), one)
    assert await repository.changed_paths(one, two) == tuple(sorted(names))
    for name in names:
        assert await repository.read(two, name) == b"x"


async def test_modes_and_links_are_kept(repository: Repository) -> None:
    one = await commit(repository, BASE)
    tree = await repository.edit_tree(one, {"run": ("100755", b"#!"), "link": ("120000", b"a.txt")})
    two = await repository.commit(tree, [one], "modes", 1)
    assert await repository.read(two, "link") == b"a.txt"
    plain = await repository.edit_tree(two, {"run": ("100644", b"#!")})
    assert await repository.changed_paths(two, await repository.commit(plain, [two], "plain", 2)) == ("run",)


async def test_the_diff_shows_the_change_and_is_cut(repository: Repository) -> None:
    one = await commit(repository, BASE)
    two = await commit(repository, {"a.txt": b"1\n2\nthree\n4\n5\n", "lib/b.txt": None, "new": b"\xff\n"}, one)
    text = await repository.diff(one, two, 100_000)
    assert "-3\n" in text
    assert "+three\n" in text
    assert "diff --git a/lib/b.txt b/lib/b.txt" in text
    assert len(await repository.diff(one, two, 20)) == 20
    assert await repository.diff(one, one, 100) == ""


# ------------------------------------------------------------------------------------------------- merges


async def test_changes_of_different_files_merge(repository: Repository) -> None:
    base = await commit(repository, BASE)
    ours = await commit(repository, {"a.txt": b"ours\n", "lib/b.txt": None}, base)
    theirs = await commit(repository, {"lib/deep/c.txt": b"theirs\n", "new": b"n"}, base)
    both = await clean(repository, ours, theirs)
    assert await repository.changed_paths(base, both) == ("a.txt", "lib/b.txt", "lib/deep/c.txt", "new")
    assert await repository.read(both, "a.txt") == b"ours\n"
    assert await repository.read(both, "new") == b"n"


async def test_changes_of_different_lines_merge(repository: Repository) -> None:
    base = await commit(repository, BASE)
    ours = await commit(repository, {"a.txt": b"one\n2\n3\n4\n5\n"}, base)
    theirs = await commit(repository, {"a.txt": b"1\n2\n3\n4\nfive\n"}, base)
    both = await clean(repository, ours, theirs)
    assert await repository.read(both, "a.txt") == b"one\n2\n3\n4\nfive\n"


async def test_the_same_change_on_both_sides_merges(repository: Repository) -> None:
    base = await commit(repository, BASE)
    ours = await commit(repository, {"a.txt": b"same\n", "lib/b.txt": None}, base)
    theirs = await commit(repository, {"a.txt": b"same\n", "lib/b.txt": None, "t": b"t"}, base)
    both = await clean(repository, ours, theirs)
    assert await repository.changed_paths(ours, both) == ("t",)


async def test_what_is_contained_already_merges_to_ours(repository: Repository) -> None:
    base = await commit(repository, BASE)
    ours = await commit(repository, {"a.txt": b"x\n"}, base)
    assert await repository.merge(ours, base) == MergeClean(await repository.tree_of(ours))
    assert await repository.merge(base, ours) == MergeClean(await repository.tree_of(ours))


async def test_a_clash_is_a_value_with_its_three_sides(repository: Repository) -> None:
    base = await commit(repository, BASE)
    ours = await commit(repository, {"a.txt": b"1\n2\nours\n4\n5\n"}, base)
    theirs = await commit(repository, {"a.txt": b"1\n2\ntheirs\n4\n5\n", "t": b"t"}, base)
    merged = await repository.merge(ours, theirs)
    assert isinstance(merged, MergeConflicted)
    (conflict,) = merged.conflicts
    assert (conflict.kind, conflict.rule, conflict.path) == (ConflictKind.TEXT, "CONFLICT (contents)", "a.txt")
    assert conflict.base is not None
    assert conflict.ours is not None
    assert conflict.theirs is not None
    assert conflict.ours.mode == "100644"
    assert await repository.read_blob(conflict.base.blob) == BASE["a.txt"]
    assert await repository.read_blob(conflict.ours.blob) == b"1\n2\nours\n4\n5\n"
    assert await repository.read_blob(conflict.theirs.blob) == b"1\n2\ntheirs\n4\n5\n"
    marked = await repository.commit(merged.tree, [ours, theirs], "marked", 1)
    text = await repository.read(marked, "a.txt") or b""
    assert text.startswith(b"1\n2\n<<<<<<< ")
    assert text.endswith(b"4\n5\n")
    assert b"\nours\n=======\ntheirs\n>>>>>>> " in text
    assert await repository.read(marked, "t") == b"t"


async def test_a_file_changed_here_and_deleted_there_is_a_conflict(repository: Repository) -> None:
    base = await commit(repository, BASE)
    changed = await commit(repository, {"a.txt": b"changed\n"}, base)
    deleted = await commit(repository, {"a.txt": None}, base)
    for ours, theirs in ((changed, deleted), (deleted, changed)):
        merged = await repository.merge(ours, theirs)
        assert isinstance(merged, MergeConflicted)
        (conflict,) = merged.conflicts
        assert (conflict.rule, conflict.path) == ("CONFLICT (modify/delete)", "a.txt")
        assert conflict.base is not None
        assert (conflict.ours is None) == (ours == deleted)
        assert (conflict.theirs is None) == (theirs == deleted)


async def test_two_new_files_of_one_name_are_a_conflict(repository: Repository) -> None:
    base = await commit(repository, BASE)
    ours = await commit(repository, {"new": b"ours\n"}, base)
    theirs = await commit(repository, {"new": b"theirs\n"}, base)
    merged = await repository.merge(ours, theirs)
    assert isinstance(merged, MergeConflicted)
    assert [(found.path, found.base) for found in merged.conflicts] == [("new", None)]


@pytest.mark.parametrize("swap", [False, True])
async def test_a_file_here_and_a_folder_there_is_a_conflict(repository: Repository, swap: bool) -> None:
    base = await commit(repository, BASE)
    file = await commit(repository, {"thing": b"file\n"}, base)
    folder = await commit(repository, {"thing/in": b"in\n"}, base)
    merged = await repository.merge(*((folder, file) if swap else (file, folder)))
    assert isinstance(merged, MergeConflicted)
    assert any(found.path.startswith("thing") for found in merged.conflicts)
    marked = await repository.commit(merged.tree, [file, folder], "marked", 1)
    assert await repository.read(marked, "thing/in") == b"in\n"


async def test_binary_files_do_not_merge(repository: Repository) -> None:
    base = await commit(repository, BASE | {"bin": b"\0base"})
    ours = await commit(repository, {"bin": b"\0ours"}, base)
    theirs = await commit(repository, {"bin": b"\0theirs"}, base)
    merged = await repository.merge(ours, theirs)
    assert isinstance(merged, MergeConflicted)
    assert {found.path for found in merged.conflicts} == {"bin"}


async def test_unrelated_histories_are_refused(repository: Repository) -> None:
    one = await commit(repository, BASE)
    stranger = await repository.commit(EMPTY_TREE, [], "another beginning", 5)
    with pytest.raises(RepositoryFault):
        await repository.merge(one, stranger)
    assert isinstance(await repository.merge(one, one), MergeClean)


@pytest.mark.parametrize(
    ("favour", "expected"),
    [("ours", b"1\nours\n3\n"), ("theirs", b"1\ntheirs\n3\n"), ("union", b"1\nours\ntheirs\n3\n")],
)
async def test_a_file_merges_with_the_side_that_is_favoured(
    repository: Repository, favour: str, expected: bytes
) -> None:
    merged = await repository.merge_file(b"1\n2\n3\n", b"1\nours\n3\n", b"1\ntheirs\n3\n", favour)
    assert merged == expected
    assert await repository.merge_file(b"1\n2\n3\n", b"1\nx\n3\n", b"1\n2\n3\n", favour) == b"1\nx\n3\n"
    assert await repository.merge_file(b"1\0\n", b"2\0\n", b"3\0\n", favour) is None


# --------------------------------------------------------------------------------------------------- refs


async def test_a_ref_moves_only_from_where_it_was_expected(repository: Repository) -> None:
    one = await commit(repository, BASE)
    two = await commit(repository, {"x": b"x"}, one)
    ref = "refs/tianting/salvage/r/a.1"
    assert not await repository.update_ref(ref, two, one)
    assert await repository.update_ref(ref, one, None)
    assert not await repository.update_ref(ref, two, None)
    assert not await repository.update_ref(ref, one, two)
    assert await repository.resolve(ref) == one
    assert await repository.update_ref(ref, two, one)
    assert not await repository.update_ref(ref, None, one)
    assert await repository.update_ref(ref, None, two)
    assert await repository.resolve(ref) is None
    assert await repository.update_ref(ref, None, None)


async def test_refs_are_listed_by_the_beginning_of_their_name(repository: Repository) -> None:
    one = await commit(repository, BASE)
    names = ["refs/heads/tianting-1/a", "refs/heads/tianting-12/b", "refs/tianting/salvage/x", "refs/tianting/snap/x"]
    for name in names:
        assert await repository.update_ref(name, one, None)
    await repository.set_fence(FENCE, "a fence is no commit")
    assert await repository.refs("refs/heads/tianting-1/") == {names[0]: one}
    assert await repository.refs("refs/heads/tianting-1") == {names[0]: one, names[1]: one}
    assert await repository.refs("refs/tianting/") == {names[2]: one, names[3]: one}
    assert await repository.refs("refs/none/") == {}


async def test_a_ref_under_the_name_of_another_is_refused_in_one_sentence(repository: Repository) -> None:
    one = await commit(repository, BASE)
    assert await repository.update_ref("refs/heads/tianting-x", one, None)
    with pytest.raises(RepositoryFault, match="refs/heads/tianting-x exists"):
        await repository.update_ref("refs/heads/tianting-x/y", one, None)
    assert await repository.update_ref("refs/heads/q/y", one, None)
    with pytest.raises(RepositoryFault, match="refs/heads/q/y exists"):
        await repository.update_ref("refs/heads/q", one, None)
    assert await repository.update_ref("refs/heads/other", one, None)


# ------------------------------------------------------------------------------------------------ landing


async def order(repository: Repository) -> LandingOrder:
    """A trunk of one commit, and a merge that may land on it."""
    base = await commit(repository, BASE)
    theirs = await commit(repository, {"landed": b"yes\n"}, base)
    assert await repository.update_ref(TRUNK, base, None)
    merge = await repository.commit(await repository.tree_of(theirs), [base, theirs], "land", 3000)
    token = await repository.set_fence(FENCE, "run 1, lease 1")
    return LandingOrder(TRUNK, base, merge, FENCE, token, "")


async def test_a_landing_moves_the_trunk(repository: Repository) -> None:
    asked = await order(repository)
    assert await repository.checkout_of(TRUNK) == ""
    assert await repository.land(asked) == Moved()
    assert await repository.resolve(TRUNK) == asked.new
    assert await repository.land(asked) == Moved(), "asked again after a lost answer, it is still so"


async def test_a_landing_under_an_old_fence_moves_nothing(repository: Repository) -> None:
    asked = await order(repository)
    newer = await repository.set_fence(FENCE, "run 2, lease 2")
    assert newer != asked.token
    refused = await repository.land(asked)
    assert isinstance(refused, NotMoved)
    assert refused.reason == "fence"
    assert await repository.resolve(TRUNK) == asked.old


async def test_a_landing_on_a_moved_trunk_moves_nothing(repository: Repository) -> None:
    asked = await order(repository)
    elsewhere = await commit(repository, {"somebody": b"else"}, asked.old)
    assert await repository.update_ref(TRUNK, elsewhere, asked.old)
    refused = await repository.land(asked)
    assert isinstance(refused, NotMoved)
    assert refused.reason == "trunk-moved"
    assert elsewhere in refused.detail
    assert await repository.resolve(TRUNK) == elsewhere


async def test_after_a_refusal_the_next_landing_works(repository: Repository) -> None:
    asked = await order(repository)
    elsewhere = await commit(repository, {"somebody": b"else"}, asked.old)
    wrong = LandingOrder(asked.ref, elsewhere, asked.new, asked.fence, asked.token, "")
    for _ in range(3):
        assert isinstance(await repository.land(wrong), NotMoved)
    assert await repository.land(asked) == Moved()


async def test_mending_where_nothing_is_broken_changes_nothing(repository: Repository) -> None:
    asked = await order(repository)
    await repository.mend_checkout(asked)
    assert await repository.resolve(TRUNK) == asked.old
    assert await repository.land(asked) == Moved()
    await repository.mend_checkout(asked)
    assert await repository.resolve(TRUNK) == asked.new


async def test_many_at_once_are_answered_each(repository: Repository) -> None:
    base = await commit(repository, BASE)
    sides = [await commit(repository, {f"side{number}": b"s"}, base) for number in range(6)]
    merges = await asyncio.gather(*(repository.merge(base, side) for side in sides))
    trees = await asyncio.gather(*(repository.tree_of(side) for side in sides))
    assert list(merges) == [MergeClean(tree) for tree in trees]


# ------------------------------------------------------------------------- the two bodies beside each other

PATHS = st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=3).map("/".join)
TEXTS = st.sampled_from([b"1\n", b"1\n2\n3\n", b"2\n", b"x\n2\n3\n", b"1\n2\ny\n", b"no end", b""])
EDITS = st.dictionaries(PATHS, st.one_of(st.none(), TEXTS), max_size=5)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.dictionaries(PATHS, TEXTS, max_size=8), mine=EDITS, other=EDITS)
def test_memory_merges_what_git_merges(
    tmp_path_factory: pytest.TempPathFactory,
    no_configuration: None,
    start: dict[str, bytes],
    mine: dict[str, bytes | None],
    other: dict[str, bytes | None],
) -> None:
    """Random edits of random trees: where both sides changed different paths, both bodies give the same tree; where
    memory merges, git does; trees and changed paths are the same in both."""

    async def both() -> None:
        git = real(tmp_path_factory.mktemp("both"))
        memory = MemoryRepository()
        try:
            heads: list[tuple[Sha, Sha, Sha]] = []
            for repository in (git, memory):
                base = await commit(repository, apart(start))
                ours, theirs = await commit(repository, apart(mine), base), await commit(repository, apart(other), base)
                heads.append((base, ours, theirs))
            assert heads[0] == heads[1]
            base, ours, theirs = heads[0]
            changed = [await memory.changed_paths(base, side) for side in (ours, theirs)]
            assert changed == [await git.changed_paths(base, side) for side in (ours, theirs)]
            in_git, in_memory = await git.merge(ours, theirs), await memory.merge(ours, theirs)
            folders = {parent for paths in changed for path in paths for parent in parents(path)}
            deletes = any(text is None for text in [*mine.values(), *other.values()])
            if not set(changed[0]) & set(changed[1]) and not folders & {*changed[0], *changed[1]} and not deletes:
                assert in_git == in_memory
                assert isinstance(in_git, MergeClean)
        finally:
            await git.close()

    asyncio.run(both())


def parents(path: str) -> set[str]:
    parts = path.split("/")
    return {"/".join(parts[:size]) for size in range(1, len(parts))}


def apart(files: Files) -> Files:
    """Without the files that stand where another path has a folder."""
    folders = {parent for path in files for parent in parents(path)}
    return {path: text for path, text in files.items() if path not in folders}
