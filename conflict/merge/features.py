"""What is known of a clash, of the file around it and of one candidate, as numbers: the input of the learned weights.

Never: a number that needs more than the three texts and the path; reorder or remove a number (the weights know them by
their place: a change here means training anew).
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from conflict.merge.candidates import Candidate, Clash, Kind
from conflict.merge.context import Rest, of_candidate, of_clash, rest
from conflict.merge.lines import matching
from conflict.merge.measures import Bag, alike, balance_of, indent_of, like, log_of, order_of, part_of, share_of
from conflict.merge.paths import GROUPS, group_of, is_test
from conflict.merge.style import of_change, of_joints, of_path, pairs_of
from conflict.merge.three import Stretch
from conflict.merge.tokens import words

OF_THE_FILE = 55
"""How many of a row's numbers, at its beginning, are the same for all candidates of all clashes of a file."""
OF_THE_CLASH = 87
"""How many after these are the same for all candidates of a clash."""
MOST_LINES = 60_000
"""Lines that a file is compared by, where it has more: a bound on time."""

_DIGITS = re.compile(r"\d+")
_NAMED = re.compile(
    r"^\s*(?:(?:async\s+)?def|class|(?:export\s+)?(?:default\s+)?(?:async\s+)?function|func|fn)\s+(\w+)"
)
_IMPORT = re.compile(r"\s*(import\b|from\s+\S+\s+import\b|export\b|.*\brequire\()")
_COMMENT = re.compile(r"\s*(#|//|/?\*|<!--|\.\. |\"\"\")")


@dataclass(frozen=True, slots=True)
class Around:
    """The file that the clashes are in."""

    numbers: tuple[float, ...]
    base: frozenset[str]
    ours: frozenset[str]
    theirs: frozenset[str]
    defined_ours: frozenset[str]
    defined_theirs: frozenset[str]
    rest: Rest


def around(parts: Sequence[Stretch[str]], path: str) -> Around:
    common = _all(part.base for part in parts if not part.changed)
    changed = [part for part in parts if part.changed]
    base = common | _all(part.base for part in changed)
    ours = common | _all(part.ours for part in changed)
    theirs = common | _all(part.theirs for part in changed)
    mine, other = ours - base, theirs - base
    gone, gone_too = base - ours, base - theirs
    clashes = [part for part in changed if part.merged is None]
    only_ours = sum(part.merged is not None and part.theirs == part.base for part in changed)
    only_theirs = sum(part.merged is not None and part.ours == part.base for part in changed)
    both = len(changed) - len(clashes) - only_ours - only_theirs
    group = group_of(path)
    numbers = (
        log_of(len(clashes)),
        log_of(only_ours),
        log_of(only_theirs),
        log_of(both),
        both / max(1, len(changed)),
        share_of(mine & theirs, mine),
        share_of(other & ours, other),
        share_of(gone - theirs, gone),
        share_of(gone_too - ours, gone_too),
        log_of(len(mine)),
        log_of(len(other)),
        log_of(len(gone)),
        log_of(len(gone_too)),
        log_of(len(base)),
        share_of(base & ours, base | ours),
        share_of(base & theirs, base | theirs),
        share_of(ours & theirs, ours | theirs),
        float(not base),
        float(is_test(path)),
        *_of_clashes(clashes),
        *(float(group == one) for one in GROUPS),
        *of_path(path),
    )
    defined = [frozenset(_defined(side)) for side in (ours, theirs)]
    return Around(numbers, frozenset(base), frozenset(ours), frozenset(theirs), defined[0], defined[1], rest(parts))


def _of_clashes(clashes: Sequence[Stretch[str]]) -> tuple[float, ...]:
    """All clashes together: how far one side has what the other added or took out, and how often one side is empty."""
    base, ours, theirs = (
        Counter(words("".join(line for part in clashes for line in side(part))))
        for side in (_base_of, _ours_of, _theirs_of)
    )
    mine, other, gone, gone_too = ours - base, theirs - base, base - ours, base - theirs
    many = max(1, len(clashes))
    return (
        alike(ours, theirs),
        alike(ours, base),
        alike(theirs, base),
        part_of(mine & theirs, mine),
        part_of(other & ours, other),
        part_of(gone & gone_too, gone),
        part_of(gone & gone_too, gone_too),
        log_of(mine.total()),
        log_of(other.total()),
        sum(not part.base for part in clashes) / many,
        sum(not part.ours for part in clashes) / many,
        sum(not part.theirs for part in clashes) / many,
    )


