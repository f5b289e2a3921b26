"""Submodules that were filled in a worktree: repositories of their own, whose commits and changes go when the worktree
goes, and which git's own view of the worktree does not show.

Never: push, fetch, move a branch of one; take a commit for kept that only the worktree holds; cost anything where no
tree speaks of a submodule.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from state.git import trees
from state.git.door import ANY, LONG, Door
from state.git.objects import ObjectStore

_OURS = "refs/tianting/"
_MARK = f"{_OURS}left"
_PERSON = {f"GIT_{who}_{what}": "Tianting" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@dataclass(frozen=True, slots=True)
class Left:
    """What a submodule holds that none of its remotes has: `bundle` is a git bundle of it, as a blob of ours."""

    path: bytes
    bundle: bytes


def may_be(objects: ObjectStore, base: bytes, tree: bytes, changes: Sequence[trees.Change]) -> bool:
    """Whether a worktree that was made with the tree `base`, and holds `tree` now, can have submodules. Reads nothing
    that telling the changes has not read."""
    if any(b".gitmodules" in objects.entries(one) for one in (base, tree)):
        return True
    return any(change.new is not None and change.new.mode == trees.SUBMODULE for change in changes)


def filled(here: Door, top: str, env: Mapping[str, str] | None = None) -> Iterator[bytes]:
    """Paths of submodules in the repository at `top` that are filled, those inside of them too. `here` is a door that
    looks for the repository where it is run; `env` names the record of `top` and an index of it, where these are not
    its own."""
    listed = here.run(["ls-files", "--stage", "-z"], env=env, cwd=top, timeout=LONG).out.split(b"\0")
    for path in (item.partition(b"\t")[2] for item in listed if item.startswith(trees.SUBMODULE)):
        folder = os.path.join(top, os.fsdecode(path))
        if _is_repository(here, folder):
            yield path
            yield from (path + b"/" + inner for inner in filled(here, folder))


def left_in(here: Door, objects: ObjectStore, top: str, paths: Sequence[bytes], base: bytes) -> list[Left]:
    """What these submodules hold that would be lost with the worktree; `base` is the tree that it was made with."""
    found = []
    for path in paths:
        was = trees.leaf_at(objects, base, path)
        bundle = _bundle(here, os.path.join(top, os.fsdecode(path)), None if was is None else was.sha)
        if bundle is not None:
            found.append(Left(path, objects.put(b"blob", bundle)))
    return found


def _is_repository(here: Door, folder: str) -> bool:
    """Whether git that is run in the folder works on the folder: an empty `.git` is none, and git looks further up."""
    if not os.path.lexists(os.path.join(folder, ".git")):
        return False
    told = here.run(["rev-parse", "--show-toplevel"], cwd=folder, ok=ANY).out.removesuffix(b"\n")
    return os.path.realpath(os.fsdecode(told)) == os.path.realpath(folder)


def _bundle(here: Door, folder: str, was: str | None) -> bytes | None:
    """A bundle of the commits and changes in a submodule that neither a remote of it nor the trunk has; None where
    there are none."""
    _mark_changes(here, folder)
    known = ["--not", "--remotes", *([was] if was and _has(here, folder, was) else [])]
    tips = ["--branches", f"--glob={_OURS}*", *(["HEAD"] if _has(here, folder, "HEAD") else [])]
    new = here.run(["rev-list", "-1", *tips, *known], cwd=folder, timeout=LONG)
    if not new.out:
        return None
    return here.run(["bundle", "create", "--quiet", "-", *tips, *known], cwd=folder, timeout=LONG).out


def _has(here: Door, folder: str, commit: str) -> bool:
    return here.run(["rev-parse", "-q", "--verify", f"{commit}^{{commit}}"], cwd=folder, ok=ANY).code == 0


def _mark_changes(here: Door, folder: str) -> None:
    """Changes that were not committed, as a commit under a ref of ours in the submodule; no such ref without them."""
    if not here.run(["status", "--porcelain", "-z", "--ignore-submodules=dirty"], cwd=folder, timeout=LONG).out:
        here.run(["update-ref", "-d", _MARK], cwd=folder)
        return
    admin = os.fsdecode(here.run(["rev-parse", "--absolute-git-dir"], cwd=folder).out.removesuffix(b"\n"))
    env = {**_PERSON, "GIT_INDEX_FILE": os.path.join(admin, "tianting-index")}
    born = _has(here, folder, "HEAD")
    here.run(["read-tree", "HEAD" if born else "--empty"], env=env, cwd=folder, timeout=LONG)
    here.run(["add", "-A", "--ignore-errors"], env=env, cwd=folder, ok=ANY, timeout=LONG)
    tree = here.run(["write-tree"], env=env, cwd=folder, timeout=LONG).out.decode().strip()
    message = ["-m", "Changes that were not committed", *(["-p", "HEAD"] if born else [])]
    commit = here.run(["commit-tree", tree, *message], env=env, cwd=folder).out.decode().strip()
    here.run(["update-ref", _MARK, commit], cwd=folder)
