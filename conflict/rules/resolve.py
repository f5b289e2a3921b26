"""From a name in one file to the definition that it means, through imports, re-exports and base classes.

Never: an answer where a module may hold names that do not show.
"""

from dataclasses import dataclass

from conflict.rules.view import View
from conflict.surface.nouns import Import, Language, Surface, Symbol, SymbolKind

_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Found:
    """`name` in the file `path`: its definitions there; none when the module shows all its names and has no such."""

    path: str
    name: str
    symbols: tuple[Symbol, ...]


GONE = Found("", "", ())
"""There is no such module in this tree, though its package is of it."""


def find(view: View, path: str, target: str, depth: int = 0) -> Found | None:
    """What `target`, as written in the file `path`, stands for; None when that can not be known."""
    surface = view.surface(path)
    if surface is None or depth > _DEEPEST:
        return None
    root, _, rest = target.partition(".")
    if view.symbols(path, root):
        return member(view, path, target, depth)
    bound = [one for one in surface.imports if one.bound == root]
    if len({(one.module, one.name, one.level) for one in bound}) != 1:
        return None
    return through_import(view, surface, bound[0], rest, depth)


def through_import(view: View, surface: Surface, given: Import, rest: str, depth: int = 0) -> Found | None:
    """What an import of that file, and the dotted `rest` behind it, stand for."""
    if surface.language is not Language.PYTHON:
        return _through_script(view, surface, given, rest, depth)
    if given.name == "*" or depth > _DEEPEST:
        return None
    names = [part for part in (given.name, *rest.split(".")) if part]
    module = given.module
    while True:
        at = view.python_module(surface.path, module, given.level)
        if at is None:
            return _shorter(view, surface, given, module, names, depth)
        if not names:
            return Found(at, "", ())
        below = f"{module}.{names[0]}" if module else names[0]
        if at.endswith("/") or (at.endswith("__init__.py") and not view.symbols(at, names[0])):
            inner = view.python_module(surface.path, below, given.level)
            if inner is not None and inner != at:
                module, names = below, names[1:]
                continue
        return None if at.endswith("/") else in_module(view, at, ".".join(names), depth + 1)


def _shorter(view: View, surface: Surface, given: Import, module: str, names: list[str], depth: int) -> Found | None:
    """The "module" may be a class in one (`"shop.orders.Order.total"` in a string), or be gone."""
    above, _, name = module.rpartition(".")
    if not above and not given.level:
        return None
    at = view.python_module(surface.path, above, given.level)
    if at is None:
        return GONE if above and _is_ours(view, surface, above, given.level) else None
    if at.endswith("/"):
        return GONE
    if view.surface(at) is None:
        return None
    found = in_module(view, at, ".".join([name, *names]), depth + 1)
    return found if found is not None and found.symbols else GONE if not _is_open(view, at) else None


def _is_ours(view: View, surface: Surface, module: str, level: int) -> bool:
    """Whether some package above a module is of this tree."""
    while module:
        if view.python_module(surface.path, module, level) is not None:
            return True
        module = module.rpartition(".")[0]
    return bool(level)


def _is_open(view: View, path: str) -> bool:
    surface = view.surface(path)
    return surface is None or surface.open


def in_module(view: View, path: str, name: str, depth: int = 0) -> Found | None:
    """A dotted name in a file, or in what that file re-exports under it."""
    root, _, rest = name.partition(".")
    surface = view.surface(path)
    if surface is None or depth > _DEEPEST:
        return None
    if view.symbols(path, root):
        return member(view, path, name, depth)
    passed = [one for one in surface.imports if one.bound == root]
    if passed:
        return through_import(view, surface, passed[0], rest, depth + 1)
    known = not surface.open
    for star in surface.imports:
        if star.name == "*" and star.bound in ("", "*"):
            found = _through_star(view, surface, star, name, depth + 1)
            if found is not None and found.symbols:
                return found
            known = known and found is not None
    return Found(path, name, ()) if known else None


def _through_star(view: View, surface: Surface, star: Import, name: str, depth: int) -> Found | None:
    if surface.language is not Language.PYTHON:
        return through_import(view, surface, star, name, depth)
    at = view.python_module(surface.path, star.module, star.level)
    return None if at is None or at.endswith("/") else in_module(view, at, name, depth)


def member(view: View, path: str, name: str, depth: int = 0) -> Found | None:
    """`Order.total`, in the class or, failing that, in its bases; None where a base is not known."""
    here = view.symbols(path, name)
    if here:
        return Found(path, name, here)
    owner, _, last = name.rpartition(".")
    if not owner or depth > _DEEPEST:
        return Found(path, name, ())
    classes = view.symbols(path, owner)
    if len(classes) != 1 or classes[0].kind not in (SymbolKind.CLASS, SymbolKind.TYPE) or classes[0].decorated:
        return None
    if view.symbols(path, f"{owner}.__getattr__"):
        return None
    for base in classes[0].bases:
        if base in ("object", "Generic", "ABC", "abc.ABC", "Protocol"):
            continue
        above = find(view, path, base.partition("[")[0], depth + 1)
        if above is None or not above.symbols:
            return None
        found = member(view, above.path, f"{above.name}.{last}", depth + 1)
        if found is None or found.symbols:
            return found
    return Found(path, name, ())


def _through_script(view: View, surface: Surface, given: Import, rest: str, depth: int) -> Found | None:
    at = view.script_module(surface.path, given.module)
    if depth > _DEEPEST:
        return None
    if at is None:
        return GONE if given.module.startswith((".", "@/")) else None
    names = [part for part in ("" if given.name == "*" else given.name, *rest.split(".")) if part]
    return in_module(view, at, ".".join(names), depth + 1) if names else Found(at, "", ())
