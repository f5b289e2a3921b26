"""The veto: what no automatic result may be, whatever its confidence.

Never: approve; a veto that is silent says nothing about whether a result is right.
"""

import ast
import builtins
import json
import tomllib
import warnings
from collections import Counter
from collections.abc import Callable, Sequence

from conflict.merge.grammars import GRAMMARS, read
from conflict.merge.paths import extension_of
from conflict.merge.three import Stretch
from conflict.merge.tokens import words

_BUILTIN = frozenset(dir(builtins)) | {"__file__", "__name__", "__path__", "__class__", "__doc__", "WindowsError"}
_BROKEN = (SyntaxError, ValueError, RecursionError, MemoryError)
_NAMING = frozenset(
    {ast.Name, ast.arg, ast.ExceptHandler, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ImportFrom}
    | {ast.Import, ast.MatchAs, ast.MatchStar, ast.MatchMapping, ast.Global}
)
_SCOPES = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


Judge = Callable[[str], str]
"""Why a result can not stand, in a few words; "" when nothing speaks against it."""


def veto(path: str, ours: str, theirs: str) -> Judge:
    """The judge of results for a file. A fault that a side has itself is none of the merge's."""
    extension = extension_of(path)
    if extension in (".py", ".pyi"):
        return _python(ours, theirs)
    if extension in GRAMMARS and max(len(ours), len(theirs)) <= MOST_READ:
        judge = _script(ours, theirs, extension)
        if judge is not None:
            return judge
    reader = _READERS.get(extension)
    if reader is not None and _reads(reader, ours) and _reads(reader, theirs):
        return lambda result: "" if _reads(reader, result) else "it does not parse"
    if extension in _BRACKETS and _balanced(ours) and _balanced(theirs):
        return lambda result: "" if _balanced(result) else "its brackets do not match"
    return lambda result: ""


MOST_READ = 400_000
"""Characters above which a file is not parsed: the bounds on time and memory would not hold."""


def too_long(path: str, *texts: str) -> bool:
    """Whether a file that would have to be parsed is too long for that."""
    extension = extension_of(path)
    return (extension in (".py", ".pyi") or extension in _READERS) and max(map(len, texts)) > MOST_READ


def broken(path: str, ours: str, theirs: str, result: str) -> bool:
    """Whether a result does not parse, where both sides do."""
    extension = extension_of(path)
    if extension in GRAMMARS and max(len(ours), len(theirs), len(result)) <= MOST_READ:
        return _faulty(result, extension) and not _faulty(ours, extension) and not _faulty(theirs, extension)
    reader = _parse if extension in (".py", ".pyi") else _READERS.get(extension)
    if reader is None or too_long(path, ours, theirs):
        return False
    return not _reads(reader, result) and _reads(reader, ours) and _reads(reader, theirs)


def _faulty(text: str, extension: str) -> bool:
    tree = read(text, extension)
    return tree is not None and tree.faults > 0


def _unrepeated(pairs: list[tuple[str, object]]) -> dict[str, object]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("a key is given twice")
    return read


def _json(text: str) -> object:
    return json.loads(text, object_pairs_hook=_unrepeated)


_READERS: dict[str, Callable[[str], object]] = {".json": _json, ".toml": tomllib.loads}
_BRACKETS = {
    ".js",
    ".jsx",
    ".ts",
    ".tsx",
    ".mjs",
    ".cjs",
    ".java",
    ".go",
    ".rs",
    ".c",
    ".h",
    ".cc",
    ".cpp",
    ".cs",
    ".css",
}


def _reads(reader: Callable[[str], object], text: str) -> bool:
    try:
        reader(text)
    except _BROKEN:
        return False
    return True


def _balanced(text: str) -> bool:
    return all(text.count(opening) == text.count(closing) for opening, closing in ("()", "[]", "{}"))


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _parsed(text: str) -> ast.Module | None:
    try:
        return _parse(text)
    except _BROKEN:
        return None


def _python(ours: str, theirs: str) -> Judge:
    mine, other = _parsed(ours), _parsed(theirs)
    if mine is None and other is None:
        return lambda result: ""
    if mine is None or other is None:  # what the merge took from the one that parses must not be spoilt by the other
        return lambda result: "" if _parsed(result) is not None else "it does not parse"
    nodes, nodes_too = list(ast.walk(mine)), list(ast.walk(other))
    unknown_before, twice_before = _unknown(nodes) | _unknown(nodes_too), _twice(nodes) | _twice(nodes_too)

    def judge(result: str) -> str:
        merged = _parsed(result)
        if merged is None:
            return "it does not parse"
        found = list(ast.walk(merged))
        unknown = _unknown(found) - unknown_before
        if unknown:
            return f"it uses {min(unknown)}, which nothing in it defines"
        twice = _twice(found) - twice_before
        return f"it defines {min(twice)} twice" if twice else ""

    return judge


def _script(ours: str, theirs: str, extension: str) -> Judge | None:
    """For what tree-sitter reads; None where the grammar is not installed."""
    sides = [read(side, extension) for side in (ours, theirs)]
    if sides[0] is None or sides[1] is None:
        return None
    faults = max(side.faults for side in sides if side is not None)
    twice_before = {key for side in sides if side is not None for key in side.twice}

    def judge(result: str) -> str:
        merged = read(result, extension)
        if merged is None or merged.faults > faults:
            return "it does not parse"
        twice = merged.twice - twice_before
        return f"it defines {min(twice)} twice" if twice else ""

    return judge


def _unknown(nodes: Sequence[ast.AST]) -> set[str]:
    """Names that are read and bound nowhere in the module, whatever the scope."""
    read: set[str] = set()
    bound: set[str] = set(_BUILTIN)
    for node in nodes:
        if type(node) not in _NAMING:
            continue
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                read.add(name)
            case ast.Name(id=name) | ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.ImportFrom(names=names) if any(one.name == "*" for one in names):
                return set()
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                bound.update((one.asname or one.name).partition(".")[0] for one in names)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                bound.add(name)
            case ast.Global(names=names):
                bound.update(names)
            case _:
                pass
    return read - bound


def _twice(nodes: Sequence[ast.AST]) -> set[str]:
    """Functions and classes that a scope defines more than once, but for overloads and properties."""
    found: set[str] = set()
    for scope in nodes:
        if not isinstance(scope, _SCOPES):
            continue
        seen: Counter[str] = Counter()
        for node in scope.body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.decorator_list:
                seen[node.name] += 1
        where = "" if isinstance(scope, ast.Module) else f"{scope.name}."
        found.update(where + name for name, times in seen.items() if times > 1)
    return found


def loses(clash: Stretch[str], result: Sequence[str]) -> bool:
    """Whether a word that a side added is missing, or a line that a side took out is back (law 6)."""
    base, ours, theirs, made = (
        Counter(words("".join(side))) for side in (clash.base, clash.ours, clash.theirs, result)
    )
    if (ours - base) - made or (theirs - base) - made:
        return True
    was, mine, other, lines = (
        {line.strip() for line in side} for side in (clash.base, clash.ours, clash.theirs, result)
    )
    return bool((was - mine) & lines - (other - was)) or bool((was - other) & lines - (mine - was))
