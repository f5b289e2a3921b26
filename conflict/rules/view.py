"""One tree as the rules see it: its paths, and the surfaces of those files that were read.

A rule that needs a file which was not read gets nothing and leaves its path in `wanted`; the caller reads it and asks
again. Never: read; a path outside the tree.
"""

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from pathlib import PurePosixPath

from conflict.surface.nouns import Surface, Symbol
from conflict.surface.read import is_read

SCRIPT = (".ts", ".tsx", ".mts", ".cts", ".d.ts", ".js", ".jsx", ".mjs", ".cjs")


class View:
    """`blobs` is every path with the id of its content; `surfaces` those that were read."""

    def __init__(self, blobs: Mapping[str, str], surfaces: Mapping[str, Surface]) -> None:
        self.blobs = blobs
        self._surfaces = surfaces
        self._names: dict[str, dict[str, tuple[Symbol, ...]]] = {}
        self.wanted: set[str] = set()

    def surface(self, path: str) -> Surface | None:
        """None when it is not there, was not read yet, or can not be."""
        found = self._surfaces.get(path)
        if found is None and path in self.blobs and is_read(path):
            self.wanted.add(path)
        return None if found is None or found.fault else found

    def symbols(self, path: str, name: str) -> tuple[Symbol, ...]:
        """All definitions of a dotted name in a file, in order."""
        names = self._names.get(path)
        if names is None:
            surface = self.surface(path)
            if surface is None:
                return ()
            grouped: dict[str, list[Symbol]] = defaultdict(list)
            for one in surface.symbols:
                grouped[one.name].append(one)
            names = self._names[path] = {name: tuple(row) for name, row in grouped.items()}
        return names.get(name, ())

    @cached_property
    def roots(self) -> tuple[str, ...]:
        """Folders that hold top packages: what stands before the first part of an absolute import."""
        packages = {path.rpartition("/")[0] for path in self.blobs if path.endswith("/__init__.py")}
        above = {package.rpartition("/")[0] for package in packages}
        return tuple(sorted({"", "src", *(folder for folder in above if folder not in packages)}, key=len))

    @cached_property
    def folders(self) -> frozenset[str]:
        found: set[str] = set()
        for path in self.blobs:
            folder = path.rpartition("/")[0]
            while folder and folder not in found:
                found.add(folder)
                folder = folder.rpartition("/")[0]
        return frozenset(found)

    # ---------------------------------------------------------------------------------------------- modules

    def python_module(self, importer: str, module: str, level: int) -> str | None:
        """The file of a module, or, ending with `/`, the folder of one without a file; None: not of this tree."""
        inner = module.replace(".", "/")
        if level:
            folder = PurePosixPath(importer).parent
            for _ in range(level - 1):
                folder = folder.parent
            base = "" if str(folder) == "." else str(folder)
            return self._module_at(f"{base}/{inner}".strip("/") if inner else base)
        for root in self._roots_for(importer):
            found = self._module_at(f"{root}/{inner}".lstrip("/"))
            if found is not None:
                return found
        return None

    def _roots_for(self, importer: str) -> list[str]:
        """The packages' roots, then the folders above the importer: scripts and tests import beside themselves."""
        found = list(self.roots)
        folder = importer.rpartition("/")[0]
        while folder:
            if folder not in found and f"{folder}/__init__.py" not in self.blobs:
                found.append(folder)
            folder = folder.rpartition("/")[0]
        return found

    def _module_at(self, place: str) -> str | None:
        for path in (f"{place}/__init__.py", f"{place}.py") if place else ("__init__.py",):
            if path in self.blobs:
                return path
        return f"{place}/" if place in self.folders else None

    def script_module(self, importer: str, module: str) -> str | None:
        """The file that a relative (or `@/`) specifier of JavaScript names."""
        if module.startswith("@/"):
            places = [f"{root}{module[2:]}" for root in ("src/", "", "frontend/src/", "web/src/", "client/src/")]
        elif module.startswith("."):
            places = [_plain(PurePosixPath(importer).parent / module)]
        else:
            return None
        for place in places:
            stem = place.rpartition(".js")[0] if place.endswith(".js") else place
            options = [place, *(f"{stem}{end}" for end in SCRIPT), *(f"{place}/index{end}" for end in SCRIPT)]
            found = next((path for path in options if path in self.blobs), None)
            if found is not None:
                return found
        return None


def _plain(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            if parts:
                parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
