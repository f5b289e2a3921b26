"""All rules, asked of two branches at once.

Never: a rule's verdict changed; the same trouble told twice.
"""

from collections.abc import Sequence

from conflict.rules import classes, migrations, names, numbers, routes, shapes, tables, uses
from conflict.rules.meeting import Meeting
from state.clash import Clash

_RULES = (names, uses, classes, routes, shapes, tables, migrations, numbers)


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
