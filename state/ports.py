"""The ports: what the house needs of stores, locks, git and time, as Protocols. Bodies are chosen in
`orchestrator/compose.py` alone, and `tests/contract/` holds each body to the same promises.

Never: a body, a default.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from state.candidate import Conflict, Side
from state.events import Event, Recorded
from state.forecast import PlanForecast
from state.ground import GitGround
from state.ids import AttemptId, IntentId, RunId, Seq, Sha, TaskId
from state.intents import Intent, Submitted
from state.light import light
from state.plan import Plan
from state.reasons import Reason
from state.run import RunState
from state.transcript import Entry


class StoreError(Exception):
    """The store can not be trusted now (unreachable, full, unreadable): stop cleanly and say this one sentence."""


class StoreAway(StoreError):
    """The store can not be reached now. It refused nothing: the same call can be made again."""


class NewerLog(StoreError):
    """The log was written by a newer version than this one can read."""


class SeqTaken(StoreError):
    """Somebody else appended at the expected place: this process does not lead the run any more."""


class StaleLease(StoreError):
    """The lease shown is not the newest one for its name, or has ended."""


@light
@dataclass(frozen=True, slots=True)
class Held:
    """A lease as its holder has it. `token` grows by at least one with every new holder of `name` (fencing);
    `expires` is in unix seconds."""

    name: str
    holder: str
    token: int
    expires: float


class Lease(Protocol):
    """Exclusive rights that expire. Names in use: `run:<RunId>`, `trunk:<ref>`, `port:<number>`."""

    async def take(self, name: str, holder: str, ttl: float) -> Held | None:
        """Take it if it is free, has expired, or is held by `holder` itself; a new token each time. None: held."""

    async def renew(self, held: Held, ttl: float) -> Held | None:
        """Extend it under the same token; None when it was lost."""

    async def release(self, held: Held) -> None:
        """Give it up; nothing happens when it was lost already."""

    async def holder(self, name: str) -> Held | None:
        """Who holds it now; None when it is free or has expired."""

    async def held_by(self, prefix: str) -> list[Held]:
        """All leases now held whose name begins with `prefix`, sorted by name."""


class Right(Protocol):
    """The right to lead a run, as its leader has it. Asked before a step that another leader's work would suffer from
    (a worktree, a branch): a process that was paused for longer than its lease must not take that step."""

    @property
    def lost(self) -> bool:
        """Whether the right is known to be lost."""

    async def sure(self) -> None:
        """Return while this process leads the run; `StaleLease` when another does."""


@dataclass(frozen=True, slots=True)
class RunHead:
    """One run in the list of runs."""

    run: RunId
    name: str
    repository: str
    created: float
    seq: Seq


class EventStore(Protocol):
    """One append-only log a run."""

    async def create(self, run: RunId, name: str, repository: str, created: float) -> None:
        """Open a log for a new run; `StoreError` when there is one of that id."""

    async def append(self, run: RunId, events: Sequence[tuple[float, Event]], expected: Seq, lease: Held) -> Seq:
        """Store (ts, event) pairs at `expected` + 1, … in one transaction; the new last seq.

        All or nothing. `SeqTaken` when `expected` is not the last seq, `StaleLease` when `lease` is not the newest
        holder of `run:<run>`. Idempotent after a lost reply: the same events at the same place are accepted again.
        """

    async def read(self, run: RunId, after: Seq, limit: int) -> list[Recorded]:
        """At most `limit` events with seq > `after`, in order; empty for an unknown run."""

    async def forget(self, run: RunId, lease: Held) -> None:
        """Delete all that is kept of a run: its log, inbox, transcripts and checkpoint, for good and at once.
        `StaleLease` when `lease` is not the newest holder of `run:<run>`; nothing happens for an unknown run."""

    async def runs(self) -> list[RunHead]:
        """All runs, newest first."""

    async def last_seq(self, run: RunId) -> Seq:
        """The last seq of a run; 0 when it has none or is unknown."""


class TranscriptStore(Protocol):
    """What windows said. Kept apart from the log: it is large, and losing its last lines loses no fact."""

    async def add(self, run: RunId, attempt: AttemptId, entries: Sequence[Entry]) -> None: ...

    async def entries(self, run: RunId, attempt: AttemptId, after: int, limit: int) -> list[tuple[int, Entry]]:
        """At most `limit` entries after number `after` (numbers from 1), with their numbers."""


class Inbox(Protocol):
    """Intents on their way to whoever leads a run."""

    async def submit(self, run: RunId, intent: Intent, by: str, ts: float) -> IntentId: ...

    async def pending(self, run: RunId, after: IntentId) -> list[Submitted]:
        """Intents for this run with an id above `after`, in order."""

    async def launches(self, after: IntentId) -> list[tuple[RunId, Submitted]]:
        """`LaunchRun` intents of all runs with an id above `after`, in order."""


class Wakeups(Protocol):
    """A subscription. A wake-up may be missed or come for nothing; a reader goes by seq."""

    async def wait(self, timeout: float) -> bool:
        """Until something may have changed (True) or `timeout` seconds went by (False)."""


class Bus(Protocol):
    """Tells readers that a log or an inbox has grown; carries no data that matters."""

    def publish(self, run: RunId, but: Wakeups | None = None) -> None:
        """`but` is the caller's own subscription, which need not be woken for what the caller knows."""

    def subscribe(self, run: RunId | None) -> AbstractAsyncContextManager[Wakeups]:
        """Wake-ups for one run, or for all with None."""


