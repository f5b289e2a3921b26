"""What a Python file offers: functions, classes, methods, fields and values, with what a caller may write.

Never: names inside functions; a signature guessed where a decorator or a base class may give another.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence

from conflict.surface.nouns import Param, ParamKind, Signature, Symbol, SymbolKind
from conflict.surface.syntax import children, dotted, last, source, text_mark

_PLAIN = frozenset(
    {"staticmethod", "classmethod", "abstractmethod", "lru_cache", "cache", "contextmanager", "asynccontextmanager"}
    | {"wraps", "final", "override", "deprecated", "no_type_check"}
)
"""Decorators under which a caller writes what the function itself takes."""
_PROPERTY = frozenset({"property", "cached_property", "abstractproperty", "hybrid_property"})
_DATACLASS = frozenset({"dataclass", "define", "frozen", "mutable", "attrs"})
_KEYWORD_MODELS = frozenset({"BaseModel", "BaseSettings", "TypedDict", "SQLModel"})
_NO_INSTANCES = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "Protocol"})

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Block = Sequence[ast.stmt]


def symbols_of(tree: ast.Module, text: str) -> Iterator[Symbol]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    yield from _named(tree.body, "", lines)


def blocks(body: _Block) -> Iterator[ast.stmt]:
    """The statements of a body, those under `if`, `try` and `with` included: they define names of the same scope."""
    for stmt in body:
        yield stmt
        match stmt:
            case ast.If(body=first, orelse=second):
                yield from blocks([*first, *second])
            case ast.Try(body=first, handlers=handlers, orelse=second, finalbody=third):
                yield from blocks([*first, *(inner for one in handlers for inner in one.body), *second, *third])
            case ast.With(body=first):
                yield from blocks(first)
            case _:
                pass


def _named(body: _Block, within: str, lines: Sequence[str]) -> Iterator[Symbol]:
    for stmt in blocks(body):
        match stmt:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                if not any(last(dotted(one)) == "overload" for one in stmt.decorator_list):
                    yield _function(stmt, within, lines)
            case ast.ClassDef():
                yield from _class(stmt, within, lines)
            case ast.Assign(targets=targets):
                for target in targets:
                    for name in _stored(target):
                        yield _value(name, stmt, "", within, lines)
            case ast.AnnAssign(target=ast.Name(id=name), annotation=hint):
                yield _value(name, stmt, source(hint), within, lines)
            case ast.AugAssign() | _:
                pass


def _stored(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, (ast.Tuple, ast.List)):
        for inner in target.elts:
            yield from _stored(inner)


def _full(within: str, name: str) -> str:
    return f"{within}.{name}" if within else name


def _exported(name: str) -> bool:
    return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))


def _value(name: str, stmt: ast.stmt, hint: str, within: str, lines: Sequence[str]) -> Symbol:
    digest = text_mark(_text(stmt, lines))
    kind, end = SymbolKind.VALUE, stmt.end_lineno or stmt.lineno
    return Symbol(_full(within, name), kind, stmt.lineno, end, digest, digest, exported=_exported(name), type=hint)


def _function(node: _Function, within: str, lines: Sequence[str]) -> Symbol:
    names = {last(dotted(one.func if isinstance(one, ast.Call) else one)) for one in node.decorator_list}
    kind = SymbolKind.METHOD if within else SymbolKind.FUNCTION
    if names & _PROPERTY or any(name in ("setter", "deleter", "getter") for name in names):
        kind = SymbolKind.PROPERTY
    signature = (
        None if kind is SymbolKind.PROPERTY else signature_of(node, bool(within) and "staticmethod" not in names)
    )
    text = _text(node, lines)
    digest, nameless = text_mark(text), text_mark(text.replace(f"def {node.name}", "def", 1))
    return Symbol(
        _full(within, node.name),
        kind,
        _first_line(node),
        node.end_lineno or node.lineno,
        digest,
        "" if all(map(_says_nothing, node.body)) else nameless,
        signature,
        abstract=bool(names & {"abstractmethod", "abstractproperty"}),
        exported=_exported(node.name),
        type=source(node.returns),
        decorated=bool(names - _PLAIN - _PROPERTY - {"setter", "deleter", "getter"}),
    )


def _first_line(node: _Function | ast.ClassDef) -> int:
    return min([node.lineno, *(one.lineno for one in node.decorator_list)])


def _text(node: ast.stmt, lines: Sequence[str]) -> str:
    first = (
        _first_line(node) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) else node.lineno
    )
    return "\n".join(lines[first - 1 : node.end_lineno])


def _says_nothing(stmt: ast.stmt) -> bool:
    """So little that two such functions being alike means nothing."""
    return isinstance(stmt, (ast.Pass, ast.Expr, ast.Raise)) or (
        isinstance(stmt, ast.Return) and (stmt.value is None or isinstance(stmt.value, (ast.Constant, ast.Name)))
    )


def signature_of(node: _Function | ast.Lambda, bound: bool) -> Signature:
    """`bound`: the first parameter is the receiver, which no caller writes."""
    args = node.args
    placed = [(arg, ParamKind.POSITIONAL) for arg in args.posonlyargs] + [(arg, ParamKind.EITHER) for arg in args.args]
    defaults: list[ast.expr | None] = [None] * (len(placed) - len(args.defaults))
    defaults += args.defaults
    params = [
        Param(arg.arg, kind, None if default is None else source(default), source(arg.annotation))
        for (arg, kind), default in zip(placed, defaults, strict=True)
    ]
    if bound:
        params = params[1:]
    if args.vararg is not None:
        params.append(Param(args.vararg.arg, ParamKind.REST, type=source(args.vararg.annotation)))
    for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        given = None if default is None else source(default)
        params.append(Param(arg.arg, ParamKind.KEYWORD, given, source(arg.annotation)))
    if args.kwarg is not None:
        params.append(Param(args.kwarg.arg, ParamKind.NAMED_REST, type=source(args.kwarg.annotation)))
    returns = source(node.returns) if not isinstance(node, ast.Lambda) else ""
    return Signature(tuple(params), returns, isinstance(node, ast.AsyncFunctionDef) and not _yields(node))


def _yields(node: ast.AST) -> bool:
    todo = children(node)
    while todo:
        here = todo.pop()
        if isinstance(here, (ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(here, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            todo.extend(children(here))
    return False


# ----------------------------------------------------------------------------------------------------- classes


def _class(node: ast.ClassDef, within: str, lines: Sequence[str]) -> Iterator[Symbol]:
    name = _full(within, node.name)
    members = list(_named(node.body, name, lines))
    bases = tuple(source(base) for base in node.bases)
    header = "|".join(
        source(one) for one in (*node.bases, *(given.value for given in node.keywords), *node.decorator_list)
    )
    yield Symbol(
        name,
        SymbolKind.CLASS,
        _first_line(node),
        node.end_lineno or node.lineno,
        text_mark("|".join([header, *(one.name for one in members)])),
        text_mark(_text(node, lines).replace(f"class {node.name}", "class", 1)) if members else "",
        _making(node, members),
        bases,
        exported=_exported(node.name),
    )
    yield from members
    known = {one.name for one in members}
    for field, stmt, hint in _set_on_self(node):
        if (full := f"{name}.{field}") not in known:
            known.add(full)
            line, end = stmt.lineno, stmt.end_lineno or stmt.lineno
            yield Symbol(full, SymbolKind.VALUE, line, end, exported=_exported(field), type=hint)


def _set_on_self(node: ast.ClassDef) -> Iterator[tuple[str, ast.stmt, str]]:
    for method in node.body:
        if not isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)) or not method.args.args:
            continue
        me = method.args.args[0].arg
        hints = {arg.arg: source(arg.annotation) for arg in method.args.args + method.args.kwonlyargs}
        for stmt in ast.walk(method):
            if isinstance(stmt, ast.Assign):
                targets, hint = stmt.targets, _made_of(stmt.value, hints)
            elif isinstance(stmt, ast.AnnAssign):
                targets, hint = [stmt.target], source(stmt.annotation)
            else:
                continue
            for target in targets:
                if isinstance(target, ast.Attribute) and dotted(target.value) == me:
                    yield target.attr, stmt, hint


def _made_of(value: ast.expr, hints: dict[str, str]) -> str:
    """The class that a value plainly is of: `Repo()` or a parameter that says so."""
    if isinstance(value, ast.Call) and last(dotted(value.func))[:1].isupper():
        return dotted(value.func)
    return hints.get(value.id, "") if isinstance(value, ast.Name) else ""


def _making(node: ast.ClassDef, members: Iterable[Symbol]) -> Signature | None:
    by_name = {last(one.name): one for one in members}
    for maker in ("__init__", "__new__"):
        if maker in by_name:
            found = by_name[maker]
            return None if found.decorated else found.signature
    bases = {last(dotted(base)) for base in node.bases}
    decorators = {last(dotted(one.func if isinstance(one, ast.Call) else one)) for one in node.decorator_list}
    if (
        node.keywords
        or bases & _NO_INSTANCES
        or decorators - _DATACLASS - {"final", "total_ordering", "runtime_checkable"}
    ):
        return None
    if decorators & _DATACLASS:
        return None if bases - {"object"} else _from_fields(node, _kw_only(node))
    if bases == {"NamedTuple"}:
        return _from_fields(node, keyword=False)
    if len(bases) == 1 and bases <= _KEYWORD_MODELS:
        return None if "alias" in source(node) else _from_fields(node, keyword=True)
    return Signature() if not node.bases and not node.decorator_list else None


def _kw_only(node: ast.ClassDef) -> bool:
    return any("kw_only=True" in source(one) for one in node.decorator_list)


def _from_fields(node: ast.ClassDef, keyword: bool) -> Signature:
    params: list[Param] = []
    kind = ParamKind.KEYWORD if keyword else ParamKind.EITHER
    for stmt in node.body:
        if not isinstance(stmt, ast.AnnAssign) or not isinstance(stmt.target, ast.Name):
            continue
        hint = source(stmt.annotation)
        if hint.rpartition(".")[2] == "KW_ONLY":
            kind = ParamKind.KEYWORD
        elif "ClassVar" not in hint and not _kept_out(stmt.value) and stmt.target.id != "model_config":
            default = None if stmt.value is None or _must_be_given(stmt.value) else source(stmt.value)
            params.append(Param(stmt.target.id, kind, default, hint))
    return Signature(tuple(params))


def _kept_out(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Call) and any(
        given.arg == "init" and isinstance(given.value, ast.Constant) and given.value.value is False
        for given in value.keywords
    )


def _must_be_given(value: ast.expr) -> bool:
    """`field(repr=False)` and `Field(...)` give no default."""
    if not isinstance(value, ast.Call) or last(dotted(value.func)) not in {"field", "Field", "ib", "attrib"}:
        return False
    if value.args:
        return isinstance(value.args[0], ast.Constant) and value.args[0].value is ...
    return not any(given.arg in ("default", "default_factory", "factory") for given in value.keywords)
