"""A conflict foreseen between two branches, as a value: what each wants, where, and what would settle it.

Never: look at a repository; a git side (that is `candidate.Conflict`, which a merge reports).
"""

from dataclasses import dataclass

from state.candidate import ConflictKind


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file; `line` from 1, 0 for the file as a whole. `path` "" where one side has no such place."""

    path: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Clash:
    """`rule` is stable and names what found it. `symbol` is what both sides speak of: a name, `METHOD /path`,
    `table.column`, a revision. `ours_wants` and `theirs_wants` are sentences without a subject: "renames it to x".

    `remedy` names the contract rule that settles it by itself where it can (`rename`, `shim`, `renumber`, …); "" when a
    person or an agent must. `at_ours`: the file that would break is ours. `certain` False: both may go on and still
    merge; it is worth knowing while they work, and no conflict of finished branches.
    """

    kind: ConflictKind
    rule: str
    symbol: str
    ours: Spot
    theirs: Spot
    ours_wants: str
    theirs_wants: str
    detail: str = ""
    remedy: str = ""
    at_ours: bool = False
    certain: bool = True

    @property
    def place(self) -> Spot:
        """Where it would break."""
        first, second = (self.ours, self.theirs) if self.at_ours else (self.theirs, self.ours)
        return first if first.path else second

    def turned(self) -> "Clash":
        """The same with the sides changed."""
        return Clash(
            self.kind,
            self.rule,
            self.symbol,
            self.theirs,
            self.ours,
            self.theirs_wants,
            self.ours_wants,
            self.detail,
            self.remedy,
            not self.at_ours,
            self.certain,
        )
