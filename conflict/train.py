"""The merge queue: what happens next to the candidates that ask to land.

The candidates that merge form one chain, each merged and gated on top of those ahead. A candidate that does not merge,
or whose gate said no, stands beside the chain: for good when the commit it was tried on is one that the trunk has
stood at; else until that commit becomes the trunk, or no longer can. Level-based: every answer is taken from the state
as it stands. Never: IO, a clock, a second opinion about what an event means (that is the fold).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile

from conflict.ladder import next_rung, spent_by
from state import commands as cmd
from state.candidate import Candidate, ConflictKind, Rung
from state.failure import Failure, FailureKind
from state.footprint import PathSet
from state.ids import CandidateId, QuestionId, Sha, TaskId
from state.light import light
from state.question import About, Question
from state.run import RunState
from state.standing import CandidateState, Gate, Step

BATCH = 32
"""Candidates probed by one command."""
LOOK_AHEAD = 64
"""Candidates without a green gate among which lanes are looked for."""
TOGETHER = 8
"""Where there is no gate to wait for, so many candidates land at least while more are being probed: each landing moves
the person's checkout."""
_NAMED = 5

RETRY, DROP = "retry", "drop"
BY_RULE = "Tianting"
"""Who resolved what no person did."""
BY_RESOLVER = "the resolver"
_CHOICES = ("ours", "theirs", "both", RETRY, DROP)


@light
@dataclass(frozen=True, slots=True)
class TrainWork:
    """What has been begun and not ended, as far as the log does not know it.

    `settling`: a ResolveConflict or DropCandidate is under way. `gates`: checks that run, those included whose
    candidate was probed again meanwhile.
    """

    probing: bool = False
    landing: bool = False
    adopting: frozenset[TaskId] = frozenset()
    settling: frozenset[CandidateId] = frozenset()
    gates: int = 0


def decide_landings(run: RunState, work: TrainWork) -> list[cmd.Command]:
    """What to begin now, near-linear in the length of the train."""
    if not run.train and not run.to_adopt:
        return []
    walk = _Walk(run, work)
    for state in run.in_train():
        walk.visit(state)
    return [*_adopt(run, work), *walk.orders, *_probe(walk), *_gates(walk), *_land(walk)]


def is_green(run: RunState, state: CandidateState) -> bool:
    """Whether the gate has nothing against its commit; one that the trunk holds already needs no gate."""
    return not run.plan.gate or state.gate is Gate.GREEN or state.commit == state.onto


