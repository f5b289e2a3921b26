"""The learned weights: rows of numbers to a probability. Boosted trees, read from text that `bench.merge_train` writes.

Never: learn; read a file.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

Tree = tuple[tuple[int, ...], tuple[float, ...], tuple[int, ...], tuple[int, ...], tuple[float, ...]]
"""(column, bound, next when at most the bound, next when above it, leaves); a next below zero is leaf `-1 - next`."""


class WeightsError(ValueError):
    """The text holds no weights that this version can read; one sentence."""


@dataclass(frozen=True, slots=True)
class Forest:
    trees: tuple[Tree, ...]

    def probability(self, row: Sequence[float]) -> float:
        return 1.0 / (1.0 + math.exp(-self.score(row)))

    def score(self, row: Sequence[float]) -> float:
        total = 0.0
        for columns, bounds, low, high, leaves in self.trees:
            at = 0 if columns else -1
            while at >= 0:
                at = low[at] if row[columns[at]] <= bounds[at] else high[at]
            total += leaves[-1 - at]
        return total


@dataclass(frozen=True, slots=True)
class Weights:
    """`choice` ranks the candidates of a clash, `trust` says how far the result for a whole file is to be believed.
    `land` and `propose` are the confidences from which a result may land by itself, and may be proposed."""

    choice: Forest
    trust: Forest
    land: float
    propose: float


def read_weights(text: str) -> Weights:
    try:
        read = json.loads(text)
        forests = [_forest(read[name]) for name in ("choice", "trust")]
        return Weights(forests[0], forests[1], float(read["land"]), float(read["propose"]))
    except (ValueError, KeyError, TypeError, IndexError) as fault:
        raise WeightsError(f"the weights of the structural merge can not be read: {fault!r}") from fault


def _forest(read: Sequence[Sequence[Sequence[float]]]) -> Forest:
    trees = (
        (_whole(column), tuple(bound), _whole(low), _whole(high), tuple(leaves))
        for column, bound, low, high, leaves in read
    )
    return Forest(tuple(trees))


def _whole(numbers: Sequence[float]) -> tuple[int, ...]:
    return tuple(int(number) for number in numbers)
