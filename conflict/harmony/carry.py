"""What one branch changed in what another calls, carried into the caller.

Never: an edit that is not proven by the syntax of both; what is not is left as the question that it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from conflict.harmony import calls, python, routes
from conflict.harmony.python import Source
from conflict.rules.view import SCRIPT, View
from conflict.schema.values import Finding
from conflict.surface.nouns import Surface, Symbol
from conflict.surface.read import read as surface_of
from state.clash import Clash

REMEDIES = frozenset({"rename", "reimport", "rename-argument", "keywords", "await", "path"})
"""What is built here, as the rules name it."""


@dataclass(frozen=True, slots=True)
class Trees:
    """Paths with the ids of their contents, of the branches' base and their merge, and the contents that were read:
    by path, of the base and of the merge."""

    base_blobs: Mapping[str, str]
    merged_blobs: Mapping[str, str]
    base: Mapping[str, bytes]
    merged: Mapping[str, bytes]


def paths_of(clash: Clash) -> tuple[str, ...]:
    """The files that are needed to carry it."""
    return tuple({clash.ours.path, clash.theirs.path} - {""})


def carried(clash: Clash, trees: Trees) -> Finding:
    """The clash as a finding; with the edit of the caller (or, failing that, of what it calls) where that is sure."""
    case = _Case.of(clash, trees)
    edits = case.edits() if case is not None else {}
    said = f"{clash.detail} (the trunk {clash.ours_wants}; the candidate {clash.theirs_wants})"
    how = f"{', '.join(edits)} follows: {clash.detail}" if edits else ""
    return Finding(clash.kind, clash.rule, clash.place.path, clash.symbol, said, edits, how, on_merge=True)


@dataclass(frozen=True, slots=True)
class _Case:
    """`path` is the caller's file and `at` the one that defines what it calls, both as merged."""

    clash: Clash
    trees: Trees
    path: str
    at: str
    line: int
    data: bytes

    @classmethod
    def of(cls, clash: Clash, trees: Trees) -> "_Case | None":
        user = clash.place
        definer = clash.theirs if clash.at_ours else clash.ours
        data = trees.merged.get(user.path)
        if clash.remedy not in REMEDIES or data is None or not definer.path:
            return None
        return cls(clash, trees, user.path, definer.path, definer.line, data)

    def edits(self) -> dict[str, bytes | None]:
        if self.clash.remedy == "path":
            return self._only(routes.moved(self.data, self.clash.place.line, self.clash.symbol, self._route()))
        if self.path.endswith(SCRIPT):
            return self._only(self._script())
        source = Source.of(self.data) if self.path.endswith((".py", ".pyi")) else None
        if source is None:
            return {}
        match self.clash.remedy:
            case "rename":
                return self._renamed(source)
            case "reimport":
                return self._only(self._reimported(source))
            case _:
                return self._only(self._called(source))

    def _only(self, text: bytes | None) -> dict[str, bytes | None]:
        return {} if text is None else {self.path: text}

    def _resolve(self, module: str, level: int) -> str | None:
        """Where the caller's import led before: in the merge or, for what is gone there, in the base."""
        here = View(self.trees.merged_blobs, {}).python_module(self.path, module, level)
        gone = View(self.trees.base_blobs, {}).python_module(self.path, module, level)
        return here if here is not None and not here.endswith("/") else gone

    def _surface(self, path: str, data: bytes) -> Surface:
        return surface_of(path, data)

    # ------------------------------------------------------------------------------------------- names

    def _renamed(self, source: Source) -> dict[str, bytes | None]:
        home = self.trees.merged.get(self.at)
        there = None if home is None else Source.of(home)
        new = "" if there is None else calls.name_at(there, self._line_there(there))
        old = self.clash.symbol.rpartition(".")[2]
        if there is None or not new:
            return {}
        owner = self.clash.symbol.rpartition(".")[0]
        if not owner:
            return self._only(python.rename(source, old, new, self.at, self._resolve, self.path == self.at))
        function = calls.definition(there, f"{owner}.{new}")
        kept = None if function is None else calls.alias_after(there, function, old)
        return {} if kept is None else {self.at: kept}

    def _line_there(self, there: Source) -> int:
        """The line of the new definition in the merge, which may stand lower than in its branch."""
        fresh = self._fresh(there.data)
        return fresh[0].line if len(fresh) == 1 else 0

    def _fresh(self, data: bytes) -> list[Symbol]:
        """Definitions of the merged file that say what the one in question said, under a name that is new."""
        after = self._surface(self.at, data).symbols
        before = self._surface(self.at, self.trees.base.get(self.at, b"")).symbols
        was = next((one for one in before if one.name == self.clash.symbol), None)
        known = {one.name for one in before}
        return [
            one
            for one in after
            if was is not None and one.shape == was.shape and one.kind is was.kind and one.name not in known
        ]

    def _reimported(self, source: Source) -> bytes | None:
        module = self._module_name(self.at)
        if not module:
            return None
        if "/" in self.clash.symbol or self.clash.symbol.endswith(".py"):
            return python.move_module(source, self.clash.symbol, module, self._resolve)
        for old in self._homes():
            text = python.reimport(source, self.clash.symbol, old, module, self._resolve)
            if text is not None:
                return text
        return None

    def _homes(self, kinds: tuple[str, ...] = (".py",)) -> list[str]:
        """Files of the base that define the symbol, as far as they were read."""
        found = []
        for path, data in sorted(self.trees.base.items()):
            if path != self.at and path.endswith(kinds):
                names = {one.name for one in self._surface(path, data).symbols}
                found += [path] if self.clash.symbol in names else []
        return found

    def _module_name(self, path: str) -> str:
        """The absolute dotted name of a file."""
        stem = path.removesuffix("/__init__.py").removesuffix(".py")
        for root in sorted(View(self.trees.merged_blobs, {}).roots, key=len, reverse=True):
            inner = stem.removeprefix(f"{root}/") if root else stem
            if (not root or inner != stem) and all(part.isidentifier() for part in inner.split("/")):
                return inner.replace("/", ".")
        return ""

    def _script(self) -> bytes | None:
        """JavaScript and TypeScript: imports follow. What is called there otherwise is the question that it is."""
        from conflict.harmony import script

        symbol, home = self.clash.symbol, self.trees.merged.get(self.at)
        given = (self._resolve_script,)
        if self.clash.remedy == "reimport" and symbol in self.trees.base_blobs:
            return script.move_module(self.path, self.data, symbol, self.at, *given)
        if home is None or "." in symbol or not self.at.endswith(SCRIPT):
            return None
        offered = {one.name for one in self._surface(self.at, home).symbols if one.exported}
        if self.clash.remedy == "reimport" and symbol in offered:
            old = [path for path in self._homes(SCRIPT) if path != self.at]
            return script.reimport(self.path, self.data, symbol, old[0], self.at, *given) if len(old) == 1 else None
        new = [one.name for one in self._fresh(home)]
        if self.clash.remedy == "rename" and len(new) == 1 and new[0] in offered:
            return script.rename(self.path, self.data, symbol, new[0], self.at, *given)
        return None

    def _resolve_script(self, module: str) -> str | None:
        here = View(self.trees.merged_blobs, {}).script_module(self.path, module)
        return here if here is not None else View(self.trees.base_blobs, {}).script_module(self.path, module)

    # ------------------------------------------------------------------------------------------- calls

    def _called(self, source: Source) -> bytes | None:
        home, was = self.trees.merged.get(self.at), self.trees.base.get(self.at)
        after = None if home is None else Source.of(home)
        before = None if was is None else Source.of(was)
        name, method = self.clash.symbol, "." in self.clash.symbol
        old = None if before is None else calls.definition(before, name)
        new = None if after is None else calls.definition(after, name)
        if isinstance(old, calls.CLASS) and isinstance(new, calls.CLASS) and before and after:
            old, new = calls.definition(before, f"{name}.__init__"), calls.definition(after, f"{name}.__init__")
            method = True
        if not isinstance(old, calls.FUNCTION) or not isinstance(new, calls.FUNCTION):
            return None
        made = calls.calls_at(source, self._called_as(), self._lines())
        if not made:
            return None
        if self.clash.remedy == "await":
            return calls.waited(source, made, must=isinstance(new, calls.WAITED))
        left, right = calls.parameters(old, method), calls.parameters(new, method)
        if self.clash.remedy == "keywords":
            return self._by_keyword(source, made, [one.arg for one in left], [one.arg for one in right], new)
        gone = [one for one in calls.named(old) if one not in calls.named(new)]
        come = [one for one in calls.named(new) if one not in calls.named(old)]
        if len(gone) != 1 or len(come) != 1 or not calls.same_place(old, new, gone[0], come[0]):
            return None
        return calls.rename_argument(source, made, gone[0], come[0])

    def _by_keyword(
        self, source: Source, made: list[calls.Call], was: list[str], now: list[str], new: calls.Function
    ) -> bytes | None:
        moved = next((at for at, name in enumerate(was) if at >= len(now) or now[at] != name), None)
        if moved is None or not set(was[moved:]) <= set(calls.named(new)) - set(calls.placed_only(new)):
            return None
        return calls.by_keyword(source, made, was, moved)

    def _called_as(self) -> str:
        """How the caller calls it: by its own name, or by the one that it imported it under."""
        last = self.clash.symbol.rpartition(".")[2]
        if "." in self.clash.symbol:
            return last
        imports = self._surface(self.path, self.data).imports
        return next((one.bound for one in imports if one.name == last and one.bound), last)

    def _lines(self) -> list[int]:
        """Where the caller, as merged, calls it."""
        surface = self._surface(self.path, self.data)
        names = {one.bound: one.name for one in surface.imports if one.bound and one.name}
        found = []
        for use in surface.uses:
            root, dot, rest = use.target.partition(".")
            meant = names.get(root, root) + dot + rest
            if use.call is not None and (meant == self.clash.symbol or meant.endswith(f".{self.clash.symbol}")):
                found.append(use.line)
        return found

    # ------------------------------------------------------------------------------------------- routes

    def _route(self) -> str:
        """The new address: the one that the handler of the old one answers now."""
        for trees in (self.trees.merged, self.trees.base):
            data = trees.get(self.at)
            if data is None:
                continue
            asked = self.clash.symbol.partition(" ")[2]
            was = [
                one.handler
                for one in self._surface(self.at, self.trees.base.get(self.at, b"")).routes
                if one.path == asked and one.handler
            ]
            now = [one.path for one in self._surface(self.at, data).routes if one.handler in was and one.path != asked]
            if len(set(now)) == 1:
                return now[0]
        return ""
