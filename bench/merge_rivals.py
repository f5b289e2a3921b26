"""Other ways to merge, scored beside ours: git's union, wiggle from Debian, and the plain rules that anyone would try.

Never: network; a file outside the temporary folder.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.merge_cases import Case
from conflict.merge import tokens
from conflict.merge.contents import Declined, texts
from conflict.merge.lines import split_lines
from conflict.merge.three import Stretch, stretches
from conflict.merge.tokens import Policy, words
from conflict.merge.veto import broken

Rival = Callable[[Case], bytes | None]
"""The merge, or None where it leaves something to a person."""

WIGGLE = "wiggle"
LONGEST = 2.0
"""Seconds a file; wiggle compares word by word, and takes minutes for catalogues of translations. Then it counts as
left."""


@contextmanager
def rivals() -> Iterator[dict[str, Rival]]:
    """By name; what is not installed is left out, and said."""
    with tempfile.TemporaryDirectory() as folder:
        found = {
            "`git merge-file --union`": _program(Path(folder), "git", "merge-file", "-p", "--union"),
            "plain rules": by_rules,
        }
        program = shutil.which(WIGGLE)
        if program is None:
            print("wiggle is left out: it is not installed (Debian has it)")
        else:
            found["`wiggle -m`"] = _program(Path(folder), program, "-m")
        yield found


def _program(folder: Path, *command: str) -> Rival:
    def merged(case: Case) -> bytes | None:
        names = []
        for name, content in (("ours", case.ours), ("base", case.base), ("theirs", case.theirs)):
            (folder / name).write_bytes(content)
            names.append(str(folder / name))
        try:
            done = subprocess.run([*command, *names], capture_output=True, timeout=LONGEST, check=False)
        except subprocess.TimeoutExpired:
            return None
        return done.stdout if done.returncode == 0 else None

    return merged


def by_rules(case: Case) -> bytes | None:
    """White space, one edit inside the other, neighbouring lines, words; not what does not parse."""
    read = texts(case.base, case.ours, case.theirs)
    if isinstance(read, Declined):
        return None
    out: list[str] = []
    for part in stretches(*(split_lines(text) for text in (read.base, read.ours, read.theirs))):
        lines = _settled(part) if part.merged is None else part.merged
        if lines is None:
            return None
        out += lines
    text = "".join(out)
    return None if broken(case.path, read.ours, read.theirs, text) else read.encode(text)


def _settled(clash: Stretch[str]) -> tuple[str, ...] | None:
    was, mine, other = ("".join(side) for side in (clash.base, clash.ours, clash.theirs))
    plain = ["".join(text.split()) for text in (was, mine, other)]
    if plain[1] in (plain[2], plain[0]):
        return clash.ours if plain[1] == plain[2] else clash.theirs
    if plain[2] == plain[0]:
        return clash.ours
    for inner, outer, side in ((other, mine, clash.ours), (mine, other, clash.theirs)):
        if _within(was, inner, outer):
            return side
    lines = tokens.settle(stretches(clash.base, clash.ours, clash.theirs, apart=False), Policy.STOP)
    if lines is not None:
        return tuple(lines)
    found = tokens.exact(was, mine, other, apart=True)
    signs = None if found is None else tokens.settle(found, Policy.STOP)
    return None if signs is None else tuple(split_lines("".join(signs)))


def _within(was: str, inner: str, outer: str) -> bool:
    """Whether merging what one side did into the other changes nothing there: it is done already."""
    sides = [words(text) for text in (was, inner, outer)]
    if sum(map(len, sides)) > tokens.MOST_TOKENS:
        return False
    parts = stretches(*sides)
    return bool(was) and all(part.merged is not None and part.merged == part.theirs for part in parts)
