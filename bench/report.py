"""What a bench gives back, and how it is shown: tables for the eye, plain values for the JSON, targets met or not.

Never: fail on a time. A target that is missed is said, in words.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` hold what is shown; `notes` stand below and say what is not comparable, left out or could not run."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def text(self) -> str:
        cells = [self.columns, *self.rows]
        widths = [max(len(row[at]) for row in cells) for at in range(len(self.columns))]
        lines = [
            "  ".join(
                cell.ljust(width) if at == 0 else cell.rjust(width)
                for at, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in cells
        ]
        rule = "-" * max(len(line) for line in lines)
        notes = [f"  * {note}" for note in self.notes]
        return "\n".join([self.title, rule, lines[0], rule, *lines[1:], rule, *notes])


@dataclass(frozen=True, slots=True)
class Target:
    """`limit` is what `measured` must not exceed (`at_most`) or fall below; None when it could not be measured."""

    what: str
    measured: float | None
    limit: float
    at_most: bool = True

    @property
    def met(self) -> bool | None:
        if self.measured is None:
            return None
        return self.measured <= self.limit if self.at_most else self.measured >= self.limit

    def data(self) -> dict[str, Json]:
        return {
            "what": self.what,
            "measured": self.measured,
            "limit": self.limit,
            "at_most": self.at_most,
            "met": self.met,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """All that one bench found."""

    name: str
    tables: tuple[Table, ...]
    targets: tuple[Target, ...] = ()
    data: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Options:
    """`quick`: small and few, to see that it runs; its figures prove nothing. `repo`: a clone of others' work."""

    quick: bool = False
    repo: str | None = None


_SAID = {True: "met", False: "NOT MET", None: "not measured"}


def target_table(targets: Sequence[Target]) -> Table:
    rows = tuple(
        (
            target.what,
            "-" if target.measured is None else f"{target.measured:.2f}",
            f"{'<=' if target.at_most else '>='} {target.limit:g}",
            _SAID[target.met],
        )
        for target in targets
    )
    return Table("targets", ("what", "measured", "target", ""), rows)


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def paired(mine: Sequence[float], other: Sequence[float]) -> float:
    """The median of the ratios round by round: what slows the machine for one round slows both sides of it."""
    return statistics.median(a / b for a, b in zip(mine, other, strict=True))


def spread(values: Sequence[float], unit: str, digits: int = 1) -> str:
    """Median, with least and most where there are several."""
    if len(values) == 1:
        return f"{values[0]:.{digits}f} {unit}".strip()
    return f"{median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f}) {unit}".strip()
