"""What a Python file relies on: imports, and each name of another file (or of its own top) that it reads or calls.

A receiver is known where an annotation or a plain construction says its class (`repo: Repo`, `repo = Repo()`, `self`).
Never: a type guessed from a name; a local name taken for an import of the same name.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from conflict.surface.nouns import Call, Import, Symbol, SymbolKind, Use
from conflict.surface.syntax import children, dotted, last, text_of

_SPEAKS_BY_STRING = frozenset({"patch", "setattr", "delattr", "import_string", "import_module"})
_CATCHES_IMPORTS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException", "AttributeError"})

_SAYS_MORE = frozenset(
    {ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.Await, ast.Call, ast.Attribute, ast.Name}
    | {ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Assign, ast.AnnAssign, ast.With, ast.AsyncWith}
)
"""The nodes that `_Reader` takes for more than what lies below them."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def imports_of(tree: ast.Module, text: str) -> Iterator[Import]:
    yield from _imports(tree, guarded=False)
    for node in ast.walk(tree) if any(word in text for word in _SPEAKS_BY_STRING) else ():
        if isinstance(node, ast.Call) and node.args and last(dotted(node.func)) in _SPEAKS_BY_STRING:
            named = text_of(node.args[0])
            if named.count(".") and all(part.isidentifier() for part in named.split(".")):
                module, _, name = named.rpartition(".")
                yield Import(module, name, "", node.lineno)


def _imports(node: ast.AST, guarded: bool) -> Iterator[Import]:
    for child in children(node):
        match child:
            case ast.Import(names=names):
                for alias in names:
                    bound = alias.asname or alias.name.partition(".")[0]
                    module = alias.name if alias.asname else bound
                    yield Import(module, "", bound, child.lineno, guarded=guarded)
                    if module != alias.name:
                        yield Import(alias.name, "", "", child.lineno, guarded=guarded)
            case ast.ImportFrom(module=module, names=names, level=level):
                for alias in names:
                    bound = alias.asname or alias.name
                    yield Import(module or "", alias.name, bound, child.lineno, level, guarded)
            case ast.Try(body=body, handlers=handlers):
                soft = guarded or any(_catches(one) for one in handlers)
                for stmt in body:
                    yield from _imports(ast.Module([stmt], []), soft)
                yield from _imports(ast.Module([inner for one in handlers for inner in one.body], []), soft)
                yield from _imports(ast.Module([*child.orelse, *child.finalbody], []), guarded)
            case ast.stmt() | ast.ExceptHandler() | ast.match_case():
                yield from _imports(child, guarded)
            case _:
                pass


