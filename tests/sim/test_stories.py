"""Single stories of the whole orchestrator on virtual time, each told to its end."""

import asyncio
from collections.abc import Callable

import pytest

from state import events as ev
from state import intents
from state.failure import FailureKind
from state.ids import AttemptId, RoleName, Seq, TaskId
from state.lifecycle import Status
from state.plan import Defaults, GateSpec, Limits, Plan, TaskSpec, WindowSpec
from tests.support.simulation import RUN, Outcome, World
from tests.support.virtual import VirtualLoop

BACK = RoleName("backend")


class Story:
    """A world whose time moves only while `told` runs."""

    def __init__(self, plan: Plan) -> None:
        self.loop = VirtualLoop()
        self.world = World(plan, {"shared": b"one\n"}, self.loop)
        self.leading = self.loop.create_task(self.world.lead())
        self.told()

    def told(self, seconds: float = 0.0) -> None:
        self.loop.run_until_complete(asyncio.sleep(seconds + 0.001))
        if self.leading.done():
            self.leading.result()

    def end(self, attempt: str, *, failure: FailureKind | None = None, **edits: bytes) -> None:
        self.world.windows.live[AttemptId(attempt)].set_result(Outcome(edits, failure))
        self.told()

    def ask(self, intent: intents.Intent) -> None:
        self.loop.run_until_complete(self.world.submit(intent))
        self.told()

    def answer(self, text: str) -> None:
        assert self.world.run is not None
        (question,) = self.world.run.questions
        self.ask(intents.AnswerQuestion(question, text))

    def status(self, task: str) -> Status:
        assert self.world.run is not None
        return self.world.run.tasks[TaskId(task)].status

    def kinds(self) -> list[str]:
        log = self.loop.run_until_complete(self.world.log())
        return [type(one.event).__name__ for one in log]

    def shared(self) -> bytes | None:
        memory = self.world.memory
        trunk = self.loop.run_until_complete(memory.resolve("refs/heads/main"))
        assert trunk is not None
        return self.loop.run_until_complete(memory.read(trunk, "shared"))

    def close(self) -> None:
        if not self.leading.done():
            self.leading.cancel()
            self.loop.run_until_complete(asyncio.wait([self.leading]))
        self.loop.close()


Teller = Callable[[Plan], Story]


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Teller:
    def begin(plan: Plan) -> Story:
        story = Story(plan)
        request.addfinalizer(story.close)
        return story

    return begin


def plan(*tasks: TaskSpec, gate: bool = False, retries: int = 2, **more: object) -> Plan:
    gates = (GateSpec("sim", "true"),) if gate else ()
    return Plan(
        "story",
        tasks,
        defaults=Defaults(retries=retries),
        windows=(WindowSpec(BACK, 3),),
        gate=gates,
        limits=Limits(windows=3, gates=2, **more),  # type: ignore[arg-type]
    )


def task(name: str, *needs: str, **more: object) -> TaskSpec:
    return TaskSpec(TaskId(name), role=BACK, needs=tuple(TaskId(n) for n in needs), run="x", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("choice", "content"), [("ours", b"from a\n"), ("theirs", b"from b\n"), ("both", b"from a\nfrom b\n")]
)
def test_a_conflict_waits_for_a_person_and_lands_as_they_choose(tell: Teller, choice: str, content: bytes) -> None:
    story = tell(plan(task("a"), task("b")))
    story.end("a.1", shared=b"from a\n")
    story.end("b.1", shared=b"from b\n")
    assert story.status("a") is Status.LANDED
    assert story.status("b") is Status.CONFLICTED
    story.answer(choice)
    assert story.status("b") is Status.LANDED
    assert story.shared() == content
    assert story.leading.done()
    assert "ConflictResolved" in story.kinds()


def test_a_conflict_can_be_done_again_from_the_trunk(tell: Teller) -> None:
    story = tell(plan(task("a"), task("b")))
    story.end("a.1", shared=b"from a\n")
    story.end("b.1", shared=b"from b\n")
    story.answer("retry")
    assert story.status("b") is Status.RUNNING
    story.end("b.2", shared=b"from a and b\n")
    assert story.shared() == b"from a and b\n"
    assert story.leading.done()


def test_a_red_gate_drops_the_candidate_and_its_task_is_tried_again(tell: Teller) -> None:
    story = tell(plan(task("a"), gate=True))
    story.end("a.1", shared=b"RED\n")
    story.told(5.0)
    assert story.status("a") is Status.WAITING
    story.told(30.0)
    story.end("a.2", shared=b"good\n")
    story.told(5.0)
    assert story.status("a") is Status.LANDED
    assert story.shared() == b"good\n"


def test_a_task_that_fails_too_often_fails_and_what_needs_it_never_starts(tell: Teller) -> None:
    story = tell(plan(task("a"), task("b", "a"), retries=1))
    story.end("a.1", failure=FailureKind.EXIT)
    story.told(60.0)
    story.end("a.2", failure=FailureKind.EXIT)
    assert story.status("a") is Status.FAILED
    assert story.status("b") is Status.WAITING
    assert story.leading.done()
    assert "RunFinished" in story.kinds()


def test_a_stopped_run_goes_on_where_it_was(tell: Teller) -> None:
    story = tell(plan(task("a"), task("b", "a")))
    leading = story.world.leading
    assert leading is not None
    leading.stop()
    story.told()
    assert story.leading.done()
    assert "RunFinished" not in story.kinds()
    story.leading = story.loop.create_task(story.world.lead())
    story.told()
    assert story.status("a") is Status.RUNNING
    story.end("a.2", one=b"1")
    story.end("b.1", two=b"2")
    assert story.leading.done()
    assert story.status("b") is Status.LANDED


def test_what_was_asked_while_nobody_led_is_carried_out_on_resume(tell: Teller) -> None:
    story = tell(plan(task("a"), task("b")))
    story.loop.run_until_complete(story.world.crash(story.leading))
    story.loop.run_until_complete(story.world.submit(intents.CancelTask(TaskId("b"))))
    story.leading = story.loop.create_task(story.world.lead())
    story.told()
    assert story.status("b") is Status.CANCELLED
    story.end("a.2", one=b"1")
    assert story.leading.done()


def test_the_wall_stops_what_is_live_and_ends_the_run(tell: Teller) -> None:
    story = tell(plan(task("a"), task("b"), wall=100.0))
    story.end("a.1", one=b"1")
    story.told(200.0)
    assert story.leading.done()
    assert story.status("a") is Status.LANDED
    assert story.status("b") is Status.WAITING


def test_nothing_lands_while_the_run_is_paused_and_all_of_it_after(tell: Teller) -> None:
    story = tell(plan(task("a"), task("b", "a")))
    story.ask(intents.PauseRun())
    story.end("a.1", one=b"1")
    story.told(1000.0)
    assert story.status("a") is Status.PROPOSED
    story.ask(intents.ResumeRun())
    assert story.status("a") is Status.LANDED
    assert story.status("b") is Status.RUNNING


def test_a_cancelled_run_ends_and_says_so(tell: Teller) -> None:
    story = tell(plan(task("a"), task("b", "a")))
    story.ask(intents.CancelRun())
    assert story.leading.done()
    assert {story.status("a"), story.status("b")} == {Status.CANCELLED}
    log = story.loop.run_until_complete(story.world.store.read(RUN, Seq(0), 1000))
    assert isinstance(log[-1].event, ev.RunFinished)
    assert log[-1].event.cancelled
