"""What a task will touch, told from tasks like it that have landed: of the same role, with much the same rare words in
title, prompt and claimed paths.

Never: a model; more than what most of those tasks have changed; a guess from words that every task has.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from math import log, sqrt

from state.ids import RoleName
from state.past import PastTask
from state.plan import TaskSpec

_WORD = re.compile(r"[^\W\d_]+")
_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_BEGIN = 2000
"""Characters of a prompt that are read for its words."""
MOST_WORDS = 40
_LIKE, _MUCH_LIKE = 0.4, 0.6
"""How alike two tasks must be (cosine, 1 is the same) where several are, and where one alone is. Measured on commits of
real projects by `bench/alike.py`: what is expected there is changed in three of four cases."""
_SHARE = 0.5
"""The part of the like tasks, weighed by how alike they are, that must have changed a file."""
MOST_PATHS = 50
"""Files above which a task is a sweep over the whole tree, which says nothing about the next one."""
_SMALL = frozenset(
    re.findall(
        r"\w+",
        """the and for with that this from into not are was has have its all any can must will when then than only also
        add added adds make makes made use uses used using new now let set get put them they there which where""",
    )
)


def words_of(task: TaskSpec) -> frozenset[str]:
    """Of the title first, then of claimed paths, then of the prompt; of Chinese, each two signs that stand together."""
    globs = " ".join((*task.touches, *task.exclusive))
    found: dict[str, None] = {}
    for text in (task.title, globs, task.prompt[:_BEGIN]):
        found.update(dict.fromkeys(_words(text)))
    return frozenset(list(found)[:MOST_WORDS])


def _words(text: str) -> list[str]:
    found: list[str] = []
    for word in _WORD.findall(text):
        if word.isascii():
            pieces = [piece.lower() for piece in _PIECE.findall(word)]
            found += [piece for piece in pieces if len(piece) > 2 and piece not in _SMALL]
        else:
            folded = word.casefold()
            found += [folded[at : at + 2] for at in range(max(1, len(folded) - 1))]
    return found


class Likeness:
    """Tasks of the past, to be asked about one task after the other."""

    def __init__(self, past: Sequence[PastTask]) -> None:
        self._past = [one for one in past if 0 < len(one.paths) <= MOST_PATHS]
        self._among: defaultdict[str, list[int]] = defaultdict(list)
        for at, one in enumerate(self._past):
            for word in one.words:
                self._among[word].append(at)
        self._sizes = [self._size(one.words) for one in self._past]

    def _weight(self, word: str) -> float:
        """Squared: what few tasks speak of says more than what all speak of."""
        return log(1 + len(self._past) / max(1, len(self._among.get(word, ())))) ** 2

    def _size(self, words: frozenset[str]) -> float:
        return sqrt(sum(map(self._weight, sorted(words))))

    def expected(self, task: TaskSpec, role: RoleName) -> tuple[str, ...]:
        """The files that most tasks like it have changed; none where no task is like it."""
        words = words_of(task)
        size = self._size(words)
        common: defaultdict[int, float] = defaultdict(float)
        for word in sorted(words):
            if word in self._among:
                weight = self._weight(word)
                for at in self._among[word]:
                    common[at] += weight
        like = {at: both / (size * self._sizes[at]) for at, both in common.items() if self._past[at].role == role}
        near = {at: score for at, score in like.items() if score >= _LIKE}
        if len(near) < 2 and max(near.values(), default=0.0) < _MUCH_LIKE:
            return ()
        weights: defaultdict[str, float] = defaultdict(float)
        for at, score in near.items():
            for path in self._past[at].paths:
                weights[path] += score
        enough = _SHARE * sum(near.values())
        found = sorted(path for path, weight in weights.items() if weight >= enough)
        return tuple(found) if len(found) <= MOST_PATHS else ()