@dataclass(slots=True)
class _Walk:
    """One walk down the train: `chain` are those that stand as they would land, `stale` those to probe next onto
    `ahead`, `possible` the commits that the trunk is to go through."""

    run: RunState
    work: TrainWork
    orders: list[cmd.Command] = field(default_factory=list)
    chain: list[CandidateState] = field(default_factory=list)
    stale: list[Candidate] = field(default_factory=list)
    running: int = 0
    ahead: Sha = field(init=False)
    possible: set[Sha] = field(init=False)
    carried: list[CandidateState] = field(default_factory=list)
    _landing: frozenset[CandidateId] = field(init=False)
    _called: frozenset[CandidateId | None] = field(init=False)
    _cut: bool = False

    def __post_init__(self) -> None:
        landing = self.run.landing
        self._landing = frozenset(() if landing is None else landing.candidates)
        self._called = frozenset(attempt.candidate for attempt in self.run.live.values())
        self.ahead = self.run.trunk if landing is None else landing.new
        under_way = (self.run.candidates[name].commit for name in self._landing if name in self.run.candidates)
        self.possible = {self.run.trunk, self.ahead, *(commit for commit in under_way if commit is not None)}

    def visit(self, state: CandidateState) -> None:
        self.running += state.gate is Gate.RUNNING
        name = state.value.id
        if name in self._landing or name in self.work.settling:
            return
        wanted = _leave(self.run, state)
        if wanted is not None:
            self._settle(wanted)
        elif _awaits_approval(self.run, state):
            self._ask(state, About.APPROVAL)
        elif not state.conflicts and state.gate is not Gate.RED:
            self._join(state)
        elif state.onto in self.run.stood:
            self._settle_for_good(state)
        elif state.onto not in self.possible:
            self._join(state)  # else it stands beside the chain for a commit that the trunk may still get to

    def _join(self, state: CandidateState) -> None:
        stands = state.commit is not None and state.gate is not Gate.RED and state.onto == self.ahead
        if self.stale:
            # Those from here on still stand if the stale ones turn out not to merge: their gates are worth keeping.
            self._cut = self._cut or stands or len(self.stale) == BATCH
            if not self._cut:
                self.stale.append(state.value)
        elif stands and state.commit is not None:
            self.chain.append(state)
            self.ahead = state.commit
            self.possible.add(state.commit)
            if self._may_carry(state):
                self.carried.append(state)
        else:
            self.stale.append(state.value)

    def _may_carry(self, state: CandidateState) -> bool:
        """Whether its former green gate counts for its new commit too."""
        if not self.run.plan.gate_carry or state.gate is not Gate.NONE or is_green(self.run, state):
            return False
        if state.green is None or state.commit is None:
            return False
        return carries(self.run.steps, state.green, state.commit, state.value.paths)

    def _settle_for_good(self, state: CandidateState) -> None:
        """What it was tried on is or was the trunk: this is no matter of who lands first."""
        value, choice = state.value, state.choice
        if not state.conflicts:
            self._settle_red(state)
            return
        kinds = {conflict.kind for conflict in state.conflicts}
        # What a person chose and did not settle it goes back to the person.
        asked = state.tried is Rung.PERSON
        resolver = self.run.plan.resolver is not None and value.task is not None
        rung = next_rung(state.tried, kinds, ladder=self.run.ladder, resolver=resolver)
        rung = Rung.PERSON if asked else rung
        if rung is None:
            self._settle(cmd.DropCandidate(value, Failure(FailureKind.CONFLICT, f"conflicts in {_paths(state)}")))
        elif choice is None and rung is Rung.PERSON:
            self._ask(state, About.CONFLICT)
        elif choice is None and rung is Rung.RESOLVER:
            self._call(state)
        elif state.onto is None or self.work.probing:  # a probe may be at work on the head to be replaced
            return
        elif choice is None:
            self._settle(cmd.ResolveConflict(value, state.onto, "", "", BY_RULE, rung))
        else:
            self._settle(cmd.ResolveConflict(value, state.onto, choice.choice, choice.commit, choice.by))

    def _call(self, state: CandidateState) -> None:
        """The resolver's turn; who of them starts, and when, is the scheduler's."""
        call = state.call
        if state.onto is None or self.work.probing:
            return
        if call is None:
            self._settle(cmd.CallResolver(state.value, state.onto))
        elif call.result is not None:
            left, rung = call.result, Rung.RESOLVER
            self._settle(cmd.ResolveConflict(state.value, call.onto, "", left, BY_RESOLVER, rung))

    def _settle_red(self, state: CandidateState) -> None:
        value, why = state.value, state.gate_failure or Failure(FailureKind.GATE, "the gate failed")
        if state.before is None or state.onto is None:
            self._settle(cmd.DropCandidate(value, why))
        elif not self.work.probing:
            note = f"what the ladder made of it did not pass the gate: {why.detail}"
            tried = spent_by(state.made)
            self._settle(cmd.TakeBack(value, state.onto, state.before, state.resolved, tried, note))

    def _settle(self, order: cmd.Settling) -> None:
        if order.candidate.id in self._called:
            return  # the resolver is at work on it; it is stopped when nobody waits for it any more
        if not self.work.landing or self.run.landing is not None:  # else it is not known who is landing
            self.orders.append(order)

    def _ask(self, state: CandidateState, about: About) -> None:
        if state.question is None and state.value.id not in self._called:
            number = self.run.asked + 1
            name = QuestionId(f"{about}-{state.value.id}-{number}")
            text, choices = _approval(self.run, state) if about is About.APPROVAL else _conflict(self.run, state)
            self.orders.append(
                cmd.AskPerson(Question(name, about, text, choices, state.value.task, None, state.value.id))
            )


def carries(steps: Mapping[Sha, Step], green: Sha, commit: Sha, paths: tuple[str, ...]) -> bool:
    """Whether two merges of one candidate stand on the same, in the same order, but for candidates that share no path
    with it. Merges on different trunks never do."""
    then, now = _chain(steps, green), _chain(steps, commit)
    shared = set(then) & set(now)
    if not shared:
        return False
    before = [steps[one] for one in then if one not in shared]
    after = [steps[one] for one in now if one not in shared]
    both = {step.head for step in before} & {step.head for step in after}
    if [step.head for step in before if step.head in both] != [step.head for step in after if step.head in both]:
        return False
    mine = PathSet(paths)
    return not any(mine.meets(step.paths) for step in (*before, *after) if step.head not in both)


def _chain(steps: Mapping[Sha, Step], commit: Sha) -> list[Sha]:
    """A merge and those it stands on, down to a commit that is none of the train's (or no longer known to be one)."""
    chain = [commit]
    while chain[-1] in steps:
        chain.append(steps[chain[-1]].onto)
    return chain


def _adopt(run: RunState, work: TrainWork) -> Iterator[cmd.Command]:
    wanted = [task for task in run.to_adopt if task not in work.adopting]
    if not wanted or run.paused or run.cancelled:
        return
    if len(wanted) > 1:
        asked = frozenset(wanted)
        wanted = [task.id for task in run.plan.tasks if task.id in asked]
    yield cmd.AdoptBranches(tuple(wanted))


