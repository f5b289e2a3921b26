"""Where both sides grew a migration graph from the same place, and what the unpublished side is to hang on instead.

Never: a file, a published migration that changes its parents.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from conflict.schema.values import Files
from conflict.surface.migrations import migration_of
from conflict.surface.nouns import Framework, Migration
from conflict.surface.syntax import parse

Graph = Mapping[str, Migration]
BEGINNING = ""
"""What the first migration of a row follows."""


@lru_cache(maxsize=4096)
def _read(path: str, source: bytes) -> Migration | None:
    """The migration in a file. The same files are looked at by every probe, so what was read is kept."""
    tree = parse(source)
    return None if isinstance(tree, str) else migration_of(path, tree)


def graph_of(files: Files, framework: Framework) -> dict[str, Migration]:
    """The migrations among Python files, by id."""
    found = {}
    for path, source in files.items():
        if (path.endswith(".py") and b"igration" in source) or b"down_revision" in source:
            node = _read(path, source)
            if node is not None and node.framework is framework:
                found[node.id] = node
    return found


@dataclass(frozen=True, slots=True)
class Fork:
    """Theirs hang on `at`, which ours has grown from to `tips`. `roots` are theirs that hang on it; `mine` and `other`
    are what each side added after `at`, in order."""

    at: str
    tips: tuple[str, ...]
    roots: tuple[str, ...]
    mine: tuple[str, ...]
    other: tuple[str, ...]


def heads(graph: Graph) -> set[str]:
    """Migrations that none follows. What a squashed one replaces counts as that one."""
    stands_for = {old: node.id for node in graph.values() for old in node.replaces}
    used = {stands_for.get(parent, parent) for node in graph.values() for parent in node.parents}
    return {name for name in graph if stands_for.get(name, name) == name and name not in used}


def children(graph: Graph) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for node in graph.values():
        for parent in node.parents or (BEGINNING,):
            found.setdefault(parent, []).append(node.id)
    return found


def below(graph: Graph, start: str) -> set[str]:
    """All that comes after a migration, itself not included."""
    kids, found, todo = children(graph), set[str](), [start]
    while todo:
        for kid in kids.get(todo.pop(), ()):
            if kid not in found:
                found.add(kid)
                todo.append(kid)
    return found


def in_order(graph: Graph, names: Iterable[str]) -> list[str]:
    """Parents before children, else by name. A circle is cut where it is met again."""
    wanted, done, found = set(names), set[str](), list[str]()
    for first in sorted(wanted):
        if first in done:
            continue
        done.add(first)
        stack: list[tuple[str, Iterator[str]]] = [(first, _before(graph, first, wanted))]
        while stack:
            name, rest = stack[-1]
            parent = next((one for one in rest if one not in done), None)
            if parent is None:
                found.append(name)
                stack.pop()
            else:
                done.add(parent)
                stack.append((parent, _before(graph, parent, wanted)))
    return found


def _before(graph: Graph, name: str, wanted: set[str]) -> Iterator[str]:
    return (one for one in (*graph[name].parents, *graph[name].depends) if one in wanted)


def has_circle(graph: Graph) -> bool:
    """Whether some migration comes after itself."""
    left = {name: sum(parent in graph for parent in set(node.parents)) for name, node in graph.items()}
    kids = children(graph)
    free = [name for name, count in left.items() if not count]
    while free:
        for kid in set(kids.get(free.pop(), ())):
            left[kid] -= 1
            if not left[kid]:
                free.append(kid)
    return any(left.values())


def forks(base: Graph, ours: Graph, theirs: Graph) -> list[Fork]:
    """The places from which both sides grew. Where the row forked before, or a side forks it by itself and so means
    it, there is no clash of the two."""
    added = {name for name in theirs if name not in base and name not in ours}
    kids, known = children(ours), children(base)
    hanging: dict[str, list[str]] = {}
    for name in sorted(added):
        for parent in theirs[name].parents or (BEGINNING,):
            grown = any(kid not in base for kid in kids.get(parent, ()))
            if grown and not known.get(parent) and (parent in ours or parent == BEGINNING):
                hanging.setdefault(parent, []).append(name)
    found = []
    for at, roots in hanging.items():
        after = below(ours, at)
        other = in_order(theirs, below(theirs, at) & added)
        tips = tuple(sorted(heads(ours) & after))
        found.append(Fork(at, tips, tuple(roots), tuple(in_order(ours, after)), tuple(other)))
    return found
