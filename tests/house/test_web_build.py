"""The web interface that the package carries was built from the sources beside it, and stays light."""

import gzip
import hashlib
import re
from pathlib import Path

from tests.house.tree import ROOT

SOURCES = ROOT / "dashboard" / "ui"
BUILT = ROOT / "dashboard" / "static" / "app"
INITIAL_KILOBYTES = 450


def source_files() -> list[str]:
    """What the build reads, by name; the generated types of the API leave no trace in it."""
    named = ["index.html", "package.json", "package-lock.json", "vite.config.ts", "tsconfig.json"]
    under = [path.relative_to(SOURCES).as_posix() for path in (SOURCES / "src").rglob("*") if path.is_file()]
    return sorted(named + [name for name in under if not name.startswith("src/generated/")])


def test_the_build_was_made_from_these_sources() -> None:
    digest = hashlib.sha256()
    for name in source_files():
        digest.update(f"{name}\n".encode() + (SOURCES / name).read_bytes())
    built = (BUILT / "built-from.txt").read_text(encoding="utf-8").strip()
    assert built == digest.hexdigest(), "run `npm ci && npm run build` in dashboard/ui"


def initial_scripts() -> list[Path]:
    page = (BUILT / "index.html").read_text(encoding="utf-8")
    return [BUILT / name for name in re.findall(r"/static/app/(assets/[\w.-]+\.js)", page)]


def test_the_first_view_needs_little_javascript() -> None:
    scripts = initial_scripts()
    assert scripts
    size = sum(len(gzip.compress(path.read_bytes(), 6)) for path in scripts)
    assert size < INITIAL_KILOBYTES * 1000


def test_the_build_asks_no_other_server() -> None:
    """Addresses in it are names of vocabularies and pages to read, never of something to load."""
    loads = re.compile(rb"""(?:src|href)=\\?["']https?://|import\(?["']https?://|url\(https?://""")
    assert not [path.name for path in BUILT.rglob("*") if path.is_file() and loads.search(path.read_bytes())]


def test_the_lock_holds_no_index_address() -> None:
    assert '"resolved"' not in (SOURCES / "package-lock.json").read_text(encoding="utf-8")
