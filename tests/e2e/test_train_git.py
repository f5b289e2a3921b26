"""The train on real git: what lands, what the checkout sees of it, and what plain `git merge` would have made."""

from pathlib import Path

import pytest

from conflict.adopt import check_adoptable, foreign_commits
from conflict.detect import conflicts_between
from conflict.foresee import UNRELATED
from state import events as ev
from state.candidate import ConflictKind, Rung
from state.ids import CandidateId, Sha, TaskId
from state.lifecycle import Status
from tests.support.gitbook import MAIN, GitRun, branch, commit, git_run
from tests.support.ground import make_repository, sh

SHADOW = "refs/tianting/trunk/main"
LINES = "".join(f"line {number}\n" for number in range(1, 61))


@pytest.fixture
def top(tmp_path: Path) -> Path:
    make_repository(tmp_path / "repository", {"shared.txt": LINES, "other.txt": "other\n", ".gitignore": "*.log\n"})
    return tmp_path / "repository"


def changed(number: int, text: str) -> str:
    return LINES.replace(f"line {number}\n", text)


def plain_merges(top: Path, where: Path, branches: list[str]) -> str:
    """The tree after `git merge --no-ff` of each branch in turn, those that conflict given up."""
    sh(top.parent, "clone", "-q", str(top), str(where))
    for name in branches:
        try:
            sh(where, "merge", "-q", "--no-ff", "-m", name, f"origin/{name}")
        except AssertionError:
            sh(where, "merge", "--abort")
    return sh(where, "rev-parse", "HEAD^{tree}").strip()


def landed(run: GitRun) -> list[str]:
    return [str(task) for task in run.run.landed]


async def test_branches_land_as_merges_with_the_trunk_as_first_parent(top: Path) -> None:
    a = branch(top, "feature/a", {"a.txt": "a\n"})
    start = sh(top, "rev-parse", "main").strip()
    async with git_run(top, "feature/a") as run:
        await run.settle()
        assert run.git("log", "-1", "--format=%P", "main") == f"{start} {a}"
        message = run.git("log", "-1", "--format=%B", "main")
        assert message.splitlines()[0] == "Land feature-a"
        trailers = run.git("log", "-1", "--format=%(trailers:only)", "main").splitlines()
        assert trailers == [
            "Tianting-Run: r1",
            "Tianting-Task: feature-a",
            "Tianting-Candidate: feature-a.1",
            "Tianting-Adopts: feature/a",
        ]
        tip = Sha(run.git("rev-parse", "main"))
        name = CandidateId("feature-a.1")
        assert run.events(ev.Landed) == [ev.Landed(name, TaskId("feature-a"), tip, Sha(start), tip, MAIN)]


async def test_the_clean_checkout_of_the_trunk_moves_with_the_landing(top: Path) -> None:
    branch(top, "a", {"a.txt": "a\n", "other.txt": None})
    async with git_run(top, "a") as run:
        await run.settle()
        assert (top / "a.txt").read_text() == "a\n"
        assert not (top / "other.txt").exists()
        assert run.git("status", "--porcelain") == ""
        [dispatched] = run.events(ev.LandingDispatched)
        assert isinstance(dispatched, ev.LandingDispatched)
        assert dispatched.checkout == str(top)


async def test_dirty_files_that_a_landing_does_not_touch_stay_as_they_are(top: Path) -> None:
    branch(top, "a", {"a.txt": "a\n"})
    (top / "other.txt").write_text("mine\n")
    (top / "new.txt").write_text("untracked\n")
    async with git_run(top, "a") as run:
        await run.settle()
        assert landed(run) == ["a"]
        assert run.git("status", "--porcelain").splitlines() == ["M other.txt", "?? new.txt"]


