"""Refs: read as they stand, changed only by compare-and-swap in one standing `git update-ref --stdin`.

Never: move a ref from anywhere but the place the caller named; delete a branch that somebody has checked out.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from subprocess import Popen

from state.git import worktree_records
from state.git.door import Door
from state.git.objects import ObjectStore
from state.git.standing import Ended, Standing, Talk
from state.ids import Sha
from state.ports import RepositoryFault

NOTHING = "0" * 40


@dataclass(frozen=True, slots=True)
class Refused:
    """A transaction that changed nothing; what git said, for a person."""

    said: str


class Refs:
    def __init__(self, door: Door, objects: ObjectStore) -> None:
        self._door = door
        self._objects = objects
        self._writer, self._slow_writer = Standing(self._start), Standing(self._start)

    def _start(self) -> Popen[bytes]:
        return self._door.start(["update-ref", "-m", "tianting", "--stdin"], {})

    def close(self) -> None:
        self._writer.close()
        self._slow_writer.close()

    def value(self, ref: str) -> Sha | None:
        """The object a full ref name stands at, not peeled; None when there is no such ref."""
        found = self._objects.find(ref)
        return None if found is None else found[0]

    def below(self, prefix: str) -> dict[str, Sha]:
        """Refs whose name begins with `prefix`, peeled; those that lead to no commit are left out."""
        folder = prefix.rpartition("/")[0]
        fields = "%(objectname) %(objecttype) %(*objectname) %(*objecttype) %(refname)"
        ran = self._door.run(["for-each-ref", f"--format={fields}", *([folder] if folder else [])])
        found: dict[str, Sha] = {}
        for line in ran.out.splitlines():
            name, kind, peeled, peeled_kind, ref = os.fsdecode(line).split(" ", 4)
            if not ref.startswith(prefix):
                continue
            if kind == "commit":
                found[ref] = Sha(name)
            elif peeled_kind == "commit":
                found[ref] = Sha(peeled)
            elif peeled_kind == "tag" and (deep := self._objects.resolve(ref)) is not None:
                found[ref] = deep
        return found

    def transact(self, orders: Sequence[str], between: Callable[[], str | None] | None = None) -> Refused | None:
        """Do all orders (`update REF NEW OLD`, `verify REF OLD`, …) or none. `between` runs while the locks are held;
        a text from it calls the whole off. None: done. Who has something to do in between does not keep others waiting.
        """
        self._door.watch("update-ref")
        request = "".join(f"{line}\n" for line in ("start", *orders, "prepare"))
        try:
            with (self._writer if between is None else self._slow_writer).talk() as talk:
                talk.send(os.fsencode(request))
                _expect(talk, b"start: ok", b"prepare: ok")
                objection = between() if between is not None else None
                verb = b"commit" if objection is None else b"abort"
                self._door.watch(f"update-ref {verb.decode()}")
                talk.send(verb + b"\n")
                _expect(talk, verb + b": ok")
        except Ended as error:
            return Refused(str(error))
        return None if objection is None else Refused(objection)

    def update(self, ref: str, new: Sha | None, expected: Sha | None) -> bool:
        if new is None and any(tree.branch == ref for tree in worktree_records.checkouts(self._door)):
            return False
        target, old = new or NOTHING, expected or NOTHING
        verb = f"verify {ref} {old}" if target == old == NOTHING else f"update {ref} {target} {old}"
        outcome = self.transact([verb])
        if outcome is None:
            return True
        if self.value(ref) != expected:
            return False
        raise RepositoryFault(self._clash(ref) or f"{ref} could not be changed: {outcome.said}")

    def detach(self, head: str, commit: Sha) -> None:
        """Make the HEAD of a worktree of ours (`worktrees/<id>/HEAD`) name a commit and no branch."""
        outcome = self.transact(["option no-deref", f"update {head} {commit}"])
        if outcome is not None:
            raise RepositoryFault(f"{head} could not be set: {outcome.said}")

    def _clash(self, ref: str) -> str | None:
        """The other ref whose name rules this one out: `a` and `a/b` can not both be."""
        parts = ref.split("/")
        for size in range(3, len(parts)):
            above = "/".join(parts[:size])
            if self.value(above) is not None:
                return f"{ref} can not be made, because {above} exists and git keeps refs as files"
        inside = sorted(self.below(ref + "/"))
        if inside:
            return f"{ref} can not be made, because {inside[0]} exists and git keeps refs as files"
        return None

    def point(self, ref: str, target: Sha) -> None:
        """Set a ref wherever it stood."""
        outcome = self.transact([f"update {ref} {target}"])
        if outcome is not None:
            raise RepositoryFault(self._clash(ref) or f"{ref} could not be set: {outcome.said}")


def _expect(talk: Talk, *lines: bytes) -> None:
    for line in lines:
        found = talk.line()
        if found != line:
            raise RepositoryFault(f"git update-ref answered {found!r} in place of {line!r}")
