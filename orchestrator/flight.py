"""What the loop has begun and what has not ended, as far as the log does not say so itself.

Never: a decision; it is told of each command at its begin and at its end.
"""

from dataclasses import dataclass, field

from conflict.train import TrainWork
from state import commands as cmd
from state.ids import CandidateId, TaskId


@dataclass(slots=True)
class InFlight:
    probing: bool = False
    landing: bool = False
    adopting: set[TaskId] = field(default_factory=set)
    settling: set[CandidateId] = field(default_factory=set)
    interrupted: set[str] = field(default_factory=set)
    gates: int = 0
    busy: int = 0

    def work(self) -> TrainWork:
        return TrainWork(self.probing, self.landing, frozenset(self.adopting), frozenset(self.settling), self.gates)

    def decided(self, order: cmd.Command) -> None:
        match order:
            case cmd.StartAttempt():
                pass
            case cmd.RunChecks():
                self.gates += 1
            case cmd.ProbeCandidate():
                self.probing = True
            case cmd.LandCandidate():
                self.landing = True
            case cmd.AdoptBranches(tasks=tasks):
                self.adopting.update(tasks)
            case (
                cmd.ResolveConflict(candidate=value)
                | cmd.CallResolver(candidate=value)
                | cmd.TakeBack(candidate=value)
                | cmd.DropCandidate(candidate=value)
            ):
                self.settling.add(value.id)
            case _:
                pass

    def ended(self, order: cmd.Command) -> None:
        self.busy -= 1
        match order:
            case cmd.StartAttempt(attempt=attempt):
                self.interrupted.discard(attempt)
            case cmd.ProbeCandidate():
                self.probing = False
            case cmd.LandCandidate():
                self.landing = False
            case cmd.RunChecks():
                self.gates -= 1
            case cmd.AdoptBranches(tasks=tasks):
                self.adopting.difference_update(tasks)
            case (
                cmd.ResolveConflict(candidate=value)
                | cmd.CallResolver(candidate=value)
                | cmd.TakeBack(candidate=value)
                | cmd.DropCandidate(candidate=value)
            ):
                self.settling.discard(value.id)
            case _:
                pass
