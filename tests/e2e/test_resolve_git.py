"""Resolving on real git: what a person chose is what lands, and what is not in conflict stays as both have it."""

import os
from pathlib import Path

import pytest

from state import events as ev
from state.candidate import Rung
from state.ids import TaskId
from state.lifecycle import Status
from tests.support.gitbook import GitRun, branch, commit, git_run
from tests.support.ground import make_repository, sh

LINES = "".join(f"line {number}\n" for number in range(1, 31))


def changed(*edits: tuple[int, str]) -> str:
    text = LINES
    for number, new in edits:
        text = text.replace(f"line {number}\n", f"{new}\n")
    return text


@pytest.fixture
def top(tmp_path: Path) -> Path:
    make_repository(tmp_path / "repository", {"shared.txt": LINES, "other.txt": "other\n", "lib/deep.txt": "deep\n"})
    return tmp_path / "repository"


@pytest.fixture
def clashing(top: Path) -> Path:
    """`a` and `main` change line 15; each has a change of its own beside it."""
    branch(top, "a", {"shared.txt": changed((2, "theirs 2"), (15, "theirs 15")), "new.txt": "new\n"})
    commit(top, {"shared.txt": changed((15, "ours 15"), (28, "ours 28")), "other.txt": "ours\n"}, "ours")
    return top


def refusal(run: GitRun) -> ev.ConflictFound:
    last = run.events(ev.ConflictFound)[-1]
    assert isinstance(last, ev.ConflictFound)
    return last


@pytest.mark.parametrize(
    ("choice", "fifteen"),
    [("ours", "ours 15"), ("theirs", "theirs 15"), ("both", "ours 15\ntheirs 15")],
)
async def test_a_choice_settles_the_lines_in_conflict_and_keeps_all_others(
    clashing: Path, choice: str, fifteen: str
) -> None:
    async with git_run(clashing, "a") as run:
        await run.settle()
        assert run.run.tasks[TaskId("a")].status is Status.CONFLICTED
        await run.choose("a", choice)
        assert run.run.landed == ["a"]
        assert run.files() == {
            "shared.txt": changed((2, "theirs 2"), (15, fifteen), (28, "ours 28")),
            "other.txt": "ours\n",
            "new.txt": "new\n",
            "lib/deep.txt": "deep\n",
        }


async def test_a_resolution_is_a_merge_of_the_trunk_into_the_candidate_and_is_on_record(clashing: Path) -> None:
    before = sh(clashing, "rev-parse", "main", "a").split()
    async with git_run(clashing, "a") as run:
        await run.settle()
        await run.choose("a", "theirs")
        [resolved] = run.events(ev.ConflictResolved)
        assert isinstance(resolved, ev.ConflictResolved)
        main, a = before
        assert run.git("log", "-1", "--format=%P", resolved.head) == f"{a} {main}"
        assert (resolved.onto, resolved.previous) == (main, a)
        assert (resolved.rung, resolved.by, resolved.paths) == (Rung.PERSON, "ann", ("shared.txt",))
        assert run.run.resolutions == [resolved]


async def test_a_file_that_one_side_deleted_is_kept_or_gone_as_chosen(top: Path) -> None:
    branch(top, "keep", {"other.txt": "changed\n"})
    branch(top, "go", {"lib/deep.txt": "changed\n"})
    commit(top, {"other.txt": None, "lib/deep.txt": None}, "gone")
    async with git_run(top, "keep", "go") as run:
        await run.settle()
        await run.choose("keep", "both")
        assert "other.txt can not be both" in refusal(run).note
        assert run.run.tasks[TaskId("keep")].status is Status.CONFLICTED
        await run.choose("keep", "theirs")
        await run.choose("go", "ours")
        assert run.files() == {"shared.txt": LINES, "other.txt": "changed\n"}


async def test_binary_content_is_one_side_or_the_other(top: Path) -> None:
    (top / "picture").write_bytes(b"\0base")
    sh(top, "add", "-A")
    sh(top, "commit", "-q", "-m", "picture")
    branch(top, "a", {"picture": "\0theirs"})
    commit(top, {"picture": "\0ours"}, "ours")
    async with git_run(top, "a") as run:
        await run.settle()
        await run.choose("a", "both")
        assert "picture can not be both" in refusal(run).note
        await run.choose("a", "theirs")
        assert run.files()["picture"] == "\0theirs"


async def test_a_mode_that_one_side_changed_stays_changed(top: Path) -> None:
    sh(top, "checkout", "-q", "-b", "a")
    os.chmod(top / "shared.txt", 0o755)
    commit(top, {"shared.txt": changed((15, "theirs"))}, "a")
    sh(top, "checkout", "-q", "main")
    commit(top, {"shared.txt": changed((15, "ours"))}, "ours")
    async with git_run(top, "a") as run:
        await run.settle()
        await run.choose("a", "ours")
        assert run.git("ls-tree", "main", "shared.txt").startswith("100755")
        assert run.files()["shared.txt"] == changed((15, "ours"))


async def test_names_with_spaces_quotes_newlines_and_other_alphabets_are_settled(top: Path) -> None:
    odd = 'a "b"\n\t天庭.txt'
    commit(top, {odd: "base\n"}, "odd")
    branch(top, "a", {odd: "theirs\n"})
    commit(top, {odd: "ours\n"}, "ours")
    async with git_run(top, "a") as run:
        await run.settle()
        await run.choose("a", "theirs")
        assert (top / odd).read_text() == "theirs\n"
        assert run.run.landed == ["a"]


