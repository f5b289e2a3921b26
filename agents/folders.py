"""Private folders: made so that nobody else can look in, and taken down whatever was put there.

Never: a folder outside the site's own.
"""

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path


def make_private(folder: Path) -> None:
    """Make the folder and its parents; it can be entered by this user only."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def take_down(folder: Path) -> None:
    """Delete a folder with all it holds; nothing happens where there is none. Read-only folders in it (a module
    cache is full of them) are opened first; what still can not be deleted stays, and is met again next time."""
    shutil.rmtree(folder, onerror=_open_and_retry)


def _open_and_retry(again: Callable[[str], object], path: str, _why: object) -> None:
    try:
        os.chmod(os.path.dirname(path), stat.S_IRWXU)
        if not os.path.islink(path):
            os.chmod(path, stat.S_IRWXU)
        again(path)
    except OSError:
        return


def private_file(folder: str, name: str, text: str) -> str:
    """A file that this user alone can read; its path."""
    path = os.path.join(folder, name)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return path
