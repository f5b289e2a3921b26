"""New uses on one side of what the other side deletes, moves, renames, or gives another signature.

Never: a use called new that the base has; a verdict where the definition can not be seen.
"""

from collections import Counter
from collections.abc import Iterator

from conflict.rules.calls import misfit, retyped, same_type, shifted
from conflict.rules.meeting import Direction, Meeting
from conflict.rules.moves import whither
from conflict.rules.resolve import Found, find, in_module, member, through_import
from conflict.surface.nouns import Import, Language, Surface, Symbol, SymbolKind, Use
from state.candidate import ConflictKind
from state.clash import Clash, Spot

_CALLED = (SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CLASS)


def clashes(meeting: Meeting) -> Iterator[Clash]:
    for way in meeting.directions():
        seen: set[tuple[str, str, str]] = set()
        for path, surface, before in way.files():
            if not way.now_at(path):
                continue
            for clash in (*_imports(way, path, surface, before), *_uses(way, path, surface, before)):
                key = (path, clash.symbol, clash.rule)
                if key not in seen:
                    seen.add(key)
                    yield clash


def new_uses(surface: Surface, before: Surface | None) -> Iterator[Use]:
    old = Counter((one.target, one.call) for one in before.uses) if before is not None else Counter()
    for one in surface.uses:
        key = (one.target, one.call)
        if old[key] > 0:
            old[key] -= 1
        else:
            yield one


# --------------------------------------------------------------------------------------------------- imports


def _imports(way: Direction, path: str, surface: Surface, before: Surface | None) -> Iterator[Clash]:
    place = way.now_at(path)
    merged = way.after(path).surface(place)
    standing = surface if place == path or merged is None else merged
    kept = None if merged is None or path in way.meeting.unmerged else {_import_key(one) for one in merged.imports}
    old = set() if before is None else {_import_key(one) for one in before.imports}
    leaned_on = {use.target.partition(".")[0] for use in new_uses(surface, before)}
    for one in surface.imports:
        if one.guarded or one.name == "*" or not _is_kept(one, kept):
            continue
        here = through_import(way.user, surface, one, "")
        if here is None or not here.path or (here.name and not here.symbols) or not _touches(way, here):
            continue
        is_new = _import_key(one) not in old
        if not is_new and one.bound not in leaned_on and _is_broken_there(way, path, one):
            continue
        there = through_import(way.meeting.merged, standing, one, "")
        if there is not None and there.name == here.name and here.path in way.meeting.unmerged:
            there = through_import(way.changer, surface, one, "")
        if there is None:
            continue
        if not there.path or (there.name and not there.symbols):
            yield _gone(way, path, one.line, here)
        elif _is_package(here.path) and there.path != here.path and _module_name(there.path) == _module_name(here.path):
            yield _replaced(way, path, one.line, here, there)
        elif is_new and _is_only_imported(way, surface, here, there):
            yield _gone(way, path, one.line, here)


def _is_only_imported(way: Direction, surface: Surface, here: Found, there: Found) -> bool:
    """The name is another file's now. A Python module that imports it by name hands it on; what it hands on of all that
    another has (`*`) does not show. A script must export it again."""
    after = way.after(here.path)
    if there.path == here.path or after.symbols(here.path, here.name):
        return False
    left, name = after.surface(here.path), here.name.partition(".")[0]
    if left is None:
        return True
    if surface.language is Language.PYTHON:
        return all(one.bound != name for one in left.imports)
    return not any(one.exported and (one.bound == name or one.name == "*") for one in left.imports)


def _module_name(path: str) -> str:
    return path.rpartition(".")[0].removesuffix("/__init__").removesuffix("/index")


def _is_package(path: str) -> bool:
    """A package in the place of a module can be all that it was; a module in the place of a package has nothing
    below."""
    return path.rpartition("/")[2].startswith(("__init__.", "index."))


