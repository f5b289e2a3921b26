"""Classes that one side derives from a class of which the other side changes what a subclass must do.

Never: a base class that can not be seen taken for one without demands.
"""

from collections.abc import Iterator

from conflict.rules.meeting import Direction, Meeting
from conflict.rules.resolve import Found, find, in_module, member
from conflict.surface.nouns import ParamKind, Signature, Symbol, SymbolKind
from conflict.surface.syntax import last
from state.candidate import ConflictKind
from state.clash import Clash, Spot


def clashes(meeting: Meeting) -> Iterator[Clash]:
    for way in meeting.directions():
        for path, surface, before in way.files():
            known = {one.name for one in before.symbols} if before is not None else set()
            for one in surface.symbols:
                if one.kind is SymbolKind.CLASS and one.bases:
                    yield from _derived(way, path, one, known)


def _derived(way: Direction, path: str, derived: Symbol, known: set[str]) -> Iterator[Clash]:
    for base in derived.bases:
        here = find(way.user, path, base.partition("[")[0])
        if here is None or len(here.symbols) != 1 or here.path not in way.changed_in:
            continue
        if here.path not in way.after(here.path).blobs:
            continue
        if derived.name not in known:
            yield from _demanded(way, path, derived, here)
        yield from _overridden(way, path, derived, here, known)


def _demanded(way: Direction, path: str, derived: Symbol, base: Found) -> Iterator[Clash]:
    """Methods that the base class newly leaves to its subclasses."""
    after = way.after(base.path).surface(base.path)
    for one in after.symbols if after is not None else ():
        owner, _, name = one.name.rpartition(".")
        if owner != base.name or not one.abstract:
            continue
        was = way.base.symbols(base.path, one.name)
        if (was and was[-1].abstract) or way.user.symbols(path, f"{derived.name}.{name}"):
            continue
        yield way.clash(
            ConflictKind.API,
            "abstract-added",
            one.name,
            Spot(path, derived.line),
            Spot(base.path, one.line),
            (f"derives {derived.name} from {base.name}", f"demands {name} of every subclass"),
            f"{path}:{derived.line} derives {derived.name} from {base.name}, which demands {name} now",
        )


def _overridden(way: Direction, path: str, derived: Symbol, base: Found, known: set[str]) -> Iterator[Clash]:
    surface = way.user.surface(path)
    for one in surface.symbols if surface is not None else ():
        owner, _, name = one.name.rpartition(".")
        if owner != derived.name or one.name in known or one.signature is None or name.startswith("__"):
            continue
        full = f"{base.name}.{last(name)}"
        was = in_module(way.base, base.path, full)
        now = member(way.after(base.path), base.path, full)
        if was is None or now is None or len(was.symbols) != 1 or len(now.symbols) != 1:
            continue
        old, new = was.symbols[0].signature, now.symbols[0].signature
        if old is None or new is None or old == new or _fits(one.signature, new) or not _fits(one.signature, old):
            continue
        yield way.clash(
            ConflictKind.API,
            "override-signature",
            full,
            Spot(path, one.line),
            Spot(now.path, now.symbols[0].line),
            (f"overrides {full} as it was", f"changes {full}"),
            f"{path}:{one.line} overrides {full}, which takes other parameters now",
        )


def _fits(mine: Signature, above: Signature) -> bool:
    """Whether all that a caller of the base class may pass can be passed to the override."""
    if mine.awaited != above.awaited:
        return False
    rest = any(one.kind is ParamKind.REST for one in mine.params)
    named_rest = any(one.kind is ParamKind.NAMED_REST for one in mine.params)
    names = {one.name for one in mine.params}
    placed = [one.name for one in mine.params if one.kind in (ParamKind.POSITIONAL, ParamKind.EITHER)]
    wanted = [one for one in above.params if one.kind not in (ParamKind.REST, ParamKind.NAMED_REST)]
    if any(one.required and one.name not in {other.name for other in wanted} for one in mine.params):
        return False
    for at, one in enumerate(wanted):
        if one.kind is ParamKind.KEYWORD:
            if one.name not in names and not named_rest:
                return False
        elif not rest and (at >= len(placed) or (one.name not in placed and not named_rest)):
            return False
    return True
