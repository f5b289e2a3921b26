"""The files of the pages, read once from the package: the built application under `app/`, plain pages beside it.

Never: a path that comes from a request; a name is looked up among the files that were read.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_WORTH_PACKING = 1024


@dataclass(frozen=True)
class Asset:
    """`lasting`: its name holds a hash of its content, so that a browser may keep it for ever."""

    content: bytes
    media_type: str
    etag: str
    lasting: bool

    @cached_property
    def packed(self) -> bytes | None:
        """The content in gzip; None where that gains nothing. Made once, when first asked for."""
        return gzip.compress(self.content, 6, mtime=0) if len(self.content) >= _WORTH_PACKING else None


def read_assets() -> dict[str, Asset]:
    """The files below `dashboard/static/` by their path in it."""
    folder = Path(__file__).parent / "static"
    found = sorted(path for path in folder.rglob("*") if path.suffix in _TYPES and path.is_file())
    return {path.relative_to(folder).as_posix(): _asset(path, folder) for path in found}


def _asset(path: Path, folder: Path) -> Asset:
    content = path.read_bytes()
    lasting = path.parent == folder / "app" / "assets"
    return Asset(content, _TYPES[path.suffix], f'"{hashlib.sha256(content).hexdigest()[:32]}"', lasting)
