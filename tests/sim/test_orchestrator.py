"""The whole orchestrator on virtual time, driven at random: finish, fail, crash, conflict, intents; the invariants of
the design hold after each step."""

import asyncio
import contextlib
from collections import Counter

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from state import intents
from state.failure import FailureKind
from state.fold import replay
from state.footprint import first_meeting
from state.ids import RoleName, TaskId
from state.lifecycle import ENDED, Status
from state.plan import Defaults, GateSpec, Limits, Plan, TaskSpec, WindowSpec
from state.run import RunState
from tests.support.simulation import RED, Outcome, PowerCut, World
from tests.support.virtual import VirtualLoop

BACK, FRONT = RoleName("backend"), RoleName("frontend")
NAMES = [TaskId(name) for name in ("a", "b", "c", "d", "e", "f", "g")]


def plan_of(gate: bool, carry: bool, windows: int) -> Plan:
    """A diamond, a chain, two tasks that claim the same file, one that must be approved."""
    a, b, c, d, e, f, g = NAMES
    tasks = (
        TaskSpec(a, role=BACK, script=()),
        TaskSpec(b, role=BACK, needs=(a,), exclusive=("lock",)),
        TaskSpec(c, role=FRONT, needs=(a,), exclusive=("lock",)),
        TaskSpec(d, role=BACK, needs=(b, c)),
        TaskSpec(e, role=FRONT, touches=("shared",)),
        TaskSpec(f, role=BACK, touches=("shared",), priority=1),
        TaskSpec(g, role=FRONT, approve=True),
    )
    gates = (GateSpec("sim", "true"),) if gate else ()
    return Plan(
        "sim",
        tasks,
        defaults=Defaults(retries=3),
        windows=(WindowSpec(BACK, 2), WindowSpec(FRONT, 2)),
        gate=gates,
        gate_carry=carry,
        limits=Limits(windows=windows, gates=2),
    )


