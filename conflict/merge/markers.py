"""Text with conflict markers, in the manner of git's diff3 style.

Never: a change outside the clashes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from conflict.merge.three import Stretch


@dataclass(frozen=True, slots=True)
class Labels:
    base: str = "base"
    ours: str = "ours"
    theirs: str = "theirs"
    size: int = 7
    """Characters of a marker, as git's attribute `conflict-marker-size` has it."""


def marked(parts: Sequence[Stretch[str]], labels: Labels) -> str:
    """The merge with its clashes marked."""
    out: list[str] = []
    for part in parts:
        if part.merged is not None:
            out.extend(part.merged)
            continue
        out += [_mark("<", labels.ours, labels), *ended(part.ours), _mark("|", labels.base, labels)]
        out += [*ended(part.base), _mark("=", "", labels), *ended(part.theirs), _mark(">", labels.theirs, labels)]
    return "".join(out)


def _mark(sign: str, label: str, labels: Labels) -> str:
    return sign * labels.size + (f" {label}" if label else "") + "\n"


def ended(lines: Sequence[str]) -> list[str]:
    return [line if line.endswith("\n") else line + "\n" for line in lines]
