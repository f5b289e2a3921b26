"""Alembic revisions put in a row: the candidate's are re-pointed behind the trunk's.

Never: touch more of a file than the parent it names and the line of its docstring that repeats it; run a migration.
"""

import ast
import re
from collections.abc import Mapping

from conflict.schema.clash import clashes, statements
from conflict.schema.graph import BEGINNING, Fork, Graph, forks, graph_of, has_circle, heads
from conflict.schema.span import Splice, line_starts, parse, place, quoted, spliced
from conflict.schema.values import Finding, Sides, applied, few
from conflict.surface.nouns import Framework
from conflict.surface.syntax import assigned
from state.candidate import ConflictKind

RULE = "alembic-heads"
_REVISES = re.compile(rb"(?m)^([ \t]*Revises:)([^\r\n]*)")


def findings(sides: Sides) -> list[Finding]:
    """One for each revision from which both sides grew."""
    base, ours, theirs = (graph_of(side, Framework.ALEMBIC) for side in (sides.base, sides.ours, sides.theirs))
    return [_settled(sides, ours, theirs, fork) for fork in forks(base, ours, theirs)]


def _settled(sides: Sides, ours: Graph, theirs: Graph, fork: Fork) -> Finding:
    root, at = theirs[fork.roots[0]], fork.at or "nothing"
    said = f"{few(fork.mine)} of the trunk and {few(fork.other)} of the candidate both follow {at}"

    def unclear(why: str) -> Finding:
        return Finding(ConflictKind.SCHEMA, RULE, root.path, root.id, f"{said}; {why}")

    found = clashes([ours[name] for name in fork.mine], [theirs[name] for name in fork.other])
    if found:
        return unclear(statements(found))
    if len(fork.tips) != 1:
        return unclear(f"the trunk has the heads {few(fork.tips)} after it")
    edits: dict[str, bytes | None] = {}
    for name in fork.roots:
        path = theirs[name].path
        edits[path] = repointed(sides.theirs[path], {fork.at: fork.tips[0]})
        if edits[path] is None:
            return unclear(f"the parent in {path} is not written as a text")
    fault = _fault(sides, edits, ours, theirs)
    if fault:
        return unclear(fault)
    how = f"{few(fork.roots)} re-pointed from {at} to {fork.tips[0]}"
    return Finding(ConflictKind.SCHEMA, RULE, root.path, root.id, said, edits, how)


def _fault(sides: Sides, edits: Mapping[str, bytes | None], ours: Graph, theirs: Graph) -> str:
    """Why the merged files with the edits are still no row; "" when they are one."""
    after = graph_of(applied(sides.merged(), edits), Framework.ALEMBIC)
    if has_circle(after):
        return "in a row they would make a circle"
    left = heads(after)
    return (
        "" if len(left) <= max(len(heads(ours)), len(heads(theirs)), 1) else f"the heads {few(sorted(left))} are left"
    )


def repointed(source: bytes, moves: Mapping[str, str]) -> bytes | None:
    """The file with each parent that has a new name under that name; None where that can not be done."""
    tree = parse(source)
    if tree is None:
        return None
    starts, splices = line_starts(source), []
    for value in (value for name, value, _ in assigned(tree.body) if name == "down_revision"):
        for one in value.elts if isinstance(value, ast.Tuple | ast.List | ast.Set) else [value]:
            new = moves.get(_parent(one))
            if new is not None:
                start, end = place(starts, one)
                splices.append(Splice(start, end, quoted(source[start:end], new)))
    return spliced(source, [*splices, *_said(tree, source, starts, moves)]) if splices else None


def _parent(one: ast.expr) -> str:
    """The parent that an expression names; one that is no name of any for what is not a literal."""
    if isinstance(one, ast.Constant) and (one.value is None or isinstance(one.value, str)):
        return one.value or BEGINNING
    return "\0"


def _said(tree: ast.Module, source: bytes, starts: list[int], moves: Mapping[str, str]) -> list[Splice]:
    """The line `Revises: …` of the docstring."""
    if ast.get_docstring(tree, clean=False) is None:
        return []
    start, end = place(starts, tree.body[0])
    line = _REVISES.search(source, start, end)
    if line is None:
        return []
    said = line[2]
    for old, new in moves.items():
        if old == BEGINNING:
            said = said if said.strip() else b" " + new.encode()
        else:
            said = re.sub(rb"(?<![\w.-])%b(?![\w.-])" % re.escape(old.encode()), new.encode(), said)
    return [Splice(line.start(2), line.end(2), said)]
