"""The promises of `EventStore`, for every body."""

import pytest

from state.events import AttemptProgressed, Event, LeaseTaken, PlanAccepted, Recorded, RunPaused, RunResumed
from state.ids import AttemptId, BranchName, IntentId, RoleName, RunId, Seq, Sha, TaskId, WindowId
from state.intents import LaunchRun, PauseRun
from state.kept import Checkpoint
from state.plan import Plan, TaskSpec
from state.ports import Held, SeqTaken, StaleLease, StoreError
from state.transcript import Entry, EntryKind
from tests.contract.bodies import Body, HandClock

RUN = RunId("r1")
PAUSE: list[tuple[float, Event]] = [(5.0, RunPaused("eve"))]


def some(count: int, first: int = 1) -> list[tuple[float, Event]]:
    return [(float(number), RunPaused(f"person {number}")) for number in range(first, first + count)]


async def test_events_come_back_as_they_were_appended(body: Body) -> None:
    held = await body.lead(RUN)
    task = TaskSpec(TaskId("a"), title="名前 \udce9 \0 '", touches=("src/**",), env=(("A", "1"),))
    accepted = PlanAccepted(
        run=RUN,
        plan=Plan("p", (task,)),
        repository="/srv/repo",
        trunk=BranchName("main"),
        trunk_ref="refs/heads/main",
        trunk_sha=Sha("a" * 40),
        roles=(RoleName("docs"),),
        order=(0,),
    )
    events: list[tuple[float, Event]] = [
        (1.25, accepted),
        (2.5, LeaseTaken("here", 1)),
        (3.0, AttemptProgressed(TaskId("a"), AttemptId("a.1"), WindowId("docs-1"), "ligne\n\u2028 deux")),
    ]
    assert await body.store.append(RUN, events, Seq(0), held) == 3
    expected = [Recorded(Seq(seq), ts, event) for seq, (ts, event) in enumerate(events, 1)]
    assert await body.store.read(RUN, Seq(0), 10) == expected
    assert await body.other_store.read(RUN, Seq(0), 10) == expected


async def test_reading_goes_on_after_a_seq_and_stops_at_the_limit(body: Body) -> None:
    held = await body.lead(RUN)
    await body.store.append(RUN, some(3), Seq(0), held)
    await body.store.append(RUN, some(4, first=4), Seq(3), held)
    read = await body.store.read(RUN, Seq(2), 3)
    assert [one.seq for one in read] == [3, 4, 5]
    assert [one.ts for one in read] == [3.0, 4.0, 5.0]
    assert await body.store.read(RUN, Seq(7), 3) == []
    assert await body.store.read(RUN, Seq(99), 3) == []


async def test_an_unknown_run_reads_as_empty_and_takes_no_events(body: Body) -> None:
    held = await body.lead(RUN)
    assert await body.store.read(RunId("other"), Seq(0), 10) == []
    assert await body.store.last_seq(RunId("other")) == 0
    with pytest.raises(StoreError):
        await body.store.append(RunId("other"), some(1), Seq(0), held)


async def test_a_run_is_created_once(body: Body) -> None:
    await body.lead(RUN)
    with pytest.raises(StoreError, match="r1"):
        await body.other_store.create(RUN, "another", "elsewhere", 2.0)


async def test_runs_are_listed_newest_first_with_their_last_seq(body: Body) -> None:
    odd = "/srv/\udcff name"
    await body.store.create(RunId("old"), "früh", odd, 1.0)
    await body.store.create(RunId("new"), "b", "/b", 3.0)
    await body.store.create(RunId("mid"), "c", "/c", 2.0)
    held = await body.lease.take("run:old", "here", 60.0)
    assert held is not None
    await body.store.append(RunId("old"), some(2), Seq(0), held)
    heads = await body.other_store.runs()
    assert [(head.run, head.seq) for head in heads] == [("new", 0), ("mid", 0), ("old", 2)]
    assert (heads[2].name, heads[2].repository, heads[2].created) == ("früh", odd, 1.0)


