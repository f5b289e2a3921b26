"""The door: every git process that Tianting runs is started here, through GitPython, in an environment made here.

Never: a shell, an inherited repository (`GIT_DIR`, `GIT_INDEX_FILE`, …), a call without an end, a hook of the user.
"""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from subprocess import PIPE, Popen

os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # without git the import works, and `inspect` says what is missing

import git

from state.git.process import end, exchange
from state.ports import RepositoryFault

Watch = Callable[[str], None]
"""Told the name of each interaction with git just before it happens (for counting, and for tests that kill there)."""

QUICK = 60.0
"""Seconds for a call whose work is bounded by a change."""
LONG = 1800.0
"""Seconds for a call that may write a whole work tree."""

ANY = range(-64, 256)
"""Every way to end: with an exit code, or by a signal."""

_INHERITED = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_ATTR_SOURCE",
        "GIT_COMMON_DIR",
        "GIT_CONFIG",
        "GIT_DEFAULT_HASH",
        "GIT_DEFAULT_REF_FORMAT",
        "GIT_DIFF_OPTS",
        "GIT_DIR",
        "GIT_EXTERNAL_DIFF",
        "GIT_GLOB_PATHSPECS",
        "GIT_GRAFT_FILE",
        "GIT_ICASE_PATHSPECS",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NAMESPACE",
        "GIT_NOGLOB_PATHSPECS",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_QUARANTINE_PATH",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)
"""Variables that point git at some repository; a git hook that starts Tianting sets several."""

OWNER = "TIANTING_GIT_OWNER"
"""In the environment of every git of ours: the process that started it, by which one whose owner died is known."""

_CONFIG = (
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("core.quotePath", "false"),
    ("core.safecrlf", "false"),
    ("core.filesRefLockTimeout", "2000"),
    ("core.packedRefsTimeout", "2000"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("submodule.recurse", "false"),
)


def git_version() -> tuple[int, ...] | None:
    """The version of git that would be run; None when there is none."""
    try:
        return tuple(git.Git().version_info)
    except (git.GitCommandNotFound, git.GitCommandError, OSError, ValueError):
        return None


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """What is laid over our own environment for one git process. The user's own configuration stays in force, also
    where it came through `GIT_CONFIG_COUNT`; ours is put after it."""
    env = {
        "LC_ALL": "C",
        "LANGUAGE": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_EDITOR": "true",
        "GIT_PAGER": "cat",
        OWNER: str(os.getpid()),
    }
    given = os.environ.get("GIT_CONFIG_COUNT", "0")
    first = int(given) if given.isdecimal() else 0
    for number, (key, value) in enumerate(_CONFIG, first):
        env[f"GIT_CONFIG_KEY_{number}"] = key
        env[f"GIT_CONFIG_VALUE_{number}"] = value
    env["GIT_CONFIG_COUNT"] = str(first + len(_CONFIG))
    env.update(extra)
    return env


def sentence(error: bytes) -> str:
    """The first line that git wrote to its error stream, for a person to read; no meaning is taken from it."""
    text = error.decode("utf-8", "replace").strip()
    return text.splitlines()[0] if text else "no reason given"


def shown(path: bytes | str) -> str:
    """A path for a sentence, whatever bytes it holds."""
    return os.fsencode(path).decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a git process ended."""

    code: int
    out: bytes
    err: bytes


def ignore(_name: str) -> None:
    """The watch of those who do not watch."""


class Door:
    """Runs git for one repository, named by its common directory; with "", git looks for one where it is run."""

    def __init__(self, common_dir: str, watch: Watch = ignore) -> None:
        self.common_dir = common_dir
        self.watch = watch

    @cached_property
    def config(self) -> dict[str, str]:
        """The repository's settings as they were when first asked for; the last value of each name."""
        found: dict[str, str] = {}
        for item in os.fsdecode(self.run(["config", "--list", "-z"]).out).split("\0"):
            name, _, value = item.partition("\n")
            found[name] = value
        return found

    @cached_property
    def bare(self) -> bool:
        told = self.config.get("core.bare")
        if told is None:
            return os.path.basename(self.common_dir) != ".git"
        return told.lower() in ("true", "yes", "on", "1", "")

    @cached_property
    def work_tree(self) -> str:
        """The main work tree's absolute path; "" when the repository is bare, or does not say where it is."""
        if self.bare:
            return ""
        told = self.config.get("core.worktree")
        if told is not None:
            return os.path.normpath(os.path.join(self.common_dir, told))
        parent, name = os.path.split(self.common_dir)
        return parent if name == ".git" else ""

    def start(
        self, args: Sequence[str], env: Mapping[str, str], cwd: str | None = None, feed: bool = True
    ) -> Popen[bytes]:
        """Start git and hand over the process, pipes open. It leads a process group of its own, so that a Ctrl-C in
        the terminal reaches us and not a git in the middle of a work tree."""
        here = {"GIT_DIR": self.common_dir, **env} if self.common_dir else dict(env)
        if self.common_dir and here["GIT_DIR"] != self.common_dir:
            # What the record of a worktree says about it could have been written by an agent.
            here["GIT_COMMON_DIR"] = self.common_dir
        alien = [name for name in _INHERITED & os.environ.keys() if name not in here]
        command = [piece for name in sorted(alien) for piece in ("-u", name)]
        program = git.Git.GIT_PYTHON_GIT_EXECUTABLE or "git"
        try:
            tool = git.Git()
            tool._working_dir = cwd or self.common_dir  # as an argument, `$NAME` in it would be taken for a variable
            process = tool.execute(
                ["env", *command, program, *args] if command else [program, *args],
                istream=PIPE if feed else None,
                as_process=True,
                env=environment(here),
                process_group=0,
            )
        except (git.GitCommandNotFound, OSError, ValueError) as error:
            raise RepositoryFault(f"git could not be started: {str(error).splitlines()[-1].strip()}") from error
        found = process.proc
        assert found is not None
        process.proc = None  # from here on its end is ours to see to, not the garbage collector's
        return found

    def run(
        self,
        args: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        feed: bytes | None = None,
        ok: Collection[int] = (0,),
        timeout: float = QUICK,
    ) -> Ran:
        """Run git to its end; `RepositoryFault` when it takes too long or its exit code is not in `ok`."""
        self.watch(args[0])
        process = self.start(args, env or {}, cwd, feed is not None)
        try:
            out, err = exchange(process, feed, timeout)
        except TimeoutError:
            raise RepositoryFault(f"git {args[0]} did not end within {timeout:g} seconds") from None
        finally:
            end(process)
        if process.returncode not in ok:
            raise RepositoryFault(f"git {args[0]} failed: {sentence(err)}")
        return Ran(process.returncode, out, err)
