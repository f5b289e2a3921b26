"""The ladder: which way to resolve a conflict comes next.

Never: resolve anything; name a rung that is not built.
"""

from collections.abc import Collection

from state.candidate import ConflictKind, Rung

BUILT = (Rung.TRIVIAL, Rung.REMEMBERED, Rung.STRUCTURAL, Rung.CONTRACT, Rung.RESOLVER, Rung.PERSON)
"""Lowest first. `TRIVIAL` is git's own merge, which every probe has tried before it reports a conflict; `REMEMBERED` is
a clash of text that was settled before; `RESOLVER` is an agent, where the plan has one."""
_TEXT = frozenset({ConflictKind.TEXT})
_ONLY_FOR = {
    Rung.REMEMBERED: _TEXT,
    Rung.STRUCTURAL: _TEXT,
    Rung.CONTRACT: frozenset(ConflictKind) - _TEXT,
}
"""Rungs that know something about these kinds alone."""


def next_rung(
    tried: Rung | None, kinds: Collection[ConflictKind], *, ladder: bool, resolver: bool = False
) -> Rung | None:
    """The rung after `tried` (None: nothing was tried yet) that may settle conflicts of these kinds; None when there
    is none. `ladder` False stops at git's own merge."""
    rungs = BUILT if ladder else BUILT[:1]
    place = 0 if tried is None else BUILT.index(tried) + 1
    fit = (rung for rung in rungs[place:] if rung not in _ONLY_FOR or _ONLY_FOR[rung] & {*kinds})
    return next((rung for rung in fit if resolver or rung is not Rung.RESOLVER), None)


def spent_by(made: Rung) -> Rung:
    """The highest rung that has nothing more to say when the gate refused what `made` gave: all that go by rule."""
    return max(made, Rung.CONTRACT, key=BUILT.index)