async def test_runs_created_at_the_same_time_are_listed_last_made_first(body: Body) -> None:
    for run in ("a", "c", "b"):
        await body.store.create(RunId(run), run, "/", 1.0)
    assert [head.run for head in await body.store.runs()] == ["b", "c", "a"]


async def test_the_logs_of_two_runs_do_not_mix(body: Body) -> None:
    one, two = await body.lead("one"), await body.lead("two")
    await body.store.append(RunId("one"), some(2), Seq(0), one)
    await body.store.append(RunId("two"), PAUSE, Seq(0), two)
    await body.store.append(RunId("one"), some(1, first=3), Seq(2), one)
    assert [read.ts for read in await body.store.read(RunId("one"), Seq(0), 9)] == [1.0, 2.0, 3.0]
    assert [read.ts for read in await body.store.read(RunId("two"), Seq(0), 9)] == [5.0]
    assert await body.store.last_seq(RunId("one")) == 3


@pytest.mark.parametrize("expected", [0, 1, 3, 7])
async def test_an_append_at_the_wrong_place_is_refused_and_stores_nothing(body: Body, expected: int) -> None:
    held = await body.lead(RUN)
    await body.store.append(RUN, some(2), Seq(0), held)
    with pytest.raises(SeqTaken):
        await body.store.append(RUN, [(9.0, RunResumed("eve")), (9.0, RunPaused("eve"))], Seq(expected), held)
    assert [one.ts for one in await body.store.read(RUN, Seq(0), 9)] == [1.0, 2.0]


async def test_the_same_append_again_is_accepted_once(body: Body) -> None:
    held = await body.lead(RUN)
    await body.store.append(RUN, some(2), Seq(0), held)
    assert await body.store.append(RUN, some(3, first=3), Seq(2), held) == 5
    assert await body.other_store.append(RUN, some(3, first=3), Seq(2), held) == 5
    assert [one.ts for one in await body.store.read(RUN, Seq(0), 9)] == [1.0, 2.0, 3.0, 4.0, 5.0]


async def test_another_event_at_a_taken_place_is_refused(body: Body) -> None:
    held = await body.lead(RUN)
    await body.store.append(RUN, some(3), Seq(0), held)
    for events in ([(1.0, RunPaused("x"))], [(1.5, RunPaused("person 1"))], [(1.0, RunResumed("person 1"))]):
        with pytest.raises(SeqTaken):
            await body.store.append(RUN, events, Seq(0), held)
    with pytest.raises(SeqTaken):
        await body.store.append(RUN, [*some(3), *PAUSE], Seq(0), held)
    assert await body.store.last_seq(RUN) == 3


async def test_an_append_of_nothing_only_checks(body: Body) -> None:
    held = await body.lead(RUN)
    assert await body.store.append(RUN, [], Seq(0), held) == 0
    await body.store.append(RUN, some(2), Seq(0), held)
    assert await body.store.append(RUN, [], Seq(2), held) == 2
    with pytest.raises(SeqTaken):
        await body.store.append(RUN, [], Seq(1), held)


async def test_a_stale_token_is_refused_even_by_the_same_holder(body: Body) -> None:
    first = await body.lead(RUN)
    second = await body.other_lease.take(f"run:{RUN}", "here", 60.0)
    assert second is not None
    with pytest.raises(StaleLease):
        await body.store.append(RUN, PAUSE, Seq(0), first)
    assert await body.store.append(RUN, PAUSE, Seq(0), second) == 1


async def test_who_lost_the_lease_can_not_repeat_an_append_either(body: Body) -> None:
    first = await body.lead(RUN)
    await body.store.append(RUN, PAUSE, Seq(0), first)
    await body.lease.take(f"run:{RUN}", "here", 60.0)
    with pytest.raises(StaleLease):
        await body.store.append(RUN, PAUSE, Seq(0), first)


async def test_a_released_lease_appends_no_more(body: Body) -> None:
    held = await body.lead(RUN)
    await body.lease.release(held)
    with pytest.raises(StaleLease):
        await body.store.append(RUN, PAUSE, Seq(0), held)


