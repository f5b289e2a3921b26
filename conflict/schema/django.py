"""Django migrations put in a row: the candidate's are renumbered and re-pointed behind the trunk's, app by app.

Never: touch more of a file than the names of migrations in it; run a migration; edit a published one.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from conflict.schema.clash import clashes, statements
from conflict.schema.graph import Fork, Graph, forks, graph_of, has_circle, heads
from conflict.schema.mentions import renamed
from conflict.schema.span import Splice, line_starts, parse, place, quoted, spliced
from conflict.schema.values import Edits, Finding, Sides, applied, few
from conflict.surface.migrations import number_of
from conflict.surface.nouns import Framework, Migration
from conflict.surface.syntax import texts_of
from state.candidate import ConflictKind

RULE = "django-leaves"
NEWEST = "max_migration.txt"
"""Where django-linear-migrations keeps the name of the newest one, one file an app."""
_LISTS = frozenset({"dependencies", "replaces", "run_before"})


@dataclass(slots=True)
class _App:
    """One app's part of the three graphs, and what is to be done about it."""

    name: str
    ours: Graph
    theirs: Graph
    moves: dict[str, str] = field(default_factory=dict)
    """New ids of the candidate's migrations."""
    parents: dict[str, dict[str, str]] = field(default_factory=dict)
    """For each of the candidate's migrations, new ids for parents that it names."""


def findings(sides: Sides) -> list[Finding]:
    """One for each migration from which both sides grew."""
    base, ours, theirs = (graph_of(side, Framework.DJANGO) for side in (sides.base, sides.ours, sides.theirs))
    found: list[Finding] = []
    for name in sorted({node.group for node in theirs.values()}):
        app = _App(name, _within(ours, name), _within(theirs, name))
        found.extend(_settled(sides, app, fork, theirs) for fork in forks(_within(base, name), app.ours, app.theirs))
    return found


def _within(graph: Graph, app: str) -> dict[str, Migration]:
    return {name: node for name, node in graph.items() if node.group == app}


def _settled(sides: Sides, app: _App, fork: Fork, theirs: Graph) -> Finding:
    root, at = app.theirs[fork.roots[0]], fork.at or f"nothing in {app.name}"
    said = f"{few(fork.mine)} of the trunk and {few(fork.other)} of the candidate both follow {at}"

    def unclear(why: str) -> Finding:
        return Finding(ConflictKind.SCHEMA, RULE, root.path, root.id, f"{said}; {why}")

    found = clashes([app.ours[name] for name in fork.mine], [app.theirs[name] for name in fork.other])
    if found:
        return unclear(statements(found))
    if len(fork.tips) != 1 or not fork.at:
        return unclear(f"the trunk has no one newest migration in {app.name} after it")
    if any(app.theirs[name].replaces for name in fork.other):
        return unclear("the candidate squashes migrations")
    _plan(app, fork)
    edits = _edits(sides, app, fork, theirs)
    if isinstance(edits, str):
        return unclear(edits)
    fault = _fault(sides, edits, app)
    if fault:
        return unclear(fault)
    new = [app.moves.get(name, name) for name in fork.other]
    how = f"{few(fork.other)} put behind {fork.tips[0]} as {few(new)}"
    return Finding(ConflictKind.SCHEMA, RULE, root.path, root.id, said, edits, how)


def _plan(app: _App, fork: Fork) -> None:
    """New numbers for the candidate's migrations, in their order, behind the trunk's highest."""
    last = max((int(node.number) for node in app.ours.values() if node.number), default=0)
    for name in fork.other:
        number = app.theirs[name].number
        stem = name.partition(".")[2]
        if number and number_of(stem) == number:
            last = max(last + 1, int(number))
            app.moves[name] = f"{app.name}.{last:0{len(number)}}{stem[len(number) :]}"
    for name in fork.roots:
        app.parents[name] = {fork.at: fork.tips[0]}


def _edits(sides: Sides, app: _App, fork: Fork, theirs: Graph) -> dict[str, bytes | None] | str:
    """The files to change; a sentence where one can not be changed."""
    edits: dict[str, bytes | None] = {}
    for path in sides.added():
        node = next((node for node in theirs.values() if node.path == path), None)
        if node is None:
            continue
        source = renamed_pairs(sides.theirs[path], {**app.moves, **app.parents.get(node.id, {})})
        if source is None:
            return f"the migrations that {path} names are not written as texts"
        new = app.moves.get(node.id, node.id)
        where = str(PurePosixPath(path).with_name(f"{new.partition('.')[2]}.py"))
        if where != path:
            edits[path] = None
        if where != path or source != sides.theirs[path]:
            edits[where] = source
    newest = str(PurePosixPath(app.theirs[fork.other[-1]].path).with_name(NEWEST))
    if newest in sides.ours:
        last = app.moves.get(fork.other[-1], fork.other[-1])
        edits[newest] = f"{last.partition('.')[2]}\n".encode()
    stems = {old.partition(".")[2]: new.partition(".")[2] for old, new in app.moves.items() if old != new}
    return edits | renamed(sides.mentions, stems)


def renamed_pairs(source: bytes, moves: Mapping[str, str]) -> bytes | None:
    """The file with each `("app", "name")` of its lists of migrations that has a new id under that id."""
    tree = parse(source)
    if tree is None:
        return None
    starts, splices = line_starts(source), []
    for pair in _pairs(tree):
        words = texts_of(pair)
        new = moves.get(".".join(words)) if len(words) == 2 else None
        if new is not None:
            start, end = place(starts, pair.elts[1])
            splices.append(Splice(start, end, quoted(source[start:end], new.partition(".")[2])))
    return spliced(source, splices)


def _pairs(tree: ast.Module) -> Iterator[ast.Tuple | ast.List]:
    for stmt in ast.walk(tree):
        if isinstance(stmt, ast.Assign) and isinstance(stmt.value, ast.Tuple | ast.List):
            names = {target.id for target in stmt.targets if isinstance(target, ast.Name)}
            if names & _LISTS:
                yield from (one for one in stmt.value.elts if isinstance(one, ast.Tuple | ast.List))


def _fault(sides: Sides, edits: Edits, app: _App) -> str:
    after = _within(graph_of(applied(sides.merged(), edits), Framework.DJANGO), app.name)
    if has_circle(after):
        return "in a row they would make a circle"
    wanted = max(len(heads(app.ours)), len(heads(app.theirs)), 1)
    left = heads(after)
    if len(left) > wanted:
        return f"{few(sorted(left))} would all be the newest"
    missing = {parent for node in after.values() for parent in node.parents} - set(after)
    stood = {parent for node in app.ours.values() for parent in node.parents} - set(app.ours)
    unknown = sorted(one for one in missing - stood if not re.search(r"\.__(?:first|latest)__$", one))
    return f"{few(unknown)} would be missing" if unknown else ""
