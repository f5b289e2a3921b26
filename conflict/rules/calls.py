"""Whether a call fits a signature, and what it means there.

Never: a value looked at; where a star hides what is passed, the call fits.
"""

from conflict.surface.nouns import Call, Language, Param, ParamKind, Signature

_PLACED = (ParamKind.POSITIONAL, ParamKind.EITHER)


def misfit(signature: Signature, call: Call, language: Language = Language.PYTHON) -> str:
    """Why the call can not be made, in a few words; "" when it can."""
    placed = [one for one in signature.params if one.kind in _PLACED]
    rest = any(one.kind is ParamKind.REST for one in signature.params)
    if call.starred:
        return ""
    if call.positional > len(placed) and not rest and language is not Language.JAVASCRIPT:
        return f"it takes {_many(len(placed))} by place, and {call.positional} are given"
    filled = {one.name for one in placed[: call.positional]}
    named = {one.name for one in signature.params if one.kind in (ParamKind.EITHER, ParamKind.KEYWORD)}
    open_names = any(one.kind is ParamKind.NAMED_REST for one in signature.params)
    for name in call.names:
        if name not in named and not open_names:
            return f"it takes no {name}"
        if name in filled and name in named:
            return f"{name} is given twice"
    if call.double_starred:
        return ""
    filled.update(call.names)
    missing = [one.name for one in signature.params if one.required and one.name not in filled]
    return f"it needs {', '.join(missing)}" if missing else ""


def _many(count: int) -> str:
    return "no argument" if count == 0 else f"{count} argument{'s' * (count > 1)}"


def shifted(before: Signature, after: Signature, call: Call) -> str:
    """Which argument given by place would mean another parameter; "" when none would.

    A parameter that was only renamed where it stands is told apart from one that took another's place.
    """
    old = [one for one in before.params if one.kind in _PLACED][: call.positional]
    new = [one for one in after.params if one.kind in _PLACED]
    names = {one.name for one in new}
    were = {one.name for one in before.params}
    for place, one in enumerate(old):
        if place >= len(new) or new[place].name == one.name:
            continue
        if one.name in names or new[place].name in were or _other_type(one, new[place]):
            return f"argument {place + 1} was {one.name} and would be {new[place].name}"
    return ""


def _other_type(one: Param, other: Param) -> bool:
    return bool(one.type and other.type) and one.type != other.type


def retyped(before: Signature, after: Signature, call: Call) -> str:
    """A parameter that the call gives and that now has another type; "" for none."""
    old = {one.name: one for one in before.params}
    placed = [one.name for one in before.params if one.kind in _PLACED][: call.positional]
    given = {*placed, *call.names}
    for one in after.params:
        was = old.get(one.name)
        if was is not None and one.name in given and not same_type(was.type, one.type):
            return f"{one.name} was {was.type} and would be {one.type}"
    return ""


def same_type(left: str, right: str) -> bool:
    """Whether two annotations say the same, or one says nothing, or the later is wider."""
    if not left or not right:
        return True
    a, b = _parts(left), _parts(right)
    return a <= b or any(_says_little(one) for one in (*a, *b))


_WIDE = frozenset(
    {"Any", "object", "Sequence", "Iterable", "Iterator", "Collection", "Mapping", "MutableMapping", "Container"}
    | {"PathLike", "Hashable", "Callable", "Generator", "Awaitable", "Coroutine", "Self", "Literal", "float", "unknown"}
)
"""Types that take, or stand for, many others: a change to or from them says little about one call."""


def _says_little(kind: str) -> bool:
    name = kind.partition("[")[0].rpartition(".")[2]
    return name in _WIDE or name.startswith("_") or name.endswith(("T", "_T", "_co")) or name == "None"


_OLD_NAMES = {"List": "list", "Dict": "dict", "Tuple": "tuple", "Set": "set", "Type": "type", "Text": "str"}


def _parts(text: str) -> frozenset[str]:
    """The members of a union: `Optional[List[int]]` and `list[int] | None` are the same."""
    text = text.strip("'\"").replace("typing.", "").replace("t.", "", 1) if text.startswith("t.") else text.strip("'\"")
    text = text.replace("typing.", "").replace(" ", "")
    for old, new in _OLD_NAMES.items():
        text = text.replace(f"{old}[", f"{new}[")
    if text.startswith("Optional[") and text.endswith("]"):
        return _parts(text[9:-1]) | {"None"}
    if text.startswith("Union[") and text.endswith("]"):
        return frozenset().union(*(_parts(one) for one in _split(text[6:-1], ",")))
    pieces = _split(text, "|")
    return frozenset(pieces) if len(pieces) == 1 else frozenset().union(*(_parts(one) for one in pieces))


def _split(text: str, mark: str) -> list[str]:
    found, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter in "[({<") - (letter in "])}>")
        if letter == mark and depth == 0:
            found.append(text[start:at])
            start = at + 1
    return [*found, text[start:]]
