"""Python calls and definitions: arguments renamed or given by name, calls awaited, an old name kept beside a new one.

Never: an edit where the tree and the bytes disagree; a call whose arguments do not show.
"""

import ast
from collections.abc import Callable, Iterable

from conflict.harmony.python import Source
from conflict.schema.span import Splice

Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTION, CLASS, WAITED = (ast.FunctionDef, ast.AsyncFunctionDef), ast.ClassDef, ast.AsyncFunctionDef
Call = ast.Call


def calls_at(source: Source, name: str, lines: Iterable[int]) -> list[ast.Call]:
    """Calls of something called `name` that begin, or whose name stands, on these lines."""
    wanted = set(lines)
    found = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called == name and wanted & {node.lineno, node.func.end_lineno or node.lineno}:
                found.append(node)
    return found


def rename_argument(source: Source, calls: Iterable[ast.Call], old: str, new: str) -> bytes | None:
    given = [one for call in calls for one in call.keywords if one.arg == old]
    return source.edited(source.word(source.span(one)[0], old, new) for one in given)


def by_keyword(source: Source, calls: Iterable[ast.Call], names: list[str], first: int) -> bytes | None:
    """The calls with what they give by place, from argument `first` on, given by name; `names` are those of the
    parameters as they were."""
    splices: list[Splice | None] = []
    for call in calls:
        if any(isinstance(one, ast.Starred) for one in call.args) or len(call.args) > len(names):
            return None
        for at, one in enumerate(call.args):
            if at >= first:
                start, _ = _with_brackets(source, one, call)
                splices.append(Splice(start, start, f"{names[at]}=".encode()))
    return source.edited(splices)


def _with_brackets(source: Source, one: ast.expr, call: ast.Call) -> tuple[int, int]:
    """An argument with the brackets around it, which the tree leaves out."""
    start, end = source.span(one)
    begin = source.span(call.func)[1]
    while True:
        before = source.data[begin:start].rstrip()
        after = source.data[end : source.span(call)[1]].lstrip()
        if before.endswith(b"(") and after.startswith(b")") and before.strip() != b"(":
            start = begin + len(before) - 1
            end = source.span(call)[1] - len(after) + 1
        else:
            return start, end


def waited(source: Source, calls: Iterable[ast.Call], must: bool) -> bytes | None:
    """The calls awaited, or awaited no more; None where one does not stand in an `async def`."""
    parents = {id(child): node for node in ast.walk(source.tree) for child in ast.iter_child_nodes(node)}
    splices: list[Splice | None] = []
    for call in calls:
        above = parents.get(id(call))
        start, end = source.span(call)
        if isinstance(above, ast.Await):
            if not must:
                splices.append(Splice(source.span(above)[0], start, b""))
            continue
        if must and not _is_in_async(call, parents):
            return None
        if must:
            tight = isinstance(above, ast.Attribute | ast.Subscript) or (
                isinstance(above, ast.Call) and above.func is call
            )
            splices += [Splice(start, start, b"(await " if tight else b"await ")]
            splices += [Splice(end, end, b")")] if tight else []
    return source.edited(splices)


def _is_in_async(node: ast.AST, parents: dict[int, ast.AST]) -> bool:
    here: ast.AST | None = node
    while here is not None:
        here = parents.get(id(here))
        if isinstance(here, ast.AsyncFunctionDef):
            return True
        if isinstance(here, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            return False
    return False


# ------------------------------------------------------------------------------------------------ definitions


def definition(source: Source, name: str) -> Function | ast.ClassDef | None:
    """The last definition of a dotted name."""
    body: list[ast.stmt] = source.tree.body
    found: Function | ast.ClassDef | None = None
    for part in name.split("."):
        found = None
        for one in body:
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and one.name == part:
                found = one
        if found is None:
            return None
        body = found.body
    return found


def name_at(source: Source, line: int) -> str:
    """The name of the definition that begins on a line (its decorators' lines included)."""
    for one in ast.walk(source.tree):
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([one.lineno, *(decorator.lineno for decorator in one.decorator_list)])
            if first <= line <= one.lineno:
                return one.name
    return ""


def parameters(function: Function, method: bool) -> list[ast.arg]:
    """Those that a caller gives, by place or name, without the receiver."""
    every = [*function.args.posonlyargs, *function.args.args]
    static = any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in function.decorator_list)
    return every[1:] if method and not static else every


def alias_after(source: Source, function: Function | ast.ClassDef, old: str) -> bytes | None:
    """The file with the old name kept beside the new one, behind its definition."""
    first = min([function, *function.decorator_list], key=lambda one: one.lineno)
    line = source.starts[first.lineno - 1]
    indent = (
        source.data[line : source.span(function)[0]].partition(b"\n")[0]
        if first is function
        else b" " * function.col_offset
    )
    _, end = source.span(function)
    rest = source.data[end : source.data.find(b"\n", end) + 1 or len(source.data)]
    if indent.strip() or (rest.strip() and not rest.strip().startswith(b"#")):
        return None
    newline = b"\r\n" if rest.endswith(b"\r\n") else b"\n"
    lead = b"" if rest.endswith(b"\n") else newline
    said = indent + f"{old} = {function.name}  # callers that were written before it was renamed".encode()
    gap = newline if isinstance(function, ast.ClassDef) or not indent else b""
    return source.edited([Splice(end + len(rest), end + len(rest), lead + gap + gap + said + newline)])


def named(function: Function) -> list[str]:
    """Parameters that can be given by name."""
    every = [*function.args.args, *function.args.kwonlyargs]
    return [one.arg for one in every]


def placed_only(function: Function) -> list[str]:
    return [one.arg for one in function.args.posonlyargs]


def same_place(old: Function, new: Function, gone: str, come: str) -> bool:
    """Whether one parameter stands where the other stood, with the same annotation, and all others are as they were."""
    left, right = [*old.args.args], [*new.args.args]
    if gone in {one.arg for one in old.args.kwonlyargs}:
        left, right = sorted(old.args.kwonlyargs, key=_is(gone)), sorted(new.args.kwonlyargs, key=_is(come))
    if len(left) != len(right):
        return False
    pairs = [(one.arg, two.arg) for one, two in zip(left, right, strict=True) if one.arg != two.arg]
    hints = {one.arg: one.annotation for one in (*left, *right)}
    said = [None if hint is None else ast.dump(hint) for hint in (hints[gone], hints[come])]
    return pairs == [(gone, come)] and (None in said or said[0] == said[1])


def _is(name: str) -> Callable[[ast.arg], tuple[bool, str]]:
    return lambda one: (one.arg == name, one.arg)