def _replaced(way: Direction, path: str, line: int, here: Found, there: Found) -> Clash:
    """Another file answers to the module's name: what is used may mean something else, and its submodules be gone."""
    return way.clash(
        ConflictKind.STRUCTURE,
        "module-replaced-in-use",
        here.path,
        Spot(path, line),
        Spot(there.path),
        (f"uses {here.name or here.path}", f"puts {there.path} in the place of {here.path}"),
        f"{path}:{line} uses {here.name or 'what was'} of {here.path}, in whose place {there.path} stands",
    )


def _is_kept(one: Import, kept: set[tuple[str, str, str, int]] | None) -> bool:
    return kept is None or _import_key(one) in kept


def _touches(way: Direction, found: Found) -> bool:
    return found.path in way.changed_in


def _import_key(one: Import) -> tuple[str, str, str, int]:
    return one.module, one.name, one.bound, one.level


def _is_broken_there(way: Direction, path: str, one: Import) -> bool:
    """The other side left this import dangling by itself: no clash of two."""
    other = way.changer.surface(path)
    if other is None or _import_key(one) not in {_import_key(theirs) for theirs in other.imports}:
        return False
    found = through_import(way.changer, other, one, "")
    return found is not None and (not found.path or bool(found.name and not found.symbols))


def _gone(way: Direction, path: str, line: int, here: Found) -> Clash:
    gone = whither(way, here)
    what = here.name or here.path
    column = _is_column(way, here)
    rule = f"{'column' if column else 'symbol' if here.name else 'module'}-{gone.how}-in-use"
    return way.clash(
        ConflictKind.SCHEMA if column else ConflictKind.STRUCTURE,
        rule,
        what,
        Spot(path, line),
        gone.spot,
        (f"uses {what} of {here.path}", gone.wants),
        f"{path}:{line} uses {what}, which is {gone.told}",
        gone.remedy,
    )


def _is_column(way: Direction, found: Found) -> bool:
    model, _, name = found.name.rpartition(".")
    surface = way.base.surface(found.path) if model else None
    tables = surface.tables if surface is not None else ()
    return any(one.model == model and any(column.name == name for column in one.columns) for one in tables)


# ------------------------------------------------------------------------------------------------------ uses


def _uses(way: Direction, path: str, surface: Surface, before: Surface | None) -> Iterator[Clash]:
    after = way.after(path).surface(way.now_at(path))
    left = Counter(one.target for one in after.uses) if after is not None else None
    imported = {one.bound for one in surface.imports if one.bound and one.name}
    for use in new_uses(surface, before):
        if left is not None and path not in way.meeting.unmerged and not left[use.target]:
            continue
        here = find(way.user, path, use.target)
        if here is None or not here.symbols or not _touches(way, here):
            continue
        if here.path not in way.after(here.path).blobs:
            if use.target.partition(".")[0] not in imported and not _leads_on(way, path, use):
                yield _gone(way, path, use.line, here)
            continue
        there = _found_after(way, here)
        if there is None:
            continue
        if there.symbols:
            yield from _changed(way, path, use, here, there)
        elif use.target not in imported and _was_there(way, here) and not _leads_on(way, path, use):
            yield _gone(way, path, use.line, _outermost(way, here))


def _leads_on(way: Direction, path: str, use: Use) -> bool:
    """Whether the caller, as merged, finds a definition all the same: its import has been carried along."""
    found = None if path in way.meeting.unmerged else find(way.meeting.merged, way.now_at(path), use.target)
    return found is not None and bool(found.symbols)


def _found_after(way: Direction, here: Found) -> Found | None:
    after = way.after(here.path)
    found = in_module(after, here.path, here.name)
    owner = here.name.rpartition(".")[0]
    if found is not None or not owner or not way.base.symbols(here.path, here.name):
        return found
    # A base class is not known; but it is the same one, and the member was the class's own.
    mine, now = way.user.symbols(here.path, owner), after.symbols(here.path, owner)
    same = len(mine) == len(now) == 1 and mine[0].bases == now[0].bases
    return Found(here.path, here.name, ()) if same and not after.symbols(here.path, here.name) else None