def _leave(run: RunState, state: CandidateState) -> cmd.DropCandidate | None:
    """The order that takes it out of the train, when a person wants it out; the kind says whether it comes again."""
    choice = state.choice
    if state.drop is not None:
        failure = Failure(FailureKind.CANCELLED, state.drop)
    elif run.cancelled:
        failure = Failure(FailureKind.CANCELLED, "the run was cancelled")
    elif choice is not None and choice.choice == DROP:
        failure = Failure(FailureKind.CANCELLED, f"given up by {choice.by}{_conflicts(state)}")
    elif choice is not None and choice.choice == RETRY:
        failure = Failure(FailureKind.CONFLICT, f"{choice.by} wants it done again{_conflicts(state)}")
    else:
        return None
    return cmd.DropCandidate(state.value, failure)


def _awaits_approval(run: RunState, state: CandidateState) -> bool:
    task = run.task_of(state.value)
    return task is not None and task.spec.approve and not task.approved


def _probe(walk: _Walk) -> Iterator[cmd.Command]:
    if walk.stale and not walk.work.probing:
        yield cmd.ProbeCandidate(tuple(walk.stale), walk.ahead)


def _gates(walk: _Walk) -> Iterator[cmd.Command]:
    run = walk.run
    for state in walk.carried:
        if state.commit is not None:
            yield cmd.CarryChecks(state.value.id, state.value.task, state.commit)
    free = run.plan.limits.gates - max(walk.running, walk.work.gates)
    if free <= 0 or run.paused or run.cancelled:
        return
    for state in _lanes_first(walk, free):
        if state.commit is not None:
            yield cmd.RunChecks(state.value.id, state.value.task, state.commit)


def _lanes_first(walk: _Walk, free: int) -> list[CandidateState]:
    """At most `free` candidates to gate: first those that share no path with what is not green ahead of them, since
    what becomes of that does not touch them; then the others, in order."""
    ahead = PathSet()
    apart: list[CandidateState] = []
    others: list[CandidateState] = []
    carried = {state.value.id for state in walk.carried}
    unsure = [s for s in walk.chain if s.value.id not in carried and not is_green(walk.run, s)]
    for state in unsure[:LOOK_AHEAD]:
        if state.gate is Gate.NONE:
            (others if ahead.meets(state.value.paths) else apart).append(state)
        if len(apart) == free:
            break
        ahead.add(state.value.paths)
    return [*apart, *others][:free]


def _land(walk: _Walk) -> Iterator[cmd.Command]:
    run = walk.run
    if run.landing is not None or walk.work.landing or run.paused or run.cancelled:
        return
    ready = takewhile(lambda state: is_green(run, state), walk.chain)
    merges = tuple((state.value, state.commit) for state in ready if state.commit is not None)
    waits = walk.work.probing and not run.plan.gate and len(merges) < TOGETHER
    if merges and not waits:
        yield cmd.LandCandidate(merges, run.trunk)


def _contract(run: RunState, state: CandidateState, choices: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """A question about what git merges and a contract does not allow: the details hold both sides' statements."""
    details = "; ".join(conflict.detail for conflict in state.conflicts[:_NAMED])
    note = f" {state.note}." if state.note else ""
    text = (
        f"{_named(run, state)} does not go together with {run.branch}: {details}.{note} Land both as they are, or "
        f"{' or '.join(choices[1:])}; or answer with the id of a commit of yours that contains {state.value.head[:12]} "
        "and settles it"
    )
    return text, choices


def _paths(state: CandidateState) -> str:
    paths = list(dict.fromkeys(conflict.path for conflict in state.conflicts))
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(paths[:_NAMED]) + more


def _conflicts(state: CandidateState) -> str:
    return f": conflicts in {_paths(state)}" if state.conflicts else ""


def _named(run: RunState, state: CandidateState) -> str:
    task = run.task_of(state.value)
    if task is None:
        return f"your own work on {run.branch} ({state.value.head[:12]})"
    adopted = f" ({task.spec.adopt})" if task.spec.adopt else ""
    return f"task {task.spec.id}{adopted}"


def _approval(run: RunState, state: CandidateState) -> tuple[str, tuple[str, ...]]:
    changes = len(state.value.paths)
    size = "1 file" if changes == 1 else f"{changes} files"
    return f"{_named(run, state)} asks to land on {run.branch} ({size} changed): approve or drop?", ("approve", DROP)


def _conflict(run: RunState, state: CandidateState) -> tuple[str, tuple[str, ...]]:
    task = run.task_of(state.value)
    # The same branch, adopted again, would conflict again; and nobody but its author can redo a person's work.
    choices = tuple(c for c in _CHOICES if c != RETRY or (task is not None and task.adopted is None))
    note = f" {state.note}." if state.note else ""
    if not any(conflict.kind is ConflictKind.TEXT for conflict in state.conflicts):
        return _contract(run, state, tuple(choice for choice in choices if choice not in ("ours", "theirs")))
    text = (
        f"{_named(run, state)} conflicts with {run.branch} in {_paths(state)}.{note} Take ours (as {run.branch} has "
        f"it), theirs (as the task has it) or both, or {' or '.join(choices[3:])}; or answer with the id of a commit "
        f"of yours that contains {state.value.head[:12]} and settles it"
    )
    return text, choices
