"""A branch that asks to land, and the conflicts that can stand in its way, as values.

Never: look at a repository; the shas in here are only names.
"""

from dataclasses import dataclass
from enum import StrEnum

from state.ids import AttemptId, BranchName, CandidateId, Sha, TaskId
from state.light import light


class ConflictKind(StrEnum):
    TEXT = "text"
    STRUCTURE = "structure"
    API = "api"
    SCHEMA = "schema"
    RESOURCE = "resource"


class Rung(StrEnum):
    """A way to resolve a conflict, lowest first."""

    TRIVIAL = "trivial"
    REMEMBERED = "remembered"
    STRUCTURAL = "structural"
    CONTRACT = "contract"
    RESOLVER = "resolver"
    PERSON = "person"


@light
@dataclass(frozen=True, slots=True)
class Side:
    """One side of a conflict at one path: the blob and its git file mode (`100644`, `100755`, `120000`, `160000`)."""

    blob: Sha
    mode: str


@light
@dataclass(frozen=True, slots=True)
class Conflict:
    """One conflict at one path; a side that does not exist there is None.

    `rule` is stable and names what found it: for text conflicts the type that `git merge-tree -z` prints,
    such as `CONFLICT (contents)`.
    """

    kind: ConflictKind
    rule: str
    path: str
    base: Side | None = None
    ours: Side | None = None
    theirs: Side | None = None
    symbol: str = ""
    detail: str = ""


@light
@dataclass(frozen=True, slots=True)
class Proposal:
    """What a rule would make of a clash of text at `path` and is not sure enough of: a blob, and why that one."""

    path: str
    blob: Sha
    how: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """`head` asks to land; `base` is where the work began; `paths` are what `git diff base head` names.

    `task` is None for commits that a person put on the trunk's branch beside a run that lands on its own ref.
    """

    id: CandidateId
    head: Sha
    base: Sha
    branch: BranchName | None
    paths: tuple[str, ...]
    task: TaskId | None = None
    attempt: AttemptId | None = None