def _was_there(way: Direction, here: Found) -> bool:
    found = in_module(way.base, here.path, here.name)
    return found is not None and bool(found.symbols)


def _outermost(way: Direction, here: Found) -> Found:
    """`Order`, when not only `Order.total` is gone."""
    owner, _, _ = here.name.rpartition(".")
    while owner:
        above = member(way.after(here.path), here.path, owner)
        if above is None or above.symbols:
            break
        here = Found(here.path, owner, way.user.symbols(here.path, owner))
        owner, _, _ = owner.rpartition(".")
    return here


def _changed(way: Direction, path: str, use: Use, here: Found, there: Found) -> Iterator[Clash]:
    was = in_module(way.base, here.path, here.name)
    if was is None or len(was.symbols) != 1 or len(here.symbols) != 1 or len(there.symbols) != 1:
        return
    old, mine, new = was.symbols[0], here.symbols[0], there.symbols[0]
    if _same(old, new) or _same(mine, new):
        return
    told = _misuse(use, mine, new, _language(way, here))
    if told is None and use.call is not None:
        told = _field_gone(way, use, here, there)
    if told is not None:
        rule, why, remedy = told
        yield way.clash(
            ConflictKind.API,
            rule,
            here.name,
            Spot(path, use.line),
            Spot(there.path, new.line),
            (f"uses {here.name} as it was", f"changes {here.name}"),
            f"{path}:{use.line} uses {here.name} of {here.path}: {why}",
            remedy,
        )


def _same(left: Symbol, right: Symbol) -> bool:
    return (
        left.kind is right.kind
        and left.signature == right.signature
        and left.type == right.type
        and (left.kind is not SymbolKind.CLASS or left.digest == right.digest)
    )


def _misuse(use: Use, mine: Symbol, new: Symbol, language: Language) -> tuple[str, str, str] | None:
    """(rule, why, remedy) of a use that the changed definition does not bear."""
    if mine.kind is not new.kind and (mine.kind in _CALLED) != (new.kind in _CALLED):
        return "kind-changed", f"it was a {mine.kind} and is a {new.kind}", ""
    call, before, after = use.call, mine.signature, new.signature
    if call is None:
        return None if same_type(new.type, mine.type) else ("type-changed", f"it was {mine.type} and is {new.type}", "")
    if before is None or after is None or new.decorated or mine.decorated:
        return None
    why = misfit(after, call, language)
    if why and not misfit(before, call, language):
        return "call-signature", why, "rename-argument" if why.startswith("it takes no ") else ""
    if moved := shifted(before, after, call):
        return "parameters-reordered", moved, "keywords"
    if before.awaited != after.awaited:
        return "call-awaited", "it must be awaited now" if after.awaited else "it can not be awaited any more", "await"
    if other := retyped(before, after, call):
        return "parameter-type", other, ""
    if not same_type(after.returns, before.returns):
        return "return-changed", f"it gave {before.returns} and gives {after.returns}", ""
    return None


def _field_gone(way: Direction, use: Use, here: Found, there: Found) -> tuple[str, str, str] | None:
    """A field given to a class by name (`Order(total=3)`) that the class has no more."""
    if use.call is None or here.symbols[0].kind is not SymbolKind.CLASS:
        return None
    for name in use.call.names:
        mine = member(way.user, here.path, f"{here.name}.{name}")
        new = member(way.after(there.path), there.path, f"{there.name}.{name}")
        if mine is not None and mine.symbols and new is not None and not new.symbols:
            return "field-gone", f"it has no field {name} any more", ""
    return None


def _language(way: Direction, found: Found) -> Language:
    surface = way.user.surface(found.path)
    return Language.OTHER if surface is None else surface.language
