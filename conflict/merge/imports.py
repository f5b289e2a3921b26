"""Imports are sets: what both sides import, in the order and the form that the file keeps.

Never: touch a clash that holds anything but imports, comments on their own lines and blank lines.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Lines = Sequence[str]

_PYTHON = re.compile(
    r"(?P<head>[ \t]*from[ \t]+[\w.]+[ \t]+import[ \t]*)(?P<open>\(?)(?P<names>[\w\s,.*]*?)(?P<close>\)?)[ \t]*\n"
)
_PLAIN = re.compile(r"[ \t]*import[ \t]+[\w., \t]+\n")
_SCRIPT = re.compile(
    r"(?P<head>[ \t]*(?:import|export)[ \t]+(?:type[ \t]+)?(?:\w+[ \t]*,[ \t]*)?)"
    r"(?P<open>\{)(?P<names>[\w\s,$]*)(?P<close>\})"
    r"(?P<tail>[ \t]*from[ \t]*['\"][^'\"\n]+['\"];?)[ \t]*\n"
)
_SCRIPT_PLAIN = re.compile(
    r"[ \t]*(?:import|export)\b[^{}\n]*['\"];?[ \t]*\n|[ \t]*(?:const|let|var) .*\brequire\(.*\n"
)
_BLANK = re.compile(r"[ \t]*\n")
_EXTENSIONS = {".py": True, ".pyi": True} | dict.fromkeys((".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".vue"), False)
_WIDTH = 79


@dataclass(frozen=True, slots=True)
class _Statement:
    """`names` is empty for a statement that is kept or dropped as a whole."""

    key: str
    text: str
    head: str = ""
    names: tuple[str, ...] = ()
    tail: str = ""

    @property
    def tall(self) -> bool:
        return self.text.count("\n") > 1


def merged_imports(base: Lines, ours: Lines, theirs: Lines, path: str) -> tuple[str, ...] | None:
    """The imports of both sides; None where there is anything else, or an import is said twice."""
    extension = path[path.rfind(".") :] if "." in path else ""
    python = _EXTENSIONS.get(extension)
    if python is None or not ours or not theirs:
        return None
    sides = [_read("".join(side), python) for side in (base, ours, theirs)]
    was, mine, other = sides
    if was is None or mine is None or other is None:
        return None
    width = max(_WIDTH, *(len(line) for side in (ours, theirs) for line in side))
    out: list[str] = []
    keys = _three_way(list(was), list(mine), list(other))
    for key in keys:
        found = [side[key] for side in (was, mine, other) if key in side]
        names = _three_way(*(list(side[key].names) if key in side else [] for side in (was, mine, other)))
        out.append(_written(found, names, python, width))
    if not any(statement.names for side in (mine, other) for statement in side.values()) and keys == list(mine):
        return None
    return tuple(part + "\n" for part in "".join(out).split("\n")[:-1])


def _read(text: str, python: bool) -> dict[str, _Statement] | None:
    found: dict[str, _Statement] = {}
    at = blanks = 0
    while at < len(text):
        match = (_PYTHON if python else _SCRIPT).match(text, at)
        if match is not None:
            head, names = match["head"], tuple(name.strip() for name in match["names"].split(",") if name.strip())
            tail = "" if python else match["tail"]
            if not names or (python and bool(match["open"]) != bool(match["close"])):
                return None
            if python and not match["open"] and "\n" in match["names"]:
                return None
            one = _Statement(_key(head, tail), match[0], head, tuple(" ".join(name.split()) for name in names), tail)
        else:
            match = (_PLAIN if python else _SCRIPT_PLAIN).match(text, at)
            if match is not None:
                one = _Statement(match[0].strip(), match[0])
            else:
                match = _BLANK.match(text, at)
                if match is None:
                    return None
                blanks += 1
                one = _Statement(f"blank {blanks}", match[0])
        if one.key in found:
            return None
        found[one.key] = one
        at = match.end()
    return found


def _key(head: str, tail: str) -> str:
    return " ".join(head.split()) + "{" + " ".join(tail.replace('"', "'").rstrip(";").split())


def _three_way(was: Iterable[str], mine: Sequence[str], other: Sequence[str]) -> list[str]:
    """What both keep and either adds: sorted where each side is, else in our order, theirs after its neighbour."""
    base = set(was)
    left, right = set(mine), set(other)
    gone = {one for one in base if (one in left) != (one in right)}
    out = [one for one in mine if one not in gone]
    place = {one: at for at, one in enumerate(out)}
    for at, one in enumerate(other):
        if one in place or one in gone:
            continue
        before = next((near for near in reversed(other[:at]) if near in place), None)
        out.insert(0 if before is None else place[before] + 1, one)
        place = {known: number for number, known in enumerate(out)}
    for key in (str, str.lower, _bare):
        if all(list(map(key, side)) == sorted(map(key, side)) for side in (mine, other)):
            return sorted(out, key=key)
    return out


def _bare(one: str) -> str:
    """Statements by module, whichever way it is imported, as isort can be told to do."""
    return one.removeprefix("from ").removeprefix("import ").lower()


def _written(found: Sequence[_Statement], names: Sequence[str], python: bool, width: int) -> str:
    """`found` is the statement as base, ours and theirs have it, as far as they do."""
    for one in reversed(found):
        if list(one.names) == list(names):
            return one.text
    form = max(found[-2:], key=lambda one: (one.tall, len(one.names)))
    opening, closing = ("(", ")") if python else ("{", "}")
    flat = ", ".join(names)
    line = f"{form.head}{flat}\n" if python else f"{form.head}{{ {flat} }}{form.tail}\n"
    if not form.tall and len(line) <= width + 1:
        return line
    indent = form.head[: len(form.head) - len(form.head.lstrip())]
    inner = re.search(r"\n([ \t]+)\w", form.text)
    step = inner[1] if inner else indent + ("    " if python else "  ")
    rows = "".join(f"{step}{name},\n" for name in names)
    return f"{form.head}{opening}\n{rows}{indent}{closing}{form.tail}\n"
