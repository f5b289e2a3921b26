"""The promises of `Inbox`, for every body."""

from typing import get_args

from state.ids import CandidateId, IntentId, QuestionId, RunId, TaskId
from state.intents import (
    AnswerQuestion,
    ApproveTask,
    CancelRun,
    CancelTask,
    DropCandidate,
    Intent,
    LaunchRun,
    PauseRun,
    ReorderTrain,
    ResolveConflict,
    ResumeRun,
    RetryTask,
    SteerTask,
    Submitted,
)
from tests.contract.bodies import Body

ONE, TWO = RunId("one"), RunId("two")
START = IntentId(0)

EACH: list[Intent] = [
    LaunchRun(ONE, "tianting: 1\nname: 天\n", "plan.yaml"),
    PauseRun(),
    ResumeRun(),
    CancelRun(),
    CancelTask(TaskId("a")),
    RetryTask(TaskId("a")),
    SteerTask(TaskId("a"), "mind the\n\udce9 \0"),
    ApproveTask(TaskId("a")),
    AnswerQuestion(QuestionId("q"), "yes"),
    ResolveConflict(CandidateId("c"), "commit", "a" * 40),
    ReorderTrain((CandidateId("c"), CandidateId("d"))),
    DropCandidate(CandidateId("c")),
]


async def test_every_intent_comes_out_as_it_went_in(body: Body) -> None:
    assert {type(intent) for intent in EACH} == set(get_args(Intent))
    ids = [await body.store.submit(ONE, intent, "eve \udcff", 2.5) for intent in EACH]
    pending = await body.other_store.pending(ONE, START)
    assert pending == [Submitted(id_, 2.5, "eve \udcff", intent) for id_, intent in zip(ids, EACH, strict=True)]


async def test_ids_grow_across_all_runs(body: Body) -> None:
    ids = [
        await store.submit(run, PauseRun(), "eve", 1.0)
        for run, store in [(ONE, body.store), (TWO, body.other_store), (ONE, body.store), (TWO, body.store)]
    ]
    assert ids == sorted(set(ids))
    assert ids[0] > 0


async def test_a_run_sees_its_own_intents_above_an_id(body: Body) -> None:
    first = await body.store.submit(ONE, PauseRun(), "eve", 1.0)
    await body.store.submit(TWO, CancelRun(), "eve", 1.0)
    last = await body.store.submit(ONE, ResumeRun(), "eve", 1.0)
    assert [one.id for one in await body.store.pending(ONE, START)] == [first, last]
    assert [one.intent for one in await body.store.pending(ONE, first)] == [ResumeRun()]
    assert await body.store.pending(ONE, last) == []
    assert await body.store.pending(RunId("unknown"), START) == []


async def test_launches_of_all_runs_are_seen_before_there_is_a_log(body: Body) -> None:
    launch_one, launch_two = LaunchRun(ONE, "a", "f"), LaunchRun(TWO, "b", "f")
    first = await body.store.submit(ONE, launch_one, "eve", 1.0)
    await body.store.submit(ONE, PauseRun(), "eve", 1.0)
    await body.store.submit(TWO, launch_two, "bob", 2.0)
    launches = await body.other_store.launches(START)
    assert [(run, one.intent, one.by) for run, one in launches] == [
        (ONE, launch_one, "eve"),
        (TWO, launch_two, "bob"),
    ]
    assert [run for run, _ in await body.store.launches(first)] == [TWO]
