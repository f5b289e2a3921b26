"""Two branches in memory, merged with what the contract rules make of them; and the result as a program that runs."""

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType

from conflict.look import Examiner, Look
from state.git.memory import MemoryRepository
from state.ids import Sha
from state.plan import Plan

Files = Mapping[str, str]
Edits = Mapping[str, str | None]


async def seen(base: Files, ours: Edits, theirs: Edits) -> tuple[Look, dict[str, str]]:
    """What the rules find, and the files of git's merge with what they settle by edits."""
    repository = MemoryRepository()
    start = repository.seed({path: text.encode() for path, text in base.items()}, "refs/heads/main")
    sides: list[Sha] = []
    for name, edits in (("ours", ours), ("theirs", theirs)):
        files = {path: None if text is None else ("100644", text.encode()) for path, text in edits.items()}
        sides.append(repository.commit_files(start, files, name, 1.0))
    found = await Examiner(repository).look(sides[0], sides[1], Plan("", ()))
    merged = await repository.merge(sides[0], sides[1])
    commit = await repository.commit(merged.tree, sides, "merged", 2.0)
    texts = {path: text.decode() for path, text in repository.files(commit).items()}
    for path, text in found.edits.items():
        if text is None:
            texts.pop(path, None)
        else:
            texts[path] = text.decode()
    return found, texts


class _Memory(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, files: Files) -> None:
        self._files = files

    def _place(self, name: str) -> str | None:
        inner = name.replace(".", "/")
        return next((path for path in (f"{inner}/__init__.py", f"{inner}.py") if path in self._files), None)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        place = self._place(fullname)
        if place is None:
            return None
        package = place.endswith("/__init__.py")
        return importlib.machinery.ModuleSpec(fullname, self, origin=place, is_package=package)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        place = self._place(module.__name__)
        assert place is not None
        exec(compile(self._files[place], place, "exec"), module.__dict__)


@contextmanager
def running(files: Files) -> Iterator[None]:
    """Inside the block the modules among these files can be imported."""
    finder, before = _Memory(files), set(sys.modules)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in set(sys.modules) - before:
            if name.partition(".")[0] in {path.partition("/")[0].removesuffix(".py") for path in files}:
                del sys.modules[name]


def answer(files: Files, module: str = "shop.cart") -> object:
    """What `check()` of a module answers."""
    with running(files):
        found = importlib.import_module(module)
        return found.check()