def _base_of(part: Stretch[str]) -> Sequence[str]:
    return part.base


def _ours_of(part: Stretch[str]) -> Sequence[str]:
    return part.ours


def _theirs_of(part: Stretch[str]) -> Sequence[str]:
    return part.theirs


def _all(stretches: Iterable[Sequence[str]]) -> set[str]:
    lines = islice((line for lines in stretches for line in lines), MOST_LINES)
    return {line.strip() for line in lines} - {""}


@dataclass(frozen=True, slots=True)
class About:
    """One clash: the numbers that all its candidates share, and what they are compared with."""

    numbers: tuple[float, ...]
    base: Bag
    ours: Bag
    theirs: Bag
    added_ours: Bag
    added_theirs: Bag
    gone_ours: Bag
    gone_theirs: Bag
    balances: tuple[int, int, int]
    order: int
    names: tuple[set[str], set[str], set[str]]
    sides: tuple[frozenset[str], frozenset[str], frozenset[str]]
    rest: Rest
    number: int
    pairs: frozenset[tuple[str, str]]


def about(clash: Clash, file: Around, order: int) -> About:
    base, ours, theirs = (Counter(words("".join(side))) for side in (clash.base, clash.ours, clash.theirs))
    mine, other, gone, gone_too = ours - base, theirs - base, base - ours, base - theirs
    bags = (base, ours, theirs, mine, other, gone, gone_too)
    sides = (_plain(base), _plain(ours), _plain(theirs))
    around_it = of_clash(clash, sides, file.rest, order)
    numbers = (*_of_words(clash, bags), *_of_lines(clash, file), log_of(order), *around_it, *of_change(clash, bags[:3]))
    was, left, right = (balance_of("".join(side)) for side in (clash.base, clash.ours, clash.theirs))
    names = (_defined(clash.ours), _defined(clash.theirs), _defined(clash.base))
    return About(
        numbers,
        base,
        ours,
        theirs,
        mine,
        other,
        gone,
        gone_too,
        (was, left, right),
        _orders(clash),
        names,
        sides,
        file.rest,
        order,
        pairs_of(clash),
    )


def _plain(bag: Bag) -> frozenset[str]:
    return frozenset(word for word in bag if word[0].isalnum() or word[0] == "_")


def _lines(clash: Clash) -> list[list[str]]:
    return [[line.strip() for line in side if line.strip()] for side in (clash.base, clash.ours, clash.theirs)]


def _of_words(clash: Clash, bags: tuple[Bag, Bag, Bag, Bag, Bag, Bag, Bag]) -> tuple[float, ...]:
    base, ours, theirs, mine, other, gone, gone_too = bags
    return (
        *(log_of(len(side)) for side in _lines(clash)),
        *(log_of(bag.total()) for bag in bags),
        alike(ours, theirs),
        alike(ours, base),
        alike(theirs, base),
        part_of(mine & theirs, mine),
        part_of(other & ours, other),
        part_of(mine & other, mine),
        part_of(mine & other, other),
        part_of(gone & gone_too, gone),
        part_of(gone & gone_too, gone_too),
    )


def _of_lines(clash: Clash, file: Around) -> tuple[float, ...]:
    lines = _lines(clash)
    base, ours, theirs = (set(side) for side in lines)
    was, mine, other = ("".join("".join(side).split()) for side in (clash.base, clash.ours, clash.theirs))
    plain = [_DIGITS.sub("", text) for text in (was, mine, other)]
    return (
        share_of(ours & theirs, ours),
        share_of(ours & theirs, theirs),
        share_of(base & ours, base),
        share_of(base & theirs, base),
        float(was == mine),
        float(was == other),
        float(mine == other),
        float(plain[1] == plain[2]),
        float(plain[0] == plain[1]),
        float(plain[0] == plain[2]),
        float(not lines[0]),
        float(not lines[1]),
        float(not lines[2]),
        share_of((ours - base) & file.theirs, ours - base),
        share_of((theirs - base) & file.ours, theirs - base),
        share_of((base - ours) & file.ours, base - ours),
        share_of((base - theirs) & file.theirs, base - theirs),
        like(_IMPORT, lines[1] + lines[2]),
        like(_COMMENT, lines[1] + lines[2]),
        float(indent_of(clash.ours) - indent_of(clash.base)),
        float(indent_of(clash.theirs) - indent_of(clash.base)),
        float(was in mine),
        float(was in other),
        float(mine in other),
        float(other in mine),
        *_of_names(clash, file),
    )


