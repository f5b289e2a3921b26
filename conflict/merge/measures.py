"""Small measures of text and of bags of words, as the learned weights know them.

Never: a measure that depends on anything but what is given.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

Bag = Counter[str]

_OPEN, _CLOSE = "([{", ")]}"


def log_of(number: float) -> float:
    return math.log2(1 + number)


def share_of(some: set[str], of: set[str]) -> float:
    return len(some) / len(of) if of else -1.0


def part_of(some: Bag, of: Bag) -> float:
    total = of.total()
    return some.total() / total if total else -1.0


def alike(left: Bag, right: Bag) -> float:
    total = left.total() + right.total()
    return 2 * (left & right).total() / total if total else 1.0


def like(pattern: re.Pattern[str], lines: Sequence[str]) -> float:
    return sum(pattern.match(line) is not None for line in lines) / len(lines) if lines else 0.0


def indent_of(lines: Sequence[str]) -> int:
    return min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)


def balance_of(text: str) -> int:
    return sum(map(text.count, _OPEN)) - sum(map(text.count, _CLOSE))


def order_of(lines: Sequence[str]) -> int:
    """2: in order, 1: in order whatever the case, 0: in none."""
    plain = [line.strip() for line in lines if line.strip()]
    if plain == sorted(plain):
        return 2
    low = [line.lower() for line in plain]
    return int(low == sorted(low))