class Orchestrator(RuleBasedStateMachine):
    """Time stands still between rules; each rule does one thing and lets the loop settle."""

    @initialize(gate=st.booleans(), carry=st.booleans(), windows=st.integers(1, 4))
    def launch(self, gate: bool, carry: bool, windows: int) -> None:
        files = {"shared": b"1\n", "other": b"1\n"}
        self.world = World(plan_of(gate, carry, windows), files, VirtualLoop())
        self.leading = self._lead()
        self.stopped = False
        self.settle()

    def _lead(self) -> asyncio.Task[None]:
        return self.world.loop.create_task(self.world.lead())

    def settle(self, seconds: float = 0.0) -> None:
        """Let everything happen that can happen within so much virtual time."""
        self.world.loop.run_until_complete(asyncio.sleep(seconds + 0.001))
        if self.leading.done():
            self.leading.result()

    @property
    def run(self) -> RunState:
        assert self.world.run is not None
        return self.world.run

    def _live(self) -> list[str]:
        return sorted(name for name, ended in self.world.windows.live.items() if not ended.done())

    @precondition(lambda self: self._live())
    @rule(data=st.data(), path=st.sampled_from(["shared", "shared", "shared", "own", "red"]), nothing=st.booleans())
    def finish(self, data: st.DataObject, path: str, nothing: bool) -> None:
        name = data.draw(st.sampled_from(self._live()))
        text = RED if path == "red" else name.encode() + b"\n"
        edits: dict[str, bytes | None] = {path if path == "shared" else f"{path}-{name}": text}
        if nothing and path == "own":
            edits = {}
        self._end(name, Outcome(edits))

    @precondition(lambda self: self._live())
    @rule(
        data=st.data(),
        kind=st.sampled_from([FailureKind.EXIT, FailureKind.VERIFY, FailureKind.TIMEOUT, FailureKind.BUG]),
    )
    def fail(self, data: st.DataObject, kind: FailureKind) -> None:
        self._end(data.draw(st.sampled_from(self._live())), Outcome(failure=kind))

    def _end(self, name: str, outcome: Outcome) -> None:
        ended = next(future for live, future in self.world.windows.live.items() if live == name)
        ended.set_result(outcome)
        self.settle()

    @rule(seconds=st.sampled_from([0.5, 3.0, 30.0, 400.0]))
    def time_goes_by(self, seconds: float) -> None:
        self.settle(seconds)

    @rule(how=st.sampled_from(["well", "well", "well", "crash"]))
    def crash(self, how: str) -> None:
        """Everything that is not in the store or the repository is gone; somebody resumes."""
        if how == "well" and not self.leading.done():
            return
        if not self.leading.done():
            self.world.loop.run_until_complete(self.world.crash(self.leading))
            with contextlib.suppress(PowerCut, BaseExceptionGroup, asyncio.CancelledError):
                self.leading.result()
        self.leading = self._lead()
        self.settle()

    @rule()
    def the_trunk_is_moved_by_somebody(self) -> None:
        memory = self.world.memory
        ref = "refs/heads/main"
        sha = self.world.loop.run_until_complete(memory.resolve(ref))
        assert sha is not None
        foreign = memory.commit_files(sha, {"foreign": ("100644", sha.encode())}, "a person's", self.world.clock.now())
        assert self.world.loop.run_until_complete(memory.update_ref(ref, foreign, sha))

    @precondition(lambda self: self.run.questions)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        question = data.draw(st.sampled_from(sorted(self.run.questions.values(), key=lambda one: one.id)))
        text = data.draw(st.sampled_from(question.choices or ("whatever",)))
        self._submit(intents.AnswerQuestion(question.id, text))

    @rule(
        task=st.sampled_from(NAMES), kind=st.sampled_from([intents.RetryTask, intents.CancelTask, intents.ApproveTask])
    )
    def intend(self, task: TaskId, kind: type) -> None:
        self._submit(kind(task))

    @rule(kind=st.sampled_from([intents.PauseRun, intents.ResumeRun, intents.ResumeRun]))
    def pause_or_resume(self, kind: type) -> None:
        self._submit(kind())

    @precondition(lambda self: self.run.train)
    @rule(data=st.data(), drop=st.booleans())
    def meddle_with_the_train(self, data: st.DataObject, drop: bool) -> None:
        order = data.draw(st.permutations(list(self.run.train)))
        self._submit(intents.DropCandidate(order[0]) if drop else intents.ReorderTrain(tuple(order)))

    def _submit(self, intent: intents.Intent) -> None:
        self.world.loop.run_until_complete(self.world.submit(intent))
        self.settle()

    @invariant()
    def at_most_one_live_attempt_a_task(self) -> None:
        if hasattr(self, "world"):
            live = Counter(one.task for one in self.run.live.values())
            assert all(count == 1 for count in live.values()), live

    @invariant()
    def exclusive_claims_never_overlap(self) -> None:
        if hasattr(self, "world"):
            claims = list(self.run.claims.values())
            for at, mine in enumerate(claims):
                assert all(first_meeting(mine, other) is None for other in claims[:at])

    @invariant()
    def pools_are_not_overdrawn(self) -> None:
        if hasattr(self, "world"):
            assert len(self.run.live) <= self.run.plan.limits.windows
            busy = Counter(one.window for one in self.run.live.values())
            assert all(count == 1 for count in busy.values()), busy

    @invariant()
    def the_needs_of_every_landed_task_landed_before_it(self) -> None:
        if hasattr(self, "world"):
            order = {task: at for at, task in enumerate(self.run.landed)}
            assert len(order) == len(self.run.landed), "a task landed twice"
            for task, at in order.items():
                assert all(order[need] < at for need in self.run.tasks[task].spec.needs)

    @invariant()
    def the_trunk_only_moves_forward(self) -> None:
        if hasattr(self, "world"):
            memory, seen = self.world.memory, self.world.trunk_seen
            now = self.world.loop.run_until_complete(memory.resolve("refs/heads/main"))
            assert now is not None
            assert self.world.loop.run_until_complete(memory.is_ancestor(seen[-1], now))
            seen.append(now)

    @invariant()
    def the_log_replays_to_the_live_state(self) -> None:
        if hasattr(self, "world") and not self.leading.done():
            log = self.world.loop.run_until_complete(self.world.log())
            assert essence(replay(log)) == essence(self.run)

    @invariant()
    def every_commit_of_a_candidate_is_kept_by_a_ref(self) -> None:
        if hasattr(self, "world"):
            refs = self.world.loop.run_until_complete(self.world.memory.refs("refs/"))
            heads = [state.value.head for state in self.run.candidates.values()]
            for head in heads:
                kept = (
                    self.world.loop.run_until_complete(self.world.memory.is_ancestor(head, sha))
                    for sha in refs.values()
                )
                assert any(kept), f"{head} is reachable from no ref"

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            self._bring_to_an_end()
        finally:
            if not self.leading.done():
                self.leading.cancel()
                with contextlib.suppress(BaseException):
                    self.world.loop.run_until_complete(self.leading)
            self.world.loop.close()

    def _bring_to_an_end(self) -> None:
        """From wherever it got to, a run in which everything goes well from now on comes to its end."""
        if self.leading.done():
            return
        self._submit(intents.ResumeRun())
        for _ in range(200):
            if self.leading.done():
                break
            for name in self._live():
                self._end(name, Outcome({f"last-{name}": b"ok\n"}))
            for question in list(self.run.questions.values()):
                self._submit(
                    intents.AnswerQuestion(question.id, "approve" if "approve" in question.choices else "drop")
                )
            self.settle(400.0)
        assert self.leading.done(), f"does not end: {dict(self.run.counts)}"
        assert self.run.finished
        for task in self.run.tasks.values():
            blocked = any(self.run.tasks[need].status is not Status.LANDED for need in task.spec.needs)
            assert task.status in ENDED or (task.status is Status.WAITING and blocked), task


def essence(run: RunState) -> object:
    """What two states must share to be the same."""
    tasks = {
        name: (t.status, t.attempts, t.failures, t.live, t.candidate, t.landed, t.cancelled, t.approved)
        for name, t in run.tasks.items()
    }
    train = [
        (one, run.candidates[one].value, run.candidates[one].commit, run.candidates[one].gate, run.candidates[one].drop)
        for one in run.train
    ]
    return (
        tasks,
        train,
        sorted(run.live),
        run.trunk,
        run.trunk_ref,
        run.landed,
        sorted(run.questions),
        run.claims,
        run.seq,
    )


TestOrchestrator = Orchestrator.TestCase
TestOrchestrator.settings = settings(max_examples=250, stateful_step_count=80)
