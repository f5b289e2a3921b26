"""The lanes of a train: candidates that share a path, directly or through others between them, stand in one lane; what
becomes of one lane does not touch what another changes.

Never: a decision about what is gated; the train takes that by the same paths.
"""

from collections.abc import Iterable

from state.candidate import Candidate
from state.ids import CandidateId


def lanes_of(candidates: Iterable[Candidate]) -> dict[CandidateId, int]:
    """The lane of each candidate, numbered from 1 in the order in which they first appear."""
    boss: dict[CandidateId, CandidateId] = {}
    owner: dict[str, CandidateId] = {}

    def head(name: CandidateId) -> CandidateId:
        while boss[name] != name:
            boss[name] = name = boss[boss[name]]
        return name

    for one in candidates:
        boss[one.id] = one.id
        for path in one.paths:
            boss[head(one.id)] = head(owner.setdefault(path, one.id))
    numbers: dict[CandidateId, int] = {}
    return {name: numbers.setdefault(head(name), len(numbers) + 1) for name in boss}