class Clock(Protocol):
    def now(self) -> float:
        """Unix seconds."""


@light
@dataclass(frozen=True, slots=True)
class MergeClean:
    tree: Sha


@dataclass(frozen=True, slots=True)
class MergeConflicted:
    """`tree` holds what merged and, at the paths in conflict, git's marked text."""

    tree: Sha
    conflicts: tuple[Conflict, ...]


Merge = MergeClean | MergeConflicted


@light
@dataclass(frozen=True, slots=True)
class LandingOrder:
    """Move `ref` from `old` to `new`, if `fence` still is at `token` (the sha that `set_fence` gave)."""

    ref: str
    old: Sha
    new: Sha
    fence: str
    token: Sha
    checkout: str


@light
@dataclass(frozen=True, slots=True)
class Moved:
    pass


@dataclass(frozen=True, slots=True)
class NotMoved:
    """`reason`: `trunk-moved`, `fence`, `checkout` (a file or lock of the user is in the way; `detail` says which) or
    `busy` (a lock of git's is held)."""

    reason: str
    detail: str


class RepositoryFault(Exception):
    """The repository can not do what was asked (damaged, out of space, locked for too long, a ref whose name clashes
    with another's); one sentence."""


class Repository(Protocol):
    """Commits, trees and refs of one repository. `head`, `old`, `new`, … are full shas of commits.

    A merge, a commit or a tree is written into the object store alone; only `update_ref`, `set_fence` and `land`
    change refs, each by compare-and-swap.
    """

    async def resolve(self, name: str) -> Sha | None:
        """The commit that a ref, tag or (abbreviated) sha names; None when there is none."""

    async def is_ancestor(self, older: Sha, newer: Sha) -> bool:
        """Whether `newer` contains `older` (True for the same commit)."""

    async def merge_base(self, left: Sha, right: Sha) -> Sha | None:
        """A best common ancestor; None when the histories are unrelated."""

    async def tree_of(self, commit: Sha) -> Sha: ...

    async def listing(self, tree: Sha) -> Mapping[str, Side]:
        """Every path of a tree (not of a commit) that is no folder."""

    async def changes(self, old: Sha, new: Sha) -> Mapping[str, Side | None]:
        """What differs between two trees, as the new one has it; None for what is gone. Costs what differs."""

    async def changed_paths(self, old: Sha, new: Sha) -> tuple[str, ...]:
        """Paths that differ between two commits, sorted; a rename is two paths."""

    async def merge(self, ours: Sha, theirs: Sha) -> Merge:
        """Merge `theirs` into `ours` as `git merge` would, with the attributes of `ours`."""

    async def commit(self, tree: Sha, parents: Sequence[Sha], message: str, when: float) -> Sha:
        """Write a commit of that tree; the same input gives the same sha."""

    async def edit_tree(self, commit: Sha, edits: Mapping[str, tuple[str, bytes] | None]) -> Sha:
        """The tree of `commit` with some paths set to (mode, content) or, with None, taken out."""

    async def read(self, commit: Sha, path: str) -> bytes | None:
        """A file's content (a link's target), None when the commit has none there."""

    async def read_blob(self, blob: Sha) -> bytes: ...

    async def merge_file(self, base: bytes, ours: bytes, theirs: bytes, favour: str) -> bytes | None:
        """Three-way text merge where each conflict takes `ours`, `theirs` or `union`; None for binary content."""

    async def refs(self, prefix: str) -> dict[str, Sha]:
        """Refs whose full name begins with `prefix` (such as `refs/tianting/salvage/`), peeled to commits."""

    async def update_ref(self, ref: str, new: Sha | None, expected: Sha | None) -> bool:
        """Set (or with `new` None delete) a ref if it stands at `expected` (None: does not exist). False: it does not,
        or somebody has the branch to be deleted checked out. `RepositoryFault` when the name clashes with another."""

    async def set_fence(self, ref: str, text: str) -> Sha:
        """Point a fence ref at a blob of `text`, wherever it stood; the blob's sha is the token."""

    async def land(self, order: LandingOrder) -> Moved | NotMoved:
        """One transaction: fence, ref and checkout move together or not at all."""

    async def checkout_of(self, ref: str) -> str:
        """The absolute path of the worktree that has the branch `ref` checked out; "" when none has."""

    async def mend_checkout(self, order: LandingOrder) -> None:
        """After a crash in the middle of `land`: take away the locks it took and put half-moved files back to `old`
        (or, when the ref did move, forward to `new`). Files that are neither are a person's and stay."""

    async def diff(self, old: Sha, new: Sha, limit: int) -> str:
        """Unified diff as text, cut after `limit` characters; undecodable bytes are replaced."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All work in a worktree: `commit` is the agent's HEAD plus one commit for the rest, or, when HEAD does not contain
    `base`, one commit on `base`. `head` is the agent's own HEAD, or a commit that contains it and what it moved away
    from; where `commit` does not contain `head`, only a ref at it keeps it. `paths` differ from `base`, sorted.
    `astray` are submodules with work that none of their remotes has; `head` keeps it in `tianting-submodules/`.
    """

    commit: Sha
    head: Sha
    paths: tuple[str, ...]
    astray: tuple[str, ...] = ()


