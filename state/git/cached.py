"""A real repository whose merges are remembered: a merge is told by the two commits and the settings of git alone.

What was remembered counts when its tree still stands in the object store; it may have come from another process, and
git prunes what no ref reaches. Never: a merge remembered under anything that does not determine it.
"""

import hashlib
import os
from functools import cached_property

from state import codec
from state.git.door import Watch, ignore
from state.git.inspect import Place
from state.git.repository import GitRepository
from state.ids import Sha
from state.kept import Cache
from state.ports import Merge, MergeClean, MergeConflicted

NAME = "merge"
_FORMAT = 1
_SETTINGS = ("merge.", "diff.", "core.", "filter.", "i18n.", "conflictstyle")


class CachedRepository(GitRepository):
    def __init__(
        self, path: str, cache: Cache, watch: Watch = ignore, known: GitRepository | Place | None = None
    ) -> None:
        super().__init__(path, watch, known)
        self._cache = cache

    async def merge(self, ours: Sha, theirs: Sha) -> Merge:
        key = await self.call(lambda: self._key(ours, theirs))
        raw = await self._cache.get(NAME, key)
        found = None if raw is None else _decoded(raw)
        if found is not None and await self.call(lambda: self.objects.find(found.tree) is not None):
            return found
        merged = await super().merge(ours, theirs)
        kind = b"clean " if isinstance(merged, MergeClean) else b"conflicted "
        await self._cache.put(NAME, key, kind + codec.encode(merged).encode())
        return merged

    @cached_property
    def _git(self) -> str:
        """Which git this is, and what its settings say beside those of the repository."""
        settings = sorted(item for item in self.door.config.items() if item[0].startswith(_SETTINGS))
        return f"{_FORMAT} {self.door.run(['version']).out!r} {settings!r}"

    def _key(self, ours: Sha, theirs: Sha) -> str:
        told = [self._git, *(repr(_content(self.common_dir, *name)) for name in (("config",), ("info", "attributes")))]
        return hashlib.sha256("\n".join([ours, theirs, *told]).encode("utf-8", "surrogatepass")).hexdigest()


def _content(*path: str) -> bytes:
    try:
        with open(os.path.join(*path), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def _decoded(raw: bytes) -> Merge | None:
    kind, _, text = raw.partition(b" ")
    try:
        if kind == b"clean":
            return codec.decode_as(MergeClean, text)
        return codec.decode_as(MergeConflicted, text) if kind == b"conflicted" else None
    except (ValueError, TypeError, KeyError):
        return None  # of another version
