"""Opening: what a path is to git, or one sentence why it can not be used.

Never: write; read a meaning out of git's words (they are quoted for the person, and no more).
"""

import os
from dataclasses import dataclass

from state.git.door import ANY, Door, git_version, sentence, shown
from state.git.worktree_records import branch_of
from state.ids import Sha
from state.ports import RepositoryFault

OLDEST = (2, 39)


@dataclass(frozen=True, slots=True)
class Place:
    """A repository that can be used. `top_level` is the work tree the path is in, "" in a bare repository; `branch` is
    the full ref that HEAD names there, None when it is detached; `head` is None when there is no commit yet."""

    common_dir: str
    top_level: str
    bare: bool
    branch: str | None
    head: Sha | None


@dataclass(frozen=True, slots=True)
class Unusable:
    why: str


def inspect(path: str) -> Place | Unusable:
    """Blocks for a few milliseconds."""
    version = git_version()
    if version is None:
        return Unusable("git is not installed, or not on the PATH.")
    if version < OLDEST:
        found, oldest = ".".join(map(str, version)), ".".join(map(str, OLDEST))
        return Unusable(f"git {found} is too old: {oldest} or newer is needed.")
    if not os.path.isdir(path):
        return Unusable(f"{shown(path)} is not a folder.")
    try:
        return _look(os.path.abspath(path))
    except RepositoryFault as error:
        return Unusable(f"{shown(path)} can not be opened by git: {error}.")


def _look(path: str) -> Place | Unusable:
    door = Door("")
    kind = door.run(["rev-parse", "--show-object-format", "--is-bare-repository"], cwd=path, ok=ANY)
    if kind.code != 0:
        return Unusable(_closed(path, sentence(kind.err)))
    form, bare = kind.out.decode().split()
    if form != "sha1":
        return Unusable(f"{shown(path)} is a repository of {form} objects; only sha1 is supported.")
    # One path a question: a path may hold a newline, and rev-parse knows no -z.
    common = os.path.realpath(os.path.join(path, _one(door, path, "--git-common-dir")))
    admin = _one(door, path, "--absolute-git-dir")
    if Door(common).config.get("extensions.refstorage", "files") != "files":
        return Unusable(f"{shown(path)} keeps its refs in a form (reftable) that is not supported.")
    inside = door.run(["rev-parse", "--is-inside-work-tree"], cwd=path).out == b"true\n"
    head = door.run(["rev-parse", "--verify", "-q", "HEAD^{commit}"], cwd=path, ok=ANY)
    return Place(
        common_dir=common,
        top_level=_one(door, path, "--show-toplevel") if inside else "",
        bare=bare == "true",
        branch=branch_of(admin) or None,
        head=Sha(head.out.decode().strip()) if head.code == 0 else None,
    )


def _one(door: Door, path: str, question: str) -> str:
    return os.fsdecode(door.run(["rev-parse", question], cwd=path).out.removesuffix(b"\n"))


def _closed(path: str, said: str) -> str:
    """Why git finds no repository: there is none, or there is one that it will not open."""
    here = path
    while True:
        if os.path.lexists(os.path.join(here, ".git")) or os.path.isfile(os.path.join(here, "HEAD")):
            return f"git does not open the repository at {shown(here)}: {said}."
        above = os.path.dirname(here)
        if above == here:
            return f"{shown(path)} is not in a git repository."
        here = above
