"""The promises of `Checkpoints`, for every body, and a run of 100,000 events opened from one."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator.load import EVERY, load
from state import events as ev
from state.ids import AttemptId, BranchName, RoleName, RunId, Seq, Sha, TaskId, WindowId
from state.kept import Checkpoint
from state.plan import Plan, RuntimeName, TaskSpec, WindowSpec
from state.stores.redis import RedisStore
from state.stores.redis_link import RedisLink
from state.stores.sqlite import SqliteStore
from tests.contract.bodies import Body, Doubling

RUN = RunId("r1")


async def test_the_newest_checkpoint_of_a_maker_is_kept_and_another_maker_takes_its_place(body: Body) -> None:
    await body.lead(RUN)
    assert await body.store.checkpoint(RUN) is None
    for given, stands in (
        (Checkpoint(Seq(5), "m", b"\0\xff5"), (5, b"\0\xff5")),
        (Checkpoint(Seq(9), "m", b"9"), (9, b"9")),
        (Checkpoint(Seq(7), "m", b"7"), (9, b"9")),
        (Checkpoint(Seq(7), "n", b"7n"), (7, b"7n")),
    ):
        for _ in range(2):  # a request that comes again, late, comes before the second
            await body.store.keep_checkpoint(RUN, given)
        found = await body.other_store.checkpoint(RUN)
        assert found is not None
        assert (found.seq, found.data) == stands
    assert await body.store.checkpoint(RunId("r2")) is None


def a_long_log(count: int) -> list[tuple[float, ev.Event]]:
    task, attempt, window = TaskId("a"), AttemptId("a.1"), WindowId("backend-1")
    role = RoleName("backend")
    spec = TaskSpec(task, run="true")
    plan = Plan("p", (spec,), windows=(WindowSpec(role, 1, RuntimeName.COMMAND),))
    accepted = ev.PlanAccepted(RUN, plan, "/r", BranchName("main"), "refs/heads/main", Sha("a" * 40), (role,), (0,))
    begin: list[ev.Event] = [
        accepted,
        ev.LeaseTaken("here", 1),
        ev.AttemptDispatched(task, attempt, 1, window, Sha("a" * 40)),
        ev.AttemptStarted(task, attempt, window, pid=1, runtime="command", simulated=False, worktree="/w"),
    ]
    steps = [ev.AttemptProgressed(task, attempt, window, f"step {number}") for number in range(count - len(begin))]
    return [(float(number), event) for number, event in enumerate([*begin, *steps])]


@pytest.mark.parametrize("count", [4 * EVERY, pytest.param(100_000, marks=pytest.mark.soak)])
async def test_a_long_run_is_opened_without_reading_all_of_its_events(body: Body, folder: Path, count: int) -> None:
    held, log = await body.lead(RUN), a_long_log(count)
    for start in range(0, count, 2000):
        await body.store.append(RUN, log[start : start + 2000], Seq(start), held)
    first = await load(body.store, RUN)  # nobody has looked yet, so this one reads them
    assert first.seq == count
    kept = await body.store.checkpoint(RUN)
    assert kept is not None
    assert kept.seq == count
    last = ev.AttemptProgressed(TaskId("a"), AttemptId("a.1"), WindowId("backend-1"), "the last")
    await body.store.append(RUN, [(1e6, last)], Seq(count), held)
    await without(body, folder, count)
    opened = await load(body.other_store, RUN)
    assert opened.seq == count + 1
    assert opened.live[AttemptId("a.1")].note == "the last"


async def without(body: Body, folder: Path, seq: int) -> None:
    """Take the events up to this one away: who opens the run can not be reading them."""
    if isinstance(body.store, SqliteStore):
        with closing(sqlite3.connect(folder / "ledger.sqlite")) as db, db:
            db.execute("DELETE FROM events WHERE seq <= ?", (seq,))
    elif isinstance(body.store, RedisStore):
        link = body.store.link.link if isinstance(body.store.link, Doubling) else body.store.link
        assert isinstance(link, RedisLink)
        await link.client.xtrim(f"tianting:{RUN}:log", minid=f"{seq + 1}-0", approximate=False)


@pytest.mark.parametrize("body", ["sqlite"], indirect=True)
async def test_a_ledger_of_an_older_version_has_no_checkpoints_and_gets_them(body: Body, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as db:
        assert not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'checkpoints'").fetchall()
    await body.lead(RUN)
    await body.store.keep_checkpoint(RUN, Checkpoint(Seq(1), "m", b"1"))
    assert await body.other_store.checkpoint(RUN) is not None
