"""What can be wrong with a plan's text, and where; shared by the rooms that read it.

Never: a sentence that does not say what to do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

Raw = None | bool | int | float | str | list["Raw"] | dict[str, "Raw"]
"""A plan's text as plain values, before anything in it is believed."""

Path = tuple[str | int, ...]
"""Keys and list places (0 first) from the top of the text to a value."""


class Spot(NamedTuple):
    """A value in the text, or with `key` the key that it stands under."""

    path: Path
    key: bool = False


Place = tuple[int, int]
"""Line and column, 1 first."""

Locate = Callable[[Sequence[Spot]], list[Place]]
"""Where each spot stands; where there is none, the nearest thing around it."""


@dataclass(frozen=True, slots=True)
class PlanFault:
    """One fault of a plan: the text's name, line and column (1 first), and one sentence."""

    source: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}: {self.message}"


@dataclass(frozen=True, slots=True)
class Mishap:
    """A fault found while the text was taken apart."""

    place: Place
    message: str


@dataclass(frozen=True, slots=True)
class Tree:
    """The text taken apart: its values, the faults met on the way, and how to find a value's place."""

    root: Raw
    mishaps: tuple[Mishap, ...]
    locate: Locate


def key_twice(key: str) -> str:
    return f"the key {key!r} stands here a second time: keep one of them"