class Worktrees(Protocol):
    """Git worktrees outside every repository, made and taken down by us. Paths are absolute."""

    async def prepare(self, path: str, commit: Sha) -> None:
        """Make `path` a locked worktree with HEAD detached at `commit` and every tracked and unignored file as there.

        Warm where it can be: an existing worktree that git describes fully is moved at a cost of the change, and what
        was left there goes; anything else is taken down and made anew. `WorktreeFault` when it can not be."""

    async def snapshot(self, path: str, base: Sha, keep: Sequence[str], message: str, when: float) -> Snapshot:
        """Commit what is there (ignored files only where they match `keep`) without touching index or HEAD."""

    async def ground(self, path: str) -> GitGround:
        """What a confined process in this worktree needs of git; made anew each time. `snapshot` takes in what was
        committed there. `WorktreeFault` when there is no worktree."""

    async def remove(self, path: str) -> None:
        """Unlock, delete the folder and git's record of it; nothing happens where there is none. The caller has
        proven that the work in it is kept."""

    async def settle(self) -> None:
        """After a crash: wait until every git process that the dead one had started has ended by itself; what it
        writes is whole then. `WorktreeFault` when one does not end."""

    async def gather(self, under: str) -> None:
        """Bring worktrees that lie in another folder of the name of `under` there: the repository, or the place for
        worktrees, has moved since they were made."""

    async def known(self, under: str) -> list[str]:
        """Paths of worktrees of this repository below the folder `under`, half-made ones included."""


class WorktreeFault(Exception):
    """A worktree could not be made or read; one sentence."""


class Forecast(Protocol):
    """The scheduler's answers, handed to the screens by `compose`."""

    def plan(self, plan: Plan) -> PlanForecast:
        """What is foreseen of a plan, before or while it runs."""

    def reason(self, run: RunState, task: TaskId, now: float) -> Reason:
        """Why this task is not further than it is."""

    def remaining(self, run: RunState, now: float) -> float:
        """Seconds until the run can end at the earliest, by the critical path of what is left and the estimates."""
