"""Paths that a task claims (globs) or has touched (plain paths), and whether two such sets meet.

Globs are those of gitignore's core: `?` and `*` stay inside one part, `[a-z]` is a set, a part that is `**` stands
for any number of parts, none included. Never: read a directory; two globs meet when some path could match both.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

_MAGIC = re.compile(r"[*?\[]")
# Nothing is given back once taken: the ] of `[]` and `[!]` is a member, and such a set is not closed.
_TOKEN = re.compile(r"\*|\?|\[(?P<negated>[!^]?+)(?P<members>\]?+[^\]]*+)\]|(?P<plain>.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Letters:
    """A set of characters at one place of a part; `negated` turns it round. `many` is `*`."""

    members: frozenset[str]
    negated: bool = False
    many: bool = False

    def meets(self, other: "_Letters") -> bool:
        if self.negated and other.negated:
            return True
        if self.negated:
            return bool(other.members - self.members)
        if other.negated:
            return bool(self.members - other.members)
        return bool(self.members & other.members)


_ANY = frozenset[str]()


def _members(text: str) -> frozenset[str]:
    found: set[str] = set()
    at = 0
    while at < len(text):
        if at + 2 < len(text) and text[at + 1] == "-":
            found.update(chr(code) for code in range(ord(text[at]), ord(text[at + 2]) + 1))
            at += 3
        else:
            found.add(text[at])
            at += 1
    found.discard("/")
    return frozenset(found)


@lru_cache(maxsize=4096)
def _letters(part: str) -> tuple[_Letters, ...]:
    out: list[_Letters] = []
    for match in _TOKEN.finditer(part):
        text = match.group(0)
        if text == "*":
            out.append(_Letters(_ANY, negated=True, many=True))
        elif text == "?":
            out.append(_Letters(_ANY, negated=True))
        elif match.group("plain") is not None:
            out.append(_Letters(frozenset(text)))
        else:
            out.append(_Letters(_members(match.group("members")), bool(match.group("negated"))))
    return tuple(out)


def _parts_meet(left: str, right: str) -> bool:
    """Whether some name matches both parts; a walk over pairs of places, at most len x len of them."""
    if not _MAGIC.search(left) and not _MAGIC.search(right):
        return left == right
    a, b = _letters(left), _letters(right)
    seen = {(0, 0)}
    todo = [(0, 0)]

    def visit(i: int, j: int) -> None:
        if (i, j) not in seen:
            seen.add((i, j))
            todo.append((i, j))

    while todo:
        i, j = todo.pop()
        if i == len(a) and j == len(b):
            return True
        if i < len(a) and a[i].many:
            visit(i + 1, j)
        if j < len(b) and b[j].many:
            visit(i, j + 1)
        if i < len(a) and j < len(b) and a[i].meets(b[j]):
            visit(i if a[i].many else i + 1, j if b[j].many else j + 1)
    return False


@lru_cache(maxsize=65536)
def globs_meet(left: str, right: str) -> bool:
    """Whether some path matches both globs. Symmetric; a plain path is a glob that matches itself."""
    if not _MAGIC.search(left) and not _MAGIC.search(right):
        return left == right
    a, b = left.split("/"), right.split("/")
    seen = {(0, 0)}
    todo = [(0, 0)]

    def visit(i: int, j: int) -> None:
        if (i, j) not in seen:
            seen.add((i, j))
            todo.append((i, j))

    while todo:
        i, j = todo.pop()
        if i == len(a) and j == len(b):
            return True
        if i < len(a) and a[i] == "**":
            visit(i + 1, j)
            if j < len(b):
                visit(i, j + 1)
        if j < len(b) and b[j] == "**":
            visit(i, j + 1)
            if i < len(a):
                visit(i + 1, j)
        if i < len(a) and j < len(b) and "**" not in (a[i], b[j]) and _parts_meet(a[i], b[j]):
            visit(i + 1, j + 1)
    return False


def glob_fault(glob: str) -> str | None:
    """Why this glob can not be used, or None when it can."""
    if not glob:
        return "is empty"
    if glob.startswith(("/", "~")):
        return "must be relative to the repository"
    if "\\" in glob:
        return "must separate its parts with /"
    if "\0" in glob:
        return "holds a NUL character"
    parts = glob.split("/")
    if ".." in parts or "." in parts:
        return "must not hold the parts . or .."
    if "" in parts[:-1] or glob.endswith("/"):
        return "holds an empty part; to mean a whole folder, end with /**"
    for part in parts:
        if "**" in part and part != "**":
            return "may use ** only as a whole part"
        bare = _TOKEN.sub(lambda m: "" if m.group(0).startswith("[") and len(m.group(0)) > 1 else m.group(0), part)
        if "[" in bare:
            return "opens a [ that is not closed"
        if not all(letter.negated or letter.members for letter in _letters(part)):
            return "holds a set that no character is in, such as [z-a]"
    return None


def as_glob(path: str) -> str:
    """The glob that matches this one path."""
    return _MAGIC.sub(lambda found: f"[{found.group(0)}]", path)


def first_meeting(left: Iterable[str], right: Iterable[str]) -> tuple[str, str] | None:
    """The first pair of globs, in order, that meet; None when the two sets are apart."""
    others = tuple(right)
    for mine in left:
        for other in others:
            if globs_meet(mine, other):
                return mine, other
    return None


class PathSet:
    """Plain paths that somebody holds, added one set after the other; asking costs the size of what is asked."""

    __slots__ = ("_folders", "_paths")

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self._paths: set[str] = set()
        self._folders: set[str] = set()
        self.add(paths)

    def add(self, paths: Iterable[str]) -> None:
        for path in paths:
            self._paths.add(path)
            for folder in _folders_of(path):
                if folder in self._folders:
                    break
                self._folders.add(folder)

    def meets(self, paths: Iterable[str]) -> bool:
        """Whether one of these is held, is a folder of what is held, or lies where a file is held."""
        return any(
            path in self._paths or path in self._folders or any(folder in self._paths for folder in _folders_of(path))
            for path in paths
        )


def _folders_of(path: str) -> Iterator[str]:
    """The folders above a path, nearest first."""
    folder = path.rpartition("/")[0]
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
