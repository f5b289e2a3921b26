"""What a process in a worktree needs of the repository when it must not write there: an object folder of its own, which
borrows the repository's objects, and a copy of its settings without their secrets; and the way in for its commits.

Never: an object that git has not hashed anew; a folder of the repository handed out for writing.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress

from state.git.door import LONG, Door
from state.ground import GitGround
from state.ports import RepositoryFault

_FEW = 2_000
"""Objects up to which they are stored one by one; more become a pack."""
_MOST = 1 << 30
"""Bytes of new objects that an attempt may hand in."""
_FIXED = ("commondir", "gitdir", "locked", "config.worktree")
"""Files of a worktree's record that say to git, and to us, where it belongs and how it is treated."""
_COMMON = b"../..\n"
"""What git writes into `commondir`: where a record belongs, from its own place."""
_HOLDS = ("core.", "extensions.", "user.", "author.", "committer.", "init.", "i18n.", "diff.", "merge.", "filter.")
"""Sections of the settings that say how files are treated; where a repository comes from is not among them."""


def folder_of(path: str) -> str:
    """The private folder of the worktree at `path`, beside it."""
    return f"{path}.git"


def lay_out(door: Door, path: str, record: str) -> GitGround:
    """Make what the ground of the worktree at `path` is made of; `record` is git's folder about it."""
    folder = folder_of(path)
    objects, borrowed, config = (os.path.join(folder, name) for name in ("objects", "borrowed", "config"))
    for needed in (os.path.join(objects, "info"), os.path.join(objects, "pack"), borrowed):
        os.makedirs(needed, mode=0o700, exist_ok=True)
    with open(os.path.join(objects, "info", "alternates"), "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(f"{borrowed}\n")
    with open(config, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.writelines(_shown(door.config))
    own = os.path.join(record, "config.worktree")
    if "extensions.worktreeconfig" in door.config and not os.path.lexists(own):
        open(own, "xb").close()  # else who works there could make one, and our own git would go by it
    fixed = tuple(os.path.join(record, name) for name in _FIXED if os.path.lexists(os.path.join(record, name)))
    return GitGround(door.common_dir, record, fixed, objects, borrowed, config)


def belongs(record: str) -> bool:
    """Whether a record says git's own word about where it belongs. We do not go by it, but whoever works there does."""
    try:
        with open(os.path.join(record, "commondir"), "rb") as file:
            return file.read(len(_COMMON) + 1) == _COMMON
    except OSError:
        return False


def _shown(config: dict[str, str]) -> Iterator[str]:
    for name, value in config.items():
        if name.startswith(_HOLDS) and name not in ("core.worktree", "core.bare", "extensions.worktreeconfig"):
            section, _, key = name.rpartition(".")
            head, dot, rest = section.partition(".")
            label = f'{head} "{_quoted(rest)}"' if dot else head
            yield f'[{label}]\n\t{key} = "{_quoted(value)}"\n'


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def take_in(door: Door, path: str) -> None:
    """Bring the objects that were made in the private folder of a worktree into the repository; `RepositoryFault`
    when they are damaged or too much. Costs next to nothing where there are none. What is under way there goes on: it
    finds in the repository what this takes away."""
    objects = os.path.join(folder_of(path), "objects")
    files = list(_files(objects))
    if not files:
        return
    size = sum(os.lstat(file).st_size for file in files)
    if size > _MOST:
        raise RepositoryFault(f"the commits made in {path} hold {size >> 20} MiB, more than {_MOST >> 20}")
    own = {"GIT_OBJECT_DIRECTORY": objects}
    every = ["cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname)"]
    names = door.run(every, env=own, timeout=LONG).out
    both = {**own, "GIT_ALTERNATE_OBJECT_DIRECTORIES": os.path.join(door.common_dir, "objects")}
    pack = door.run(["pack-objects", "--stdout", "-q"], env=both, feed=names, timeout=LONG).out
    few = names.count(b"\n") <= _FEW
    door.run(["unpack-objects", "-q"] if few else ["index-pack", "--stdin"], feed=pack, timeout=LONG)
    for file in files:
        with suppress(FileNotFoundError):
            os.unlink(file)


def _files(objects: str) -> Iterator[str]:
    """All files that hold objects, and none that is being written."""
    for name in _names(objects):
        if re.fullmatch("[0-9a-f]{2}", name):
            inner = os.path.join(objects, name)
            yield from (os.path.join(inner, one) for one in _names(inner) if re.fullmatch("[0-9a-f]{38}", one))
    packs = os.path.join(objects, "pack")
    yield from (os.path.join(packs, one) for one in _names(packs) if one.startswith("pack-"))


def _names(folder: str) -> list[str]:
    """Of a folder that its owner may take away at any time."""
    try:
        return os.listdir(folder)
    except OSError:
        return []
