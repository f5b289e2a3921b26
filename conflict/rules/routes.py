"""Routes that both branches add, and requests of one branch that a route of the other does not answer any more.

Never: an address matched that is not written out; a request that the base made already.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from conflict.rules.calls import same_type
from conflict.rules.meeting import Direction, Meeting
from conflict.rules.resolve import find
from conflict.rules.view import View
from conflict.surface.nouns import Field, Language, Route, RouteUse, Surface, SymbolKind
from conflict.surface.paths import same_route
from state.candidate import ConflictKind
from state.clash import Clash, Spot

_API = ConflictKind.API
_MOST_BESIDE = 80
"""So many files beside a changed model are looked through for routes that name it."""


@dataclass(frozen=True, slots=True)
class _At:
    path: str
    route: Route

    @property
    def name(self) -> str:
        return f"{self.route.method} {self.route.path}"

    @property
    def spot(self) -> Spot:
        return Spot(self.path, self.route.line)


def clashes(meeting: Meeting) -> Iterator[Clash]:
    yield from _added_twice(meeting)
    for way in meeting.directions():
        yield from _asked(way)


def _routes(view: View, paths: Iterable[str]) -> list[_At]:
    found: list[_At] = []
    for path in sorted(paths):
        surface = view.surface(path)
        found += [_At(path, one) for one in surface.routes] if surface is not None else []
    return found


def _key(at: _At) -> tuple[str, str]:
    return at.route.method, at.route.path


def _added_twice(meeting: Meeting) -> Iterator[Clash]:
    both = meeting.by_ours | meeting.by_theirs
    before = {_key(at) for at in _routes(meeting.base, both)}
    mine = {_key(at): at for at in _routes(meeting.ours, meeting.by_ours) if _key(at) not in before}
    other = {_key(at): at for at in _routes(meeting.theirs, meeting.by_theirs) if _key(at) not in before}
    for key in sorted(mine.keys() & other.keys()):
        left, right = mine[key], other[key]
        same = left.path == right.path and left.route.digest == right.route.digest
        if same or _is_document(meeting, left) != _is_document(meeting, right) or _apart(left.path, right.path):
            continue
        wants = f"adds {left.name}"
        detail = f"both add {left.name}: {left.path}:{left.route.line} and {right.path}:{right.route.line}"
        yield Clash(_API, "route-added-twice", left.name, left.spot, right.spot, wants, wants, detail)


def _is_document(meeting: Meeting, at: _At) -> bool:
    """A document describes what code answers: both naming a route is as it should be."""
    surface = meeting.ours.surface(at.path) or meeting.theirs.surface(at.path)
    return surface is not None and surface.language is Language.OPENAPI


def _apart(left: str, right: str) -> bool:
    """Tests make applications of their own; and so does what lies in folders that share nothing."""
    tests = [("test" in path.rpartition("/")[2].lower() or "/tests/" in f"/{path}") for path in (left, right)]
    return any(tests) and left != right


# ------------------------------------------------------------------------------------------------------ asked


def _asked(way: Direction) -> Iterator[Clash]:
    asked = [(path, use) for path, surface, was in way.files() for use in _new_requests(surface, was)]
    if not asked:
        return
    near = _answering(way)
    before, after = _routes(way.base, near), _routes(way.changer, near)
    kept = {(_key(at), at.route.endpoint, at.route.digest): at for at in after}
    touched = [at for at in before if _is_touched(way, at, kept.get((_key(at), at.route.endpoint, at.route.digest)))]
    if not touched:
        return
    everywhere = after + _routes(way.user, way.used_in - near)
    for path, use in asked:
        for at in touched:
            if _matches(use, at.route):
                yield from _told(way, path, use, at, everywhere)
                break


def _answering(way: Direction) -> frozenset[str]:
    """Files whose routes may answer otherwise now: those changed, and those beside a changed model."""
    near = set(way.changed_in)
    for path in way.changed_in:
        surface = way.base.surface(path)
        if surface is None or not any(one.kind is SymbolKind.CLASS for one in surface.symbols):
            continue
        folders = {path.rpartition("/")[0], path.rpartition("/")[0].rpartition("/")[0]}
        beside = [one for one in way.base.blobs if one.endswith(".py") and _folder(one) in folders]
        near.update(beside if len(beside) <= _MOST_BESIDE else ())
    return frozenset(near)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _is_touched(way: Direction, was: _At, now: _At | None) -> bool:
    if now is None:
        return True
    return _body(way.base, was) != _body(way.changer, now) or _answer(way.base, was) != _answer(way.changer, now)


def _new_requests(surface: Surface, before: Surface | None) -> Iterator[RouteUse]:
    old = Counter(_shape(one) for one in before.route_uses) if before is not None else Counter()
    for one in surface.route_uses:
        if old[_shape(one)] > 0:
            old[_shape(one)] -= 1
        else:
            yield one


def _shape(use: RouteUse) -> tuple[object, ...]:
    return use.method, use.path, use.endpoint, use.body, use.query, use.reads


def _matches(use: RouteUse, route: Route) -> bool:
    if use.endpoint:
        return use.endpoint.rpartition(".")[2].rpartition(":")[2] == route.endpoint != ""
    asked = "GET" if use.method == "HEAD" else use.method
    return (route.method == "*" or asked in ("*", route.method)) and same_route(use.path, route.path)


def _told(way: Direction, path: str, use: RouteUse, was: _At, now: list[_At]) -> Iterator[Clash]:
    there = [at for at in now if _matches(use, at.route)]
    asks = (f"asks for {was.name}", "")
    where = Spot(path, use.line)
    if not there:
        to, told, remedy = _gone_to(was, now)
        spot = to.spot if to is not None else Spot(was.path)
        rule = "route-changed" if to is not None else "route-gone"
        detail = f"{path}:{use.line} asks for {was.name}, which {told}"
        yield way.clash(_API, rule, was.name, where, spot, (asks[0], told), detail, remedy)
        return
    for at in there:
        if _key(at) == _key(was):
            why = _misasked(way, use, was, at)
            if why is not None:
                rule, told = why
                detail = f"{path}:{use.line} asks for {was.name}: {told}"
                yield way.clash(_API, rule, was.name, where, at.spot, (asks[0], f"changes {was.name}"), detail)
            return


def _gone_to(was: _At, now: list[_At]) -> tuple[_At | None, str, str]:
    for at in now:
        if at.route.path == was.route.path and at.route.handler == was.route.handler:
            return at, f"answers {at.route.method} now", ""
    same = [at for at in now if at.route.handler and at.route.handler == was.route.handler]
    if len(same) == 1 and same[0].route.path != was.route.path:
        return same[0], f"is {same[0].name} now", "path"
    other = [at for at in now if at.route.path == was.route.path]
    if other:
        return other[0], f"answers {other[0].route.method} now", ""
    return None, "is gone", ""


def _misasked(way: Direction, use: RouteUse, was: _At, now: _At) -> tuple[str, str] | None:
    parts = (
        ("request-field", use.body, _body(way.base, was), _body(_later(way, now), now)),
        ("query-field", use.query, was.route.query, now.route.query),
    )
    for rule, given, before, after in parts:
        if why := _fields(given, before, after):
            return rule, why
    had, has = _answer(way.base, was), _answer(_later(way, now), now)
    for key in use.reads:
        if key in {one.name for one in had} and has and key not in {one.name for one in has}:
            return "answer-field", f"its answer has no {key} any more"
        types = [{one.name: one.type for one in side}.get(key, "") for side in (had, has)]
        if not same_type(types[1], types[0]):
            return "answer-field", f"{key} of its answer was {types[0]} and is {types[1]}"
    return None


def _later(way: Direction, at: _At) -> View:
    return way.changer if at.path in way.changed_in else way.user


def _fields(given: tuple[str, ...] | None, before: tuple[Field, ...], after: tuple[Field, ...]) -> str:
    if given is None:
        return ""
    known, now = {one.name for one in before}, {one.name for one in after}
    was_needed = {one.name for one in before if one.required}
    for one in after:
        if one.required and one.name not in was_needed and one.name not in given:
            return f"it needs {one.name}"
    for name in given:
        if name in known and name not in now:
            return f"it takes no {name} any more"
    return ""


def _body(view: View, at: _At) -> tuple[Field, ...]:
    return (*at.route.body, *_of_class(view, at.path, at.route.body_type))


def _answer(view: View, at: _At) -> tuple[Field, ...]:
    return (*at.route.answer, *_of_class(view, at.path, at.route.answer_type))


def _of_class(view: View, path: str, name: str) -> tuple[Field, ...]:
    """The fields of a model that a route names, in whichever file it is."""
    if not name:
        return ()
    surface = view.surface(path)
    shape = next((one for one in surface.shapes if one.name == name), None) if surface is not None else None
    if shape is not None:
        return shape.fields
    found = find(view, path, name)
    if found is None or len(found.symbols) != 1 or found.symbols[0].kind is not SymbolKind.CLASS:
        return ()
    made = found.symbols[0].signature
    return tuple(Field(one.name, one.type, one.required) for one in made.params) if made is not None else ()
