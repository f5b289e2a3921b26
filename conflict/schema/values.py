"""The words of merging schema: the files of three sides, and what is to be done where both sides added to a row.

Never: how a migration is read; that is `conflict/surface`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from state.candidate import ConflictKind

Files = Mapping[str, bytes]
"""Content by path, of one commit, as far as it matters here."""
Edits = Mapping[str, bytes | None]
"""New content by path; None takes the file out."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The same folders at three commits. `ours` is published and never edited, `theirs` asks to land on it.
    `mentions` are files outside these folders that theirs alone changed, and so may be edited with them."""

    base: Files
    ours: Files
    theirs: Files
    mentions: Files = field(default_factory=dict)

    def merged(self) -> dict[str, bytes]:
        """What a merge by whole files holds: what theirs changed as theirs has it, the rest as ours has it."""
        found = dict(self.ours)
        for path in {*self.base, *self.theirs}:
            before, after = self.base.get(path), self.theirs.get(path)
            if before == after:
                continue
            if after is None:
                found.pop(path, None)
            else:
                found[path] = after
        return found

    def added(self) -> list[str]:
        """Paths that theirs alone adds."""
        return sorted(path for path in self.theirs if path not in self.base and path not in self.ours)


@dataclass(frozen=True, slots=True)
class Finding:
    """One clash between two sides. With `edits` (to the merged files) it resolves by rule, and `how` says how; with
    `command`, by running that one; with neither, `detail` says what only a person can decide, with both sides'
    statements."""

    kind: ConflictKind
    rule: str
    path: str
    symbol: str
    detail: str
    edits: Edits = field(default_factory=dict)
    how: str = ""
    command: str = ""
    on_merge: bool = False
    """The edits are of files as git merged them, and can not be made before."""


def applied(files: Files, edits: Edits) -> dict[str, bytes]:
    """The files with the edits made."""
    found = dict(files)
    for path, content in edits.items():
        if content is None:
            found.pop(path, None)
        else:
            found[path] = content
    return found


def few(names: list[str] | tuple[str, ...], most: int = 3) -> str:
    """The first of some names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
