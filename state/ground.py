"""What of git a confined process is to see, as a value.

Never: a look at a disk.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GitGround:
    """What of git a confined process in a worktree is to see, as absolute paths. `common` is shown and not written,
    `record` (the worktree's own folder in there) is written, but for the files `fixed` in it; in the place of
    `common`'s objects it has `objects`, which borrows the real ones through `borrowed`; `config` is shown in the place
    of the repository's settings."""

    common: str
    record: str
    fixed: tuple[str, ...]
    objects: str
    borrowed: str
    config: str
