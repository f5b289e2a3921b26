"""The files of the page, read once from the package.

Never: a path that comes from a request; a name is looked up among the files that were read.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    content: bytes
    media_type: str
    etag: str


def read_assets() -> dict[str, Asset]:
    """The files of `dashboard/static/` by name."""
    folder = Path(__file__).parent / "static"
    return {path.name: _asset(path) for path in sorted(folder.iterdir()) if path.suffix in _TYPES and path.is_file()}


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(content, _TYPES[path.suffix], f'"{hashlib.sha256(content).hexdigest()[:32]}"')
