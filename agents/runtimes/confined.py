"""Files of one worktree, for agents that read and write through us: nothing outside of it, links included.

Never: a file of git's own, an exception for what an agent asked.
"""

import os
from pathlib import Path

_LARGEST = 10 * 1024 * 1024


class Confined:
    def __init__(self, worktree: str) -> None:
        self._top = Path(os.path.realpath(worktree))

    def _inside(self, path: str) -> Path | None:
        if not path or "\0" in path:
            return None
        whole = Path(os.path.realpath(self._top / path))
        inner = whole.is_relative_to(self._top) and whole != self._top
        return whole if inner and whole.relative_to(self._top).parts[0] != ".git" else None

    def read(self, path: str, line: int = 0, limit: int = 0) -> str | None:
        """The text of a file, from `line` (1 is the first) on, at most `limit` lines; None when it can not be read."""
        file = self._inside(path)
        try:
            if file is None or file.stat().st_size > _LARGEST:
                return None
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        if not line and not limit:
            return text
        lines = text.splitlines(keepends=True)[max(0, line - 1) :]
        return "".join(lines[:limit] if limit else lines)

    def write(self, path: str, text: str) -> str:
        """Write a file; why it was not written, or ""."""
        file = self._inside(path)
        if file is None:
            return f"{path} is outside of your worktree {self._top}: write there only"
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", errors="surrogatepass")
        except OSError as fault:
            return f"{path} can not be written: {fault.strerror or fault}"
        return ""
