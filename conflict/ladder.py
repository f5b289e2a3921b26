"""The ladder: which way to resolve a conflict comes next.

Never: resolve anything; name a rung that is not built.
"""

from state.candidate import Rung

BUILT = (Rung.TRIVIAL, Rung.PERSON)
"""Lowest first. `TRIVIAL` is git's own merge, which every probe has tried before it reports a conflict."""


def next_rung(tried: Rung | None, *, ladder: bool) -> Rung | None:
    """The rung after `tried` (None: nothing was tried yet); None when there is none. `ladder` False stops at git's own
    merge."""
    rungs = BUILT if ladder else BUILT[:1]
    place = 0 if tried is None else BUILT.index(tried) + 1
    return rungs[place] if place < len(rungs) else None
