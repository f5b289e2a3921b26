"""Any plan, any weather: after every event the invariants of `playbook.check` hold, and in the end every run is over
with each task landed, ended, or held by one that has ended."""

from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from scheduler.decide import is_over
from scheduler.forecast import Foresight
from state import events as ev
from state import intents
from state import reasons as why
from state.failure import FailureKind
from state.ids import AttemptId, TaskId
from state.lifecycle import ENDED, IN_TRAIN, Status
from state.plan import TaskSpec
from tests.support.playbook import (
    Playbook,
    Report,
    adopted,
    cancelled,
    dropped,
    failed,
    landed,
    later,
    plan,
    succeeded,
    task,
    wish,
)

GLOBS = ("db/**", "db/1", "db/2", "lock", "web/*")
FAILURES = [FailureKind.EXIT, FailureKind.TIMEOUT, FailureKind.LOST, FailureKind.BUDGET]


@st.composite
def specs(draw: st.DrawFn) -> list[TaskSpec]:
    found = []
    for number in range(draw(st.integers(1, 9))):
        needs = [f"t{need}" for need in range(number) if draw(st.integers(0, 3)) == 0]
        spec = task(
            f"t{number}",
            needs=" ".join(needs),
            role=draw(st.sampled_from(["backend", "docs"])),
            exclusive=tuple(draw(st.lists(st.sampled_from(GLOBS), max_size=2, unique=True))),
            touches=tuple(draw(st.lists(st.sampled_from(GLOBS), max_size=1))),
            priority=draw(st.integers(0, 1)),
            window=draw(st.sampled_from([None, None, None, "backend-2"])),
            adopt=draw(st.sampled_from([None, None, None, "feature"])),
        )
        found.append(spec)
    return found


class Storm(RuleBasedStateMachine):
    @initialize(of=specs(), limit=st.integers(1, 4), retries=st.integers(0, 2))
    def launch(self, of: list[TaskSpec], limit: int, retries: int) -> None:
        self.book = Playbook(plan(*of, windows={"backend": 2, "docs": 1}, limit=limit, retries=retries))
        self.book.settle()

    def hear(self, report: Report | ev.Event) -> None:
        self.book >> report
        self.book.settle()

    def any_of(self, data: st.DataObject, names: list[TaskId]) -> str:
        return str(data.draw(st.sampled_from(names)))

    def where(self, fits: Callable[[TaskId], bool]) -> list[TaskId]:
        return [name for name in self.book.run.tasks if fits(name)]

    def status(self, name: TaskId) -> Status:
        return self.book.run.tasks[name].status

    def at_work(self) -> list[TaskId]:
        return self.where(lambda name: self.status(name) is Status.RUNNING)

    def in_train(self) -> list[TaskId]:
        return self.where(lambda name: self.status(name) in IN_TRAIN)

    @precondition(lambda self: self.at_work())
    @rule(data=st.data())
    def succeeds(self, data: st.DataObject) -> None:
        self.hear(succeeded(self.any_of(data, self.at_work())))

    @precondition(lambda self: self.at_work())
    @rule(data=st.data(), kind=st.sampled_from(FAILURES))
    def fails(self, data: st.DataObject, kind: FailureKind) -> None:
        self.hear(failed(self.any_of(data, self.at_work()), kind))

    @precondition(lambda self: self.in_train())
    @rule(data=st.data())
    def lands(self, data: st.DataObject) -> None:
        self.hear(landed(self.any_of(data, self.in_train())))

    @precondition(lambda self: self.in_train())
    @rule(data=st.data(), kind=st.sampled_from([FailureKind.GATE, FailureKind.CONFLICT, FailureKind.CANCELLED]))
    def leaves_the_train(self, data: st.DataObject, kind: FailureKind) -> None:
        self.hear(dropped(self.any_of(data, self.in_train()), kind))

    @precondition(lambda self: self.book.run.to_adopt)
    @rule()
    def adopts(self) -> None:
        self.hear(adopted(next(iter(self.book.run.to_adopt))))

    @rule(seconds=st.sampled_from([1.0, 5.0, 60.0]))
    def time_goes_by(self, seconds: float) -> None:
        self.hear(later(seconds))

    @rule()
    def a_person_pauses_or_resumes(self) -> None:
        self.hear(ev.RunResumed("ann") if self.book.run.paused else ev.RunPaused("ann"))

    @precondition(lambda self: self.where(lambda name: self.status(name) not in ENDED))
    @rule(data=st.data())
    def a_person_cancels_a_task(self, data: st.DataObject) -> None:
        self.hear(cancelled(self.any_of(data, self.where(lambda name: self.status(name) not in ENDED))))

    @precondition(lambda self: self.where(lambda name: self.status(name) in (Status.FAILED, Status.CANCELLED)))
    @rule(data=st.data())
    def a_person_tries_again(self, data: st.DataObject) -> None:
        ended = self.where(lambda name: self.status(name) in (Status.FAILED, Status.CANCELLED))
        self.hear(wish(intents.RetryTask(TaskId(self.any_of(data, ended)))))

    @precondition(lambda self: self.book.run.seq % 5 == 0)
    @rule()
    def a_person_cancels_the_run(self) -> None:
        self.hear(wish(intents.CancelRun()))

    @rule()
    def the_leader_dies(self) -> None:
        self.hear(ev.LeaseTaken("next", self.book.run.token + 1))
        for name in self.at_work():
            lost: AttemptId | None = self.book.run.tasks[name].live
            if lost in self.book.run.live:
                self.hear(failed(name, FailureKind.LOST))

    def teardown(self) -> None:
        if not hasattr(self, "book"):
            return
        if self.book.run.paused:
            self.hear(ev.RunResumed("ann"))
        for _ in range(200):
            if is_over(self.book.run, self.book.now):
                break
            self.go_on()
        assert is_over(self.book.run, self.book.now)
        for name, state in self.book.run.tasks.items():
            reason = Foresight().reason(self.book.run, name, self.book.now)
            held = isinstance(reason, why.NeedGone) or self.book.run.cancelled
            assert state.status in ENDED or held, f"{name} could have gone on: {reason}"

    def go_on(self) -> None:
        """Everything goes well from here on."""
        if self.at_work():
            self.hear(succeeded(self.at_work()[0]))
        elif self.in_train():
            name = self.in_train()[0]
            given_up = self.book.run.tasks[name].cancelled
            self.hear(dropped(name, FailureKind.CANCELLED) if given_up else landed(name))
        elif self.book.run.to_adopt:
            self.adopts()
        else:
            self.hear(later(60))


TestStorm = Storm.TestCase
TestStorm.settings = settings(max_examples=60, stateful_step_count=40)
