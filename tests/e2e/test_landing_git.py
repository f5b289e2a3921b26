"""The right to land, on real git: leases, fences, refusals, and what is found out after a crash."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from conflict.land import TTL, Trunk
from conflict.train import TrainWork, decide_landings
from state import commands as cmd
from state import events as ev
from state.candidate import Candidate
from state.git.repository import GitRepository
from state.ids import RunId, Sha
from state.leases.memory import MemoryLease
from state.ports import LandingOrder, Moved, NotMoved, RepositoryFault, StaleLease, StoreError
from tests.support.gitbook import MAIN, GitRun, HandClock, branch, commit, git_run
from tests.support.ground import make_repository, sh

FENCE = "refs/tianting/fence/main"


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def top(tmp_path: Path) -> Path:
    make_repository(tmp_path / "repository", {"shared.txt": "shared\n", "other.txt": "other\n"})
    return tmp_path / "repository"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def leases(clock: HandClock) -> MemoryLease:
    return MemoryLease(clock)


async def next_landing(run: GitRun) -> cmd.LandCandidate:
    """Everything up to the first landing, which is handed over instead of carried out."""
    while True:
        orders = decide_landings(run.run, TrainWork())
        found = [order for order in orders if isinstance(order, cmd.LandCandidate)]
        if found:
            return found[0]
        assert orders
        for order in orders:
            await run.perform(order)


async def test_a_paused_holder_whose_fence_was_bumped_cannot_land(
    top: Path, leases: MemoryLease, clock: HandClock
) -> None:
    branch(top, "a", {"a.txt": "a\n"})
    before = sh(top, "rev-parse", "main").strip()
    async with git_run(top, "a", leases=leases, clock=clock) as run:
        order = await next_landing(run)

        async def record_and_sleep(event: ev.Event) -> None:
            """The event is stored, and then the process is stopped for longer than its lease lasts."""
            await run.record(event)
            clock.time += TTL + 1
            successor = Trunk(run.repository, leases, RunId("r1"), "successor", clock)
            assert await successor.bump_fence(MAIN)
            await successor.release()

        with pytest.raises(StaleLease):
            await run.trunk.land(order, run.run, record_and_sleep)
        assert run.git("rev-parse", "main") == before
        assert run.git("status", "--porcelain") == ""


async def test_nobody_bumps_the_fence_of_a_living_holder(top: Path, leases: MemoryLease, clock: HandClock) -> None:
    branch(top, "a", {"a.txt": "a\n"})
    async with git_run(top, "a", leases=leases, clock=clock) as run:
        await run.settle()
        fence = run.git("rev-parse", FENCE)
        other = Trunk(run.repository, leases, RunId("r2"), "other", clock)
        assert not await other.bump_fence(MAIN)
        assert run.git("rev-parse", FENCE) == fence


async def test_the_fence_names_who_may_land(top: Path) -> None:
    branch(top, "a", {"a.txt": "a\n"})
    async with git_run(top, "a") as run:
        await run.settle()
        assert run.git("cat-file", "blob", FENCE) == "run r1\nholder here:r1\ntoken 1"


async def test_the_landing_is_on_record_before_the_trunk_moves(top: Path) -> None:
    branch(top, "a", {"a.txt": "a\n"})
    seen: list[str] = []
    async with git_run(top, "a") as run:
        order = await next_landing(run)
        before = run.git("rev-parse", "main")

        async def record(event: ev.Event) -> None:
            seen.append(run.git("rev-parse", "main"))
            await run.record(event)

        await run.trunk.land(order, run.run, record)
        assert seen == [before]
        assert run.git("rev-parse", "main") == order.merges[-1][1]


async def test_two_runs_on_one_trunk_both_land(top: Path, leases: MemoryLease, clock: HandClock) -> None:
    branch(top, "a", {"a.txt": "a\n"})
    branch(top, "b", {"b.txt": "b\n"})
    async with (
        git_run(top, "a", name="r1", leases=leases, clock=clock) as first,
        git_run(top, "b", name="r2", leases=leases, clock=clock) as second,
    ):
        order = await next_landing(second)
        await first.settle()
        await first.trunk.release()
        await second.perform(order)
        assert len(second.events(ev.LandingRefused)) == 1
        await second.settle()
        assert set(second.files()) == {"shared.txt", "other.txt", "a.txt", "b.txt"}


async def test_a_trunk_that_another_run_holds_is_refused_in_words_and_nothing_is_dispatched(
    top: Path, leases: MemoryLease, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conflict.land._PAUSES", (0.0, 0.0))
    branch(top, "a", {"a.txt": "a\n"})
    await leases.take(f"trunk:{MAIN}", "the other", TTL)
    async with git_run(top, "a", leases=leases, clock=clock) as run:
        await run.perform(await next_landing(run))
        [refused] = run.events(ev.LandingRefused)
        assert isinstance(refused, ev.LandingRefused)
        assert "another run is landing on main (the other)" in refused.why
        assert not run.events(ev.LandingDispatched)
        clock.time += TTL + 1
        await run.settle()
        assert run.run.landed


async def test_the_lease_is_renewed_while_landings_go_on(top: Path, leases: MemoryLease, clock: HandClock) -> None:
    for name in ("a", "b"):
        branch(top, name, {f"{name}.txt": name})
    async with git_run(top, "a", leases=leases, clock=clock) as run:
        await run.settle()
        fence = run.git("rev-parse", FENCE)
        clock.time += TTL - 1
        merge = await run.repository.merge(Sha(run.git("rev-parse", "main")), Sha(run.git("rev-parse", "b")))
        new = await run.repository.commit(
            merge.tree, [Sha(run.git("rev-parse", "main")), Sha(run.git("rev-parse", "b"))], "b", 1.0
        )
        value = replace(_candidate(run), head=Sha(run.git("rev-parse", "b")))
        await run.trunk.land(cmd.LandCandidate(((value, new),), run.run.trunk), run.run, run.record)
        held = await leases.holder(f"trunk:{MAIN}")
        assert held is not None
        assert held.expires == clock.time + TTL
        assert run.git("rev-parse", FENCE) == fence


def _candidate(run: GitRun) -> Candidate:
    [proposed] = run.events(ev.CandidateProposed)
    assert isinstance(proposed, ev.CandidateProposed)
    return proposed.candidate


async def test_a_merge_that_does_not_hold_the_candidate_is_never_landed(top: Path) -> None:
    branch(top, "a", {"a.txt": "a\n"})
    stranger = Sha(branch(top, "b", {"b.txt": "b\n"}))
    before = sh(top, "rev-parse", "main").strip()
    async with git_run(top, "a") as run:
        order = await next_landing(run)
        [(value, merge)] = order.merges
        wrong = replace(order, merges=((replace(value, head=stranger), merge),))
        with pytest.raises(RepositoryFault, match="does not contain"):
            await run.trunk.land(wrong, run.run, run.record)
        assert run.git("rev-parse", "main") == before


async def test_a_branch_that_was_moved_after_it_was_probed_is_not_deleted(top: Path) -> None:
    branch(top, "a", {"a.txt": "a\n"})
    async with git_run(top, "a") as run:
        order = await next_landing(run)
        later = branch(top, "later", {"later.txt": "x\n"}, "tianting-r1/a")
        run.git("update-ref", "refs/heads/tianting-r1/a", later)
        await run.perform(order)
        assert later in run.git("for-each-ref", "--format=%(objectname)", "refs/tianting/salvage").split()


async def test_a_lock_that_somebodys_git_holds_for_a_moment_is_waited_for(top: Path) -> None:
    branch(top, "a", {"a.txt": "a\n"})
    async with git_run(top, "a") as run:
        order = await next_landing(run)
        lock = top / ".git" / "index.lock"
        lock.touch()

        async def record(event: ev.Event) -> None:
            await run.record(event)
            asyncio.get_running_loop().call_later(0.05, lock.unlink)  # between our first tries

        [done] = await run.trunk.land(order, run.run, record)
        assert isinstance(done, ev.Landed)
        assert (top / "a.txt").exists()


# --------------------------------------------------------------------------------------------------- recovery


async def killed_in(run: GitRun, monkeypatch: pytest.MonkeyPatch, *, after: bool) -> cmd.LandCandidate:
    """The process dies just before, or just after, the transaction of its first landing."""
    order = await next_landing(run)
    land = GitRepository.land

    async def dying(self: GitRepository, wanted: LandingOrder) -> Moved | NotMoved:
        if after:
            await land(self, wanted)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(GitRepository, "land", dying)
        with pytest.raises(Killed):
            await run.trunk.land(order, run.run, run.record)
    assert run.run.landing is not None
    return order


async def recovered(run: GitRun, leases: MemoryLease, clock: HandClock) -> list[ev.Event]:
    successor = Trunk(run.repository, leases, RunId("r1"), "successor", clock)
    clock.time += TTL + 1
    assert run.run.landing is not None
    events = await successor.recover(run.run.landing, run.run)
    for event in events:
        await run.record(event)
    run.trunk = successor
    return list(events)


async def test_a_landing_that_was_done_is_found_to_be_landed(
    top: Path, leases: MemoryLease, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        branch(top, name, {f"{name}.txt": name})
    async with git_run(top, "a", "b", leases=leases, clock=clock) as run:
        order = await killed_in(run, monkeypatch, after=True)
        found = await recovered(run, leases, clock)
        assert [type(event) for event in found] == [ev.Landed, ev.Landed]
        assert run.run.trunk == order.merges[-1][1]
        assert run.git("for-each-ref", "refs/heads/tianting-*") == ""
        await run.settle()
        assert run.run.landed == ["a", "b"]


async def test_a_landing_that_was_not_done_is_done_again(
    top: Path, leases: MemoryLease, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch(top, "a", {"a.txt": "a\n"})
    async with git_run(top, "a", leases=leases, clock=clock) as run:
        await killed_in(run, monkeypatch, after=False)
        # What a process that dies inside the transaction leaves behind.
        for lock in (f"{FENCE}.lock", f"{MAIN}.lock", "index.lock"):
            (top / ".git" / lock).touch()
        [refused] = await recovered(run, leases, clock)
        assert isinstance(refused, ev.LandingRefused)
        assert refused.trunk_now == run.run.trunk
        assert not list((top / ".git").rglob("*.lock"))
        await run.settle()
        assert run.run.landed == ["a"]
        assert run.git("status", "--porcelain") == ""


async def test_a_landing_that_others_have_built_on_is_found_to_be_landed(
    top: Path, leases: MemoryLease, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch(top, "a", {"a.txt": "a\n"})
    async with git_run(top, "a", leases=leases, clock=clock) as run:
        await killed_in(run, monkeypatch, after=True)
        commit(top, {"mine.txt": "mine\n"}, "mine")
        [done] = await recovered(run, leases, clock)
        assert isinstance(done, ev.Landed)
        assert run.git("merge-base", "--is-ancestor", done.commit, "main") == ""
        assert (top / "mine.txt").read_text() == "mine\n"


async def test_recovery_waits_for_nobody_for_ever(
    top: Path, leases: MemoryLease, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conflict.land._UNTIL_EXPIRED", (0.0, 0.0))
    branch(top, "a", {"a.txt": "a\n"})
    async with git_run(top, "a", leases=leases, clock=clock) as run:
        await killed_in(run, monkeypatch, after=False)
        dead = await leases.holder("trunk:refs/heads/main")
        assert dead is not None
        await leases.release(dead)
        await leases.take("trunk:refs/heads/main", "here:r2", 60.0)
        other = Trunk(run.repository, leases, RunId("r1"), "successor:r1", clock)
        assert run.run.landing is not None
        with pytest.raises(StoreError, match="another run is landing on main"):
            await other.recover(run.run.landing, run.run)


async def test_who_leads_a_run_takes_the_trunk_over_from_who_led_it_before(
    top: Path, leases: MemoryLease, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch(top, "a", {"a.txt": "a\n"})
    async with git_run(top, "a", leases=leases, clock=clock) as run:
        await killed_in(run, monkeypatch, after=False)
        paused = await leases.holder("trunk:refs/heads/main")
        assert paused is not None
        successor = Trunk(run.repository, leases, RunId("r1"), "successor:r1", clock)
        assert run.run.landing is not None
        await successor.recover(run.run.landing, run.run)
        now = await leases.holder("trunk:refs/heads/main")
        assert now is not None
        assert now.token > paused.token
