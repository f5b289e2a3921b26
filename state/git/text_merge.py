"""Three-way merge of the lines of a text. Pure; for the in-memory repository, which has no git to ask.

Never: stand in for git where git is: real merges are git's own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True, slots=True)
class Hunk:
    """One stretch of the merge: `merged` lines, or, with None, the lines of both sides that clash."""

    merged: tuple[bytes, ...] | None
    ours: tuple[bytes, ...] = ()
    theirs: tuple[bytes, ...] = ()


def _same(base: Sequence[bytes], other: Sequence[bytes]) -> dict[int, int]:
    """Which line of `other` each unchanged line of `base` became."""
    found: dict[int, int] = {}
    for block in SequenceMatcher(None, base, other, autojunk=False).get_matching_blocks():
        found.update((block.a + step, block.b + step) for step in range(block.size))
    return found


def hunks(base: Sequence[bytes], ours: Sequence[bytes], theirs: Sequence[bytes]) -> Iterator[Hunk]:
    """The stretches between lines that all three share."""
    left, right = _same(base, ours), _same(base, theirs)
    shared = [(at, left[at], right[at]) for at in range(len(base)) if at in left and at in right]
    b = o = t = 0
    for at, in_ours, in_theirs in [*shared, (len(base), len(ours), len(theirs))]:
        was, mine, other = tuple(base[b:at]), tuple(ours[o:in_ours]), tuple(theirs[t:in_theirs])
        if mine == other or other == was:
            yield Hunk(mine)
        elif mine == was:
            yield Hunk(other)
        else:
            yield Hunk(None, mine, other)
        if at < len(base):
            yield Hunk((base[at],))
        b, o, t = at + 1, in_ours + 1, in_theirs + 1


def merge(base: bytes, ours: bytes, theirs: bytes, favour: str | None, names: tuple[str, str]) -> tuple[bytes, bool]:
    """(text, clean). A clash takes the side that `favour` names (`ours`, `theirs`, `union`), else it is marked as git
    does, under `names`, and the merge is not clean."""
    out: list[bytes] = []
    clean = True
    for hunk in hunks(*(text.splitlines(keepends=True) for text in (base, ours, theirs))):
        if hunk.merged is not None:
            out += hunk.merged
        elif favour is not None:
            out += hunk.ours if favour in ("ours", "union") else ()
            out += hunk.theirs if favour in ("theirs", "union") else ()
        else:
            clean = False
            out += [b"<<<<<<< %b\n" % names[0].encode(), *_ended(hunk.ours), b"=======\n"]
            out += [*_ended(hunk.theirs), b">>>>>>> %b\n" % names[1].encode()]
    return b"".join(out), clean


def _ended(lines: Sequence[bytes]) -> list[bytes]:
    return [line if line.endswith(b"\n") else line + b"\n" for line in lines]