async def test_the_result_is_the_tree_of_the_same_plain_merges(top: Path, tmp_path: Path) -> None:
    names = []
    for number in range(1, 13):
        name = f"b{number}"
        # Every third one changes a line that the one before it changed too.
        line = 4 * (number - 1 if number % 3 == 0 else number)
        branch(top, name, {"shared.txt": changed(line, f"{name}\n"), f"{name}.txt": name})
        names.append(name)
    branch(top, "gone", {"other.txt": None})
    branch(top, "kept", {"other.txt": "kept\n"})
    names += ["gone", "kept"]
    expected = plain_merges(top, tmp_path / "plain", names)
    async with git_run(top, *names, ladder=False) as run:
        await run.settle()
        assert run.git("rev-parse", "main^{tree}") == expected
        failed = [name for name in names if name not in landed(run)]
        assert failed == ["b3", "b6", "b9", "b12", "kept"]
        for name in failed:
            failure = run.run.tasks[TaskId(name)].failure
            assert failure is not None
            assert "conflicts in " in failure.detail
        assert landed(run) == [name for name in names if name not in failed]
        assert run.git("for-each-ref", "refs/heads/tianting-*") == ""
        # What did not land is still there, by a ref.
        for name in failed:
            assert run.git("rev-parse", f"refs/tianting/salvage/r1/{name}.1") == run.git("rev-parse", name)


async def test_criss_cross_histories_merge_as_git_merges_them(top: Path, tmp_path: Path) -> None:
    branch(top, "left", {"shared.txt": changed(2, "left\n")})
    branch(top, "right", {"shared.txt": changed(18, "right\n")})
    sh(top, "checkout", "-q", "-b", "one", "left")
    sh(top, "merge", "-q", "--no-ff", "-m", "one", "right")
    commit(top, {"one.txt": "one\n"}, "more one")
    sh(top, "checkout", "-q", "-b", "two", "right")
    sh(top, "merge", "-q", "--no-ff", "-m", "two", "left")
    commit(
        top, {"two.txt": "two\n", "shared.txt": changed(2, "left\n").replace("line 18\n", "right too\n")}, "more two"
    )
    sh(top, "checkout", "-q", "main")
    assert len(sh(top, "merge-base", "--all", "one", "two").split()) == 2
    expected = plain_merges(top, tmp_path / "plain", ["one", "two"])
    async with git_run(top, "one", "two") as run:
        await run.settle()
        assert landed(run) == ["one", "two"]
        assert run.git("rev-parse", "main^{tree}") == expected


async def test_a_branch_the_trunk_contains_already_lands_where_it_stands(top: Path) -> None:
    a = branch(top, "a", {"a.txt": "a\n"})
    sh(top, "merge", "-q", "--no-ff", "-m", "a", "a")
    before = sh(top, "rev-parse", "main").strip()
    async with git_run(top, "a", gate=lambda _: False) as run:
        await run.settle()
        [done] = run.events(ev.Landed)
        assert isinstance(done, ev.Landed)
        assert (done.trunk_before, done.trunk_after) == (before, before)
        assert run.git("rev-parse", "main", "a").split() == [before, a]
        assert not run.events(ev.LandingDispatched)


async def test_a_branch_that_another_one_brings_lands_with_it(top: Path) -> None:
    branch(top, "a", {"a.txt": "a\n"})
    branch(top, "b", {"b.txt": "b\n"}, "a")
    async with git_run(top, "b", "a") as run:
        await run.settle()
        assert landed(run) == ["b", "a"]
        assert run.git("rev-list", "--count", "--merges", "main") == "1"


async def test_a_red_gate_leaves_the_branch_out_and_lands_the_rest(top: Path) -> None:
    branch(top, "good", {"good.txt": "x\n"})
    branch(top, "bad", {"bad.txt": "x\n"})
    branch(top, "late", {"late.txt": "x\n"})

    def gate(commit: Sha) -> bool:
        return "bad.txt" not in sh(top, "ls-tree", "--name-only", commit)

    async with git_run(top, "bad", "good", "late", gate=gate) as run:
        await run.settle()
        assert landed(run) == ["good", "late"]
        assert run.run.tasks[TaskId("bad")].status is Status.FAILED
        assert set(run.files()) == {".gitignore", "good.txt", "late.txt", "other.txt", "shared.txt"}