async def test_the_lease_of_another_run_appends_nothing(body: Body) -> None:
    await body.lead(RUN)
    other = await body.lead("r2")
    with pytest.raises(StaleLease):
        await body.store.append(RUN, PAUSE, Seq(0), other)
    with pytest.raises(StaleLease):
        await body.store.append(RUN, PAUSE, Seq(0), Held(f"run:{RUN}", "nobody", 99, 9e9))


async def test_an_expired_lease_that_nobody_took_still_leads(body: Body, clock: HandClock) -> None:
    """A machine that slept wakes up with its lease expired; its token is still the newest: no danger."""
    held = await body.lead(RUN)
    clock.time += 1_000.0
    assert await body.lease.holder(f"run:{RUN}") is None
    assert await body.store.append(RUN, PAUSE, Seq(0), held) == 1


async def test_an_expired_lease_that_somebody_took_is_stale(body: Body, clock: HandClock) -> None:
    held = await body.lead(RUN)
    clock.time += 1_000.0
    assert await body.other_lease.take(f"run:{RUN}", "there", 60.0) is not None
    with pytest.raises(StaleLease):
        await body.store.append(RUN, PAUSE, Seq(0), held)


async def test_a_forgotten_run_is_gone_with_all_that_was_kept_of_it_and_others_are_not(body: Body) -> None:
    held, other = await body.lead(RUN), await body.lead("r10")
    for run, lease in ((RUN, held), (RunId("r10"), other)):
        await body.store.append(run, some(3), Seq(0), lease)
        await body.store.add(run, AttemptId("a.1"), [Entry(1.0, EntryKind.OUTPUT, "said")])
        await body.store.submit(run, PauseRun(), "eve", 1.0)
        await body.store.submit(run, LaunchRun(run, "", ""), "eve", 1.0)
        await body.store.keep_checkpoint(run, Checkpoint(Seq(3), "m", b"3"))
    await body.store.forget(RUN, held)
    for run, there in ((RUN, 0), (RunId("r10"), 1)):
        store = body.other_store
        assert len(await store.read(run, Seq(0), 9)) == 3 * there
        assert len(await store.entries(run, AttemptId("a.1"), 0, 9)) == there
        assert len(await store.pending(run, IntentId(0))) == 2 * there
        assert bool(await store.checkpoint(run)) is bool(there)
    assert [head.run for head in await body.other_store.runs()] == ["r10"]
    assert [run for run, _ in await body.other_store.launches(IntentId(0))] == ["r10"]


async def test_only_who_holds_the_lease_of_a_run_forgets_it(body: Body) -> None:
    held = await body.lead(RUN)
    await body.store.append(RUN, some(1), Seq(0), held)
    await body.lease.release(held)
    newest = await body.other_lease.take(f"run:{RUN}", "there", 60.0)
    assert newest is not None
    with pytest.raises(StaleLease):
        await body.store.forget(RUN, held)
    assert await body.store.last_seq(RUN) == 1
    await body.store.forget(RUN, newest)
    assert await body.store.last_seq(RUN) == 0
    with pytest.raises(StoreError):
        await body.store.append(RUN, some(1), Seq(0), newest)


async def test_who_wrote_the_log_reads_what_another_process_wrote_behind_it(body: Body) -> None:
    held = await body.lead(RUN)
    await body.store.append(RUN, some(2), Seq(0), held)
    await body.lease.release(held)
    other = await body.other_lease.take(f"run:{RUN}", "there", ttl=60.0)
    assert other is not None
    await body.other_store.append(RUN, some(2, first=3), Seq(2), other)
    assert [one.seq for one in await body.store.read(RUN, Seq(2), 10)] == [3, 4]
    with pytest.raises(StaleLease):
        await body.store.append(RUN, some(1, first=9), Seq(2), held)
    assert [one.ts for one in await body.store.read(RUN, Seq(0), 10)] == [1.0, 2.0, 3.0, 4.0]