def _catches(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(last(dotted(kind)) in _CATCHES_IMPORTS for kind in kinds)


def uses_of(tree: ast.Module, imports: Iterable[Import], symbols: Sequence[Symbol]) -> Iterator[Use]:
    known = {one.bound for one in imports if one.bound and one.name != "*"}
    known |= {one.name for one in symbols if "." not in one.name}
    attributes = {
        one.name: one.type for one in symbols if one.kind is SymbolKind.VALUE and "." in one.name and one.type
    }
    reader = _Reader(frozenset(known), attributes)
    reader.body(tree.body, _Scope())
    yield from reader.found


@dataclass(slots=True)
class _Scope:
    """`hidden` are local names that stand before those of the file; `types` the classes that local names are of."""

    owner: str = ""
    me: str = ""
    class_name: str = ""
    hidden: frozenset[str] = frozenset()
    types: dict[str, str] = field(default_factory=dict)


class _Reader:
    def __init__(self, known: frozenset[str], attributes: Mapping[str, str]) -> None:
        self._known = known
        self._attributes = attributes
        self.found: list[Use] = []

    def body(self, body: Sequence[ast.stmt], scope: _Scope) -> None:
        for stmt in body:
            self._visit(stmt, scope)

    def _visit(self, node: ast.AST, scope: _Scope) -> None:
        if type(node) not in _SAYS_MORE:
            self._children(node, scope)
            return
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node, scope)
            case ast.Lambda():
                self._visit(node.args, scope)
                self._visit(node.body, _inner(scope, _parameters(node), {}))
            case ast.ClassDef():
                self._class(node, scope)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                names = frozenset(name for one in node.generators for name in _names(one.target))
                self._children(node, _inner(scope, names, {}))
            case ast.Await(value=ast.Call() as call):
                self._call(call, scope, awaited=True)
            case ast.Call():
                self._call(node, scope, awaited=False)
            case ast.Attribute() | ast.Name():
                self._read(node, scope)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self._learn(scope, name, _class_of(value))
                self._visit(value, scope)
            case ast.AnnAssign(target=ast.Name(id=name), annotation=hint):
                self._learn(scope, name, class_in(hint))
                self._children(node, scope)
            case ast.With(items=items) | ast.AsyncWith(items=items):
                for item in items:
                    if isinstance(item.optional_vars, ast.Name):
                        self._learn(scope, item.optional_vars.id, _class_of(item.context_expr))
                self._children(node, scope)
            case _:
                self._children(node, scope)

    def _children(self, node: ast.AST, scope: _Scope) -> None:
        for child in children(node):
            self._visit(child, scope)

    def _learn(self, scope: _Scope, name: str, kind: str) -> None:
        root = kind.partition(".")[0]
        if kind and root in self._known and root not in scope.hidden:
            scope.types[name] = kind
        else:
            scope.types.pop(name, None)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: _Scope) -> None:
        for outer in (*node.decorator_list, node.args, node.returns):
            if outer is not None:
                self._visit(outer, scope)
        hidden = _parameters(node) | _bound_in(node)
        inner = _inner(scope, hidden, {})
        if not scope.owner or scope.owner == scope.class_name:
            inner.owner = f"{scope.owner}.{node.name}" if scope.owner else node.name
        if scope.owner and scope.owner == scope.class_name and node.args.args:
            inner.me = node.args.args[0].arg
        elif inner.me in hidden:
            inner.me = ""
        for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            kind = "" if arg.annotation is None else class_in(arg.annotation)
            root = kind.partition(".")[0]
            if kind and root in self._known and root not in scope.hidden:
                inner.types[arg.arg] = kind
        self.body(node.body, inner)

    def _class(self, node: ast.ClassDef, scope: _Scope) -> None:
        for outer in (*node.decorator_list, *node.bases, *(given.value for given in node.keywords)):
            self._visit(outer, scope)
        name = f"{scope.owner}.{node.name}" if scope.owner else node.name
        inner = _inner(scope, frozenset(), {})
        inner.owner = inner.class_name = name
        self.body(node.body, inner)

    def _call(self, call: ast.Call, scope: _Scope, awaited: bool) -> None:
        passed = Call(
            sum(not isinstance(arg, ast.Starred) for arg in call.args),
            tuple(given.arg for given in call.keywords if given.arg is not None),
            any(isinstance(arg, ast.Starred) for arg in call.args),
            any(given.arg is None for given in call.keywords),
            awaited,
        )
        if isinstance(call.func, (ast.Name, ast.Attribute)):
            self._read(call.func, scope, passed)
        else:
            self._visit(call.func, scope)
        for inner in (*call.args, *call.keywords):
            self._visit(inner, scope)

    def _read(self, node: ast.Name | ast.Attribute, scope: _Scope, call: Call | None = None) -> None:
        target = self._target(node, scope)
        if target:
            self.found.append(Use(target, node.lineno, call, scope.owner))
        elif isinstance(node, ast.Attribute):
            self._visit(node.value, scope)

    def _target(self, node: ast.Name | ast.Attribute, scope: _Scope) -> str:
        name = dotted(node)
        if not name:
            return self._of_new(node)
        root, _, rest = name.partition(".")
        if root == scope.me and scope.me and rest:
            return self._through(scope.class_name, rest)
        if root in scope.types and rest:
            return self._through(scope.types[root], rest)
        if root in self._known and root not in scope.hidden:
            return name
        return ""

    def _through(self, kind: str, rest: str) -> str:
        """`self.repo.save` as `Repo.save`, where the class says what `repo` is."""
        first, _, more = rest.partition(".")
        told = class_name(self._attributes.get(f"{kind}.{first}", "")) if more else ""
        if more and not told:
            return f"{kind}.{first}"
        return self._through(told, more) if told and told != kind else f"{kind}.{rest}"

    def _of_new(self, node: ast.Name | ast.Attribute) -> str:
        """`Repo().save`."""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Call):
            kind = _class_of(node.value)
            if kind.partition(".")[0] in self._known:
                return f"{kind}.{node.attr}"
        return ""


def _inner(scope: _Scope, hidden: frozenset[str], types: dict[str, str]) -> _Scope:
    kept = {name: kind for name, kind in scope.types.items() if name not in hidden}
    return _Scope(scope.owner, scope.me, scope.class_name, scope.hidden | hidden, kept | types)


def _parameters(node: _Function) -> frozenset[str]:
    args = node.args
    extra = [one for one in (args.vararg, args.kwarg) if one is not None]
    return frozenset(arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs, *extra))


def _names(target: ast.AST) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name):
            yield node.id


def _bound_in(function: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    """Names that a function binds itself, other than by import."""
    bound: set[str] = set()
    free: set[str] = set()
    todo: list[ast.AST] = list(function.body)
    while todo:
        node = todo.pop()
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
                continue
            case ast.Lambda() | ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                continue
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                free.update(names)
            case ast.Name(id=name, ctx=ast.Store()):
                bound.add(name)
            case ast.ExceptHandler(name=str() as name):
                bound.add(name)
            case _:
                pass
        todo.extend(children(node))
    return frozenset(bound - free)


def _class_of(value: ast.expr) -> str:
    """The class that a value is plainly made of: `Repo(…)`, `await Repo(…)` is not known."""
    name = dotted(value.func) if isinstance(value, ast.Call) else ""
    return name if last(name)[:1].isupper() else ""


def class_in(hint: ast.expr) -> str:
    """The one class that an annotation names: `Repo`, `"Repo"`, `Repo | None`, `Optional[Repo]`."""
    match hint:
        case ast.Constant(value=str() as text):
            return class_name(text)
        case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Constant(value=None)):
            return class_in(left)
        case ast.Subscript(value=value, slice=inner) if last(dotted(value)) in {"Optional", "Annotated", "Final"}:
            return class_in(inner.elts[0] if isinstance(inner, ast.Tuple) and inner.elts else inner)
        case _:
            return dotted(hint)


def class_name(text: str) -> str:
    try:
        parsed = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        return ""
    return "" if isinstance(parsed, ast.Constant) else class_in(parsed)
