"""The graph that migrations form: heads, what hangs in the air, numbers and ids given twice.

Never: an order made up; that is for who merges migrations.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from conflict.surface.nouns import Framework, Migration


@dataclass(frozen=True, slots=True)
class Graph:
    """The migrations of one framework and group (see `Migration.group`), by id; `heads` have no child, in order of id.
    `twice` are further migrations of an id that stands already. `dangling` names parents that nothing has."""

    framework: Framework
    group: str
    migrations: Mapping[str, Migration]
    heads: tuple[str, ...]
    twice: tuple[Migration, ...] = ()
    dangling: tuple[tuple[str, str], ...] = ()
    """(id of a migration, a parent of it that is not there)."""

    def ancestors(self, id_: str) -> frozenset[str]:
        """What must have run before `id_`, itself not included."""
        found: set[str] = set()
        todo = [id_]
        while todo:
            here = self.migrations.get(todo.pop())
            if here is not None:
                new = [one for one in self._links(here) if one not in found]
                found.update(new)
                todo.extend(new)
        return frozenset(found)

    def _links(self, migration: Migration) -> Iterator[str]:
        for parent in (*migration.parents, *migration.depends):
            known = _full(parent, self.migrations)
            if known:
                yield known


def graphs_of(migrations: Iterable[Migration]) -> dict[tuple[Framework, str], Graph]:
    """One graph for each framework and group. Alembic's folders that point into each other are one group, named by
    the first of them."""
    rows: dict[tuple[Framework, str], list[Migration]] = defaultdict(list)
    for one in sorted(migrations, key=lambda one: (one.framework, one.group, one.path)):
        rows[one.framework, one.group].append(one)
    _join_folders(rows)
    return {key: _graph(key, row) for key, row in rows.items()}


def _join_folders(rows: dict[tuple[Framework, str], list[Migration]]) -> None:
    """Several `version_locations` of one Alembic."""
    keys = [key for key in rows if key[0] is Framework.ALEMBIC]
    for key in keys:
        ids = {one.id for one in rows[key]}
        wanted = {link for one in rows[key] for link in (*one.parents, *one.depends)} - ids
        for other in keys:
            if other != key and other in rows and wanted.intersection(one.id for one in rows[other]):
                rows[other].extend(rows.pop(key))
                break


def _graph(key: tuple[Framework, str], row: list[Migration]) -> Graph:
    known: dict[str, Migration] = {}
    twice: list[Migration] = []
    for one in row:
        if one.id in known:
            twice.append(one)
        else:
            known[one.id] = one
    if key[0] is Framework.SQL:
        last = max(known, key=lambda id_: (int(known[id_].number), id_))
        return Graph(*key, known, (last,), tuple(twice))
    squashed = {old for one in row for old in one.replaces}
    followed: set[str] = set()
    dangling: list[tuple[str, str]] = []
    for one in row:
        for parent in one.parents:
            found = _full(parent, known)
            if found:
                followed.add(found)
            elif parent not in squashed and not parent.endswith((".__first__", ".__latest__")):
                dangling.append((one.id, parent))
    # A squashed row stands beside the one that replaces it until somebody takes it out.
    heads = tuple(sorted(id_ for id_ in known if id_ not in followed and id_ not in squashed))
    return Graph(*key, known, heads, tuple(twice), tuple(dangling))


def _full(id_: str, known: Mapping[str, Migration]) -> str:
    """The id that a (perhaps abbreviated) one stands for; "" when there is none or there are several."""
    if id_ in known:
        return id_
    found = [full for full, one in known.items() if one.framework is Framework.ALEMBIC and full.startswith(id_)]
    return found[0] if len(found) == 1 and len(id_) >= 4 else ""
