"""All rules, asked of two branches at once.

Never: a rule's verdict changed; the same trouble told twice.
"""

from collections.abc import Collection, Sequence

from conflict.rules import classes, migrations, names, numbers, routes, shapes, tables, uses
from conflict.rules.meeting import Meeting
from conflict.surface.read import is_read
from state.clash import Clash

_RULES = (names, uses, classes, routes, shapes, tables, migrations, numbers)


def may_clash(ours: Collection[str], theirs: Collection[str]) -> bool:
    """Whether any rule can have something to say about two branches that changed these paths. What one side leans on
    and the other changes stands in files that are read; only numbers are told from paths."""
    return (any(map(is_read, ours)) and any(map(is_read, theirs))) or numbers.may_clash(ours, theirs)


def clashes_of(meeting: Meeting) -> Sequence[Clash]:
    """Each once, by the place where it would break."""
    found: dict[tuple[str, str, str], Clash] = {}
    for rule in _RULES:
        for one in rule.clashes(meeting):
            key = (one.rule, one.symbol, one.place.path)
            known = found.get(key)
            if known is None or (one.certain and not known.certain):
                found[key] = one
    return sorted(found.values(), key=lambda one: (one.place.path, one.place.line, one.rule, one.symbol))