async def test_a_history_without_a_common_ancestor_is_refused(top: Path) -> None:
    sh(top, "checkout", "-q", "--orphan", "alien")
    sh(top, "rm", "-rfq", ".")
    alien = commit(top, {"alien.txt": "?\n"}, "alien")
    sh(top, "checkout", "-q", "main")
    good = branch(top, "good", {"good.txt": "x\n"})
    async with git_run(top, "alien", "good") as run:
        trunk = Sha(run.git("rev-parse", "main"))
        assert await check_adoptable(run.repository, Sha(alien), trunk) == "it has no common ancestor with the trunk"
        assert await check_adoptable(run.repository, Sha(good), trunk) == ""
        await run.settle()
        assert landed(run) == ["good"]
        failure = run.run.tasks[TaskId("alien")].failure
        assert failure is not None
        assert "alien has no common ancestor with main" in failure.detail


async def test_a_trunk_moved_by_a_person_is_probed_again_and_landed_on(top: Path) -> None:
    branch(top, "a", {"a.txt": "a\n"})
    async with git_run(top, "a") as run:
        mine = commit(top, {"mine.txt": "mine\n"}, "mine")
        await run.settle()
        [refused] = run.events(ev.LandingRefused)
        assert isinstance(refused, ev.LandingRefused)
        assert refused.trunk_now == mine
        assert landed(run) == ["a"]
        assert run.git("rev-parse", "main^1") == mine


async def test_a_rewritten_trunk_without_a_common_ancestor_drops_what_can_not_land(top: Path) -> None:
    branch(top, "a", {"a.txt": "a\n"})
    async with git_run(top, "a", gate=lambda _: True) as run:
        sh(top, "checkout", "-q", "--orphan", "fresh")
        sh(top, "commit", "-q", "-m", "fresh")
        sh(top, "branch", "-q", "-f", "main", "fresh")
        sh(top, "checkout", "-q", "main")
        await run.settle()
        assert run.run.tasks[TaskId("a")].status is Status.FAILED
        assert run.git("rev-parse", "refs/tianting/salvage/r1/a.1") == run.git("rev-parse", "a")


# ------------------------------------------------------------------------------------------------- the shadow


async def test_a_change_in_the_way_is_left_alone_and_one_command_takes_the_landing_over(top: Path) -> None:
    branch(top, "a", {"other.txt": "landed\n"})
    branch(top, "b", {"b.txt": "b\n"})
    before = sh(top, "rev-parse", "main").strip()
    (top / "other.txt").write_text("mine\n")
    async with git_run(top, "a", "b") as run:
        await run.settle()
        assert landed(run) == ["a", "b"]
        assert (top / "other.txt").read_text() == "mine\n"
        assert run.git("rev-parse", "main") == before
        [refused] = run.events(ev.LandingRefused)
        assert isinstance(refused, ev.LandingRefused)
        assert refused.shadow == SHADOW
        assert f"git merge --ff-only {SHADOW}" in refused.why
        assert "other.txt" in refused.why
        run.git("checkout", "other.txt")
        run.git("merge", "-q", "--ff-only", SHADOW)
        assert run.git("rev-parse", "main") == run.run.trunk
        assert (top / "other.txt").read_text() == "landed\n"


async def test_an_ignored_file_in_the_way_is_not_overwritten(top: Path) -> None:
    sh(top, "checkout", "-q", "-b", "a")
    (top / "trace.log").write_text("tracked\n")
    sh(top, "add", "-f", "trace.log")
    sh(top, "commit", "-q", "-m", "a")
    sh(top, "checkout", "-q", "main")
    (top / "trace.log").write_text("precious\n")
    async with git_run(top, "a") as run:
        await run.settle()
        assert (top / "trace.log").read_text() == "precious\n"
        assert run.run.trunk_ref == SHADOW
        assert landed(run) == ["a"]


