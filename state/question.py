"""What waits for a person, as a value.

Never: the answer's effect; that is decided where intents are accepted.
"""

from dataclasses import dataclass
from enum import StrEnum

from state.ids import AttemptId, CandidateId, QuestionId, TaskId


class About(StrEnum):
    """What a question is about, which says what its answer does."""

    AGENT = "agent"
    CONFLICT = "conflict"
    APPROVAL = "approval"


@dataclass(frozen=True, slots=True)
class Question:
    """A question, open until it is answered or lapses. `choices` are the answers it knows; empty means free text."""

    id: QuestionId
    about: About
    text: str
    choices: tuple[str, ...] = ()
    task: TaskId | None = None
    attempt: AttemptId | None = None
    candidate: CandidateId | None = None