async def test_a_file_renamed_to_two_names_follows_the_chosen_side(top: Path) -> None:
    sh(top, "checkout", "-q", "-b", "a")
    sh(top, "mv", "shared.txt", "theirs.txt")
    sh(top, "commit", "-q", "-m", "a")
    sh(top, "checkout", "-q", "main")
    sh(top, "mv", "shared.txt", "ours.txt")
    sh(top, "commit", "-q", "-m", "ours")
    async with git_run(top, "a") as run:
        await run.settle()
        await run.choose("a", "ours")
        assert set(run.files()) == {"ours.txt", "other.txt", "lib/deep.txt"}


async def test_a_file_where_the_other_has_a_folder_needs_a_commit(top: Path) -> None:
    branch(top, "a", {"place": "a file\n"})
    commit(top, {"place/inside.txt": "a folder\n"}, "ours")
    async with git_run(top, "a") as run:
        await run.settle()
        await run.choose("a", "theirs")
        assert "answer with a commit" in refusal(run).note
        assert "CONFLICT (file/directory)" in refusal(run).note


# -------------------------------------------------------------------------------------- a commit of the person's


async def test_a_commit_of_a_person_that_merges_both_lands_as_it_is(clashing: Path) -> None:
    async with git_run(clashing, "a") as run:
        await run.settle()
        run.git("checkout", "-q", "--detach", "a")
        run.git("merge", "-q", "main", check=False)
        (clashing / "shared.txt").write_text("by hand\n")
        (clashing / "extra.txt").write_text("extra\n")
        run.git("add", "-A")
        run.git("commit", "-q", "-m", "by hand")
        mine = run.git("rev-parse", "HEAD")
        run.git("checkout", "-q", "main")
        await run.choose("a", "commit", mine)
        assert run.git("rev-parse", "main^2") == mine
        assert run.files()["shared.txt"] == "by hand\n"
        [resolved] = run.events(ev.ConflictResolved)
        assert isinstance(resolved, ev.ConflictResolved)
        assert set(resolved.paths) >= {"shared.txt", "extra.txt"}


async def test_a_commit_that_undoes_the_clash_needs_no_merge_of_the_trunk(clashing: Path) -> None:
    async with git_run(clashing, "a") as run:
        await run.settle()
        run.git("checkout", "-q", "--detach", "a")
        mine = commit(clashing, {"shared.txt": changed((2, "theirs 2"))}, "gave way")
        run.git("checkout", "-q", "main")
        await run.choose("a", "commit", mine)
        assert run.files()["shared.txt"] == changed((2, "theirs 2"), (15, "ours 15"), (28, "ours 28"))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("no-such-commit", "there is no commit 'no-such-commit'"),
        ("main", "main does not contain"),
        ("a", "a still conflicts in shared.txt"),
    ],
)
async def test_a_commit_that_settles_nothing_is_refused_with_the_reason(clashing: Path, name: str, why: str) -> None:
    before = sh(clashing, "rev-parse", "main").strip()
    async with git_run(clashing, "a") as run:
        await run.settle()
        await run.choose("a", "commit", name)
        assert why in refusal(run).note
        assert run.git("rev-parse", "main") == before
        [question] = run.run.questions.values()
        assert why in question.text
        await run.choose("a", "ours")
        assert run.run.landed == ["a"]


async def test_a_choice_nobody_knows_is_refused(clashing: Path) -> None:
    async with git_run(clashing, "a") as run:
        await run.settle()
        await run.choose("a", "sideways")
        assert "'sideways' is no choice" in refusal(run).note


# ---------------------------------------------------------------------------------------------- after a crash


async def test_a_resolution_that_was_made_but_not_stored_is_made_again(clashing: Path) -> None:
    async with git_run(clashing, "a") as run:
        await run.settle()
        half = branch(clashing, "half", {"half.txt": "x\n"}, "a")  # as a process that died had made it
        run.git("update-ref", "refs/heads/tianting-r1/a", half)
        await run.choose("a", "ours")
        assert run.run.landed == ["a"]
        assert "half.txt" not in run.files()
        assert run.git("for-each-ref", "refs/heads/tianting-*") == ""
        assert half in run.git("for-each-ref", "--format=%(objectname)", "refs/tianting/salvage").split()


async def test_what_is_dropped_stands_in_salvage_and_its_branch_is_gone(clashing: Path) -> None:
    async with git_run(clashing, "a") as run:
        await run.settle()
        assert run.git("rev-parse", "refs/heads/tianting-r1/a") == run.git("rev-parse", "a")
        await run.choose("a", "drop")
        assert run.git("rev-parse", "refs/tianting/salvage/r1/a.1") == run.git("rev-parse", "a")
        assert run.git("for-each-ref", "refs/heads/tianting-*") == ""
        assert run.run.tasks[TaskId("a")].status is Status.FAILED


async def test_a_second_drop_of_the_same_name_loses_nothing(clashing: Path) -> None:
    async with git_run(clashing, "a") as run:
        run.git("update-ref", "refs/tianting/salvage/r1/a.1", "main")
        await run.settle()
        await run.choose("a", "drop")
        kept = run.git("for-each-ref", "--format=%(objectname)", "refs/tianting/salvage").split()
        assert set(kept) == {run.git("rev-parse", "main"), run.git("rev-parse", "a")}