async def test_what_a_person_commits_beside_the_shadow_enters_the_train(top: Path) -> None:
    branch(top, "a", {"other.txt": "landed\n"})
    (top / "other.txt").write_text("mine\n")
    async with git_run(top, "a") as run:
        assert await foreign_commits(run.repository, run.run) is None
        await run.settle()
        assert await foreign_commits(run.repository, run.run) is None
        mine = commit(top, {"mine.txt": "mine\n"}, "mine")
        found = await foreign_commits(run.repository, run.run)
        assert found is not None
        assert (found.candidate.task, found.candidate.head) == (None, mine)
        assert found.candidate.paths == ("mine.txt",)
        await run.record(found)
        assert await foreign_commits(run.repository, run.run) is None
        await run.settle()
        assert run.files(SHADOW)["mine.txt"] == "mine\n"
        assert run.git("rev-parse", "main") == mine
        run.git("checkout", "other.txt")
        run.git("merge", "-q", "--ff-only", SHADOW)
        assert await foreign_commits(run.repository, run.run) is None


async def test_a_shadow_with_work_that_was_not_taken_over_is_landed_on_top_of(top: Path) -> None:
    for name in ("a", "b"):
        branch(top, name, {"other.txt": LINES if name == "a" else "other\n", f"{name}.txt": name})
    (top / "other.txt").write_text("mine\n")
    async with git_run(top, "a") as first:
        await first.settle()
        assert first.run.trunk_ref == SHADOW
    branch_b = sh(top, "rev-parse", "b").strip()
    (top / "b.txt").write_text("in the way\n")
    async with git_run(top, "b", name="r2") as second:
        await second.settle()
        assert set(second.files(SHADOW)) >= {"a.txt", "b.txt"}
        assert second.git("rev-parse", f"{SHADOW}^2") == branch_b


async def test_a_trunk_branch_that_is_gone_is_landed_beside(top: Path) -> None:
    branch(top, "a", {"a.txt": "a\n"})
    async with git_run(top, "a") as run:
        run.git("checkout", "-q", "--detach")
        run.git("branch", "-q", "-D", "main")
        await run.settle()
        assert landed(run) == ["a"]
        assert run.files(SHADOW)["a.txt"] == "a\n"


# ------------------------------------------------------------------------------------- conflicts, with no run


async def test_conflicts_between_branches_are_found_pair_by_pair(top: Path) -> None:
    branch(top, "a", {"shared.txt": changed(1, "a\n")})
    branch(top, "b", {"shared.txt": changed(1, "b\n"), "other.txt": "b\n"})
    branch(top, "c", {"other.txt": None})
    before = sh(top, "for-each-ref")
    async with git_run(top) as run:
        named = [(name, Sha(run.git("rev-parse", name))) for name in ("a", "b", "c")]
        found = (await conflicts_between(run.repository, named)).conflicts
        assert [(one.between, one.path, one.rule) for one in found] == [
            (("a", "b"), "shared.txt", "CONFLICT (contents)"),
            (("b", "c"), "other.txt", "CONFLICT (modify/delete)"),
        ]
        assert {(one.kind, one.resolves, one.rung) for one in found} == {(ConflictKind.TEXT, False, Rung.PERSON)}
        assert (await conflicts_between(run.repository, named[:1])).conflicts == ()
    assert sh(top, "for-each-ref") == before


async def test_branches_without_a_common_ancestor_conflict_as_a_whole(top: Path) -> None:
    sh(top, "checkout", "-q", "--orphan", "alien")
    alien = commit(top, {"alien.txt": "?\n"}, "alien")
    async with git_run(top) as run:
        refs = [("main", Sha(run.git("rev-parse", "main"))), ("alien", Sha(alien))]
        [found] = (await conflicts_between(run.repository, refs)).conflicts
        assert found.rule == UNRELATED
