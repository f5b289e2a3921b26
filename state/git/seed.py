"""A new repository from the files of a folder, for the demo.

Never: touch a folder that is in a repository already.
"""

from pathlib import Path

from state.git.door import Door

_AUTHOR = {
    "GIT_AUTHOR_NAME": "Tianting",
    "GIT_AUTHOR_EMAIL": "tianting@localhost",
    "GIT_COMMITTER_NAME": "Tianting",
    "GIT_COMMITTER_EMAIL": "tianting@localhost",
}


def seed_repository(top: str, branch: str, message: str) -> None:
    """Make `top` a repository whose first commit, on `branch`, holds all its files; `RepositoryFault` when git can
    not."""
    door = Door(str(Path(top) / ".git"))
    door.run(["init", "--quiet", f"--initial-branch={branch}", "--", top], cwd=top)
    door.run(["add", "--all", "--", "."], cwd=top)
    door.run(["commit", "--quiet", "--no-verify", f"--message={message}"], env=_AUTHOR, cwd=top)