def _of_names(clash: Clash, file: Around) -> tuple[float, ...]:
    """What each side defines anew, and whether the other side, anywhere in the file, does too."""
    was, mine, other = (_defined(side) for side in (clash.base, clash.ours, clash.theirs))
    new, new_too = mine - was, other - was
    return (
        log_of(len(new)),
        log_of(len(new_too)),
        share_of(new & new_too, new | new_too),
        share_of(new & file.defined_theirs, new),
        share_of(new_too & file.defined_ours, new_too),
        log_of(len(was - mine)),
        log_of(len(was - other)),
    )


def _defined(lines: Iterable[str]) -> set[str]:
    return {found[1] for line in lines if (found := _NAMED.match(line))}


def numbers_of(one: Candidate, clash: Clash, known: About, many: int) -> tuple[float, ...]:
    """The numbers of one of `many` candidates."""
    made = one.all_lines
    text = "".join(made)
    bag = Counter(words(text))
    base, ours, theirs = known.base, known.ours, known.theirs
    lines = [line.strip() for line in made if line.strip()]
    repeated = len(lines) - len(set(lines))
    usual = max(len(side) - len(set(side)) for side in _stripped(clash))
    balance, (balance_b, balance_o, balance_t) = balance_of(text), known.balances
    squeezed = "".join(text.split())
    return (
        log_of(len(lines)),
        log_of(many),
        log_of(len(one.kinds)),
        part_of(known.added_ours & bag, known.added_ours),
        part_of(known.added_theirs & bag, known.added_theirs),
        log_of((known.added_ours - bag).total()),
        log_of((known.added_theirs - bag).total()),
        part_of((bag - ours) & known.gone_ours, known.gone_ours),
        part_of((bag - theirs) & known.gone_theirs, known.gone_theirs),
        log_of(((bag - ours) & known.gone_ours).total()),
        log_of(((bag - theirs) & known.gone_theirs).total()),
        log_of((bag - (ours | theirs | base)).total()),
        log_of((bag - (ours + theirs)).total()),
        alike(bag, ours),
        alike(bag, theirs),
        alike(bag, base),
        float(repeated - usual),
        float(balance - balance_o),
        float(balance - balance_t),
        float(balance == balance_o + balance_t - balance_b),
        float(order_of(one.lines) - known.order),
        float(squeezed == "".join("".join(clash.ours).split())),
        float(squeezed == "".join("".join(clash.theirs).split())),
        float("\n\n\n\n" in text or text.startswith("\n\n\n")),
        *_of_joints(one, clash, known),
        *of_joints(made, known.pairs, clash),
        *of_candidate(made, _plain(bag), clash, known.sides, known.rest, known.number),
        *(float(kind in one.kinds) for kind in Kind),
    )


def of_all(found: Sequence[Candidate], lost: Sequence[bool]) -> list[tuple[float, ...]]:
    """How the candidates of a clash stand beside each other: which lose something, and how many do not."""
    kept = [len(one.lines) for one, loses in zip(found, lost, strict=True) if not loses]
    shortest = min(kept, default=-1)
    many = log_of(len(kept)), len(kept) / len(found)
    return [
        (float(loses), *many, float(not loses and len(one.lines) == shortest))
        for one, loses in zip(found, lost, strict=True)
    ]


def _of_joints(one: Candidate, clash: Clash, known: About) -> tuple[float, ...]:
    """Lines in the order of the sides, and what is defined twice, or no more."""
    names = [found[1] for line in one.lines if (found := _NAMED.match(line))]
    ours, theirs, was = known.names
    in_order = sum(size for _, _, size in matching(one.lines, clash.ours)) if len(one.lines) < 400 else 0
    in_order_too = sum(size for _, _, size in matching(one.lines, clash.theirs)) if len(one.lines) < 400 else 0
    many = max(1, len(one.lines))
    return (
        float(len(names) - len(set(names))),
        float(len((ours | theirs) - was - set(names))),
        in_order / max(1, len(clash.ours)),
        in_order_too / max(1, len(clash.theirs)),
        in_order / many,
        in_order_too / many,
    )


def _stripped(clash: Clash) -> tuple[list[str], list[str]]:
    ours, theirs = ([line.strip() for line in side if line.strip()] for side in (clash.ours, clash.theirs))
    return ours, theirs


def _orders(clash: Clash) -> int:
    return min(order_of(clash.ours), order_of(clash.theirs))
