"""More than a thousand changes of what one branch offers, each against a new use on the other: they are found, and what
breaks nobody is not told."""

from collections import Counter

from conflict.rules.all import clashes_of
from conflict.rules.meeting import Meeting
from conflict.rules.view import View
from conflict.surface.cache import Surfaces
from conflict.surface.nouns import Surface
from conflict.surface.read import is_read
from state.clash import Clash
from state.git import text_merge
from tests.unit.conflict.planted import Edits, Files, Pair, planted

SEED = 20_240_607
ROUNDS = 22


def side(base: Files, edits: Edits) -> Files:
    return {path: text for path, text in {**base, **edits}.items() if text is not None}


def merged(base: Files, ours: Files, theirs: Files) -> tuple[Files, frozenset[str]]:
    """As git would, file by file; and what conflicts."""
    found: Files = {}
    clashing: set[str] = set()
    for path in {*base, *ours, *theirs}:
        was, mine, other = base.get(path), ours.get(path), theirs.get(path)
        text = other if mine == was else mine
        if mine is not None and other is not None and was not in (mine, other) and mine != other:
            both, clean = text_merge.merge((was or "").encode(), mine.encode(), other.encode(), None, ("a", "b"))
            text = both.decode()
            clashing.update(() if clean else (path,))
        if text is not None:
            found[path] = text
    return found, frozenset(clashing)


def changed(base: Files, edited: Files) -> frozenset[str]:
    return frozenset(path for path in {*base, *edited} if base.get(path) != edited.get(path))


class Looker:
    """The rules over trees in memory; what was read once is not read again."""

    def __init__(self) -> None:
        self._surfaces = Surfaces()

    def look(self, pair: Pair, turned: bool) -> list[Clash]:
        edits = (pair.theirs, pair.ours) if turned else (pair.ours, pair.theirs)
        ours, theirs = side(pair.base, edits[0]), side(pair.base, edits[1])
        both, clashing = merged(pair.base, ours, theirs)
        trees = [pair.base, ours, theirs, both]
        views = [View(tree, {path: self._read(path, tree[path]) for path in tree if is_read(path)}) for tree in trees]
        changes = changed(pair.base, ours), changed(pair.base, theirs)
        meeting = Meeting(views[0], views[1], views[2], views[3], clashing, *changes)
        return [one for one in clashes_of(meeting) if one.certain]

    def _read(self, path: str, text: str) -> Surface:
        return self._surfaces.known(path, text) or self._surfaces.learn(path, text, text.encode())


def test_what_is_planted_is_found_and_what_breaks_nobody_is_not_told() -> None:
    looker = Looker()
    counts: Counter[str] = Counter()
    missed: list[str] = []
    alarms: list[str] = []
    for number, pair in enumerate(planted(SEED, ROUNDS)):
        found = looker.look(pair, turned=number % 2 == 1)
        if pair.rules:
            counts["planted"] += 1
            hit = any(one.rule in pair.rules for one in found)
            counts["found"] += hit
            missed += [] if hit else [f"{pair.name}: {[one.rule for one in found]}"]
        else:
            counts["harmless"] += 1
            alarms += [f"{pair.name}: {one.rule} {one.detail}" for one in found[:1]]
    assert counts["planted"] >= 1000, counts
    assert counts["harmless"] >= 500, counts
    assert counts["found"] >= 0.99 * counts["planted"], (counts, Counter(missed))
    assert len(alarms) <= 0.01 * counts["harmless"], (counts, alarms[:10])
